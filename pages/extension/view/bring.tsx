/** Keys that are brought along: words, a keystore file, or a raw key. */
import { useState } from 'preact/hooks'
import { RadioField } from '../../shared/ui/form/choices.tsx'
import type { Problem } from '../../shared/ui/form/context.ts'
import { FileField, PasswordField, TextAreaField } from '../../shared/ui/form/fields.tsx'
import { Form } from '../../shared/ui/form/form.tsx'
import type { Trouble } from '../../shared/ui/trouble.tsx'
import type { Secret } from '../../shared/vault/messages.ts'
import { askVault } from '../panel-calls.ts'

/** What is typed; `password` is that of a file. */
type Typed = { readonly kind: Secret['kind']; readonly text: string; readonly password: string }

type Props = { onSecret: (secret: Secret) => void; onBack: () => void }

export function Bring({ onSecret, onBack }: Props) {
  const [typed, setTyped] = useState<Typed>({ kind: 'words', text: '', password: '' })
  const check = (): Problem[] => {
    const message = typed.kind === 'file' ? 'Choose a file.' : 'This is empty.'
    return typed.text.trim() === '' ? [{ field: 'text', message }] : []
  }
  return (
    <section class="stack">
      <h2>Bring keys along</h2>
      <Form
        label="Bring keys along"
        send="Go on"
        check={check}
        onSend={async () => {
          const read = await secretOf(typed)
          if ('happened' in read) return read
          onSecret(read)
          return undefined
        }}
      >
        <RadioField
          name="kind"
          label="What do you have?"
          required
          value={typed.kind}
          onValue={(kind) => setTyped({ ...typed, kind: kind as Secret['kind'], text: '' })}
          choices={[
            { value: 'words', label: 'Backup words', hint: '12 or 24 of them' },
            { value: 'file', label: 'A keystore file', hint: 'Of this or the original network' },
            { value: 'seed', label: 'A raw key', hint: '64 digits of hex' },
          ]}
        />
        <Fields typed={typed} onTyped={setTyped} />
      </Form>
      <button type="button" class="text-button" onClick={onBack}>
        Go back
      </button>
    </section>
  )
}

type FieldsProps = { typed: Typed; onTyped: (typed: Typed) => void }

function Fields({ typed, onTyped }: FieldsProps) {
  const onText = (text: string) => onTyped({ ...typed, text })
  const common = { name: 'text', required: true, value: typed.text, onValue: onText } as const
  if (typed.kind === 'words') {
    return <TextAreaField {...common} label="Backup words" rows={3} lengthMax={300} />
  }
  if (typed.kind === 'seed') {
    return <PasswordField {...common} label="Raw key" autoComplete="new-password" />
  }
  return (
    <>
      <FileField
        name="text"
        label="Keystore file"
        required
        accept=".json,application/json,text/plain"
        onFile={(file) => void file?.text().then(onText)}
      />
      <PasswordField
        name="file-password"
        label="Password of the file"
        required
        autoComplete="current-password"
        value={typed.password}
        onValue={(password) => onTyped({ ...typed, password })}
      />
    </>
  )
}

/** The words are looked at here; files and keys when the wallet is made. */
async function secretOf({ kind, text, password }: Typed): Promise<Secret | Trouble> {
  if (kind === 'file') return { kind, text, password }
  if (kind === 'seed') return { kind, seed: text.trim().replace(/^0x/, '') }
  const words = text.trim().toLowerCase().replace(/\s+/g, ' ')
  const { fault } = await askVault('checkWords', { words })
  if (fault === undefined) return { kind, words }
  return { happened: fault, money: 'Nothing was kept.', remedy: 'Look at your notes.' }
}
