/**
 * The text of a key that a program keeps in a file: a keystore in its container, or a key file of before,
 * which opens once more and comes back as a keystore to write (SPEC.md, TEXT rules). Files, randomness and
 * the fast derivation belong to the shell.
 */
import { bytesEqual } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { signerFromSeed } from '../crypto/ed25519.ts'
import {
  type ContainerError,
  type ContainerKdf,
  containerIterations,
  containerPassword,
  readContainer,
} from './container.ts'
import { fernetIvBytes } from './fernet.ts'
import { type KeyFileError, openKeyFile, publicKeyOfKeyFile } from './keyfile.ts'
import { type Keystore, keystoreOfSeed, openKeystore, sealKeystore } from './keystore.ts'

/** What the shell lends. `derive`: PBKDF2-HMAC-SHA256 to 32 bytes; `random`: so many fresh bytes. */
export type KeyTextHost = {
  readonly derive: (password: Uint8Array, kdf: ContainerKdf) => Uint8Array
  readonly random: (bytes: number) => Uint8Array
  /** Unix time. */
  readonly nowSeconds: number
}

/** Why a text does not open, or a keystore cannot be sealed. */
export type KeyTextError = ContainerError | KeyFileError

/** An opened text; `rewritten` is what to write in its place, when it was of the old form. */
export type OpenedKeyText = { readonly keystore: Keystore; readonly rewritten: string | undefined }

const saltBytes = 32

/** Opens either form. */
export function openKeyText(
  { text, password }: { readonly text: string; readonly password: string },
  host: KeyTextHost,
): Result<OpenedKeyText, KeyTextError> {
  if (isKeyFile(text)) return openOld({ text, password }, host)
  const container = readContainer(text)
  if (!container.ok) return container
  const bytes = containerPassword(password)
  if (!bytes.ok) return bytes
  const keystore = openKeystore(container.value, host.derive(bytes.value, container.value.kdf))
  return keystore.ok ? ok({ keystore: keystore.value, rewritten: undefined }) : keystore
}

/** Seals a keystore under a password at today's strength: a new file, or one with a new password. */
export function sealKeyText(
  keystore: Keystore,
  password: string,
  host: KeyTextHost,
): Result<string, ContainerError> {
  const bytes = containerPassword(password)
  if (!bytes.ok) return bytes
  const kdf = { iterations: containerIterations, salt: host.random(saltBytes) }
  const key = host.derive(bytes.value, kdf)
  const iv = host.random(fernetIvBytes)
  return sealKeystore(keystore, { kdf, key, iv, timeSeconds: host.nowSeconds })
}

/** Public keys in either form, without the password. */
export function publicKeysOf(text: string): Result<readonly Uint8Array[], KeyTextError> {
  if (isKeyFile(text)) {
    const key = publicKeyOfKeyFile(text)
    return key.ok ? ok([key.value]) : key
  }
  const container = readContainer(text)
  return container.ok ? ok(container.value.publicKeys) : container
}

function openOld(
  input: { readonly text: string; readonly password: string },
  host: KeyTextHost,
): Result<OpenedKeyText, KeyTextError> {
  const opened = openKeyFile(input)
  if (!opened.ok) return opened
  const { seed, publicKey } = opened.value
  if (!bytesEqual(signerFromSeed(seed).publicKey, publicKey)) {
    return err({ code: 'KEY_FILE_INVALID', message: 'the seed does not give the public key' })
  }
  const keystore = keystoreOfSeed(seed)
  if (!keystore.ok) return err({ code: 'KEY_FILE_INVALID', message: keystore.error.message })
  const rewritten = sealKeyText(keystore.value, input.password, host)
  return rewritten.ok ? ok({ keystore: keystore.value, rewritten: rewritten.value }) : rewritten
}

/** Key files of before have a type; keystores have a kind. */
const isKeyFile = (text: string): boolean => /^\s*\{\s*"version":\s*\d+,\s*"type":/.test(text)
