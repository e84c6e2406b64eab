/**
 * Booking open and close: time of a machine, paid for in advance. The money lies in a booking until it
 * ends, or until buyer or provider ends it earlier and the slots that have passed are paid for.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../../base/bytes.ts'
import { bytes20, bytes32, type Coder, u64 } from '../../base/coders.ts'
import { maxBig, minBig } from '../../base/int.ts'
import { addressOf } from '../../crypto/address.ts'
import { type Booking, bookingFunds } from '../entries.ts'
import { bookingSlotsMax } from '../limits.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'
import { credit, debit } from '../state.ts'

/**
 * `provider`: 20-byte address that is paid; `coordinator`: public key of the site that arranges it and gets
 * the coordinator's share; `offer`: hash of what was agreed; `start`: its first slot, 0 for that of the
 * block; `slots`: for how long; `price`: base units a slot. The sender is the buyer and pays
 * `price × slots`. The booking's id is derived from the transaction hash (`bookingIdOf`).
 */
export type BookingOpen = {
  provider: Uint8Array
  coordinator: Uint8Array
  offer: Uint8Array
  start: bigint
  slots: bigint
  price: bigint
}

/** Canonical bytes of a booking open. */
export const bookingOpenCoder: Coder<BookingOpen> = P.struct({
  provider: bytes20,
  coordinator: bytes32,
  offer: bytes32,
  start: u64,
  slots: u64,
  price: u64,
})

/** By anyone from the end on, by buyer or provider at any time: pays and removes the booking. */
export const bookingCloseCoder = P.struct({ booking: bytes32 })
export type BookingClose = P.UnwrapCoder<typeof bookingCloseCoder>

/** Who gets how much when a booking is closed, in base units. They add up to all that it holds. */
export type BookingShares = {
  readonly provider: bigint
  readonly coordinator: bigint
  readonly buyer: bigint
}

/** Fails with `start_invalid` (passed, or more than `bookingSlotsMax` away) or `insufficient_balance`. */
export function applyBookingOpen(context: MessageContext, message: BookingOpen): OutcomeCode {
  const { state, slot, sender } = context
  const { provider, coordinator, offer, slots, price } = message
  const start = message.start === 0n ? slot : message.start
  if (start < slot || start > slot + bookingSlotsMax) return 'start_invalid'
  if (!debit(state, sender, price * slots)) return 'insufficient_balance'
  const booking = { buyer: sender, provider, coordinator, offer, start, end: start + slots, price }
  state.putBooking(context.newBooking(), booking)
  return 'applied'
}

/** Fails with `booking_unknown`, or `booking_running` (a stranger, before the end). */
export function applyBookingClose(context: MessageContext, message: BookingClose): OutcomeCode {
  const { state, slot, sender, parameters } = context
  const booking = state.booking(message.booking)
  if (!booking) return 'booking_unknown'
  const isParty = bytesEqual(sender, booking.buyer) || bytesEqual(sender, booking.provider)
  if (slot < booking.end && !isParty) return 'booking_running'
  const shares = bookingShares(booking, { slot, shareBps: parameters.coordinatorShareBps })
  state.putBooking(message.booking, undefined)
  const payouts = [
    { to: booking.provider, amount: shares.provider },
    { to: addressOf(booking.coordinator), amount: shares.coordinator },
    { to: booking.buyer, amount: shares.buyer },
  ]
  for (const payout of payouts) {
    credit(state, payout.to, payout.amount)
    context.paidOut(payout)
  }
  return 'applied'
}

/**
 * What a close in `slot` pays: the slots from the start on that have passed are the provider's, less the
 * coordinator's share (`shareBps`, rounded down); the rest goes back to the buyer.
 */
export function bookingShares(
  booking: Booking,
  { slot, shareBps }: { readonly slot: bigint; readonly shareBps: number },
): BookingShares {
  const { start, end, price } = booking
  const used = price * (minBig(maxBig(slot, start), end) - start)
  const coordinator = (used * BigInt(shareBps)) / 10_000n
  return { provider: used - coordinator, coordinator, buyer: bookingFunds(booking) - used }
}
