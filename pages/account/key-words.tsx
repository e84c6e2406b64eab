/** How keys are said. */
import type { AccountKey } from '../shared/account-wire.ts'
import { Status, type Tone } from '../shared/ui/status.tsx'

const states: Record<AccountKey['state'], readonly [tone: Tone, word: string]> = {
  active: ['good', 'Active'],
  pending: ['neutral', 'Waiting for a final block'],
  unfunded: ['caution', 'Without money'],
  exhausted: ['caution', 'Used up'],
  expired: ['neutral', 'Expired'],
  revoked: ['neutral', 'Revoked'],
}

export function KeyState({ value: { state } }: { value: AccountKey }) {
  const [tone, word] = states[state]
  return <Status tone={tone} word={word} />
}

/** What a scope lets a key do. */
export const scopeWords: Readonly<Record<string, string>> = {
  'jobs:read': 'reads jobs, answers and receipts',
  'jobs:submit': 'asks models and cancels jobs',
  market: 'bids, books and reviews',
  miner: 'serves jobs over HTTP',
}
