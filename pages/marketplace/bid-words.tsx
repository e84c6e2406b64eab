/** How bids are said. */
import { Amount } from '../shared/ui/amount.tsx'
import { Status, type Tone } from '../shared/ui/status.tsx'
import type { Agreement, Bid } from './wire.ts'
import { counted } from './words.tsx'

const states: Record<Bid['status'], readonly [tone: Tone, word: string]> = {
  open: ['good', 'Open'],
  matched: ['good', 'Matched'],
  partial: ['caution', 'Matched in part'],
  unmatched: ['neutral', 'Not matched'],
  canceled: ['neutral', 'Taken back'],
}

export function BidStatus({ bid }: { bid: Bid }) {
  const [tone, word] = states[bid.status]
  return <Status tone={tone} word={word} />
}

/** What is wanted. */
export function wantedWords({ kind, tokens, hours, places }: Bid): string {
  if (kind === 'tokens') return counted(tokens ?? 0, 'answer token')
  return `${counted(hours ?? 0, 'hour')} of ${counted(places ?? 1, 'place')}`
}

/** A price with what it is for. */
export function PriceOf({ kind, units }: { kind: Bid['kind']; units: bigint }) {
  return (
    <span>
      <Amount units={units} />
      <span class="unit">{kind === 'tokens' ? ' for 1,000 tokens' : ' a place and hour'}</span>
    </span>
  )
}

export const capacityWords = (kind: Bid['kind'], capacity: number): string =>
  counted(capacity, kind === 'tokens' ? 'token' : 'place')

export const agreementStates: Record<Agreement['state'], readonly [tone: Tone, word: string]> = {
  open: ['good', 'To be taken up'],
  booked: ['good', 'Booked'],
  fulfilled: ['good', 'Fulfilled'],
  lapsed: ['neutral', 'Lapsed'],
  canceled: ['neutral', 'Canceled'],
}
