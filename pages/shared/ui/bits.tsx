/** Small parts: badge, chip, key hint, progress, disclosure, note, switch of two views. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import '../styles/bits.css'
import { ChevronIcon, CloseIcon } from './icon.tsx'
import type { Tone } from './status.tsx'

/** A short fact about the thing beside it. Not a state: that is `Status`. */
export function Badge({ children }: { children: ComponentChildren }) {
  return <span class="badge">{children}</span>
}

/** A choice that is in force and can be taken away. */
export function Chip({ label, onRemove }: { label: string; onRemove: () => void }) {
  return (
    <span class="chip">
      {label}
      <button type="button" class="chip-remove" aria-label={`Remove ${label}`} onClick={onRemove}>
        <CloseIcon />
      </button>
    </span>
  )
}

/** Keys to press together. */
export function Keys({ keys }: { keys: readonly string[] }) {
  return (
    <span class="keys">
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  )
}

type ProgressProps = {
  /** What is going on: "Waiting for 3 blocks". */
  label: string
  /** Parts done of `of`; left out while the share is not known. */
  done?: number
  of?: number
}

/** How far something is, in words and as a bar. */
export function Progress({ label, done, of = 1 }: ProgressProps) {
  const id = useId()
  return (
    <div class="progress">
      <label for={id}>{label}</label>
      <span class="progress-share figure">{done === undefined ? null : `${done} of ${of}`}</span>
      {done === undefined ? <progress id={id} /> : <progress id={id} value={done} max={of} />}
    </div>
  )
}

type DisclosureProps = { summary: string; open?: boolean; children: ComponentChildren }

/** What only some readers want, one press away. */
export function Disclosure({ summary, open = false, children }: DisclosureProps) {
  return (
    <details class="disclosure" open={open}>
      <summary>
        <ChevronIcon />
        {summary}
      </summary>
      <div class="disclosure-body">{children}</div>
    </details>
  )
}

type NoteProps = {
  title: string
  tone?: 'neutral' | 'caution' | 'bad'
  children: ComponentChildren
}

const noteClass: Record<Exclude<Tone, 'good'>, string> = {
  neutral: 'note',
  caution: 'note note-caution',
  bad: 'note note-failed',
}

/** Something to know before going on. */
export function Note({ title, tone = 'neutral', children }: NoteProps) {
  return (
    <div class={noteClass[tone]}>
      <strong>{title}</strong>
      <span>{children}</span>
    </div>
  )
}
