/** What became of the newest act on this page, and the count of all, by which lists know to read again. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { adminPath } from './routes.ts'

const outcome = signal<{ readonly words: string; readonly number: number } | undefined>(undefined)

/** Changes with every act: lists are then read again. */
export const acts = signal(0)

/** An act was done; `words` say what became of it, in a sentence. */
export function tellOutcome(words: string): void {
  acts.value += 1
  outcome.value = { words, number: acts.value }
}

/** Forgets the outcome, as when somebody goes to another view. */
export function clearOutcome(): void {
  outcome.value = undefined
}

/** What became of the newest act; takes the focus, because the button that began it may be gone. */
export function Outcome() {
  const box = useRef<HTMLElement>(null)
  const told = outcome.value
  useEffect(() => {
    if (told) box.current?.focus()
  }, [told?.number])
  if (!told) return null
  return (
    <section class="note outcome" aria-label="What became of it" tabIndex={-1} ref={box}>
      <strong>{told.words}</strong>
      <span class="outcome-ways">
        <a href={adminPath('audit')}>See it in the audit log</a>
        <button type="button" class="text-button" onClick={clearOutcome}>
          Put away
        </button>
      </span>
    </section>
  )
}
