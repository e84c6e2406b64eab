/** What the vault does at each call. Calls run one after the other: none sees another half done. */
import { toHex } from '../../../core/base/bytes.ts'
import { ok, type Result } from '../../../core/base/result.ts'
import { type KeystoreAccount, wordsOf } from '../../../core/wallet/keystore.ts'
import { entropyBytes, entropyOf, mnemonicOf } from '../../../core/wallet/mnemonic.ts'
import { fail, forgetKeys, type Held, holdKeys, locked, type Opened, putOffLock } from './held.ts'
import {
  type VaultAccount,
  type VaultCall,
  type VaultCalls,
  type VaultError,
  type VaultState,
  vaultLimits,
} from './messages.ts'
import { changeKeystore, changeRecord, newest, replaceRecord, upToDate } from './record.ts'
import { newKey, openStored, openText, sealStored, sentence } from './sealing.ts'
import { keystoreOf, withKeysOf, withName, withNext } from './secrets.ts'

/** Fetched with the first preview: codecs and words of transactions are a good part of the worker. */
const previews = () => import('./previews.ts')

type Answer<C extends VaultCall> = Promise<Result<VaultCalls[C]['answer'], VaultError>>

/** One function a call. */
export type CallTable = {
  readonly [C in VaultCall]: (held: Held, request: VaultCalls[C]['request']) => Answer<C>
}

export const calls: CallTable = {
  state: async (held) => ok(await stateOf(held)),
  newWords: async ({ ports }, { count }) => {
    const bytes = count === 24 ? entropyBytes.words24 : entropyBytes.words12
    return ok({ words: mnemonicOf(ports.randomBytes(bytes)) })
  },
  checkWords: async (_, { words }) => {
    const read = entropyOf(words)
    return ok({ fault: read.ok ? undefined : sentence(read.error.message) })
  },
  create,
  unlock,
  lock: async (held) => {
    forgetKeys(held)
    held.ports.tell('locked')
    return ok(await stateOf(held))
  },
  touch: async (held) => {
    putOffLock(held)
    return ok(await stateOf(held))
  },
  setAutoLock,
  addAccount: async (held, { name }) =>
    lastAdded(await changeKeystore(held, (keystore) => withNext(keystore, name.trim()))),
  importKey: async (held, { secret, name }) => {
    const opened = await upToDate(held)
    if (!opened.ok) return opened
    const found = await keystoreOf(held.ports, secret, name.trim())
    if (!found.ok) return found
    return lastAdded(
      await changeKeystore(held, (keystore) => withKeysOf(keystore, found.value, name.trim())),
    )
  },
  renameAccount: async (held, { address, name }) => {
    const changed = await changeKeystore(held, (keystore) =>
      withName(keystore, { address, name: name.trim() }),
    )
    return changed.ok ? ok(await stateOf(held)) : changed
  },
  previewTransaction: async (held, draft) => (await previews()).previewTransaction(held, draft),
  signTransaction: async (held, { token }) =>
    (await previews()).signPreviewed(held, token, 'transaction'),
  previewMessage: async (held, draft) => (await previews()).previewMessage(held, draft),
  signMessage: async (held, { token }) => (await previews()).signPreviewed(held, token, 'message'),
  verifyMessage: async (_, request) => (await previews()).checkSignature(request),
  exportFile: async (held, { password }) => {
    const confirmed = await confirm(held, password)
    if (!confirmed.ok) return confirmed
    const stored = await newest(held)
    return stored.ok ? ok({ text: stored.value.text }) : stored
  },
  revealWords: async (held, { password }) => {
    const confirmed = await confirm(held, password)
    if (!confirmed.ok) return confirmed
    const words = wordsOf(confirmed.value.keystore)
    if (words === undefined) {
      return fail(
        'SECRET_INVALID',
        'This wallet was made of a key and has no words: export a file.',
      )
    }
    return ok({ words })
  },
  changePassword,
  remove: async (held) => {
    const stored = await held.ports.store.load()
    if (stored && !(await held.ports.store.replace(stored.revision, undefined))) {
      return fail('STORE_FAILED', 'Another tab changed the wallet just now. Look, and try again.')
    }
    forgetKeys(held)
    held.ports.tell('changed')
    return ok(await stateOf(held))
  },
}

/** How the vault stands, for people. */
export async function stateOf(held: Held): Promise<VaultState> {
  const stored = await held.ports.store.load()
  if (!stored) {
    forgetKeys(held)
    return { phase: 'none' }
  }
  const { opened } = held
  if (!opened) return { phase: 'locked', retryAtMs: waitOf(stored) }
  return {
    phase: 'open',
    accounts: opened.keystore.accounts.map(shown),
    hasWords: opened.keystore.entropy !== undefined,
    locksAtMs: held.locksAtMs,
    autoLockMs: held.autoLockMs,
  }
}

async function create(
  held: Held,
  { password, secret, name }: VaultCalls['create']['request'],
): Answer<'create'> {
  const exists = () => fail('VAULT_EXISTS', 'There is a wallet in this browser already.')
  if (await held.ports.store.load()) return exists()
  const keystore = await keystoreOf(held.ports, secret, name.trim())
  if (!keystore.ok) return keystore
  const key = await newKey(held.ports, password)
  if (!key.ok) return key
  const sealed = { ...key.value, keystore: keystore.value }
  const text = sealStored(held.ports, sealed)
  if (!text.ok) return text
  const autoLockMs = vaultLimits.autoLockMs.default
  const record = { revision: 1, text: text.value, autoLockMs, failures: 0, failedAtMs: 0 }
  // Another tab may have made one meanwhile: this writes only where there is none.
  if (!(await held.ports.store.replace(undefined, record))) return exists()
  held.ports.tell('changed')
  held.autoLockMs = autoLockMs
  return opened(held, { ...sealed, revision: 1 })
}

async function unlock(held: Held, { password }: VaultCalls['unlock']['request']): Answer<'unlock'> {
  const found = await tried(held, password)
  return found.ok ? opened(held, found.value) : found
}

async function opened(held: Held, keys: Opened): Promise<Result<VaultState, VaultError>> {
  holdKeys(held, keys)
  putOffLock(held)
  return ok(await stateOf(held))
}

/** Opens the record with a password, and counts the wrong ones where a reload does not forget them. */
async function tried(held: Held, password: string): Promise<Result<Opened, VaultError>> {
  const stored = await newest(held)
  if (!stored.ok) return stored
  const retryAtMs = waitOf(stored.value)
  if (retryAtMs !== undefined && retryAtMs > held.ports.nowMs()) {
    const message = 'Too many wrong passwords. Wait before the next one.'
    return { ok: false, error: { code: 'WAIT', message, retryAtMs } }
  }
  const found = await openText(held.ports, { text: stored.value.text, password })
  if (!found.ok) {
    if (found.error.code !== 'PASSWORD_WRONG') return found
    const counted = await changeRecord(held, ({ failures }) => ({
      failures: failures + 1,
      failedAtMs: held.ports.nowMs(),
    }))
    if (!counted.ok) return counted
    return { ok: false, error: { ...found.error, retryAtMs: waitOf(counted.value) } }
  }
  held.autoLockMs = stored.value.autoLockMs
  const { revision } = stored.value
  if (stored.value.failures === 0) return ok({ ...found.value, revision })
  const cleared = await changeRecord(held, () => ({ failures: 0, failedAtMs: 0 }))
  if (!cleared.ok) return cleared
  return openStored(cleared.value, found.value.key)
}

/** Wrong passwords that cost no wait, and the waits after the next ones. */
const freeFailures = 3
const waitMs = { first: 2_000, max: 300_000 } as const

/** When the next password may be tried; undefined when at once. */
function waitOf({
  failures,
  failedAtMs,
}: {
  readonly failures: number
  readonly failedAtMs: number
}): number | undefined {
  if (failures < freeFailures) return undefined
  const doublings = Math.min(failures - freeFailures, 20)
  return failedAtMs + Math.min(waitMs.first * 2 ** doublings, waitMs.max)
}

/** Asks for the password once more, of an open vault. */
async function confirm(held: Held, password: string): Promise<Result<Opened, VaultError>> {
  const open = await upToDate(held)
  return open.ok ? tried(held, password) : open
}

async function changePassword(
  held: Held,
  { password, next }: VaultCalls['changePassword']['request'],
): Answer<'changePassword'> {
  const confirmed = await confirm(held, password)
  if (!confirmed.ok) return confirmed
  const key = await newKey(held.ports, next)
  if (!key.ok) return key
  const stored = await newest(held)
  if (!stored.ok) return stored
  // On top of what this vault has just read: what another tab adds meanwhile makes it begin again.
  const latest = openStored(stored.value, confirmed.value.key)
  if (!latest.ok) return latest
  const sealed = { ...key.value, keystore: latest.value.keystore }
  const text = sealStored(held.ports, sealed)
  if (!text.ok) return text
  const kept = await replaceRecord(held, stored.value, { text: text.value })
  if (!kept) return fail('STORE_FAILED', 'Another tab changed the wallet just now. Try again.')
  return opened(held, { ...sealed, revision: kept.revision })
}

async function setAutoLock(
  held: Held,
  { autoLockMs }: VaultCalls['setAutoLock']['request'],
): Answer<'setAutoLock'> {
  if (!held.opened) return locked()
  const { min, max } = vaultLimits.autoLockMs
  if (!Number.isSafeInteger(autoLockMs) || autoLockMs < min || autoLockMs > max) {
    return fail('LIMIT_EXCEEDED', 'The wallet locks itself after 1 minute to 24 hours.')
  }
  const kept = await changeRecord(held, () => ({ autoLockMs }))
  if (!kept.ok) return kept
  held.autoLockMs = autoLockMs
  putOffLock(held)
  return ok(await stateOf(held))
}

function lastAdded(changed: Result<Opened, VaultError>): Result<VaultAccount, VaultError> {
  if (!changed.ok) return changed
  const last = changed.value.keystore.accounts.at(-1)
  return last ? ok(shown(last)) : fail('ACCOUNT_UNKNOWN', 'There is no account.')
}

const shown = ({ address, publicKey, name, source }: KeystoreAccount): VaultAccount =>
  source.kind === 'derived'
    ? { address, publicKey: toHex(publicKey), name, origin: 'words', index: source.index }
    : { address, publicKey: toHex(publicKey), name, origin: 'key' }
