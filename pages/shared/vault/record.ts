/** The kept record: read, opened, and changed so that two vaults at once never lose a change. */
import { ok, type Result } from '../../../core/base/result.ts'
import type { Keystore } from '../../../core/wallet/keystore.ts'
import { fail, forgetKeys, type Held, holdKeys, locked, type Opened } from './held.ts'
import type { VaultError } from './messages.ts'
import type { StoredVault } from './ports.ts'
import { openStored, sealStored } from './sealing.ts'

/** Another vault of this browser can be quicker a few times, not forever. */
const triesMax = 16

/** The newest record. */
export async function newest(held: Held): Promise<Result<StoredVault, VaultError>> {
  const stored = await held.ports.store.load()
  if (stored) return ok(stored)
  forgetKeys(held)
  return fail('VAULT_NONE', 'There is no wallet in this browser.')
}

/** Opened keys, as new as the record: another vault may have added to it, or changed the password. */
export async function upToDate(held: Held): Promise<Result<Opened, VaultError>> {
  if (!held.opened) return locked()
  const stored = await newest(held)
  if (!stored.ok) return stored
  return takeOver(held, held.opened, stored.value)
}

function takeOver(held: Held, opened: Opened, stored: StoredVault): Result<Opened, VaultError> {
  if (stored.revision === opened.revision) return ok(opened)
  const found = openStored(stored, opened.key)
  if (!found.ok) {
    forgetKeys(held)
    return fail(
      'CHANGED_ELSEWHERE',
      'The password was changed in another tab. Unlock the wallet with the new one.',
    )
  }
  held.autoLockMs = stored.autoLockMs
  holdKeys(held, found.value)
  return found
}

/** Changes the keystore and keeps it: whole, and on top of the newest record. */
export async function changeKeystore(
  held: Held,
  edit: (keystore: Keystore) => Result<Keystore, VaultError>,
): Promise<Result<Opened, VaultError>> {
  for (let tries = 0; tries < triesMax; tries++) {
    if (!held.opened) return locked()
    const stored = await newest(held)
    if (!stored.ok) return stored
    const opened = takeOver(held, held.opened, stored.value)
    if (!opened.ok) return opened
    const keystore = edit(opened.value.keystore)
    if (!keystore.ok) return keystore
    const text = sealStored(held.ports, { ...opened.value, keystore: keystore.value })
    if (!text.ok) return text
    const kept = await replaceRecord(held, stored.value, { text: text.value })
    if (!kept) continue
    const now = { ...opened.value, keystore: keystore.value, revision: kept.revision }
    holdKeys(held, now)
    return ok(now)
  }
  return fail('STORE_FAILED', 'Other tabs keep changing the wallet. Close them and try again.')
}

/** Replaces parts of a record if it is still the newest; undefined when it is not. */
export async function replaceRecord(
  { ports }: Held,
  stored: StoredVault,
  parts: Partial<Omit<StoredVault, 'revision'>>,
): Promise<StoredVault | undefined> {
  const next = { ...stored, ...parts, revision: stored.revision + 1 }
  if (!(await ports.store.replace(stored.revision, next))) return undefined
  ports.tell('changed')
  return next
}

/** Changes what is kept beside the keystore. Needs no keys. */
export async function changeRecord(
  held: Held,
  edit: (stored: StoredVault) => Partial<Omit<StoredVault, 'revision' | 'text'>>,
): Promise<Result<StoredVault, VaultError>> {
  for (let tries = 0; tries < triesMax; tries++) {
    const stored = await newest(held)
    if (!stored.ok) return stored
    const next = await replaceRecord(held, stored.value, edit(stored.value))
    if (!next) continue
    if (held.opened?.revision === stored.value.revision) {
      holdKeys(held, { ...held.opened, revision: next.revision })
    }
    return ok(next)
  }
  return fail('STORE_FAILED', 'Other tabs keep changing the wallet. Close them and try again.')
}
