/** How a booking's state and money are said, to buyer and provider alike. */
import { Amount } from '../shared/ui/amount.tsx'
import { Status, type Tone } from '../shared/ui/status.tsx'
import type { Booking } from './wire.ts'
import { Unknown } from './words.tsx'

const states: Record<Booking['state'], readonly [tone: Tone, word: string]> = {
  pending: ['neutral', 'Waiting for the chain'],
  active: ['good', 'Active'],
  closing: ['neutral', 'Closing on the chain'],
  ended: ['neutral', 'Ended'],
  canceled: ['neutral', 'Ended early'],
  failed: ['bad', 'Did not begin'],
}

export function BookingState({ state }: { state: Booking['state'] }) {
  const [tone, word] = states[state]
  return <Status tone={tone} word={word} />
}

/** What the provider got. One that did not begin held nothing, so nothing is to come. */
export function PaidOf({ booking: { state, paid } }: { booking: Booking }) {
  if (paid !== undefined) return <Amount units={paid} />
  return <Unknown>{state === 'failed' ? 'nothing' : 'not yet'}</Unknown>
}

/** What the chain holds, or held. */
export function HeldOf({ booking: { state, total } }: { booking: Booking }) {
  return state === 'failed' ? <Unknown>nothing</Unknown> : <Amount units={total} />
}
