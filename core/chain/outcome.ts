/**
 * Outcomes: what executing a transaction did, hashed under the outcomes root of its block. Spent
 * authorisations leave the state in time; from then on outcomes prove what was paid.
 */
import * as P from 'micro-packed'
import { bytes20, bytes32, type Coder, listOf, u8, u64 } from '../base/coders.ts'

/** Why a transaction that was included, and charged for, did not do what it asked. 0 means it did. */
export const outcomeCodes = {
  applied: 0,
  insufficient_balance: 1,
  escrow_unknown: 2,
  escrow_closing: 3,
  escrow_expired: 4,
  not_owner: 5,
  notice_running: 6,
  delegate_unknown: 7,
  expiry_invalid: 8,
  amount_invalid: 9,
  not_faucet: 10,
  limit_exceeded: 11,
  nothing_settled: 12,
  entries_unpaid: 13,
  authority_set_unknown: 14,
  change_pending: 15,
  height_invalid: 16,
  set_invalid: 17,
  quorum_missing: 18,
  booking_unknown: 19,
  booking_running: 20,
  start_invalid: 21,
  bond_unknown: 22,
  bond_leaving: 23,
  bond_slashed: 24,
  evidence_invalid: 25,
  evidence_expired: 26,
  claim_unknown: 27,
} as const
export type OutcomeCode = keyof typeof outcomeCodes

/** Why one item of a settle transaction paid nothing. 0 means it paid. */
export const settlementCodes = {
  paid: 0,
  escrow_unknown: 1,
  signer_not_allowed: 2,
  authorisation_signature_invalid: 3,
  release_signature_invalid: 4,
  release_mismatch: 5,
  above_limit: 6,
  expired: 7,
  already_settled: 8,
  budget_exceeded: 9,
  escrow_exhausted: 10,
  settle_by_too_far: 11,
  escrow_closed: 12,
} as const
export type SettlementCode = keyof typeof settlementCodes

/**
 * What became of one settlement item. Amounts in base units; what `minerAmount` and
 * `coordinatorAmount` leave of `amount` is burned. The fee is taken out of the coordinator's shares
 * afterwards. All three are 0 unless it paid.
 */
export const settlementOutcomeCoder = P.struct({
  code: u8,
  escrow: bytes32,
  number: u64,
  miner: bytes20,
  amount: u64,
  minerAmount: u64,
  coordinatorAmount: u64,
  receiptHash: bytes32,
})
export type SettlementOutcome = P.UnwrapCoder<typeof settlementOutcomeCoder>

/**
 * `transaction`: its hash; `fee`: base units charged, of which `feeFromShares` came out of the
 * coordinators' shares (item by item, in order) and the rest from the sender; `settlements`: one an item.
 */
export type Outcome = {
  transaction: Uint8Array
  code: number
  fee: bigint
  feeFromShares: bigint
  settlements: SettlementOutcome[]
}

/** Canonical bytes of an outcome: a leaf under the outcomes root. */
export const outcomeCoder: Coder<Outcome> = P.struct({
  transaction: bytes32,
  code: u8,
  fee: u64,
  feeFromShares: u64,
  settlements: listOf(settlementOutcomeCoder),
})

/** Outcomes of one block, in the order of its transactions: how stores keep them. */
export const outcomesCoder: Coder<Outcome[]> = listOf(outcomeCoder)
