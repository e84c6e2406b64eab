/**
 * Claims: what a booking or an agreement gives its buyer at one miner. A booking keeps places and asks no
 * price by tokens, since the time is paid for on the chain; an agreement has a price of its own for so many
 * tokens. Rules: SPEC.md, CLAIM.
 */
import { minBig } from '../base/int.ts'
import type { TokenPrice } from './pricing.ts'

/** What holds now or soon. Plain data, so that it travels by RPC. */
export type Claim = BookingClaim | AgreementClaim

type ClaimBase = {
  readonly claimId: string
  readonly minerId: string
  /** Name under which its buyer owns things (`ownerOf`). */
  readonly owner: string
  /** When it ends, Unix milliseconds. */
  readonly untilMs: number
}

/** Places that are kept for the buyer. */
export type BookingClaim = ClaimBase & {
  readonly kind: 'booking'
  readonly places: number
  /**
   * Its id on the chain, hex; undefined where it costs nothing: nobody could check it there, so that its jobs
   * cost what the miner lists.
   */
  readonly onChain: string | undefined
}

/** A price for so many tokens of answer. */
export type AgreementClaim = ClaimBase & {
  readonly kind: 'agreement'
  /** Models that it is for. */
  readonly models: readonly string[]
  /** Base units for 1 000 tokens of answer. */
  readonly completionPer1000: bigint
  readonly tokens: number
}

/** On which claim an attempt is worked on: goes into the terms of the attempt and its offer. */
export type ClaimRef = {
  readonly kind: Claim['kind']
  readonly claimId: string
  /** Id of the booking on the chain, hex. */
  readonly onChain?: string | undefined
}

/** What an attempt is paid, and on which claim. */
export type Terms = TokenPrice & { readonly claim?: ClaimRef | undefined }

/** What a claim makes of a miner's listed price. */
export function termsOf(claim: Claim, listed: TokenPrice): Terms {
  const { kind, claimId } = claim
  if (claim.kind === 'agreement') {
    const completionPer1000 = minBig(claim.completionPer1000, listed.completionPer1000)
    return { ...listed, completionPer1000, claim: { kind, claimId } }
  }
  if (claim.onChain === undefined) return { ...listed, claim: { kind, claimId } }
  const onChain = claim.onChain
  return { promptPer1000: 0n, completionPer1000: 0n, claim: { kind, claimId, onChain } }
}

/** Whether a claim is for jobs of this model. */
export const isForModel = (claim: Claim, model: string): boolean =>
  claim.kind === 'booking' || claim.models.includes(model)

/**
 * Whether a place that nobody booked is free. `booked`: places of all bookings that hold; `unbooked`: attempts
 * in hand that are on none of these. Concurrency 0 has no bound, and nothing of it is booked.
 */
export const hasOpenPlace = (
  concurrency: number,
  { booked, unbooked }: { readonly booked: number; readonly unbooked: number },
): boolean => concurrency === 0 || unbooked < concurrency - booked

/**
 * Most attempts at a time that a booking pays for, by what the chain holds of it: `pricePerSlot` over the least
 * that one place costs in an hour. Base units; a place that costs nothing is paid by anything.
 */
export function placesPaid(
  pricePerSlot: bigint,
  perPlaceHour: bigint,
  slotsAnHour: number,
): bigint {
  const perHour = pricePerSlot * BigInt(slotsAnHour)
  return perPlaceHour === 0n ? perHour : perHour / perPlaceHour
}
