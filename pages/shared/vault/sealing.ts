/** Between texts and opened keys: the encrypted container of `core/wallet`, its key by the host's PBKDF2. */
import { ok, type Result } from '../../../core/base/result.ts'
import {
  type ContainerError,
  type ContainerKdf,
  containerIterations,
  containerPassword,
  readContainer,
} from '../../../core/wallet/container.ts'
import { openKeystore, sealKeystore } from '../../../core/wallet/keystore.ts'
import { fail, type Opened } from './held.ts'
import { type VaultError, vaultLimits } from './messages.ts'
import type { StoredVault, VaultPorts } from './ports.ts'

/** Everything of opened keys but the record they came from. */
export type Sealed = Omit<Opened, 'revision'>

const saltBytes = 32
const ivBytes = 16

/** Opens a record with the key that its password gave. */
export function openStored(stored: StoredVault, key: Uint8Array): Result<Opened, VaultError> {
  const container = readContainer(stored.text)
  if (!container.ok) return refused(container.error)
  const keystore = openKeystore(container.value, key)
  if (!keystore.ok) return refused(keystore.error)
  const { kdf } = container.value
  return ok({ key, kdf, keystore: keystore.value, revision: stored.revision })
}

/** Opens the text of a container with its password. */
export async function openText(
  ports: VaultPorts,
  { text, password }: { readonly text: string; readonly password: string },
): Promise<Result<Sealed, VaultError>> {
  const container = readContainer(text)
  if (!container.ok) return refused(container.error)
  const { kdf } = container.value
  const key = await derive(ports, password, kdf)
  if (!key.ok) return key
  const keystore = openKeystore(container.value, key.value)
  if (!keystore.ok) return refused(keystore.error)
  return ok({ key: key.value, kdf, keystore: keystore.value })
}

/** A key for a new password, under fresh salt. */
export async function newKey(
  ports: VaultPorts,
  password: string,
): Promise<Result<Pick<Opened, 'key' | 'kdf'>, VaultError>> {
  const { min, max } = vaultLimits.passwordChars
  if (password.length < min || password.length > max) {
    return fail('PASSWORD_INVALID', `A password has between ${min} and ${max} characters.`)
  }
  const kdf = { iterations: containerIterations, salt: ports.randomBytes(saltBytes) }
  const key = await derive(ports, password, kdf)
  return key.ok ? ok({ key: key.value, kdf }) : key
}

/** The text to keep. */
export function sealStored(ports: VaultPorts, sealed: Sealed): Result<string, VaultError> {
  const { key, kdf, keystore } = sealed
  const iv = ports.randomBytes(ivBytes)
  const timeSeconds = Math.floor(ports.nowMs() / 1_000)
  const text = sealKeystore(keystore, { kdf, key, iv, timeSeconds })
  return text.ok ? text : refused(text.error)
}

async function derive(
  ports: VaultPorts,
  password: string,
  kdf: ContainerKdf,
): Promise<Result<Uint8Array, VaultError>> {
  const bytes = containerPassword(password)
  if (!bytes.ok) return refused(bytes.error)
  return ok(await ports.deriveKey({ password: bytes.value, ...kdf }))
}

function refused({ code, message }: ContainerError): Result<never, VaultError> {
  if (code === 'PASSWORD_WRONG') {
    return fail('PASSWORD_WRONG', 'This password does not open the wallet.')
  }
  return fail(code === 'PASSWORD_INVALID' ? code : 'SECRET_INVALID', sentence(message))
}

/** A core module's message as a sentence for people. */
export const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`
