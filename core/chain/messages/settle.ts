/**
 * Settle: pays for accepted work. Each item is a pair of an authorisation (signed by the payer) and a
 * release (signed by the coordinator) and stands or falls alone.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../../base/bytes.ts'
import { bytes64, type Coder, listOf } from '../../base/coders.ts'
import { addressOf } from '../../crypto/address.ts'
import type { Verifier } from '../../crypto/signature.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationHash,
  authorisationSigningBytes,
} from '../authorisation.ts'
import type { Delegate, Escrow } from '../entries.ts'
import type { MessageContext } from '../message-context.ts'
import { type SettlementCode, type SettlementOutcome, settlementCodes } from '../outcome.ts'
import { type Release, releaseCoder, releaseSigningBytes } from '../release.ts'
import { countBurned, credit } from '../state.ts'
import { isChargeable } from './delegate.ts'
import { isClosed } from './escrow.ts'

/** One payment: both statements and both signatures. */
export type SettlementItem = {
  authorisation: Authorisation
  authorisationSignature: Uint8Array
  release: Release
  releaseSignature: Uint8Array
}

/** Canonical bytes of one payment. */
export const settlementItemCoder: Coder<SettlementItem> = P.struct({
  authorisation: authorisationCoder,
  authorisationSignature: bytes64,
  release: releaseCoder,
  releaseSignature: bytes64,
})

/** Bytes of one item: all its fields have fixed lengths. */
export const settlementItemBytes = 340

/** A batch of payments; between one and `settlementItemsMax`. */
export type Settle = { items: SettlementItem[] }

/** Canonical bytes of a batch. */
export const settleCoder: Coder<Settle> = P.struct({ items: listOf(settlementItemCoder) })

/** The coordinator's part of one paid item, not yet credited: the fee comes out of it first. */
export type CoordinatorShare = { readonly address: Uint8Array; readonly amount: bigint }

/** What a batch did. */
export type SettlementResult = {
  readonly outcomes: readonly SettlementOutcome[]
  /** One for each paid item, in order. */
  readonly shares: readonly CoordinatorShare[]
}

/** A message context that can check signatures. */
export type SettlementContext = MessageContext & {
  readonly genesisHash: Uint8Array
  readonly verifier: Verifier
}

/** Pays each item that can be paid: escrow to miner. The coordinators' shares are left to the caller. */
export function applySettle(context: SettlementContext, { items }: Settle): SettlementResult {
  const outcomes: SettlementOutcome[] = []
  const shares: CoordinatorShare[] = []
  for (const item of items) {
    const found = judge(context, item)
    if (typeof found === 'string') {
      outcomes.push(outcomeOf(item, found, { miner: 0n, share: 0n }))
      continue
    }
    const split = pay(context, item, found)
    shares.push({ address: addressOf(found.escrow.coordinator), amount: split.share })
    outcomes.push(outcomeOf(item, 'paid', split))
  }
  return { outcomes, shares }
}

type Payer = { readonly escrow: Escrow; readonly delegate: Delegate | undefined }

/** Who pays for an item, or why nobody does. Cheap checks first, signatures last. */
function judge(context: SettlementContext, item: SettlementItem): Payer | SettlementCode {
  const { state, slot, parameters } = context
  const { authorisation, release } = item
  const { settleBy } = authorisation
  const escrow = state.escrow(authorisation.escrow)
  if (!escrow) return 'escrow_unknown'
  if (isClosed(escrow, slot)) return 'escrow_closed'
  if (slot > settleBy || settleBy >= escrow.expiry) return 'expired'
  if (settleBy - slot > parameters.authorisationLifeSlots) return 'settle_by_too_far'
  const names = bytesEqual(release.authorisation, authorisationHash(authorisation))
  if (!names || release.amount === 0n) return 'release_mismatch'
  if (release.amount > authorisation.limit) return 'above_limit'
  if (state.spent(authorisation)) return 'already_settled'

  const isOwner = bytesEqual(addressOf(authorisation.signer), escrow.owner)
  const delegate = isOwner ? undefined : state.delegate(authorisation.escrow, authorisation.signer)
  if (!isOwner) {
    if (!delegate || !isChargeable(delegate, slot) || settleBy >= delegate.expiry) {
      return 'signer_not_allowed'
    }
    if (delegate.budget < release.amount) return 'budget_exceeded'
  }
  if (escrow.balance < release.amount) return 'escrow_exhausted'
  return judgeSignatures(context, item, escrow) ?? { escrow, delegate }
}

function judgeSignatures(
  { verifier, genesisHash }: SettlementContext,
  item: SettlementItem,
  escrow: Escrow,
): SettlementCode | undefined {
  const authorised = verifier.verify({
    signature: item.authorisationSignature,
    message: authorisationSigningBytes(genesisHash, item.authorisation),
    publicKey: item.authorisation.signer,
  })
  if (!authorised) return 'authorisation_signature_invalid'
  const released = verifier.verify({
    signature: item.releaseSignature,
    message: releaseSigningBytes(genesisHash, item.release),
    publicKey: escrow.coordinator,
  })
  return released ? undefined : 'release_signature_invalid'
}

/** The parts of a paid amount; what they leave of it is burned. */
type Split = { readonly miner: bigint; readonly share: bigint }

/** Moves the money of one item out of escrow and budget; the coordinator's share is left to the caller. */
function pay(context: SettlementContext, item: SettlementItem, payer: Payer): Split {
  const { state, parameters } = context
  const { authorisation, release } = item
  const { escrow, number, settleBy } = authorisation
  const { amount } = release
  state.putEscrow(escrow, { ...payer.escrow, balance: payer.escrow.balance - amount })
  if (payer.delegate) {
    const budget = payer.delegate.budget - amount
    state.putDelegate(payer.delegate, { ...payer.delegate, budget })
  }
  state.putSpent({ escrow, number, settleBy })
  const share = (amount * BigInt(parameters.coordinatorShareBps)) / 10_000n
  const burned = burn(context, item)
  const miner = amount - share - burned
  credit(state, release.miner, miner)
  return { miner, share }
}

/** Burns the part that genesis says, and leaves a claim for the miner; returns what was burned. */
function burn({ state, slot, parameters }: SettlementContext, item: SettlementItem): bigint {
  const { market } = parameters
  if (!market) return 0n
  const { amount, miner, receiptHash, authorisation } = item.release
  const burned = (amount * BigInt(market.burnBps)) / 10_000n
  const reward = (burned * BigInt(market.rewardBps)) / 10_000n
  countBurned(state, burned)
  if (reward > 0n) {
    const expiry = slot + market.claimWindowSlots
    const claimable = { authorisation, receipt: receiptHash, miner, amount: reward, expiry }
    state.putClaimable({ authorisation, expiry }, claimable)
  }
  return burned
}

function outcomeOf(
  { authorisation, release }: SettlementItem,
  code: SettlementCode,
  split: Split,
): SettlementOutcome {
  const amount = code === 'paid' ? release.amount : 0n
  return {
    code: settlementCodes[code],
    escrow: authorisation.escrow,
    number: authorisation.number,
    miner: release.miner,
    amount,
    minerAmount: split.miner,
    coordinatorAmount: split.share,
    receiptHash: release.receiptHash,
  }
}
