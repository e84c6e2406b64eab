/** Accounts, backup, the lock and the network. */
import { useState } from 'preact/hooks'
import { Disclosure, Note } from '../../shared/ui/bits.tsx'
import { PasswordField, SelectField, TextField } from '../../shared/ui/form/fields.tsx'
import { Form } from '../../shared/ui/form/form.tsx'
import { Hash } from '../../shared/ui/hash.tsx'
import { browserApi } from '../browser-api.ts'
import { askVault } from '../panel-calls.ts'
import { NetworkForm, NetworkPairs } from './network.tsx'
import type { OpenState } from './open.tsx'
import { wordsOf } from './use-panel.ts'

type Props = { state: OpenState; again: () => void; isPopup: boolean }

export function SettingsView({ state, again, isPopup }: Props) {
  return (
    <section class="stack">
      <h2 class="visually-hidden">Settings</h2>
      <Disclosure summary="Accounts">
        <Accounts state={state} again={again} />
      </Disclosure>
      <Disclosure summary="Backup">
        <Backup />
      </Disclosure>
      <Disclosure summary="Lock">
        <AutoLock state={state} again={again} />
      </Disclosure>
      <Disclosure summary="Network">
        <div class="stack">
          <NetworkPairs network={state.network} />
          <NetworkForm known={state.network} onTrusted={again} />
        </div>
      </Disclosure>
      {isPopup ? (
        <button
          type="button"
          class="text-button"
          onClick={() => {
            void browserApi().tabs.create({ url: browserApi().runtime.getURL('wallet.html') })
          }}
        >
          Open the wallet as a page
        </button>
      ) : null}
      <p class="small muted">Version {browserApi().runtime.getManifest().version}</p>
    </section>
  )
}

function Accounts({ state, again }: Omit<Props, 'isPopup'>) {
  const [name, setName] = useState('')
  const { accounts, hasWords } = state.vault
  return (
    <div class="stack">
      <ul class="entries">
        {accounts.map((account) => (
          <li key={account.address} class="entry-head">
            <strong>{account.name}</strong>
            <Hash value={account.address} what="address" />
          </li>
        ))}
      </ul>
      <Form
        label="Add an account"
        send="Add an account"
        check={() => (name.trim() === '' ? [{ field: 'name', message: 'Give it a name.' }] : [])}
        disabled={hasWords ? undefined : 'There are no backup words to make more accounts from.'}
        onSend={async () => {
          try {
            await askVault('addAccount', { name: name.trim() })
            setName('')
            again()
            return undefined
          } catch (error) {
            return { happened: wordsOf(error), money: 'Nothing was changed.', remedy: '' }
          }
        }}
      >
        <TextField
          name="name"
          label="Name"
          hint="For you alone"
          required
          maxLength={40}
          value={name}
          onValue={setName}
        />
      </Form>
    </div>
  )
}

function Backup() {
  const [password, setPassword] = useState('')
  const [words, setWords] = useState<string>()
  const [wanted, setWanted] = useState<'file' | 'words'>('file')
  if (words !== undefined) {
    return (
      <div class="stack">
        <Note title="Whoever has these words has the money" tone="caution">
          Look whether anybody sees your screen.
        </Note>
        <ol class="words" aria-label="Backup words">
          {words.split(' ').map((word, index) => (
            <li key={`${index}${word}`}>{word}</li>
          ))}
        </ol>
        <button type="button" class="button" onClick={() => setWords(undefined)}>
          Hide them
        </button>
      </div>
    )
  }
  const save = (text: string) => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    link.download = 'aitbc-keystore.json'
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000)
  }
  return (
    <Form
      label="Backup"
      send={wanted === 'file' ? 'Save the file' : 'Show the words'}
      check={() =>
        password === '' ? [{ field: 'password', message: 'Enter your password.' }] : []
      }
      onSend={async () => {
        try {
          if (wanted === 'file') save((await askVault('exportFile', { password })).text)
          else setWords((await askVault('revealWords', { password })).words)
          setPassword('')
          return undefined
        } catch (error) {
          return { happened: wordsOf(error), money: 'Your keys are still here.', remedy: '' }
        }
      }}
    >
      <SelectField
        name="wanted"
        label="What"
        required
        value={wanted}
        onValue={(value) => setWanted(value as 'file' | 'words')}
        options={[
          { value: 'file', label: 'Encrypted keystore file' },
          { value: 'words', label: 'Backup words' },
        ]}
      />
      <PasswordField
        name="password"
        label="Password"
        required
        autoComplete="current-password"
        value={password}
        onValue={setPassword}
      />
    </Form>
  )
}

const lockChoices = [1, 5, 10, 30, 60, 240]

const AutoLock = ({ state, again }: Omit<Props, 'isPopup'>) => (
  <SelectField
    name="auto-lock"
    label="Lock after"
    hint="Without use of this wallet"
    required
    value={String(state.vault.autoLockMs / 60_000)}
    onValue={(minutes) =>
      void askVault('setAutoLock', { autoLockMs: Number(minutes) * 60_000 }).then(again)
    }
    options={lockChoices.map((minutes) => ({
      value: String(minutes),
      label: minutes === 1 ? '1 minute' : `${minutes} minutes`,
    }))}
  />
)
