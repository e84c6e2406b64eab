/** Asks for the password; after wrong ones it waits, longer each time. */
import { useState } from 'preact/hooks'
import { here } from '../shared/list/url-state.ts'
import { nowMs } from '../shared/live/clock.ts'
import { ConfirmDialog } from '../shared/ui/dialog.tsx'
import { PasswordField } from '../shared/ui/form/fields.tsx'
import { Form } from '../shared/ui/form/form.tsx'
import { askVault, vaultState } from '../shared/vault/client.ts'
import { ExtensionSignIn } from './extension-sign-in.tsx'
import { viewOf } from './routes.ts'
import { vaultTrouble } from './trouble.ts'

export function Unlock() {
  const [password, setPassword] = useState('')
  const [forgetting, setForgetting] = useState(false)
  const state = vaultState.value
  const waitMs = state?.phase === 'locked' ? (state.retryAtMs ?? 0) - nowMs.value : 0
  const isSignIn = viewOf(here.value.pathname) === 'sign-in'
  return (
    <>
      <h1 tabIndex={-1}>{isSignIn ? 'Unlock to sign in' : 'Unlock your wallet'}</h1>
      <p class="wallet-lead">
        {isSignIn
          ? 'Signing in means signing a message with your key. First open the wallet.'
          : 'The keys are encrypted in this browser. The password opens them here and goes nowhere.'}
      </p>
      <Form
        label="Unlock your wallet"
        send="Unlock"
        check={() =>
          password === '' ? [{ field: 'password', message: 'Enter your password.' }] : []
        }
        disabled={
          waitMs > 0 ? `Too many wrong passwords: wait ${Math.ceil(waitMs / 1_000)} s.` : undefined
        }
        onSend={async () => {
          const opened = await askVault('unlock', { password })
          setPassword('')
          return opened.ok ? undefined : vaultTrouble(opened.error)
        }}
      >
        <PasswordField
          name="password"
          label="Password"
          required
          autoComplete="current-password"
          value={password}
          onValue={setPassword}
        />
      </Form>
      <p class="small muted below">
        Forgotten it? The words or an exported file bring the wallet back. The one here has to go
        first.
      </p>
      <p>
        <button type="button" class="text-button" onClick={() => setForgetting(true)}>
          Remove the wallet from this browser
        </button>
      </p>
      {isSignIn ? <ExtensionSignIn /> : null}
      <RemoveDialog open={forgetting} onClose={() => setForgetting(false)} />
    </>
  )
}

/** Asks before the wallet is deleted here. */
export function RemoveDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <ConfirmDialog
      open={open}
      title="Remove the wallet from this browser?"
      confirm="Remove the wallet"
      cost="Money stays on the chain"
      onClose={onClose}
      onConfirm={async () => {
        const removed = await askVault('remove', {})
        return removed.ok ? undefined : vaultTrouble(removed.error)
      }}
    >
      <p>
        The encrypted keys are deleted here and nowhere else. Only your words, an exported file or
        another browser can bring them back: without one of these, the money of its accounts is out
        of reach for ever.
      </p>
    </ConfirmDialog>
  )
}
