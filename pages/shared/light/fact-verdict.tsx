/** The verdict beside a fact: checked in this browser, with the block under which it stands. */
import { nowMs } from '../live/clock.ts'
import { Verdict } from '../ui/verdict.tsx'
import type { Asked, Checked } from './messages.ts'
import { useVerdict } from './use-verdict.ts'

type FactVerdictProps = Asked & {
  /** What is checked, as a phrase: "Balance". */
  of: string
}

const words = {
  verified: 'verified',
  'not-final': 'not yet final',
  unverifiable: 'cannot be verified',
} as const

export function FactVerdict({ of, subject, shown }: FactVerdictProps) {
  const checked = useVerdict({ subject, shown })
  return (
    <div class="below fact-verdict">
      {/* The age below counts on: only the verdict itself is spoken. */}
      <span class="visually-hidden" role="status">
        {checked ? `${of}: ${words[checked.state]}` : ''}
      </span>
      {checked === undefined ? (
        <p class="small muted">Checking against the chain…</p>
      ) : (
        <Verdict of={of} verdict={checked}>
          {checked.state === 'unverifiable' ? null : <Ground checked={checked} />}
        </Verdict>
      )}
    </div>
  )
}

function Ground({ checked }: { checked: Exclude<Checked, { state: 'unverifiable' }> }) {
  if (checked.state === 'not-final') return <>{checked.reason}</>
  const { height, headHeight, headAtMs, note, proofBytes, workMs } = checked
  const seconds = Math.max(0, Math.round((nowMs.value - headAtMs) / 1_000))
  return (
    <>
      {`In final block ${height.toLocaleString('en')}, checked by this browser. `}
      {note === '' ? '' : `${note} `}
      {`Newest verified block: ${headHeight.toLocaleString('en')}, ${ageOf(seconds)} old. `}
      <span class="verdict-cost" title="What the site sent as proof, and the time to check it here">
        {`Proof: ${(proofBytes / 1_000).toFixed(1)} kB, ${workMs.toFixed(1)} ms.`}
      </span>
    </>
  )
}

function ageOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
}
