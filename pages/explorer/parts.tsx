/** What the explorer's pages have in common. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { visibleText } from '../../core/wallet/visible-text.ts'
import { explorerPath } from '../shared/addresses.ts'
import { Step } from '../shared/list/list-pager.tsx'
import { proposerName, slotTimeMs } from '../shared/live/chain.ts'
import type { BlockSummary } from '../shared/live/schemas.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { heightLink } from '../shared/ui/links.tsx'
import { Skeleton } from '../shared/ui/states.tsx'
import { Finality } from '../shared/ui/status.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'

/** Whether the heading that left last had the focus. */
let focusLeft = false

/** The heading of a page; takes the focus when the page changes, and keeps it when its words arrive. */
export function Title({
  children,
  beside,
}: {
  children: ComponentChildren
  beside?: ComponentChildren
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => {
    const element = heading.current
    // The heading of the page that waits gives its focus to that of the page that is there.
    if (focusLeft) element?.focus({ preventScroll: true })
    focusLeft = false
    return () => {
      focusLeft = document.activeElement === element
    }
  }, [])
  return (
    <div class="title">
      <h1 tabIndex={-1} ref={heading}>
        {children}
      </h1>
      {beside}
    </div>
  )
}

type TileProps = {
  label: string
  /** Where more about it stands. */
  href?: string
  below: ComponentChildren
  children: ComponentChildren
}

/** One figure of a group. Without it, it is on its way. */
export function Tile({ label, href, below, children }: TileProps) {
  return (
    <div class="tile">
      <span class="tile-label">{href === undefined ? label : <a href={href}>{label}</a>}</span>
      <span class="tile-value figure">{children ?? <Skeleton size={4} />}</span>
      <span class="tile-below">{below}</span>
    </div>
  )
}

/** A great amount without its fraction; the exact one is in its title. */
export const WholeCoins = ({ units }: { units: bigint }) => (
  <span title={`${units} base units`}>
    {(units / 100_000_000n).toLocaleString('en')}
    <span class="amount-unit">AITBC</span>
  </span>
)

type SectionHeadProps = { title: string; href: string; more: string }

export function SectionHead({ title, href, more }: SectionHeadProps) {
  return (
    <div class="section-head">
      <h2>{title}</h2>
      <a class="small" href={href}>
        {more}
      </a>
    </div>
  )
}

export const blockColumns: readonly Column<BlockSummary>[] = [
  { label: 'Height', cell: ({ height }) => heightLink(height) },
  { label: 'State', cell: ({ final }) => <Finality final={final} /> },
  { label: 'Transactions', cell: ({ tx_count }) => tx_count, numeric: true },
  {
    label: 'Hash',
    cell: ({ hash }) => <Hash value={hash} what="block hash" href={explorerPath.block(hash)} />,
  },
  { label: 'Proposer', cell: (block) => <Proposer block={block} /> },
  { label: 'Made', cell: ({ slot }) => <When ms={slotTimeMs(slot)} ageOnly /> },
]

/** The authority that made a block, by name where it is known; genesis has none. */
export function Proposer({
  block: { height, proposer },
}: {
  block: Pick<BlockSummary, 'height' | 'proposer'>
}) {
  if (height === 0) return <span class="muted">none</span>
  const name = proposerName(proposer)
  return name === proposer ? (
    <Hash value={proposer} what="proposer" />
  ) : (
    <span class="name" title={proposer} data-same={proposer}>
      {name}
    </span>
  )
}

/** The answer as it came, for those who check. */
export function RawAnswer({ raw, path }: { raw: unknown; path: string }) {
  return (
    <details class="raw">
      <summary>Raw answer</summary>
      <p class="small">
        From <a href={path}>{path}</a>
      </p>
      <div class="listing">
        <pre>
          <code>{visibleText(JSON.stringify(raw, null, 2))}</code>
        </pre>
      </div>
    </details>
  )
}

type PagerProps = { path: string; offset: number; limit: number; total: number; what: string }

/** Steps through a list, newest first; the place is in the address. */
export function Pager({ path, offset, limit, total, what }: PagerProps) {
  const last = Math.min(offset + limit, total)
  const at = (place: number) => (place <= 0 ? path : `${path}?offset=${place}`)
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <span class="muted">
        {total === 0 ? `No ${what}` : `${offset + 1} to ${last} of ${total.toLocaleString('en')}`}
      </span>
      <Step label="Newer" href={offset > 0 ? at(offset - limit) : undefined} />
      <Step label="Older" href={last < total ? at(offset + limit) : undefined} />
    </nav>
  )
}

/** Reads `?offset=` as a place in a list. */
export const offsetOf = (text: string): number => (/^[0-9]{1,9}$/.test(text) ? Number(text) : 0)
