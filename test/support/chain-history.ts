/**
 * Random histories over every kind of message: what people might do, in any order, with amounts and slots
 * that make some of it fail. Who replays one gets the same transactions, and may look in between.
 */
import fc from 'fast-check'
import { bytesEqual } from '../../core/base/bytes.ts'
import { authorisationHash } from '../../core/chain/authorisation.ts'
import type { SettlementItem } from '../../core/chain/messages/settle.ts'
import { bookingIdOf, escrowIdOf, type Message } from '../../core/chain/transaction.ts'
import { bond, booking, closeBooking, evidence, openEscrow, slash, unbond } from './chain-market.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  faucet,
  miner,
  type Person,
  settlementItem,
  transfer,
} from './chain-world.ts'
import { type Ledger, messageKinds, type Verdict } from './ledger.ts'

/** Who acts in a history. */
export const people: readonly Person[] = [alice, bob, carol, miner, coordinator, faucet]

/** One thing that somebody tries; what the numbers mean depends on the kind. */
export type Act = {
  readonly kind: (typeof messageKinds)[number]
  readonly by: number
  readonly to: number
  readonly amount: bigint
  readonly pick: number
  /** Slots since the act before; 0 puts it into the same block. */
  readonly wait: number
}

/** Histories of at most `length` acts. */
export const histories = (length: number): fc.Arbitrary<Act[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...messageKinds),
      by: fc.nat(people.length - 1),
      to: fc.nat(people.length - 1),
      amount: fc.oneof(
        { weight: 9, arbitrary: fc.bigInt({ min: 1n, max: 3_000_000n }) },
        { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }) },
      ),
      pick: fc.nat(1_000),
      wait: fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(60) }),
    }),
    { minLength: 1, maxLength: length, size: 'max' },
  )

/** What a history has brought about so far. */
type Memory = {
  readonly escrows: { readonly id: Uint8Array; readonly owner: Person }[]
  readonly bookings: Uint8Array[]
  readonly settled: { readonly item: SettlementItem; readonly slot: number }[]
  number: bigint
}

/** Plays a history; `onBlock` sees each block with what became of its transactions. */
export function play(
  ledger: Ledger,
  acts: readonly Act[],
  onBlock: (verdicts: readonly Verdict[], slot: number) => void,
): void {
  const memory: Memory = { escrows: [], bookings: [], settled: [], number: 0n }
  let slot = 40
  for (let at = 0; at < acts.length; ) {
    const block: { by: Person; message: Message; validUntil: bigint }[] = []
    do {
      const act = acts[at] as Act
      const message = messageOf(act, memory, { ledger, slot })
      block.push({ by: actorOf(act, memory), message, validUntil: 1_000_000n })
      at += 1
    } while (at < acts.length && acts[at]?.wait === 0)
    const verdicts = ledger.block(slot, block)
    for (const verdict of verdicts) remember(memory, verdict, slot)
    onBlock(verdicts, slot)
    slot += acts[at]?.wait ?? 1
  }
}

/** Mostly who may, sometimes anybody. */
function actorOf({ kind, by, to, pick }: Act, memory: Memory): Person {
  const anybody = people[by] as Person
  if (pick % 8 === 0) return anybody
  if (kind === 'faucet') return faucet
  if (kind === 'unbond') return people[to] as Person
  if (kind === 'escrow_close' || kind.startsWith('delegate_')) {
    return memory.escrows[pick % (memory.escrows.length || 1)]?.owner ?? anybody
  }
  return anybody
}

function messageOf(
  { kind, by, to, amount, pick }: Act,
  memory: Memory,
  { ledger, slot }: { readonly ledger: Ledger; readonly slot: number },
): Message {
  const of = ledger.genesis
  const now = BigInt(slot)
  const payee = people[to] as Person
  const known = memory.escrows[pick % (memory.escrows.length || 1)]
  const escrow = known?.id ?? new Uint8Array(32)
  switch (kind) {
    case 'transfer':
      return transfer(payee.address, amount)
    case 'faucet':
      return { TAG: 'faucet', data: { to: payee.address, amount } }
    case 'escrow_open':
      return openEscrow(amount, now + BigInt(20 + (pick % 200)))
    case 'escrow_top_up':
      return { TAG: 'escrow_top_up', data: { escrow, amount, expiry: 0n } }
    case 'escrow_close':
      return { TAG: 'escrow_close', data: { escrow } }
    case 'delegate_grant': {
      const terms = { delegate: payee.publicKey, budget: amount, expiry: now + BigInt(pick % 90) }
      return { TAG: 'delegate_grant', data: { escrow, terms } }
    }
    case 'delegate_revoke':
      return { TAG: 'delegate_revoke', data: { escrow, delegate: payee.publicKey } }
    case 'settle': {
      const items = Array.from({ length: 1 + (pick % 3) }, (_, n) => {
        memory.number += 1n
        const { number } = memory
        const settleBy = now + BigInt(pick % 20)
        return settlementItem({
          authorisation: { escrow, number, limit: amount, settleBy },
          release: { amount: 1n + ((amount / BigInt(n + 1)) % amount), miner: payee.address },
          payer: pick % 8 === 0 ? (people[by] as Person) : (known?.owner ?? alice),
          of,
        })
      })
      // Sometimes the same item twice: it pays once.
      return { TAG: 'settle', data: { items: pick % 7 === 0 ? [...items, ...items] : items } }
    }
    case 'bond':
      return bond(amount)
    case 'unbond':
      return unbond(payee)
    case 'slash':
      return slash(evidence({ accused: payee, settleBy: now - BigInt(pick % 40), of }))
    case 'receipt_claim':
      return { TAG: 'receipt_claim', data: { claims: claimsOf(memory, { ledger, pick, amount }) } }
    case 'booking_open': {
      const slots = 1n + BigInt(pick % 100)
      const start = pick % 3 === 0 ? 0n : now + BigInt(pick % 30)
      const price = 1n + (amount % 50_000n)
      return booking({ provider: payee.address, slots, start, price })
    }
    case 'booking_close':
      return closeBooking(memory.bookings[pick % (memory.bookings.length || 1)] ?? escrow)
    case 'announce':
      return { TAG: 'announce', data: { topic: pick % 5, body: new Uint8Array(1 + (pick % 90)) } }
  }
}

/** Claims for jobs that were settled: right ones, and ones for too much, too late or a second time. */
function claimsOf(
  { settled }: Memory,
  {
    ledger,
    pick,
    amount,
  }: { readonly ledger: Ledger; readonly pick: number; readonly amount: bigint },
) {
  const { market } = ledger.genesis.parameters
  const chosen = settled.slice(pick % (settled.length || 1)).slice(0, 1 + (pick % 4))
  const claims = chosen.map(({ item, slot }) => {
    const authorisation = authorisationHash(item.authorisation)
    const expiry = BigInt(slot) + (market?.claimWindowSlots ?? 0n)
    const known = ledger.state().claimable({ authorisation, expiry })
    const most = pick % 5 === 0 ? amount : (known?.amount ?? 1n)
    return { authorisation, expiry, amount: most }
  })
  return claims.length > 0 ? claims : [{ authorisation: alice.publicKey, expiry: 9n, amount: 1n }]
}

function remember(memory: Memory, verdict: Verdict, slot: number): void {
  if (!verdict.outcome || verdict.code !== 'applied') return
  const { transaction, outcome } = verdict
  const { message } = transaction.transaction.body
  if (message.TAG === 'escrow_open')
    memory.escrows.push({ id: escrowIdOf(transaction.hash), owner: senderOf(transaction.sender) })
  if (message.TAG === 'booking_open') memory.bookings.push(bookingIdOf(transaction.hash))
  if (message.TAG !== 'settle') return
  for (const [index, { code: paid }] of outcome.settlements.entries()) {
    const item = message.data.items[index]
    if (paid === 0 && item) memory.settled.push({ item, slot })
  }
}

const senderOf = (address: Uint8Array): Person =>
  people.find((one) => bytesEqual(one.address, address)) ?? alice
