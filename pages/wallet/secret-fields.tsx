/** Fields for a secret that a person brings along, by its kind. */

import { CheckField } from '../shared/ui/form/choices.tsx'
import type { Problem } from '../shared/ui/form/context.ts'
import { FileField, PasswordField, TextAreaField } from '../shared/ui/form/fields.tsx'
import { type Secret, vaultLimits } from '../shared/vault/messages.ts'

/** What is typed or chosen so far. `text`: words, digits, or the content of the file. */
export type TypedSecret = {
  readonly kind: Secret['kind']
  readonly text: string
  readonly password: string
  /** Whether the vault asked for a yes to a key of another curve, and whether it was given. */
  readonly isOther: boolean
  readonly takeOther: boolean
}

export const noSecret = (kind: TypedSecret['kind']): TypedSecret => ({
  kind,
  text: '',
  password: '',
  isOther: false,
  takeOther: false,
})

const wordsChars = 400

export function secretProblems({
  kind,
  text,
  isOther,
  takeOther,
}: TypedSecret): readonly Problem[] {
  switch (kind) {
    case 'words': {
      const count = text.trim() === '' ? 0 : text.trim().split(/\s+/).length
      return count === 12 || count === 24
        ? []
        : [{ field: 'words', message: `Enter 12 or 24 words; these are ${count}.` }]
    }
    case 'seed':
      return /^(?:0x)?[0-9a-f]{64}$/i.test(text.trim())
        ? []
        : [{ field: 'seed', message: 'A raw key has 64 digits from 0 to 9 and a to f.' }]
    case 'file': {
      const problems: Problem[] = []
      if (text === '') problems.push({ field: 'file', message: 'Choose a file.' })
      if (text.length > vaultLimits.fileChars) {
        problems.push({ field: 'file', message: 'This file is too long to be a keystore.' })
      }
      if (isOther && !takeOther) {
        problems.push({ field: 'take-other', message: 'Say whether you want a new account of it.' })
      }
      return problems
    }
  }
}

export const secretOf = ({ kind, text, password, takeOther }: TypedSecret): Secret =>
  kind === 'words'
    ? { kind, words: text }
    : kind === 'seed'
      ? { kind, seed: text.trim() }
      : { kind, text, password, takeOtherCurve: takeOther }

type Props = { value: TypedSecret; onValue: (value: TypedSecret) => void }

export function SecretFields({ value, onValue }: Props) {
  switch (value.kind) {
    case 'words':
      return (
        <TextAreaField
          name="words"
          label="Backup words"
          required
          hint="In their order, with spaces between."
          rows={3}
          lengthMax={wordsChars}
          value={value.text}
          onValue={(text) => onValue({ ...value, text })}
        />
      )
    case 'seed':
      return (
        <PasswordField
          name="seed"
          label="Raw key"
          required
          autoComplete="current-password"
          value={value.text}
          onValue={(text) => onValue({ ...value, text })}
        />
      )
    case 'file':
      return (
        <>
          <FileField
            name="file"
            label="Keystore file"
            required
            accept=".json,application/json"
            onFile={(file) => {
              if (!file || file.size > vaultLimits.fileChars) {
                onValue({
                  ...noSecret('file'),
                  text: file ? ' '.repeat(vaultLimits.fileChars + 1) : '',
                })
                return
              }
              void file.text().then((text) => onValue({ ...noSecret('file'), text }))
            }}
          />
          <PasswordField
            name="file-password"
            label="Password of the file"
            hint="Empty where the original wallet kept it in clear text."
            autoComplete="current-password"
            value={value.password}
            onValue={(password) => onValue({ ...value, password })}
          />
          {value.isOther ? (
            <CheckField
              name="take-other"
              label="Make a new account of its secret, with another address"
              required
              checked={value.takeOther}
              onChecked={(takeOther) => onValue({ ...value, takeOther })}
            />
          ) : null}
        </>
      )
  }
}
