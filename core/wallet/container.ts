/**
 * The encrypted container in which keys rest everywhere: in files of the command line and the miner
 * agent, in the storage of page and extension, in the wallet daemon. PBKDF2-SHA256 makes a key of the
 * password, Fernet seals the content, and what is readable without the password is bound to it.
 * Rules in SPEC.md (CONTAINER).
 *
 * Sealing and opening take the derived key, since clients derive it by WebCrypto (`deriveBits` with
 * `containerPassword`, the salt, the iterations, SHA-256, 256 bits) and only hosts without it by
 * `deriveContainerKey`.
 */
import { equalBytes } from '@noble/ciphers/utils.js'
import { pbkdf2 } from '@noble/hashes/pbkdf2.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import * as z from 'zod/mini'
import { fromHex, toHex, utf8ToBytes } from '../base/bytes.ts'
import { bytes32, u8, u32 } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { readBy } from '../base/schema.ts'
import { addressOf, formatAddress } from '../crypto/address.ts'
import { hashBytes, taggedHash } from '../crypto/hash.ts'
import { keyBytes } from '../crypto/signature.ts'
import { fernetKeyBytes, isFernetToken, openFernet, sealFernet } from './fernet.ts'

/** Rounds of PBKDF2 in what we write. */
export const containerIterations = 600_000

/** Bounds of what is read, so that a file can neither weaken a password nor take a machine's time. */
export type ContainerLimits = {
  readonly iterationsMin: number
  readonly iterationsMax: number
  readonly saltBytesMin: number
  readonly saltBytesMax: number
  readonly accountsMax: number
  /** Characters of the whole text. */
  readonly textMax: number
  readonly passwordBytesMax: number
}

/** The bounds that hold everywhere but in tests. */
export const containerLimits: ContainerLimits = {
  iterationsMin: containerIterations,
  iterationsMax: 10_000_000,
  saltBytesMin: 16,
  saltBytesMax: 64,
  accountsMax: 128,
  textMax: 262_144,
  passwordBytesMax: 1_024,
}

/** How the key comes from the password. `salt`: fresh random bytes for each sealing, 16 or more. */
export type ContainerKdf = { readonly iterations: number; readonly salt: Uint8Array }

/** What is readable without the password: the accounts' public keys, in order. */
export type ContainerHeader = {
  readonly kdf: ContainerKdf
  readonly publicKeys: readonly Uint8Array[]
}

/** A container that was read and not yet opened. */
export type Container = ContainerHeader & { readonly sealed: string }

/** Why a container cannot be read, sealed or opened: SPEC.md says which code when. */
export type ContainerError = {
  readonly code:
    | 'KEYSTORE_FOREIGN'
    | 'KEYSTORE_TRUNCATED'
    | 'KEYSTORE_DAMAGED'
    | 'KEYSTORE_UNSUPPORTED'
    | 'KEYSTORE_INVALID'
    | 'KEYSTORE_CHANGED'
    | 'PASSWORD_WRONG'
    | 'PASSWORD_INVALID'
  readonly message: string
}

const kind = 'aitbc-keystore'
const version = 1

const schema = z.strictObject({
  kind: z.literal(kind),
  version: z.literal(version),
  kdf: z.strictObject({
    name: z.literal('pbkdf2-sha256'),
    iterations: z.int().check(z.minimum(1)),
    salt: z.string().check(z.regex(/^(?:[0-9a-f]{2})+$/)),
  }),
  accounts: z.array(
    z.strictObject({
      address: z.string(),
      public_key: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    }),
  ),
  sealed: z.string().check(z.refine(isFernetToken)),
  check: z.string(),
})

/** What the content is bound to. */
const headerCoder = P.struct({
  version: u8,
  iterations: u32,
  salt: P.bytes(u8),
  publicKeys: P.array(u8, bytes32),
})

/**
 * Bytes of a password: UTF-8 of its Unicode normal form KC, so that one password typed on two keyboards
 * gives the same key.
 */
export function containerPassword(password: string): Result<Uint8Array, ContainerError> {
  const bytes = utf8ToBytes(password.normalize('NFKC'))
  if (bytes.length === 0) return fail('PASSWORD_INVALID', 'the password is empty')
  if (bytes.length > containerLimits.passwordBytesMax) {
    return fail('PASSWORD_INVALID', 'the password is too long')
  }
  return ok(bytes)
}

/** PBKDF2-HMAC-SHA256 in plain JavaScript: 32 bytes, after about a second for 600 000 rounds. */
export const deriveContainerKey = (password: Uint8Array, kdf: ContainerKdf): Uint8Array =>
  pbkdf2(nobleSha256, password, kdf.salt, { c: kdf.iterations, dkLen: fernetKeyBytes })

/**
 * Seals `content` under a derived key.
 *
 * @param input `iv`: 16 fresh random bytes; `timeSeconds`: Unix time, readable in the token.
 * @returns The text of the container.
 */
export function sealContainer(
  input: {
    readonly header: ContainerHeader
    readonly key: Uint8Array
    readonly content: Uint8Array
    readonly iv: Uint8Array
    readonly timeSeconds: number
  },
  limits: ContainerLimits = containerLimits,
): Result<string, ContainerError> {
  const { header, key, iv, timeSeconds } = input
  const fault = faultOf(header, limits)
  if (fault !== undefined) return fail('KEYSTORE_INVALID', fault)
  const plain = concatBytes(headerHash(header), input.content)
  const { iterations, salt } = header.kdf
  const fields = {
    kind,
    version,
    kdf: { name: 'pbkdf2-sha256', iterations, salt: toHex(salt) },
    accounts: header.publicKeys.map((publicKey) => ({
      address: formatAddress(addressOf(publicKey)),
      public_key: toHex(publicKey),
    })),
    sealed: sealFernet({ key, plain, iv, timeSeconds }),
  }
  const text = `${JSON.stringify({ ...fields, check: checkOf(fields) }, undefined, 2)}\n`
  return text.length > limits.textMax ? fail('KEYSTORE_INVALID', 'too much content') : ok(text)
}

/** Reads a container without its password. */
export function readContainer(
  text: string,
  limits: ContainerLimits = containerLimits,
): Result<Container, ContainerError> {
  const fields = fieldsOf(text, limits)
  if (!fields.ok) return fields
  const { check, ...rest } = fields.value
  if (check !== checkOf(rest)) {
    return fail('KEYSTORE_DAMAGED', `the keystore is damaged: ${useCopy}`)
  }
  if (rest['version'] !== version) {
    const found = `the keystore has version ${String(rest['version'])}`
    return fail('KEYSTORE_UNSUPPORTED', `${found}; this program reads version ${version}`)
  }
  const parsed = readBy(schema, fields.value)
  if (!parsed.ok) return fail('KEYSTORE_INVALID', parsed.error)
  const { kdf, accounts, sealed } = parsed.value
  const header = {
    kdf: { iterations: kdf.iterations, salt: hexBytes(kdf.salt) },
    publicKeys: accounts.map((account) => hexBytes(account.public_key)),
  }
  const fault = faultOf(header, limits)
  if (fault !== undefined) return fail('KEYSTORE_INVALID', fault)
  const strange = accounts.find(
    ({ address }, at) => address !== formatAddress(addressOf(header.publicKeys[at] as Uint8Array)),
  )
  if (strange) return fail('KEYSTORE_INVALID', `${strange.address} is not of its public key`)
  return ok({ ...header, sealed })
}

/** Opens a container with the key derived from its password and `kdf`. */
export function openContainer(
  container: Container,
  key: Uint8Array,
): Result<Uint8Array, ContainerError> {
  const opened = openFernet(key, container.sealed)
  if (!opened.ok) {
    return opened.error.code === 'FERNET_REFUSED'
      ? fail('PASSWORD_WRONG', 'the password does not open this keystore')
      : fail('KEYSTORE_INVALID', 'what is sealed is no Fernet token')
  }
  const { plain } = opened.value
  if (!equalBytes(plain.subarray(0, hashBytes), headerHash(container))) {
    const message = 'what is readable of this keystore is not what was sealed: somebody changed it'
    return fail('KEYSTORE_CHANGED', message)
  }
  return ok(plain.slice(hashBytes))
}

const headerHash = ({ kdf, publicKeys }: ContainerHeader): Uint8Array =>
  taggedHash(
    'aitbc/keystore-header/1',
    headerCoder.encode({ version, ...kdf, publicKeys: [...publicKeys] }),
  )

/** Tells an accident from a wrong password. No secret: whoever changes the file can make a new one. */
const checkOf = (fields: object): string =>
  toHex(taggedHash('aitbc/keystore-check/1', utf8ToBytes(JSON.stringify(fields)))).slice(0, 16)

function fieldsOf(
  text: string,
  limits: ContainerLimits,
): Result<Record<string, unknown>, ContainerError> {
  const foreign = 'this is no keystore of this network'
  const begins = text.trimStart().replace(/\s+/g, '').slice(0, kindHead.length)
  if (text.length > limits.textMax) return fail('KEYSTORE_FOREIGN', `${foreign} (it is too long)`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    if (begins === '' || !kindHead.startsWith(begins)) {
      return fail('KEYSTORE_FOREIGN', `${foreign} (it is not JSON)`)
    }
    return text.trimEnd().endsWith('}')
      ? fail('KEYSTORE_DAMAGED', `the keystore is damaged: ${useCopy}`)
      : fail('KEYSTORE_TRUNCATED', `the keystore ends too soon: ${useCopy}`)
  }
  const isOurs = typeof json === 'object' && json !== null && 'kind' in json && json.kind === kind
  return isOurs ? ok(json as Record<string, unknown>) : fail('KEYSTORE_FOREIGN', foreign)
}

const useCopy = 'use a copy of it, or its words'

/** How every container begins, without its white space. */
const kindHead = `{"kind":"${kind}"`

function faultOf(
  { kdf, publicKeys }: ContainerHeader,
  limits: ContainerLimits,
): string | undefined {
  const { iterationsMin, iterationsMax, saltBytesMin, saltBytesMax, accountsMax } = limits
  const { iterations, salt } = kdf
  if (iterations < iterationsMin || iterations > iterationsMax) {
    return `kdf.iterations must be between ${iterationsMin} and ${iterationsMax}`
  }
  if (salt.length < saltBytesMin || salt.length > saltBytesMax) {
    return `kdf.salt must have between ${saltBytesMin} and ${saltBytesMax} bytes`
  }
  if (publicKeys.length > accountsMax) return `at most ${accountsMax} accounts`
  return publicKeys.every((publicKey) => publicKey.length === keyBytes)
    ? undefined
    : 'a public key has 32 bytes'
}

function hexBytes(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  return bytes.ok ? bytes.value : new Uint8Array()
}

const fail = (code: ContainerError['code'], message: string): Result<never, ContainerError> =>
  err({ code, message })
