/** Which of the wallet's accounts the page is about; remembered in this browser by address. */
import { computed, signal } from '@preact/signals'
import { vaultState } from '../shared/vault/client.ts'
import type { VaultAccount } from '../shared/vault/messages.ts'

const storageKey = 'aitbc:wallet:account'

const wanted = signal(stored())

/** Accounts of the open vault; empty while it is not. */
export const accounts = computed((): readonly VaultAccount[] =>
  vaultState.value?.phase === 'open' ? vaultState.value.accounts : [],
)

/** The chosen account, else the first; undefined while the vault is not open. */
export const chosen = computed((): VaultAccount | undefined => {
  const all = accounts.value
  return all.find(({ address }) => address === wanted.value) ?? all[0]
})

/** Makes the page about another account. */
export function choose(address: string): void {
  wanted.value = address
  try {
    localStorage.setItem(storageKey, address)
  } catch {
    // Storage may be forbidden by the browser; the choice then lasts as long as the page.
  }
}

function stored(): string {
  try {
    return localStorage.getItem(storageKey) ?? ''
  } catch {
    return ''
  }
}
