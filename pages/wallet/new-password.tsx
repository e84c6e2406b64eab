/** Two fields for a new password, and how long guessing it would take. */
import { useEffect, useState } from 'preact/hooks'
import type { Problem } from '../shared/ui/form/context.ts'
import { PasswordField } from '../shared/ui/form/fields.tsx'
import { vaultLimits } from '../shared/vault/messages.ts'
import type { Strength } from '../shared/vault/password-strength.ts'

/** What is typed, and what is known of its strength: undefined while it is being judged. */
export type NewPassword = {
  readonly text: string
  readonly again: string
  readonly strength: Strength | undefined
}

export const noPassword: NewPassword = { text: '', again: '', strength: undefined }

/** What is wrong with a new password. */
export function passwordProblems({ text, again, strength }: NewPassword): readonly Problem[] {
  const { min, max } = vaultLimits.passwordChars
  if (text.length < min) {
    return [{ field: 'new-password', message: `Use at least ${min} characters.` }]
  }
  if (text.length > max)
    return [{ field: 'new-password', message: `Use at most ${max} characters.` }]
  if (strength === undefined) {
    return [{ field: 'new-password', message: 'Wait until its strength is known.' }]
  }
  if (!strength.isEnough) {
    return [{ field: 'new-password', message: `Too easy to guess. ${strength.advice}` }]
  }
  if (again !== text) return [{ field: 'again', message: 'The two passwords differ.' }]
  return []
}

type Props = {
  label: string
  value: NewPassword
  onValue: (change: (before: NewPassword) => NewPassword) => void
}

export function NewPasswordFields({ label, value, onValue }: Props) {
  const [fault, setFault] = useState('')
  const { text } = value
  useEffect(() => {
    let isCurrent = true
    if (text === '') return
    void judge(text).then((strength) => {
      if (!isCurrent) return
      if (strength === undefined) setFault('The check of passwords could not be fetched.')
      else onValue((before) => (before.text === text ? { ...before, strength } : before))
    })
    return () => {
      isCurrent = false
    }
  }, [text])
  return (
    <>
      <PasswordField
        name="new-password"
        label={label}
        required
        hint="Several unrelated words are strong and can be remembered. It opens the wallet in this browser only; write it down apart from the words."
        autoComplete="new-password"
        value={text}
        error={fault === '' ? undefined : fault}
        onValue={(typed) => onValue((before) => ({ ...before, text: typed, strength: undefined }))}
      />
      <StrengthLine value={value} />
      <PasswordField
        name="again"
        label="The same again"
        required
        autoComplete="new-password"
        value={value.again}
        onValue={(again) => onValue((before) => ({ ...before, again }))}
      />
    </>
  )
}

function StrengthLine({ value: { text, strength } }: { value: NewPassword }) {
  const level = text === '' || !strength ? 0 : strength.score + 1
  return (
    <div class="strength">
      <span class="strength-bars" data-level={level} aria-hidden="true">
        {[1, 2, 3, 4, 5].map((bar) => (
          <span key={bar} class={bar <= level ? 'strength-bar is-on' : 'strength-bar'} />
        ))}
      </span>
      <span class="small" role="status">
        {text === '' ? 'Not typed yet' : !strength ? 'Judging' : strength.words}
      </span>
    </div>
  )
}

async function judge(text: string): Promise<Strength | undefined> {
  try {
    const { strengthOf } = await import('../shared/vault/password-strength.ts')
    return strengthOf(text)
  } catch {
    return undefined
  }
}
