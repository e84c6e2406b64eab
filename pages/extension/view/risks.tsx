/** What a person should stop and think about, worst first: by word and shape, and by colour. */
import { BadShape, CautionShape, WaitingShape } from '../../shared/ui/icon.tsx'

type Flag = {
  readonly level: 'danger' | 'caution' | 'note'
  readonly code: string
  readonly text: string
}

const levels = {
  danger: { Shape: BadShape, word: 'Danger' },
  caution: { Shape: CautionShape, word: 'Mind this' },
  note: { Shape: WaitingShape, word: 'Good to know' },
} as const

export function Risks({ risks }: { risks: readonly Flag[] }) {
  if (risks.length === 0) return null
  return (
    <ul class="risks" aria-label="Before you agree">
      {risks.map(({ level, code, text }) => {
        const { Shape, word } = levels[level]
        return (
          <li key={code} class={`risk risk-${level}`}>
            <Shape />
            <span>
              <strong>{word}: </strong>
              {text}.
            </span>
          </li>
        )
      })}
    </ul>
  )
}
