/** Above every view of an open wallet: which account it is about, and the lock. */
import { useState } from 'preact/hooks'
import { nowMs } from '../shared/live/clock.ts'
import { addressLink } from '../shared/ui/links.tsx'
import { askVault, vaultState } from '../shared/vault/client.ts'
import { accounts, choose, chosen } from './chosen.ts'

/** Said only when the lock is near. */
const nearMs = 60_000

export function AccountBar() {
  const state = vaultState.value
  const account = chosen.value
  if (state?.phase !== 'open' || !account) return null
  const leftMs = state.locksAtMs - nowMs.value
  return (
    <section class="account-bar" aria-label="Account">
      <label class="account-choice">
        <span class="visually-hidden">Account</span>
        <select
          class="input account-select"
          value={account.address}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          {accounts.value.map(({ address, name }) => (
            <option key={address} value={address}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <span class="account-address">{addressLink(account.address, 'your address')}</span>
      <span class="account-lock">
        {leftMs < nearMs ? (
          <span class="small muted">Locks in {Math.max(0, Math.ceil(leftMs / 1_000))} s</span>
        ) : null}
        <LockButton />
      </span>
    </section>
  )
}

function LockButton() {
  const [busy, setBusy] = useState(false)
  return (
    <button
      type="button"
      class="button button-small"
      aria-disabled={busy}
      onClick={() => {
        setBusy(true)
        void askVault('lock', {}).then(() => setBusy(false))
      }}
    >
      Lock
    </button>
  )
}
