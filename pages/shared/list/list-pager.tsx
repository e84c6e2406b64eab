/** Steps through a list by cursor. The place is in the address, so Back and links work. */
import type { ComponentChildren } from 'preact'

type ListPagerProps = {
  noun: string
  newest: string | undefined
  newer: string | undefined
  older: string | undefined
  children: ComponentChildren
}

export function ListPager({ noun, newest, newer, older, children }: ListPagerProps) {
  return (
    <nav class="list-pager" aria-label={`Pages of ${noun}`}>
      <span class="list-facts">{children}</span>
      {newest === undefined ? null : <Step label="Newest" href={newest} />}
      <Step label="Newer" href={newer} />
      <Step label="Older" href={older} />
    </nav>
  )
}

/** One step to another page of a list; without an address, the end of it. */
export function Step({ label, href }: { label: string; href: string | undefined }) {
  return href === undefined ? (
    <span class="button button-small" aria-disabled="true">
      {label}
    </span>
  ) : (
    <a class="button button-small" href={href}>
      {label}
    </a>
  )
}
