/**
 * Slash: burns the bond of a miner whose key has signed two different receipts of one kind, whole or part,
 * for one attempt at one job. The chain judges it by the two receipts alone; whoever shows them pays the fee
 * and gains nothing.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../../base/bytes.ts'
import { bytes64, type Coder } from '../../base/coders.ts'
import { addressOf } from '../../crypto/address.ts'
import type { Verifier } from '../../crypto/signature.ts'
import { type Authorisation, authorisationCoder, authorisationHash } from '../authorisation.ts'
import { type Parameters, unbondNoticeOf } from '../genesis.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'
import { type Receipt, receiptCoder, receiptHash, receiptSigningBytes } from '../receipt.ts'
import { countBurned } from '../state.ts'

/** A receipt with the signature of its miner. */
export type SignedReceipt = { receipt: Receipt; signature: Uint8Array }

/** `authorisation`: what both receipts name; its settle-by says how long they count. */
export type Slash = { authorisation: Authorisation; first: SignedReceipt; second: SignedReceipt }

const signedReceiptCoder: Coder<SignedReceipt> = P.struct({
  receipt: receiptCoder,
  signature: bytes64,
})

/** Canonical bytes of a slash. */
export const slashCoder: Coder<Slash> = P.struct({
  authorisation: authorisationCoder,
  first: signedReceiptCoder,
  second: signedReceiptCoder,
})

/** A message context that can check signatures. */
export type EvidenceContext = MessageContext & {
  readonly genesisHash: Uint8Array
  readonly verifier: Verifier
}

/** Fails with `evidence_invalid`, `evidence_expired`, `bond_unknown` or `bond_slashed`. */
export function applySlash(context: EvidenceContext, message: Slash): OutcomeCode {
  const { state, slot, parameters } = context
  const minerKey = accusedBy(message)
  if (!minerKey) return 'evidence_invalid'
  if (slot > evidenceUntil(message.authorisation, parameters)) return 'evidence_expired'
  const owner = addressOf(minerKey)
  const bond = state.bond(owner)
  if (!bond) return 'bond_unknown'
  if (bond.slashedAt !== 0n) return 'bond_slashed'
  const areSigned = [message.first, message.second].every(({ receipt, signature }) =>
    context.verifier.verify({
      signature,
      message: receiptSigningBytes(context.genesisHash, receipt),
      publicKey: minerKey,
    }),
  )
  if (!areSigned) return 'evidence_invalid'
  state.putBond(owner, { ...bond, amount: 0n, slashedAt: slot })
  countBurned(state, bond.amount)
  context.paidOut({ to: undefined, amount: bond.amount })
  return 'applied'
}

/**
 * Last slot in which two receipts for an authorisation count. One that was signed before an unbond has a
 * settle-by within the life of authorisations from then, so all such evidence counts before the bond leaves.
 */
export const evidenceUntil = (
  { settleBy }: Pick<Authorisation, 'settleBy'>,
  parameters: Parameters,
): bigint => settleBy + unbondNoticeOf(parameters) - parameters.authorisationLifeSlots

/** Key of the miner that two receipts accuse, before any signature is checked; undefined when they do not. */
function accusedBy({ authorisation, first, second }: Slash): Uint8Array | undefined {
  const [a, b] = [first.receipt, second.receipt]
  const { minerKey } = a
  const named = authorisationHash(authorisation)
  const agree =
    minerKey !== undefined &&
    b.minerKey !== undefined &&
    bytesEqual(minerKey, b.minerKey) &&
    bytesEqual(a.authorisation, named) &&
    bytesEqual(b.authorisation, named) &&
    bytesEqual(a.jobId, b.jobId) &&
    a.attempt === b.attempt &&
    // A whole answer and the part that its client let be delivered: an honest miner may have signed both.
    a.version === b.version
  return agree && !bytesEqual(receiptHash(a), receiptHash(b)) ? minerKey : undefined
}
