/**
 * Bookings: places of a miner for some hours. What they cost and what they leave free. Time is counted in
 * slots of the chain, which holds the money (core/chain/messages/booking.ts). Rules: SPEC.md, BOOK.
 */
import { amountMax } from '../base/amount.ts'
import { divideUp, max } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'

/** Slots in an hour. */
export const slotsPerHour = 1_800

/** A span of slots, `endSlot` excluded, in which some places are taken. */
export type Span = { readonly startSlot: number; readonly endSlot: number; readonly places: number }

/** What a booking costs. Amounts in base units. */
export type BookingCost = {
  readonly slots: number
  readonly perSlot: bigint
  readonly total: bigint
}

/** The price does not fit 64 bits. */
export type CostError = { readonly code: 'AMOUNT_INVALID' }

/** Where a booking stands. */
export type BookingState = 'pending' | 'active' | 'closing' | 'ended' | 'canceled' | 'failed'

/** What happens to a booking. */
export type BookingEvent = 'opened' | 'refused' | 'close' | 'closed' | 'canceled'

/** The cost of places for some slots, each rounded up to a base unit, so that a slot has a price. */
export function bookingCost(input: {
  readonly slots: number
  readonly places: number
  readonly pricePerHour: bigint
}): Result<BookingCost, CostError> {
  const { slots } = input
  const perSlot = divideUp(input.pricePerHour * BigInt(input.places), BigInt(slotsPerHour))
  const total = perSlot * BigInt(slots)
  return total > amountMax ? err({ code: 'AMOUNT_INVALID' }) : ok({ slots, perSlot, total })
}

/** Most places that are taken at one time within a span. */
export function placesTaken(taken: readonly Span[], within: Omit<Span, 'places'>): number {
  const over = taken.filter(
    (each) => each.startSlot < within.endSlot && each.endSlot > within.startSlot,
  )
  // The number grows only where a span begins.
  const starts = [within.startSlot, ...over.map((each) => max(each.startSlot, within.startSlot))]
  return starts.reduce((most, slot) => {
    const now = over.filter((each) => each.startSlot <= slot && each.endSlot > slot)
    return max(
      most,
      now.reduce((sum, each) => sum + each.places, 0),
    )
  }, 0)
}

/** Whether a span fits beside what is taken. `capacity` 0: no bound is stated, and nothing is booked. */
export const fitsBeside = (taken: readonly Span[], wanted: Span, capacity: number): boolean =>
  placesTaken(taken, wanted) + wanted.places <= capacity

/** The first slot from which a span of this length and size fits; undefined when it never does. */
export function nextFit(
  taken: readonly Span[],
  wanted: Span,
  capacity: number,
): number | undefined {
  if (wanted.places > capacity) return undefined
  const length = wanted.endSlot - wanted.startSlot
  const tries = [wanted.startSlot, ...taken.map((each) => each.endSlot)]
    .filter((slot) => slot >= wanted.startSlot)
    .sort((a, b) => a - b)
  return tries.find((startSlot) =>
    fitsBeside(taken, { ...wanted, startSlot, endSlot: startSlot + length }, capacity),
  )
}

/** The next state; undefined where the event does not belong. */
export function nextBookingState(
  state: BookingState,
  event: BookingEvent,
): BookingState | undefined {
  switch (event) {
    case 'opened':
      return state === 'pending' ? 'active' : undefined
    case 'refused':
      return state === 'pending' ? 'failed' : undefined
    case 'close':
      return state === 'active' ? 'closing' : undefined
    case 'closed':
      return state === 'active' || state === 'closing' ? 'ended' : undefined
    case 'canceled':
      return state === 'active' || state === 'closing' ? 'canceled' : undefined
    default:
      return event satisfies never
  }
}

/** Whether a booking takes places. */
export const isLiveBooking = (state: BookingState): boolean =>
  state === 'pending' || state === 'active' || state === 'closing'
