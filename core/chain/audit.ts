/**
 * The audit: adds up everything that a state holds, entry by entry. Costs the whole state; the rules
 * themselves only ever compare what a block touched.
 */
import { entryKinds, fundsOfEntry } from './entries.ts'
import { type NodeReader, type TreeRoot, walkTree } from './state-tree.ts'

/** What a state holds in all. */
export type Audit = {
  readonly accounts: number
  readonly escrows: number
  readonly bookings: number
  readonly bonds: number
  /** All entries of any kind. */
  readonly entries: number
  /** Base units in accounts, in escrows, in bookings and in bonds. */
  readonly balances: bigint
  readonly escrowed: bigint
  readonly booked: bigint
  readonly bonded: bigint
  /** All of these: what exists. */
  readonly held: bigint
}

/** Sums a state. */
export function auditState(read: NodeReader, root: TreeRoot): Audit {
  const counts = new Map<number, number>()
  const funds = new Map<number, bigint>()
  let entries = 0
  walkTree(read, root, (entry) => {
    const kind = entry.key[0] ?? 0
    entries += 1
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    funds.set(kind, (funds.get(kind) ?? 0n) + fundsOfEntry(entry))
  })
  const count = (kind: number): number => counts.get(kind) ?? 0
  const sum = (kind: number): bigint => funds.get(kind) ?? 0n
  const [balances, escrowed] = [sum(entryKinds.account), sum(entryKinds.escrow)]
  const [booked, bonded] = [sum(entryKinds.booking), sum(entryKinds.bond)]
  return {
    accounts: count(entryKinds.account),
    escrows: count(entryKinds.escrow),
    bookings: count(entryKinds.booking),
    bonds: count(entryKinds.bond),
    entries,
    balances,
    escrowed,
    booked,
    bonded,
    held: balances + escrowed + booked + bonded,
  }
}
