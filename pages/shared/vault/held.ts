/** What a vault holds in memory, and the few ways in which it changes. */
import { err, type Result } from '../../../core/base/result.ts'
import type { ContainerKdf } from '../../../core/wallet/container.ts'
import type { Keystore } from '../../../core/wallet/keystore.ts'
import { type VaultError, type VaultState, vaultLimits } from './messages.ts'
import type { VaultPorts } from './ports.ts'
import type { WaitingPreview } from './previews.ts'

/** Opened keys. `key`: derived from the password and `salt`; `revision`: of the record they came from. */
export type Opened = {
  readonly key: Uint8Array
  readonly kdf: ContainerKdf
  readonly keystore: Keystore
  readonly revision: number
}

export type Held = {
  readonly ports: VaultPorts
  readonly onNews: (state: VaultState) => void
  opened: Opened | undefined
  autoLockMs: number
  locksAtMs: number
  cancelWake: () => void
  /** Previews that may be signed, by token; the oldest first. */
  readonly previews: Map<string, WaitingPreview>
}

export const newHeld = (ports: VaultPorts, onNews: (state: VaultState) => void): Held => ({
  ports,
  onNews,
  opened: undefined,
  autoLockMs: vaultLimits.autoLockMs.default,
  locksAtMs: 0,
  cancelWake: () => undefined,
  previews: new Map(),
})

/** Takes opened keys in, or newer ones of the same vault. */
export function holdKeys(held: Held, opened: Opened): void {
  held.opened = opened
}

/** Forgets every secret and every preview. */
export function forgetKeys(held: Held): void {
  held.cancelWake()
  held.cancelWake = () => undefined
  held.opened?.key.fill(0)
  held.opened = undefined
  held.previews.clear()
}

/** Locks when the time is over, which a sleeping machine may notice late. Says whether it did. */
export function lockIfDue(held: Held): boolean {
  const isDue = held.opened !== undefined && held.ports.nowMs() >= held.locksAtMs
  if (isDue) forgetKeys(held)
  return isDue
}

/** Somebody is using it: counts anew. */
export function putOffLock(held: Held): void {
  if (!held.opened) return
  held.locksAtMs = held.ports.nowMs() + held.autoLockMs
  watchLock(held)
}

/** Wakes when the lock is due. */
export function watchLock(held: Held): void {
  held.cancelWake()
  held.cancelWake = held.ports.wakeAt(held.locksAtMs, () => {
    if (lockIfDue(held)) held.onNews({ phase: 'locked', retryAtMs: undefined })
  })
}

export const fail = (code: VaultError['code'], message: string): Result<never, VaultError> =>
  err({ code, message })

export const locked = (): Result<never, VaultError> =>
  fail('VAULT_LOCKED', 'The wallet is locked. Unlock it with your password.')
