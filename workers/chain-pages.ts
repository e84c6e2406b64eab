/**
 * Pages of the chain's lists: what the read model lacks comes from the chain object, the rest from the
 * read model. The read model is asked first and says how far it is; whatever lies above that height the
 * chain object has, so nothing is missing between the two and nothing is there twice.
 */

import { chainListLimits as limits } from '../core/api/chain-lists.ts'
import { type ChainReads, chainReadLimits } from '../core/api/chain-reads.ts'
import type { TransactionView } from '../core/api/chain-service.ts'
import { type Cursor, comparePlaces, type Place } from '../core/api/list-cursor.ts'
import type { BlockSummary } from '../core/api/rpc-views.ts'
import type { ListRange, PageAsk, PageRows } from '../d1/chain-lists.ts'

/** One page. Cursors are places: `next` the last row of the page, `previous` its first. */
export type ListPage<T> = {
  readonly items: readonly T[]
  readonly next: Place | undefined
  readonly previous: Place | undefined
  /** Lowest and newest height that could have been in the list. */
  readonly from: number
  readonly height: number
  readonly source: 'chain_node' | 'read_model' | 'both'
}

/** What a list is made of. */
export type ListParts<T> = {
  /** A page of the read model, in the order that was asked for. */
  readonly stored: (ask: PageAsk) => Promise<PageRows<T>>
  /** What the read model lacks; absent for lists of final rows only. */
  readonly fresh?: (ask: FreshAsk) => Promise<FreshRows<T>>
  readonly placeOf: (item: T) => Place
}

/** Rows above a height and below a place, the newest first. */
export type FreshAsk = {
  readonly above: number
  readonly before: Place | undefined
  readonly limit: number
}

/** `reached`: below it nothing was looked at; undefined when the height was reached. */
export type FreshRows<T> = {
  readonly items: readonly T[]
  readonly headHeight: number
  readonly reached: Place | undefined
}

/** Reads one page. */
export async function readListPage<T>(
  parts: ListParts<T>,
  ask: {
    readonly cursor: Cursor | undefined
    readonly range: ListRange
    readonly limit: number
  },
): Promise<ListPage<T>> {
  const { cursor, range, limit } = ask
  if (cursor?.direction === 'newer') {
    const newer = await readNewer(parts, { range, limit, place: cursor.place })
    if (newer) return newer
  }
  const place = cursor?.direction === 'older' ? cursor.place : undefined
  const { indexedFrom, indexedHeight, rows } = await parts.stored({
    direction: 'older',
    place,
    range,
    limit: limit + 1,
  })
  const above = Math.max(indexedHeight, (range.heightMin ?? 0) - 1)
  const before = olderOf(
    place,
    range.heightMax === undefined ? undefined : [range.heightMax + 1, 0],
  )
  const isBelow = before !== undefined && comparePlaces(before, [above + 1, 0, 0]) <= 0
  const fresh =
    parts.fresh && !isBelow ? await parts.fresh({ above, before, limit: limit + 1 }) : undefined
  return joined(parts, {
    fresh,
    indexedFrom,
    indexedHeight,
    rows,
    limit,
    isFirst: place === undefined,
  })
}

/**
 * The page before a place. Where that reaches what the read model lacks, it is the newest page: undefined
 * here.
 */
async function readNewer<T>(
  { stored, placeOf }: ListParts<T>,
  { place, range, limit }: { place: Place; range: ListRange; limit: number },
): Promise<ListPage<T> | undefined> {
  const ask: PageAsk = { direction: 'newer', place, range, limit: limit + 1 }
  const { indexedFrom, indexedHeight, rows } = await stored(ask)
  if (rows.length <= limit) return undefined
  const items = rows.slice(0, limit).reverse()
  const [first, last] = [items[0], items[items.length - 1]]
  return {
    items,
    next: last && placeOf(last),
    previous: first && placeOf(first),
    from: indexedFrom,
    height: indexedHeight,
    source: 'read_model',
  }
}

const olderOf = (a: Place | undefined, b: Place | undefined): Place | undefined =>
  a && b ? (comparePlaces(a, b) < 0 ? a : b) : (a ?? b)

function joined<T>(
  { placeOf }: ListParts<T>,
  input: {
    readonly fresh: FreshRows<T> | undefined
    readonly indexedFrom: number
    readonly indexedHeight: number
    readonly rows: readonly T[]
    readonly limit: number
    readonly isFirst: boolean
  },
): ListPage<T> {
  const { fresh, rows, limit } = input
  const newest = fresh?.items ?? []
  // What was cut short is continued from there before the read model's rows may follow.
  const found = fresh?.reached === undefined ? [...newest, ...rows] : newest
  const items = found.slice(0, limit)
  const [first, last] = [items[0], items[items.length - 1]]
  const fromNode = Math.min(newest.length, items.length)
  return {
    items,
    next: found.length > limit ? last && placeOf(last) : fresh?.reached,
    previous: input.isFirst ? undefined : first && placeOf(first),
    from: input.indexedFrom,
    height: fresh ? Math.max(fresh.headHeight, input.indexedHeight) : input.indexedHeight,
    source: fromNode === 0 ? 'read_model' : fromNode === items.length ? 'chain_node' : 'both',
  }
}

/** Blocks above the read model that satisfy. */
export async function freshBlocks<T>(
  node: Pick<ChainReads, 'blocks'> & { head(): Promise<{ readonly height: number }> },
  ask: FreshAsk,
  pick: (block: BlockSummary) => T | undefined,
): Promise<FreshRows<T>> {
  const { height: headHeight } = await node.head()
  const top = Math.min(headHeight, ask.before === undefined ? headHeight : (ask.before[0] ?? 0) - 1)
  const lowest = Math.max(ask.above + 1, top - limits.freshBlocksMax + 1)
  const items: T[] = []
  let to = top
  while (to >= lowest && items.length < ask.limit) {
    const wanted = Math.min(chainReadLimits.blocksMax, Math.max(ask.limit - items.length, 25))
    const from = Math.max(lowest, to - wanted + 1)
    const blocks = await node.blocks({ from, to })
    for (const block of blocks.reverse()) {
      const item = pick(block)
      if (item !== undefined) items.push(item)
    }
    to = from - 1
  }
  return { items, headHeight, reached: to > ask.above ? [to + 1] : undefined }
}

/** Transactions above the read model that satisfy. */
export async function freshTransactions<T>(
  node: Pick<ChainReads, 'freshTransactions'>,
  ask: FreshAsk & { readonly isFiltered: boolean },
  pick: (view: TransactionView) => T | undefined,
): Promise<FreshRows<T>> {
  const [height, index] = ask.before ?? []
  let before = height === undefined ? undefined : { height, index: index ?? 0 }
  let headHeight = -1
  const items: T[] = []
  for (let calls = 0; calls < limits.freshCallsMax; calls++) {
    const answer = await node.freshTransactions({
      above: ask.above,
      before,
      limit: ask.isFiltered ? chainReadLimits.transactionsMax : ask.limit - items.length,
    })
    headHeight = answer.headHeight
    for (const view of answer.transactions) {
      const item = pick(view)
      if (item !== undefined) items.push(item)
    }
    before = answer.next
    if (before === undefined || items.length >= ask.limit) break
  }
  const reached = before && [before.height, before.index]
  return { items, headHeight, reached }
}
