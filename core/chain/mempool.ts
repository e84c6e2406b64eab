/**
 * The mempool: checked transactions that wait for a block, and the policy that keeps them few and fair
 * (SPEC.md, POOL rules). A plain structure in memory; whoever owns it writes the same changes to the store.
 *
 * A sender's transactions form a queue by nonce. Queues are ordered against each other by the fee for each
 * byte; arrival decides between equals.
 */
import { toHex } from '../base/bytes.ts'
import { divideUp } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { CheckedTransaction } from './check-transaction.ts'
import type { Account } from './entries.ts'
import { feeFloor } from './fees.ts'
import type { Parameters } from './genesis.ts'
import {
  poolBytesMax,
  poolCountMax,
  poolPerSenderMax,
  poolValiditySlotsMax,
  replacementBumpPercent,
} from './limits.ts'
import type { SubmitRefusal } from './views.ts'

/** A pooled transaction. `cost`: most base units that it can take from its sender. */
export type Pooled = CheckedTransaction & { readonly arrival: number; readonly cost: bigint }

type Queue = {
  /** Nonce of the sender's account at the head. */
  base: bigint
  /** In order of nonce, without repetition; gaps are possible. */
  readonly entries: Pooled[]
}

/** All that waits. Hashes and senders are keyed by hex; `bytes` sums the signed bytes. */
export type Mempool = {
  readonly byHash: Map<string, Pooled>
  readonly queues: Map<string, Queue>
  bytes: number
  /** Next arrival number. */
  nextArrival: number
}

/** What the pool is judged against; bounds are those of `limits.ts` unless a test shrinks them. */
export type PoolView = {
  readonly parameters: Parameters
  /** Slot of the next block. */
  readonly slot: bigint
  readonly account: (address: Uint8Array) => Account | undefined
  /** State entries that the transaction would create at the head. */
  readonly entriesOf: (checked: CheckedTransaction) => number
  /** Most base units that it can take from its sender. */
  readonly costOf: (checked: CheckedTransaction) => bigint
}

/** Bounds of a pool. */
export type PoolLimits = {
  readonly count: number
  readonly bytes: number
  readonly perSender: number
}

/** What an admission changed. `added` is undefined when the pool held the transaction already. */
export type Admission = {
  readonly added: Pooled | undefined
  readonly removed: readonly Pooled[]
}

/** The bounds of a real site. */
export const poolLimits: PoolLimits = {
  count: poolCountMax,
  bytes: poolBytesMax,
  perSender: poolPerSenderMax,
}

/** An empty pool. */
export const createMempool = (): Mempool => ({
  byHash: new Map(),
  queues: new Map(),
  bytes: 0,
  nextArrival: 0,
})

/** Admits a checked transaction or says why not. Changes the pool only when it admits. */
export function admit(
  pool: Mempool,
  checked: CheckedTransaction,
  view: PoolView,
  limits: PoolLimits = poolLimits,
): Result<Admission, SubmitRefusal> {
  if (pool.byHash.has(toHex(checked.hash))) return ok({ added: undefined, removed: [] })
  const { body } = checked.transaction
  const account = view.account(checked.sender) ?? { balance: 0n, nonce: 0n }
  const refusal = judgeValidity(checked, view) ?? judgeNonce(body.nonce, account.nonce, limits)
  if (refusal) return err(refusal)

  const entries = pool.queues.get(toHex(checked.sender))?.entries ?? []
  const replaced = entries.find((entry) => entry.transaction.body.nonce === body.nonce)
  if (replaced && body.fee < bumped(replaced.transaction.body.fee)) {
    return refuse(
      'REPLACEMENT_UNDERPRICED',
      `nonce ${body.nonce} is taken: replacing it costs at least ${bumped(replaced.transaction.body.fee)}`,
    )
  }
  if (!replaced && entries.length >= limits.perSender) {
    return refuse('MEMPOOL_FULL', `this sender has ${limits.perSender} transactions waiting`)
  }
  const cost = view.costOf(checked)
  const owed = entries.reduce((sum, entry) => (entry === replaced ? sum : sum + entry.cost), cost)
  if (owed > account.balance) {
    return refuse(
      'BALANCE_TOO_LOW',
      `with what is waiting this needs ${owed} base units, the account has ${account.balance}`,
    )
  }
  const room = makeRoom(pool, checked, { replaced, base: account.nonce }, limits)
  if (!room.ok) return room
  const removed = replaced ? [replaced, ...room.value] : room.value
  for (const entry of removed) removePooled(pool, entry.hash)
  const added: Pooled = { ...checked, arrival: pool.nextArrival, cost }
  pool.nextArrival += 1
  insert(pool, added, account.nonce)
  return ok({ added, removed })
}

/** Puts back what the store holds, without judging again. */
export function restorePooled(pool: Mempool, entry: Pooled, nonce: bigint): void {
  if (entry.arrival >= pool.nextArrival) pool.nextArrival = entry.arrival + 1
  insert(pool, entry, nonce)
}

/** Takes one transaction out; undefined when it was not there. */
export function removePooled(pool: Mempool, hash: Uint8Array): Pooled | undefined {
  const entry = pool.byHash.get(toHex(hash))
  if (!entry) return undefined
  pool.byHash.delete(toHex(hash))
  pool.bytes -= entry.bytes.length
  const name = toHex(entry.sender)
  const entries = pool.queues.get(name)?.entries ?? []
  entries.splice(entries.indexOf(entry), 1)
  if (entries.length === 0) pool.queues.delete(name)
  return entry
}

/**
 * Follows the head: takes out what the new block holds, what its sender's nonce has passed, and what is
 * no longer valid in the next slot. Returns all that left.
 */
export function advancePool(
  pool: Mempool,
  { slot, account }: Pick<PoolView, 'slot' | 'account'>,
): Pooled[] {
  const gone: Pooled[] = []
  for (const queue of pool.queues.values()) {
    const first = queue.entries[0]
    if (first) queue.base = account(first.sender)?.nonce ?? 0n
    for (const entry of queue.entries) {
      const { nonce, validUntil } = entry.transaction.body
      if (nonce < queue.base || validUntil < slot) gone.push(entry)
    }
  }
  for (const entry of gone) removePooled(pool, entry.hash)
  return gone
}

/** Nonce that a sender should use next: after those that wait without a gap. */
export function nextNonce(pool: Mempool, sender: Uint8Array, nonce: bigint): bigint {
  let next = nonce
  for (const entry of pool.queues.get(toHex(sender))?.entries ?? []) {
    if (entry.transaction.body.nonce === next) next += 1n
  }
  return next
}

/** Whether a block could hold anything: some queue begins at its account's nonce. */
export function hasReady(pool: Mempool): boolean {
  for (const { base, entries } of pool.queues.values()) {
    if (entries[0]?.transaction.body.nonce === base) return true
  }
  return false
}

/**
 * Transactions in the order in which a block should try them: the best fee of those whose turn it is.
 * After each one, `skip` leaves the rest of that sender's queue for a later block.
 */
export function* inOrder(pool: Mempool): Generator<Pooled, void, 'take' | 'skip'> {
  const heap: { queue: Queue; at: number }[] = []
  for (const queue of pool.queues.values()) {
    if (queue.entries[0]?.transaction.body.nonce === queue.base) push(heap, { queue, at: 0 })
  }
  for (let top = heap[0]; top; top = heap[0]) {
    pop(heap)
    const entry = top.queue.entries[top.at] as Pooled
    const verdict = yield entry
    const next = top.queue.entries[top.at + 1]
    if (verdict === 'take' && next?.transaction.body.nonce === entry.transaction.body.nonce + 1n) {
      push(heap, { queue: top.queue, at: top.at + 1 })
    }
  }
}

function judgeValidity(
  checked: CheckedTransaction,
  { parameters, slot, entriesOf }: PoolView,
): SubmitRefusal | undefined {
  const { fee, validUntil } = checked.transaction.body
  if (validUntil < slot) {
    return { code: 'VALIDITY_EXPIRED', message: `valid until slot ${validUntil}, next is ${slot}` }
  }
  const latest = slot + BigInt(poolValiditySlotsMax)
  if (validUntil > latest) {
    return { code: 'VALIDITY_TOO_FAR', message: `valid_until may be at most slot ${latest}` }
  }
  const floor = feeFloor(parameters, { size: checked.bytes.length, entries: entriesOf(checked) })
  if (fee < floor) return { code: 'FEE_TOO_LOW', message: `the fee must be at least ${floor}` }
  return undefined
}

function judgeNonce(
  nonce: bigint,
  base: bigint,
  { perSender }: PoolLimits,
): SubmitRefusal | undefined {
  if (nonce < base) return { code: 'NONCE_STALE', message: `the next nonce is ${base}` }
  const last = base + BigInt(perSender) - 1n
  if (nonce > last) return { code: 'NONCE_TOO_FAR', message: `at most nonce ${last} for now` }
  return undefined
}

/** Least fee that replaces one: the bump, and in any case one base unit more. */
const bumped = (fee: bigint): bigint => fee + divideUp(fee * replacementBumpPercent, 100n) + 1n

/**
 * Which pooled transactions must leave: those behind a gap first, which pay nothing while it stays, then
 * the cheapest queue ends, and these only for a better fee. What would itself wait behind a gap displaces
 * nothing that can run.
 */
function makeRoom(
  pool: Mempool,
  checked: CheckedTransaction,
  { replaced, base }: { readonly replaced: Pooled | undefined; readonly base: bigint },
  limits: PoolLimits,
): Result<Pooled[], SubmitRefusal> {
  let count = pool.byHash.size + 1 - (replaced ? 1 : 0)
  let bytes = pool.bytes + checked.bytes.length - (replaced ? replaced.bytes.length : 0)
  if (count <= limits.count && bytes <= limits.bytes) return ok([])
  const victims: Pooled[] = []
  const isReady = joinsWithoutGap(pool, checked, base)
  const ends = endsByFee(pool, toHex(checked.sender))
  while (count > limits.count || bytes > limits.bytes) {
    const end = ends[0]
    const victim = end?.queue.entries[end.at]
    if (!end || !victim || !givesWay(end, victim, { checked, isReady })) {
      return refuse('MEMPOOL_FULL', 'the mempool is full of transactions that pay at least as much')
    }
    pop(ends, leavesFirst)
    victims.push(victim)
    count -= 1
    bytes -= victim.bytes.length
    if (end.at > 0) push(ends, { queue: end.queue, at: end.at - 1 }, leavesFirst)
  }
  return ok(victims)
}

type Place = { readonly queue: Queue; readonly at: number }

type Newcomer = { readonly checked: CheckedTransaction; readonly isReady: boolean }

/** Whether a queue's end leaves for a newcomer. */
function givesWay(end: Place, victim: Pooled, { checked, isReady }: Newcomer): boolean {
  if (isReady && isBehindGap(end)) return true
  return (isReady || isBehindGap(end)) && compareFees(victim, checked) < 0
}

/** Whether every nonce between the account's and this one waits as well. */
function joinsWithoutGap(pool: Mempool, checked: CheckedTransaction, base: bigint): boolean {
  const { nonce } = checked.transaction.body
  const entries = pool.queues.get(toHex(checked.sender))?.entries ?? []
  const before = entries.filter((entry) => entry.transaction.body.nonce < nonce)
  return nonce === base + BigInt(before.length)
}

/** Whether a nonce is missing somewhere before this place: nonces rise and none is there twice. */
const isBehindGap = ({ queue, at }: Place): boolean =>
  nonceAt(queue, at) !== queue.base + BigInt(at)

/** A heap of the last transaction of each queue, what leaves first on top, without the sender's own. */
function endsByFee(pool: Mempool, except: string): Place[] {
  const heap: Place[] = []
  for (const [sender, queue] of pool.queues) {
    if (sender !== except) push(heap, { queue, at: queue.entries.length - 1 }, leavesFirst)
  }
  return heap
}

function insert(pool: Mempool, entry: Pooled, nonce: bigint): void {
  const name = toHex(entry.sender)
  const queue = pool.queues.get(name) ?? { base: nonce, entries: [] }
  queue.base = nonce
  pool.queues.set(name, queue)
  let at = queue.entries.length
  while (at > 0 && nonceAt(queue, at - 1) > entry.transaction.body.nonce) at -= 1
  queue.entries.splice(at, 0, entry)
  pool.byHash.set(toHex(entry.hash), entry)
  pool.bytes += entry.bytes.length
}

const nonceAt = (queue: Queue, at: number): bigint =>
  (queue.entries[at] as Pooled).transaction.body.nonce

/** Order by fee for each byte: positive when `a` pays more. Exact, by cross-multiplication. */
export function compareFees(a: CheckedTransaction, b: CheckedTransaction): number {
  const difference =
    a.transaction.body.fee * BigInt(b.bytes.length) -
    b.transaction.body.fee * BigInt(a.bytes.length)
  return difference > 0n ? 1 : difference < 0n ? -1 : 0
}

/** Whether the first goes before the second in a block. */
function isDearer(a: Place, b: Place): boolean {
  const [first, second] = [a.queue.entries[a.at] as Pooled, b.queue.entries[b.at] as Pooled]
  const order = compareFees(first, second)
  return order > 0 || (order === 0 && first.arrival < second.arrival)
}

/** Whether the first leaves a full pool before the second. */
function leavesFirst(a: Place, b: Place): boolean {
  const [first, second] = [isBehindGap(a), isBehindGap(b)]
  return first === second ? isDearer(b, a) : first
}

type Before = (a: Place, b: Place) => boolean

function push(heap: Place[], place: Place, before: Before = isDearer): void {
  heap.push(place)
  let at = heap.length - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!before(heap[at] as Place, heap[parent] as Place)) return
    swap(heap, at, parent)
    at = parent
  }
}

function pop(heap: Place[], before: Before = isDearer): void {
  const last = heap.pop() as Place
  if (heap.length === 0) return
  heap[0] = last
  let at = 0
  for (;;) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    let best = at
    if (left < heap.length && before(heap[left] as Place, heap[best] as Place)) best = left
    if (right < heap.length && before(heap[right] as Place, heap[best] as Place)) best = right
    if (best === at) return
    swap(heap, at, best)
    at = best
  }
}

function swap(heap: Place[], a: number, b: number): void {
  const kept = heap[a] as Place
  heap[a] = heap[b] as Place
  heap[b] = kept
}

const refuse = (code: SubmitRefusal['code'], message: string): Result<never, SubmitRefusal> =>
  err({ code, message })
