/**
 * Check of an authorisation before anything is computed for it: everything that the chain will check at
 * settlement, and what binds the coordinator at once. Rules: SPEC.md, PERMIT.
 */
import type { DelegateView, EscrowView } from '../api/chain-service.ts'
import type { ApiError, ErrorCode } from '../api/errors.ts'
import { bytesEqual } from '../base/bytes.ts'
import { decodeCanonical } from '../base/coders.ts'
import { floor } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationSigningBytes,
} from '../chain/authorisation.ts'
import { slotMs } from '../chain/genesis.ts'
import { addressOf } from '../crypto/address.ts'
import type { Verifier } from '../crypto/signature.ts'
import { jobLimits } from './limits.ts'

/** What the coordinator knows at the moment of submission. */
export type AuthorisationContext = {
  readonly genesisHash: Uint8Array
  readonly verifier: Verifier
  /** Our public key: whom the escrow must name. */
  readonly coordinator: Uint8Array
  /** Hash of the job that was submitted with it. */
  readonly jobHash: Uint8Array
  readonly ttlSeconds: number
  /** By the coordinator's clock. */
  readonly nowSlot: number
  /** M of genesis: most slots that an authorisation may live. */
  readonly authorisationLifeSlots: number
  /** From the newest final state; undefined when there is none. */
  readonly escrow: EscrowView | undefined
  /** Whether this number of this escrow was ever taken here, freed or not. */
  readonly isNumberUsed: boolean
  /** Public key of the account that submits, which must be the signer; undefined for the site's own keys. */
  readonly caller: Uint8Array | undefined
}

/** Reads the bytes of an authorisation, so that the host can look up its escrow and number. */
export function readAuthorisation(bytes: Uint8Array): Result<Authorisation, ApiError> {
  const decoded = decodeCanonical(authorisationCoder, bytes)
  return decoded.ok ? decoded : refuse('AUTHORISATION_INVALID', 'Its bytes are not canonical.')
}

/** Whether this authorisation can pay for this job. Reservation comes after (`reserve`). */
export function checkAuthorisation(
  authorisation: Authorisation,
  signature: Uint8Array,
  context: AuthorisationContext,
): Result<{ readonly by: 'owner' | 'delegate' }, ApiError> {
  const { escrow } = context
  if (!bytesEqual(authorisation.jobHash, context.jobHash)) {
    return refuse('AUTHORISATION_INVALID', 'It was signed for another job: the job hashes differ.')
  }
  if (context.caller && !bytesEqual(authorisation.signer, context.caller)) {
    return refuse('AUTHORISATION_INVALID', 'It was signed by another key than the request.')
  }
  if (authorisation.limit < 1n) return refuse('AUTHORISATION_INVALID', 'Its limit is zero.')
  if (!escrow) {
    return refuse('ESCROW_REQUIRED', 'No final escrow has this id; open one, or wait for finality.')
  }
  if (!bytesEqual(escrow.coordinator, context.coordinator)) {
    return refuse('AUTHORISATION_INVALID', 'Its escrow is locked for another coordinator.')
  }
  if (escrow.closesAtSlot !== undefined) {
    return refuse('ESCROW_REQUIRED', 'Its escrow is being closed and takes no new jobs.')
  }
  const window = checkWindow(authorisation.settleBy, escrow.expirySlot, context)
  if (!window.ok) return window
  const signer = checkSigner(authorisation, escrow)
  if (!signer.ok) return signer
  if (context.isNumberUsed) return err({ code: 'AUTHORISATION_USED' })
  const message = authorisationSigningBytes(context.genesisHash, authorisation)
  const { signer: publicKey } = authorisation
  if (!context.verifier.verify({ signature, message, publicKey })) {
    return refuse('AUTHORISATION_INVALID', 'Its signature does not fit; it must cover this chain.')
  }
  return signer
}

/**
 * Slots in which an authorisation for a job of this life must be settled at the latest: `from` is the
 * earliest that leaves time to settle after the job, `to` the latest that the rules allow. `from` may be
 * above `to`: then no authorisation can cover the job.
 */
export function settleByWindow(context: {
  readonly nowSlot: number
  readonly ttlSeconds: number
  readonly authorisationLifeSlots: number
  readonly escrowExpirySlot: number
}): { readonly from: number; readonly to: number } {
  const from = context.nowSlot + slotsOf(context.ttlSeconds) + jobLimits.settleMarginSlots
  const byLife = context.nowSlot + context.authorisationLifeSlots
  const byEscrow = context.escrowExpirySlot - 1
  return { from, to: byLife < byEscrow ? byLife : byEscrow }
}

/** Longest life of a job, in seconds, that an authorisation of this chain can cover with a slot to spare. */
export function ttlSecondsMaxOf(authorisationLifeSlots: number): number {
  const slots = authorisationLifeSlots - jobLimits.settleMarginSlots - spareSlots
  const seconds = (slots * slotMs) / 1_000
  if (seconds < jobLimits.ttlSecondsMin) return jobLimits.ttlSecondsMin
  return seconds > jobLimits.ttlSecondsMax ? jobLimits.ttlSecondsMax : floor(seconds)
}

/** For the clocks of client and site to differ. */
const spareSlots = 10

const slotsOf = (seconds: number): number => floor((seconds * 1_000 + slotMs - 1) / slotMs)

function checkWindow(
  settleBy: bigint,
  escrowExpirySlot: number,
  context: AuthorisationContext,
): Result<null, ApiError> {
  const { from, to } = settleByWindow({ ...context, escrowExpirySlot })
  if (settleBy >= BigInt(from) && settleBy <= BigInt(to)) return ok(null)
  const message =
    from > to
      ? 'No settle-by slot fits: the time to live is too long for this escrow or this chain.'
      : settleBy < BigInt(from)
        ? 'Its settle-by slot is past or leaves no time to settle after the job.'
        : 'Its settle-by slot is too far ahead, or not before the expiry of its escrow.'
  return err({ code: 'AUTHORISATION_EXPIRED', message, details: { from, to } })
}

/** Owner or live delegate. A revoked delegate is refused at once, though the chain would still pay. */
function checkSigner(
  authorisation: Authorisation,
  escrow: EscrowView,
): Result<{ readonly by: 'owner' | 'delegate' }, ApiError> {
  const { signer, settleBy } = authorisation
  if (bytesEqual(escrow.owner, addressOf(signer))) return ok({ by: 'owner' })
  const delegate = escrow.delegates.find((each) => bytesEqual(each.delegate, signer))
  if (!delegate) {
    return refuse(
      'AUTHORISATION_INVALID',
      'Its signer is neither owner nor delegate of the escrow.',
    )
  }
  return isAlive(delegate, settleBy)
    ? ok({ by: 'delegate' })
    : refuse('DELEGATE_EXPIRED', 'Its signer has been revoked, or expires before settle-by.')
}

const isAlive = (delegate: DelegateView, settleBy: bigint): boolean =>
  delegate.revokedAtSlot === undefined && settleBy < BigInt(delegate.expirySlot)

const refuse = (code: ErrorCode, message: string): Result<never, ApiError> => err({ code, message })
