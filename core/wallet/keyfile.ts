/**
 * Key files: how a program kept its Ed25519 seed before there were keystores. scrypt (RFC 7914) makes the
 * key, XChaCha20-Poly1305 sealed the seed, and everything readable in the file is authenticated with it.
 * Read alone: whoever opens one writes a keystore in its place (key-text.ts).
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { scrypt } from '@noble/hashes/scrypt.js'
import * as P from 'micro-packed'
import * as z from 'zod/mini'
import { fromHex, utf8ToBytes } from '../base/bytes.ts'
import { bytes32, text, u8 } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { readBy } from '../base/schema.ts'
import { addressOf, formatAddress } from '../crypto/address.ts'
import { keyBytes } from '../crypto/signature.ts'

/** Bounds of a key file: what a reader accepts, so that a file cannot exhaust memory or time. */
export const keyFileLimits = {
  /** Bytes of salt and of nonce. */
  saltBytes: 32,
  nonceBytes: 24,
  /** Base-2 logarithm of scrypt's cost N. */
  logNMin: 10,
  logNMax: 18,
  /** scrypt's block size r and parallelism p. */
  blockSizeMax: 16,
  parallelismMax: 4,
  /** Most memory that scrypt may take: 128 × N × r bytes. */
  memoryBytesMax: 268_435_456,
  passwordBytesMax: 1_024,
  /** Characters of the whole file. */
  textMax: 4_096,
} as const

/** An opened file: the secret seed and its public key, 32 bytes each. */
export type KeyPairSeed = { readonly seed: Uint8Array; readonly publicKey: Uint8Array }

/** Why a key file cannot be opened: SPEC.md says which code when. */
export type KeyFileError =
  | { readonly code: 'KEY_FILE_INVALID'; readonly message: string }
  | { readonly code: 'KEY_FILE_UNSUPPORTED'; readonly message: string }
  | { readonly code: 'PASSWORD_INVALID'; readonly message: string }
  | { readonly code: 'PASSWORD_WRONG'; readonly message: string }

/** Seed and Poly1305 tag. */
const sealedBytes = keyBytes + 16

const hexOf = (bytes: number) => z.string().check(z.regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)))

const keyFileSchema = z.strictObject({
  version: z.literal(1),
  type: z.literal('ed25519'),
  address: z.string(),
  public_key: hexOf(keyBytes),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    log_n: z.int().check(z.minimum(keyFileLimits.logNMin), z.maximum(keyFileLimits.logNMax)),
    r: z.int().check(z.minimum(1), z.maximum(keyFileLimits.blockSizeMax)),
    p: z.int().check(z.minimum(1), z.maximum(keyFileLimits.parallelismMax)),
    salt: hexOf(keyFileLimits.saltBytes),
  }),
  cipher: z.strictObject({
    name: z.literal('xchacha20-poly1305'),
    nonce: hexOf(keyFileLimits.nonceBytes),
    sealed: hexOf(sealedBytes),
  }),
})
type KeyFile = z.infer<typeof keyFileSchema>

/** What the tag covers besides the seed: a changed header must not open. */
const headerCoder = P.struct({
  domain: text,
  version: u8,
  publicKey: bytes32,
  logN: u8,
  blockSize: u8,
  parallelism: u8,
  salt: P.bytes(keyFileLimits.saltBytes),
})

/** Opens the text of a key file. The caller checks that the seed gives the public key. */
export function openKeyFile(input: {
  readonly text: string
  readonly password: string
}): Result<KeyPairSeed, KeyFileError> {
  const file = readKeyFile(input.text)
  if (!file.ok) return file
  const bytes = passwordBytes(input.password)
  if (!bytes.ok) return bytes
  const nonce = hexBytes(file.value.cipher.nonce)
  try {
    const seed = cipherOf(file.value, bytes.value, nonce).decrypt(
      hexBytes(file.value.cipher.sealed),
    )
    return ok({ seed, publicKey: hexBytes(file.value.public_key) })
  } catch {
    return err({
      code: 'PASSWORD_WRONG',
      message: 'the password does not open this key file (or the file was changed)',
    })
  }
}

/** Public key of a key file, without its password: 32 bytes. */
export function publicKeyOfKeyFile(fileText: string): Result<Uint8Array, KeyFileError> {
  const file = readKeyFile(fileText)
  return file.ok ? ok(hexBytes(file.value.public_key)) : file
}

function readKeyFile(fileText: string): Result<KeyFile, KeyFileError> {
  if (fileText.length > keyFileLimits.textMax) return invalid('the key file is too long')
  let json: unknown
  try {
    json = JSON.parse(fileText)
  } catch {
    return invalid('the key file is not JSON')
  }
  return checkFile(json)
}

function checkFile(json: unknown): Result<KeyFile, KeyFileError> {
  const version = (json as { readonly version?: unknown } | null)?.version
  if (typeof version === 'number' && version !== 1) {
    return err({
      code: 'KEY_FILE_UNSUPPORTED',
      message: `the key file has version ${version}; this program reads version 1`,
    })
  }
  const parsed = readBy(keyFileSchema, json)
  if (!parsed.ok) return invalid(`the key file is not valid (${parsed.error})`)
  const file = parsed.value
  if (128 * 2 ** file.kdf.log_n * file.kdf.r > keyFileLimits.memoryBytesMax) {
    return invalid('the key file asks for more memory than is allowed')
  }
  if (file.address !== formatAddress(addressOf(hexBytes(file.public_key)))) {
    return invalid('the address in the key file does not belong to its public key')
  }
  return ok(file)
}

function cipherOf(header: Omit<KeyFile, 'cipher'>, password: Uint8Array, nonce: Uint8Array) {
  const { log_n, r, p, salt } = header.kdf
  const key = scrypt(password, hexBytes(salt), { N: 2 ** log_n, r, p, dkLen: 32 })
  const associated = headerCoder.encode({
    domain: 'aitbc/key-file/1',
    version: header.version,
    publicKey: hexBytes(header.public_key),
    logN: log_n,
    blockSize: r,
    parallelism: p,
    salt: hexBytes(salt),
  })
  return xchacha20poly1305(key, nonce, associated)
}

// NFKC, so that one password typed on two keyboards gives the same bytes.
function passwordBytes(password: string): Result<Uint8Array, KeyFileError> {
  const bytes = utf8ToBytes(password.normalize('NFKC'))
  if (bytes.length === 0) return err({ code: 'PASSWORD_INVALID', message: 'the password is empty' })
  if (bytes.length > keyFileLimits.passwordBytesMax) {
    return err({ code: 'PASSWORD_INVALID', message: 'the password is too long' })
  }
  return ok(bytes)
}

function hexBytes(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  return bytes.ok ? bytes.value : new Uint8Array()
}

const invalid = (message: string): Result<never, KeyFileError> =>
  err({ code: 'KEY_FILE_INVALID', message })
