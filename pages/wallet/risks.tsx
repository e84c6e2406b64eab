/** What a person should stop and think about before signing, worst first. */
import { codeSentence } from './words.ts'

type Flag = {
  readonly level: 'danger' | 'caution' | 'note'
  readonly code: string
  readonly text: string
}

const levels = {
  danger: { title: 'Danger', class: 'note note-failed' },
  caution: { title: 'Mind this', class: 'note note-caution' },
  note: { title: 'Good to know', class: 'note' },
} as const

export function Risks({ risks }: { risks: readonly Flag[] }) {
  return (
    <>
      {risks.map(({ level, code, text }) => (
        <div class={levels[level].class} key={code}>
          <strong>{levels[level].title}</strong>
          <span class="break">{codeSentence(text)}</span>
        </div>
      ))}
    </>
  )
}
