/**
 * Agreements: what an auction came to, between a buyer and an offer, at a price and for a while.
 * Rules: SPEC.md, AGREE.
 */

/** Where an agreement stands. */
export type AgreementState = 'open' | 'booked' | 'fulfilled' | 'lapsed' | 'canceled'

/** What happens to an agreement. */
export type AgreementEvent =
  /** Its buyer booked at its price. */
  | 'book'
  /** That booking never began: it can be taken up again. */
  | 'booking_failed'
  /** That booking ended in its time. */
  | 'booking_ended'
  /** That booking was ended before its time. */
  | 'booking_canceled'
  /** All of its tokens were used. */
  | 'used_up'
  /** Its time is over, and nothing of it was used. */
  | 'expire'
  /** Its time is over, and some of it was used. */
  | 'expire_used'
  /** Its buyer took it back. */
  | 'cancel'

/** The next state; undefined where the event does not belong. */
export function nextAgreementState(
  state: AgreementState,
  event: AgreementEvent,
): AgreementState | undefined {
  switch (event) {
    case 'book':
      return state === 'open' ? 'booked' : undefined
    case 'booking_failed':
      return state === 'booked' ? 'open' : undefined
    case 'booking_ended':
      return state === 'booked' ? 'fulfilled' : undefined
    case 'booking_canceled':
      return state === 'booked' ? 'canceled' : undefined
    case 'used_up':
    case 'expire_used':
      return state === 'open' ? 'fulfilled' : undefined
    case 'expire':
      return state === 'open' ? 'lapsed' : undefined
    case 'cancel':
      return state === 'open' ? 'canceled' : undefined
    default:
      return event satisfies never
  }
}
