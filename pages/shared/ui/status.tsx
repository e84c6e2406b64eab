/** State by word and shape, with colour as the third sign only. */
import { BadShape, CautionShape, GoodShape, WaitingShape } from './icon.tsx'

export type Tone = 'good' | 'bad' | 'caution' | 'neutral'

const shapes = {
  good: GoodShape,
  bad: BadShape,
  caution: CautionShape,
  neutral: WaitingShape,
} as const

export function Status({ tone, word }: { tone: Tone; word: string }) {
  const Shape = shapes[tone]
  return (
    <span class={`status status-${tone}`}>
      <Shape />
      {word}
    </span>
  )
}

/** Where a block stands. */
export function Finality({ final }: { final: boolean }) {
  return final ? (
    <Status tone="good" word="Final" />
  ) : (
    <Status tone="neutral" word="Not yet final" />
  )
}

type Standing = {
  status: 'pending' | 'included' | 'final'
  /** Name of the outcome; undefined while pending. */
  outcome?: string | undefined
}

/** Where a transaction stands, and whether it did what it asked. */
export function TransactionStatus({ status, outcome }: Standing) {
  if (status === 'pending') return <Status tone="neutral" word="Pending" />
  const final = status === 'final'
  if (outcome !== 'applied') {
    return <Status tone="bad" word={final ? 'Failed, final' : 'Failed, not yet final'} />
  }
  return final ? (
    <Status tone="good" word="Applied, final" />
  ) : (
    <Status tone="neutral" word="Applied, not yet final" />
  )
}
