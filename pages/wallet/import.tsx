/** Brings a wallet in: words, a keystore file, or a raw key, under a password of this browser. */
import { useState } from 'preact/hooks'
import { RadioField } from '../shared/ui/form/choices.tsx'
import type { Problem } from '../shared/ui/form/context.ts'
import { Form } from '../shared/ui/form/form.tsx'
import { askVault } from '../shared/vault/client.ts'
import {
  type NewPassword,
  NewPasswordFields,
  noPassword,
  passwordProblems,
} from './new-password.tsx'
import {
  noSecret,
  SecretFields,
  secretOf,
  secretProblems,
  type TypedSecret,
} from './secret-fields.tsx'
import { vaultTrouble } from './trouble.ts'

export function ImportWallet() {
  const [secret, setSecret] = useState<TypedSecret>(noSecret('words'))
  const [password, setPassword] = useState<NewPassword>(noPassword)
  const check = (): readonly Problem[] => [...secretProblems(secret), ...passwordProblems(password)]
  return (
    <>
      <h1 tabIndex={-1}>Import a wallet</h1>
      <p class="wallet-lead">
        What you enter goes to the part of this page that keeps keys, is encrypted there, and leaves
        this browser nowhere. <a href="/wallet/">Back</a>
      </p>
      <Form
        label="Import a wallet"
        send="Import the wallet"
        check={check}
        onSend={async () => {
          const made = await askVault('create', {
            password: password.text,
            secret: secretOf(secret),
            name: 'Account 1',
          })
          if (made.ok) return undefined
          if (made.error.code === 'OTHER_CURVE') setSecret({ ...secret, isOther: true })
          return vaultTrouble(made.error)
        }}
      >
        <RadioField
          name="kind"
          label="What do you have?"
          required
          value={secret.kind}
          choices={[
            { value: 'words', label: 'Backup words', hint: '12 or 24 English words' },
            {
              value: 'file',
              label: 'A keystore file',
              hint: 'exported here or by the command line, or of the original wallet',
            },
            { value: 'seed', label: 'A raw key', hint: '64 hex digits' },
          ]}
          onValue={(kind) => setSecret(noSecret(kind as TypedSecret['kind']))}
        />
        <SecretFields value={secret} onValue={setSecret} />
        <NewPasswordFields
          label="New password for this browser"
          value={password}
          onValue={setPassword}
        />
      </Form>
    </>
  )
}
