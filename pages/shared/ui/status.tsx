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

/** Where a transaction stands; `status` is the site's word for it. */
export function TransactionStatus({ status, final }: { status: string; final: boolean }) {
  if (status === 'failed') return <Status tone="bad" word="Failed" />
  if (status === 'pending') return <Status tone="neutral" word="Pending" />
  if (status !== 'applied') return <Status tone="caution" word={status} />
  return final ? (
    <Status tone="good" word="Applied, final" />
  ) : (
    <Status tone="neutral" word="Applied, not yet final" />
  )
}
