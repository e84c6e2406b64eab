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

/** What a key with a scope may do. */
export const scopeWords: Readonly<Record<string, string>> = {
  'jobs:read': 'read jobs, answers and receipts',
  'jobs:submit': 'ask models and cancel jobs',
  market: 'bid, book and review',
  miner: 'serve jobs over HTTP',
}
