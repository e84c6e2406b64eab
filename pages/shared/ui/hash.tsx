/**
 * A hash, address or id: head and tail to compare at a glance, the whole on focus and to screen readers,
 * copied in one click. Equal values light up together (`frame/same.ts`).
 */
import { ownLabels } from '../labels/own-labels.ts'
import { CopyButton } from './copy.tsx'

type HashProps = {
  value: string
  /** What it is, in lower case: "block hash". */
  what: string
  href?: string
  /** Shows every character, for the page that is about this value. */
  whole?: boolean
}

const headLength = 10
const tailLength = 6

export function Hash({ value, what, href, whole = false }: HashProps) {
  const short = whole || value.length <= headLength + tailLength + 1 ? value : shorten(value)
  const text =
    short === value ? (
      value
    ) : (
      <>
        <span aria-hidden="true">{short}</span>
        <span class="visually-hidden">{value}</span>
        <span class="hash-whole" aria-hidden="true">
          {value}
        </span>
      </>
    )
  const label = Object.hasOwn(ownLabels.value, value) ? ownLabels.value[value] : undefined
  return (
    <span class={whole ? 'hash hash-full' : 'hash'}>
      {href === undefined ? (
        <span data-same={value} title={value}>
          {text}
        </span>
      ) : (
        <a href={href} data-same={value} title={value}>
          {text}
        </a>
      )}
      {label === undefined ? null : (
        <span class="own-label" title={`Your own label: ${label}`}>
          <span class="visually-hidden">your label: </span>
          {label}
        </span>
      )}
      <CopyButton value={value} what={what} />
    </span>
  )
}

const shorten = (value: string): string =>
  `${value.slice(0, headLength)}…${value.slice(-tailLength)}`
