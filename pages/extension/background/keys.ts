/**
 * The vault inside the background: its record in `storage.local`, and its unlocked session in
 * `storage.session`, which is memory of the browser that only the extension's own pages read. The session
 * is what brings the vault back to life after the background died.
 */

import type { VaultState } from '../../shared/vault/messages.ts'
import type { StoredVault, VaultPorts } from '../../shared/vault/ports.ts'
import { createVault, type Vault } from '../../shared/vault/vault.ts'
import { deriveByWebCrypto, wakeByTimer } from '../../shared/vault/web.ts'
import type { BrowserApi } from '../browser-api.ts'
import { createMutex } from './store.ts'
import type { World } from './world.ts'

const vaultKey = 'vault'
export const lockAlarm = 'lock'

/** The vault, open if it was open when the background last lived and its time is not over. */
export async function openVault(
  api: BrowserApi,
  world: World,
  onNews: (state: VaultState) => void,
): Promise<Vault> {
  const vault = createVault(portsOf(api), onNews)
  const session = await world.session.read()
  if (session !== undefined && !(await vault.resume(session))) await keepSession(api, world, vault)
  return vault
}

/** Writes down how the vault stands; call it after everything that may have changed it. */
export async function keepSession(api: BrowserApi, world: World, vault: Vault): Promise<void> {
  const session = vault.session()
  await world.session.change(() => session)
  if (session === undefined) await api.alarms.clear(lockAlarm)
  else await api.alarms.create(lockAlarm, { when: session.locksAtMs })
}

function portsOf(api: BrowserApi): VaultPorts {
  const mutex = createMutex()
  const load = async () =>
    (await api.storage.local.get(vaultKey))[vaultKey] as StoredVault | undefined
  return {
    store: {
      load,
      // One background is the only writer, so that a lock inside it is enough.
      replace: (after, next) =>
        mutex(async () => {
          if ((await load())?.revision !== after) return false
          if (next === undefined) await api.storage.local.remove(vaultKey)
          else await api.storage.local.set({ [vaultKey]: next })
          return true
        }),
    },
    deriveKey: deriveByWebCrypto,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    nowMs: () => Date.now(),
    // Timers die with the background; the alarm of `keepSession` outlives it.
    wakeAt: wakeByTimer,
    tell: () => undefined,
  }
}
