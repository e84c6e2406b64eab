/** Everything about the wallet itself: accounts, lock, password, copies, sign-ins, the end. */
import { useState } from 'preact/hooks'
import { Disclosure } from '../shared/ui/bits.tsx'
import { RadioField } from '../shared/ui/form/choices.tsx'
import { PasswordField, SelectField, TextField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { toast } from '../shared/ui/toast.tsx'
import { askVault, vaultState } from '../shared/vault/client.ts'
import { vaultLimits } from '../shared/vault/messages.ts'
import { accounts, choose } from './chosen.ts'
import { WordList } from './create.tsx'
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
import { Sessions } from './sessions.tsx'
import { vaultTrouble } from './trouble.ts'
import { RemoveDialog } from './unlock.tsx'

export function Settings() {
  const state = vaultState.value
  const hasWords = state?.phase === 'open' && state.hasWords
  return (
    <>
      <h1 tabIndex={-1}>Settings</h1>
      <h2 class="section-title">Accounts</h2>
      <AccountList />
      <Disclosure summary="Add an account">
        <AddAccount />
      </Disclosure>
      <h2 class="section-title">Lock</h2>
      <AutoLock />
      <h2 class="section-title">Copies and password</h2>
      <div class="disclosures">
        <Disclosure summary="Export an encrypted file">
          <ExportFile />
        </Disclosure>
        {hasWords ? (
          <Disclosure summary="Show the backup words">
            <RevealWords />
          </Disclosure>
        ) : null}
        <Disclosure summary="Change the password">
          <ChangePassword />
        </Disclosure>
      </div>
      <h2 class="section-title">Where you are signed in</h2>
      <div class="sessions">
        <Sessions />
      </div>
      <h2 class="section-title">Remove</h2>
      <Remove />
    </>
  )
}

function AccountList() {
  return (
    <ul class="contacts">
      {accounts.value.map(({ address, name, origin, index }) => (
        <li key={address}>
          <Rename address={address} name={name} />
          <span class="contact-address">
            <Hash value={address} what="address" />
          </span>
          <span class="small muted">
            {origin === 'words' ? `from the words, number ${(index ?? 0) + 1}` : 'imported key'}
          </span>
        </li>
      ))}
    </ul>
  )
}

function Rename({ address, name }: { address: string; name: string }) {
  const [typed, setTyped] = useState<string>()
  const save = async () => {
    if (typed === undefined || typed.trim() === name) return setTyped(undefined)
    const done = await askVault('renameAccount', { address, name: typed })
    toast(done.ok ? 'Account renamed' : done.error.message)
    setTyped(undefined)
  }
  if (typed === undefined) {
    return (
      <span class="contact-name">
        <strong class="break">{name}</strong>{' '}
        <button type="button" class="text-button" onClick={() => setTyped(name)}>
          Rename<span class="visually-hidden"> {name}</span>
        </button>
      </span>
    )
  }
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <input
        class="input"
        aria-label={`Name of ${name}`}
        maxLength={vaultLimits.nameChars}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <button type="submit" class="button button-small">
        Save
      </button>
    </form>
  )
}

function AddAccount() {
  const state = vaultState.value
  const hasWords = state?.phase === 'open' && state.hasWords
  const [kind, setKind] = useState<'next' | 'seed' | 'file'>(hasWords ? 'next' : 'seed')
  const [secret, setSecret] = useState<TypedSecret>(noSecret('seed'))
  const [name, setName] = useState('')
  const fallback = `Account ${accounts.value.length + 1}`
  const add = async () => {
    const called = name.trim() === '' ? fallback : name
    const brought = secretOf(secret)
    const added =
      kind === 'next' || brought.kind === 'words'
        ? await askVault('addAccount', { name: called })
        : await askVault('importKey', { secret: brought, name: called })
    if (!added.ok) {
      if (added.error.code === 'OTHER_CURVE') setSecret({ ...secret, isOther: true })
      return vaultTrouble(added.error)
    }
    toast('Account added')
    choose(added.value.address)
    setName('')
    setSecret(noSecret(secret.kind))
    return undefined
  }
  const choices = [
    ...(hasWords
      ? [{ value: 'next', label: 'A new one from the words', hint: 'they bring it back too' }]
      : []),
    { value: 'seed', label: 'A raw key', hint: 'the words do not bring it back: export a file' },
    { value: 'file', label: 'A keystore file', hint: 'every key in it that is not here yet' },
  ]
  return (
    <div>
      <Form
        label="Add an account"
        send="Add the account"
        check={() => (kind === 'next' ? [] : secretProblems(secret))}
        onSend={add}
      >
        <RadioField
          name="source"
          label="Add an account"
          required
          value={kind}
          choices={choices}
          onValue={(value) => {
            const chosen = value as typeof kind
            setKind(chosen)
            setSecret(noSecret(chosen === 'file' ? 'file' : 'seed'))
          }}
        />
        {kind === 'next' ? null : <SecretFields value={secret} onValue={setSecret} />}
        <TextField
          name="name"
          label="Name"
          hint={`Left empty: ${fallback}`}
          value={name}
          maxLength={vaultLimits.nameChars}
          onValue={setName}
        />
      </Form>
    </div>
  )
}

const lockTimes = [
  { value: '60000', label: '1 minute' },
  { value: '300000', label: '5 minutes' },
  { value: '600000', label: '10 minutes' },
  { value: '1800000', label: '30 minutes' },
  { value: '3600000', label: '1 hour' },
] as const

function AutoLock() {
  const state = vaultState.value
  const current = state?.phase === 'open' ? String(state.autoLockMs) : ''
  const [typed, setTyped] = useState<string>()
  return (
    <Form
      label="Lock by itself"
      send="Save"
      check={() => []}
      onSend={async () => {
        const done = await askVault('setAutoLock', { autoLockMs: Number(typed ?? current) })
        if (done.ok) toast('Saved')
        return done.ok ? undefined : vaultTrouble(done.error)
      }}
    >
      <SelectField
        name="auto-lock"
        label="Lock by itself after"
        required
        hint="Without a key pressed or a click in this tab. Closing or reloading the page locks at once."
        value={typed ?? current}
        options={lockTimes}
        onValue={setTyped}
      />
    </Form>
  )
}

function ExportFile() {
  const [password, setPassword] = useState('')
  return (
    <Form
      label="Export the wallet"
      send="Download the file"
      check={() =>
        password === '' ? [{ field: 'password', message: 'Enter your password.' }] : []
      }
      onSend={async () => {
        const found = await askVault('exportFile', { password })
        setPassword('')
        if (!found.ok) return vaultTrouble(found.error)
        saveFile('aitbc-wallet.json', found.value.text)
        return undefined
      }}
    >
      <p class="small">
        The file holds all keys, encrypted under your password as it is now. The command line, the
        miner, the extension and this page in any browser open it.
      </p>
      <PasswordField
        name="password"
        label="Password, to export"
        required
        autoComplete="current-password"
        value={password}
        onValue={setPassword}
      />
    </Form>
  )
}

function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken the address by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

function RevealWords() {
  const [password, setPassword] = useState('')
  const [words, setWords] = useState<readonly string[]>()
  if (words) {
    return (
      <div class="form">
        <p class="small">
          See that nobody looks over your shoulder. They bring back every account that came from the
          words, and no imported key.
        </p>
        <WordList words={words} />
        <div class="form-foot">
          <button type="button" class="button" onClick={() => setWords(undefined)}>
            Hide the words
          </button>
        </div>
      </div>
    )
  }
  return (
    <div>
      <Form
        label="Show the backup words"
        send="Show the backup words"
        check={() =>
          password === '' ? [{ field: 'words-password', message: 'Enter your password.' }] : []
        }
        onSend={async () => {
          const found = await askVault('revealWords', { password })
          setPassword('')
          if (!found.ok) return vaultTrouble(found.error)
          setWords(found.value.words.split(' '))
          return undefined
        }}
      >
        <PasswordField
          name="words-password"
          label="Password, to see the words"
          required
          autoComplete="current-password"
          value={password}
          onValue={setPassword}
        />
      </Form>
    </div>
  )
}

function ChangePassword() {
  const [password, setPassword] = useState('')
  const [next, setNext] = useState<NewPassword>(noPassword)
  return (
    <Form
      label="Change the password"
      send="Change the password"
      check={() => [
        ...(password === '' ? [{ field: 'old-password', message: 'Enter your password.' }] : []),
        ...passwordProblems(next),
      ]}
      onSend={async () => {
        const done = await askVault('changePassword', { password, next: next.text })
        setPassword('')
        if (!done.ok) return vaultTrouble(done.error)
        setNext(noPassword)
        toast('Password changed. Files exported before still open with the old one.')
        return undefined
      }}
    >
      <PasswordField
        name="old-password"
        label="Password as it is now"
        required
        autoComplete="current-password"
        value={password}
        onValue={setPassword}
      />
      <NewPasswordFields label="New password" value={next} onValue={setNext} />
    </Form>
  )
}

function Remove() {
  const [open, setOpen] = useState(false)
  return (
    <>
      <p class="small wallet-lead">
        Deletes the encrypted keys from this browser. Money stays on the chain, out of reach without
        words or file.
      </p>
      <button type="button" class="button button-danger" onClick={() => setOpen(true)}>
        Remove the wallet from this browser
      </button>
      <RemoveDialog open={open} onClose={() => setOpen(false)} />
    </>
  )
}
