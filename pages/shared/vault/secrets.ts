/** Keys that come from outside: words, a raw seed, or a file of some wallet. */
import { fromHex } from '../../../core/base/bytes.ts'
import { ok, type Result } from '../../../core/base/result.ts'
import { readContainer } from '../../../core/wallet/container.ts'
import {
  addAccount,
  createKeystore,
  importSeed,
  type Keystore,
  type KeystoreError,
  keystoreOfSeed,
  renameAccount,
} from '../../../core/wallet/keystore.ts'
import { entropyOf } from '../../../core/wallet/mnemonic.ts'
import { fail } from './held.ts'
import { type Secret, type VaultError, vaultLimits } from './messages.ts'
import type { VaultPorts } from './ports.ts'
import { openText, sentence } from './sealing.ts'

/** A keystore of a secret, for a vault that does not exist yet. `name`: of its first account. */
export async function keystoreOf(
  ports: VaultPorts,
  secret: Secret,
  name: string,
): Promise<Result<Keystore, VaultError>> {
  if (secret.kind === 'words') {
    const entropy = entropyOf(secret.words)
    if (!entropy.ok) return fail('SECRET_INVALID', sentence(entropy.error.message))
    return named(createKeystore(entropy.value), name)
  }
  if (secret.kind === 'file') {
    const found = await keystoreOfFile(ports, secret)
    // A file of one key has no name of its own.
    return found.ok && found.value.accounts.length === 1 ? named(found.value, name) : found
  }
  const seed = fromHex(secret.seed.trim(), 32)
  if (!seed.ok) return fail('SECRET_INVALID', 'A raw key is 64 hex digits.')
  const keystore = keystoreOfSeed(seed.value, name)
  return keystore.ok ? keystore : refused(keystore.error)
}

/** Adds every key of a secret that is not there yet. */
export function withKeysOf(
  keystore: Keystore,
  found: Keystore,
  name: string,
): Result<Keystore, VaultError> {
  const fresh = found.accounts.filter(
    ({ address }) => !keystore.accounts.some((account) => account.address === address),
  )
  if (fresh.length === 0) return fail('ACCOUNT_KNOWN', 'This key is in the wallet already.')
  let grown = keystore
  for (const account of fresh) {
    const added = importSeed(grown, {
      seed: account.seed,
      name: fresh.length === 1 ? name : account.name,
    })
    if (!added.ok) return refused(added.error)
    grown = added.value
  }
  return ok(grown)
}

/** The next account from the words. */
export function withNext(keystore: Keystore, name: string): Result<Keystore, VaultError> {
  const added = addAccount(keystore, name)
  return added.ok ? added : refused(added.error)
}

/** An account under another name. */
export function withName(
  keystore: Keystore,
  wanted: { readonly address: string; readonly name: string },
): Result<Keystore, VaultError> {
  const renamed = renameAccount(keystore, wanted)
  return renamed.ok ? renamed : refused(renamed.error)
}

function named(keystore: Keystore, name: string): Result<Keystore, VaultError> {
  const [first] = keystore.accounts
  return first ? withName(keystore, { address: first.address, name }) : ok(keystore)
}

async function keystoreOfFile(
  ports: VaultPorts,
  secret: Extract<Secret, { readonly kind: 'file' }>,
): Promise<Result<Keystore, VaultError>> {
  const { text, password } = secret
  if (text.length > vaultLimits.fileChars) return fail('SECRET_INVALID', 'The file is too long.')
  if (isKeyFile(text)) {
    const { openKeyFile } = await import('../../../core/wallet/keyfile.ts')
    const opened = openKeyFile({ text, password })
    if (!opened.ok) {
      const { code, message } = opened.error
      return fail(code === 'PASSWORD_WRONG' ? code : 'SECRET_INVALID', sentence(message))
    }
    const keystore = keystoreOfSeed(opened.value.seed)
    return keystore.ok ? keystore : refused(keystore.error)
  }
  const container = readContainer(text)
  if (!container.ok && container.error.code === 'KEYSTORE_FOREIGN') return keystoreOfLegacy(secret)
  const opened = await openText(ports, { text, password })
  return opened.ok ? ok(opened.value.keystore) : opened
}

/** Keys of the original network, and raw keys in a file. */
async function keystoreOfLegacy({
  text,
  password,
  takeOtherCurve = false,
}: Extract<Secret, { readonly kind: 'file' }>): Promise<Result<Keystore, VaultError>> {
  const { otherCurveWarning, readLegacyKeys } = await import('../../../core/wallet/legacy-keys.ts')
  const keys = readLegacyKeys({ text, password: password === '' ? undefined : password })
  if (!keys.ok) {
    const { code, message } = keys.error
    return fail(code === 'PASSWORD_WRONG' ? code : 'SECRET_INVALID', sentence(message))
  }
  if (!takeOtherCurve && keys.value.some(({ curve }) => curve !== 'ed25519')) {
    return fail('OTHER_CURVE', sentence(otherCurveWarning))
  }
  let grown: Keystore = { entropy: undefined, accounts: [] }
  for (const { seed } of keys.value) {
    const added = importSeed(grown, { seed })
    if (!added.ok) return refused(added.error)
    grown = added.value
  }
  return ok(grown)
}

/** A key file, as client and miner wrote them before there were keystores. */
function isKeyFile(text: string): boolean {
  try {
    return (JSON.parse(text) as { type?: unknown } | null)?.type === 'ed25519'
  } catch {
    return false
  }
}

function refused({ code, message }: KeystoreError): Result<never, VaultError> {
  const words = sentence(message)
  switch (code) {
    case 'ACCOUNT_EXISTS':
      return fail('ACCOUNT_KNOWN', words)
    case 'ACCOUNT_UNKNOWN':
      return fail(code, words)
    case 'ACCOUNTS_TOO_MANY':
      return fail('LIMIT_EXCEEDED', words)
    default:
      return fail('SECRET_INVALID', words)
  }
}
