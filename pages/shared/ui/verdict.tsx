/** What became of a check: it holds, it cannot be final yet, or it could not be made, and then why. */
import type { ComponentChildren } from 'preact'
import '../styles/bits.css'
import { CautionShape, VerifiedShape, WaitingShape } from './icon.tsx'

export type Verification =
  | { readonly state: 'verified' }
  | { readonly state: 'not-final' }
  /** `reason` is a sentence for people. */
  | { readonly state: 'unverifiable'; readonly reason: string }

type VerdictProps = {
  verdict: Verification
  /** What was checked: "Signature of the miner". */
  of?: string
  /** By what it was checked, or what is missing until it is final. */
  children?: ComponentChildren
}

const signs = {
  verified: { Shape: VerifiedShape, word: 'Verified', tone: 'good' },
  'not-final': { Shape: WaitingShape, word: 'Not yet final', tone: 'neutral' },
  unverifiable: { Shape: CautionShape, word: 'Cannot verify', tone: 'caution' },
} as const

export function Verdict({ verdict, of, children }: VerdictProps) {
  const { Shape, word, tone } = signs[verdict.state]
  return (
    <div class={`verdict verdict-${verdict.state}`}>
      <span class={`status status-${tone}`}>
        <Shape />
        <strong>{word}</strong>
      </span>
      {of === undefined ? null : <span class="verdict-of">{of}</span>}
      {verdict.state === 'unverifiable' ? (
        <span class="verdict-why">{verdict.reason}</span>
      ) : children === undefined ? null : (
        <span class="verdict-why">{children}</span>
      )}
    </div>
  )
}
