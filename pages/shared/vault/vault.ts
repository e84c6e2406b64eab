/**
 * The vault: opened keys in memory, the encrypted keystore in the host's store, and one queue of calls. It
 * signs only what it has decoded and shown before. SPEC.md has the rules (VAULT).
 *
 * Two tabs have a vault each and one record between them. Every change is made to the newest record and
 * written only if that is still the newest, so the last write never loses what another tab added.
 */
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import type { Result } from '../../../core/base/result.ts'
import { calls, stateOf } from './calls.ts'
import { fail, forgetKeys, lockIfDue, newHeld, watchLock } from './held.ts'
import type { VaultCall, VaultCalls, VaultError, VaultState } from './messages.ts'
import type { VaultNews, VaultPorts } from './ports.ts'
import { upToDate } from './record.ts'
import { openStored } from './sealing.ts'

/** What a host that may die keeps for its next life: JSON-safe, and as secret as the keys themselves. */
export type VaultSession = { readonly key: string; readonly locksAtMs: number }

export type Vault = {
  /** Answers a call. Never rejects; calls run one after the other. */
  readonly handle: <C extends VaultCall>(
    call: C,
    request: VaultCalls[C]['request'],
  ) => Promise<Result<VaultCalls[C]['answer'], VaultError>>
  /** Another vault of this browser changed the record, or was locked by hand. */
  readonly hear: (news: VaultNews) => Promise<void>
  /** For hosts that may die at any moment; undefined while locked. Pages have no use for it. */
  readonly session: () => VaultSession | undefined
  /** Opens the vault again with what `session` gave. Says whether it did: the lock may be due. */
  readonly resume: (session: VaultSession) => Promise<boolean>
}

/** A vault on its host's ports. `onNews` hears of every change of its state. */
export function createVault(ports: VaultPorts, onNews: (state: VaultState) => void): Vault {
  const held = newHeld(guarded(ports), onNews)
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  const tellState = async () => onNews(await stateOf(held))
  return {
    handle: (call, request) =>
      inTurn(async () => {
        try {
          lockIfDue(held)
          const answer = await calls[call](held, request)
          if (!quiet.has(call)) await tellState()
          return answer
        } catch (error) {
          return error instanceof StoreFault
            ? fail('STORE_FAILED', 'This browser did not let the wallet read or keep its keys.')
            : fail('BROKEN', `A fault of this site: ${messageOf(error)}.`)
        }
      }),
    hear: (news) =>
      inTurn(async () => {
        try {
          if (news === 'locked') forgetKeys(held)
          else if (held.opened) await upToDate(held)
          await tellState()
        } catch {
          // What cannot be read now will be said at the next call.
        }
      }),
    session: () => {
      lockIfDue(held)
      return held.opened && { key: toHex(held.opened.key), locksAtMs: held.locksAtMs }
    },
    resume: ({ key, locksAtMs }) =>
      inTurn(async () => {
        const bytes = fromHex(key, 32)
        const stored = await ports.store.load()
        if (!bytes.ok || !stored || ports.nowMs() >= locksAtMs) return false
        const opened = openStored(stored, bytes.value)
        if (!opened.ok) return false
        held.opened = opened.value
        held.autoLockMs = stored.autoLockMs
        held.locksAtMs = locksAtMs
        watchLock(held)
        await tellState()
        return true
      }),
  }
}

/** Calls that change nothing that others see. */
const quiet: ReadonlySet<VaultCall> = new Set([
  'newWords',
  'checkWords',
  'previewTransaction',
  'previewMessage',
  'verifyMessage',
])

class StoreFault extends Error {}

/** Tells a fault of the browser's storage from one of ours. */
const guarded = (ports: VaultPorts): VaultPorts => ({
  ...ports,
  store: {
    load: () => ports.store.load().catch(asStoreFault),
    replace: (after, next) => ports.store.replace(after, next).catch(asStoreFault),
  },
})

const asStoreFault = (error: unknown): never => {
  throw new StoreFault(messageOf(error))
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
