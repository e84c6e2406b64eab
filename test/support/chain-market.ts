/** Bookings, bonds, receipts and rewards for tests of the chain, and random histories of every kind. */
import { utf8ToBytes } from '../../core/base/bytes.ts'
import { authorisationHash } from '../../core/chain/authorisation.ts'
import { type Genesis, genesisHash } from '../../core/chain/genesis.ts'
import type { BookingOpen } from '../../core/chain/messages/booking.ts'
import type { Slash } from '../../core/chain/messages/slash.ts'
import { type Receipt, receiptSigningBytes } from '../../core/chain/receipt.ts'
import type { Message } from '../../core/chain/transaction.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import {
  coordinator,
  createGenesis,
  genesis as firstGenesis,
  miner,
  type Person,
  settlementItem,
} from './chain-world.ts'

/** The chain of `chain-world` with rewards: 2% is burned, half of that can be claimed for 30 slots; U is 50. */
export const marketGenesis: Genesis = createGenesis({
  version: 2,
  parameters: {
    ...firstGenesis.parameters,
    market: {
      burnBps: 200,
      rewardBps: 5_000,
      claimWindowSlots: 30n,
      unbondNoticeSlots: 50n,
    },
  },
})

export const booking = (change: Partial<BookingOpen> = {}): Message => ({
  TAG: 'booking_open',
  data: {
    provider: miner.address,
    coordinator: coordinator.publicKey,
    offer: sha256(utf8ToBytes('offer')),
    start: 0n,
    slots: 100n,
    price: 1_000n,
    ...change,
  },
})
export const closeBooking = (id: Uint8Array): Message => ({
  TAG: 'booking_close',
  data: { booking: id },
})
export const bond = (amount: bigint): Message => ({ TAG: 'bond', data: { amount } })
export const unbond = ({ address }: Pick<Person, 'address'>): Message => ({
  TAG: 'unbond',
  data: { owner: address },
})

export type EvidenceInput = {
  readonly accused: Person
  readonly settleBy?: bigint
  readonly of?: Genesis
  /** What differs in each of the two receipts, besides the answer. */
  readonly first?: Partial<Receipt>
  readonly second?: Partial<Receipt>
  readonly signers?: readonly [Person, Person]
}

/** Two receipts by one key for one attempt at one job that say two things, unless the input says otherwise. */
export function evidence(input: EvidenceInput): Slash {
  const { accused, settleBy = 15n, of = firstGenesis, signers = [accused, accused] } = input
  const { authorisation } = settlementItem({
    authorisation: { escrow: new Uint8Array(32).fill(7), settleBy },
    of,
  })
  const receipt = (answer: string, change: Partial<Receipt> = {}): Receipt => ({
    version: 1,
    receiptId: new Uint8Array(16).fill(1),
    jobId: new Uint8Array(16).fill(2),
    attempt: 1,
    client: 'client',
    coordinator: coordinator.publicKey,
    minerKey: accused.publicKey,
    miner: accused.address,
    authorisation: authorisationHash(authorisation),
    jobHash: authorisation.jobHash,
    resultHash: sha256(utf8ToBytes(answer)),
    legacyHash: sha256(utf8ToBytes('legacy')),
    model: 'model',
    promptTokens: 3,
    completionTokens: 4,
    amount: 5n,
    startedAtMs: 6n,
    completedAtMs: 7n,
    ...change,
  })
  const signed = (one: Receipt, by: Person) => ({
    receipt: one,
    signature: by.sign(receiptSigningBytes(genesisHash(of), one)),
  })
  return {
    authorisation,
    first: signed(receipt('one answer', input.first), signers[0]),
    second: signed(receipt('another answer', input.second), signers[1]),
  }
}
export const slash = (data: Slash): Message => ({ TAG: 'slash', data })

/** An escrow of alice's for the coordinator. */
export const openEscrow = (amount: bigint, expiry: bigint): Message => ({
  TAG: 'escrow_open',
  data: { coordinator: coordinator.publicKey, amount, expiry, delegate: undefined },
})
