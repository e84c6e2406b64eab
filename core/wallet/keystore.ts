/**
 * The keystore: recovery words and accounts, as one document inside the encrypted container (SPEC.md,
 * WALLET rules). Values, not objects: each change gives a new keystore, which the shell seals and writes.
 */
import { utf8 } from '@scure/base'
import * as z from 'zod/mini'
import { bytesEqual, fromHex, isWellFormed, toHex, utf8ToBytes } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { addressOf, formatAddress } from '../crypto/address.ts'
import { signerFromSeed } from '../crypto/ed25519.ts'
import { keyBytes, type Signer } from '../crypto/signature.ts'
import {
  type Container,
  type ContainerError,
  type ContainerKdf,
  type ContainerLimits,
  containerLimits,
  openContainer,
  sealContainer,
} from './container.ts'
import { accountPath, deriveAtPath, indexMax } from './derivation.ts'
import { derivationSeed, mnemonicOf } from './mnemonic.ts'

/** Bounds of a keystore. */
export const keystoreLimits = { accountsMax: 100, nameCharsMax: 64 } as const

/** Where an account's key comes from: the words, at an index, or a seed of its own. */
export type AccountSource =
  | { readonly kind: 'derived'; readonly index: number }
  | { readonly kind: 'imported' }

/** One account, with its secret. `seed`: 32 bytes; `address`: text, `aitbc1…`. */
export type KeystoreAccount = {
  readonly name: string
  readonly source: AccountSource
  readonly address: string
  readonly publicKey: Uint8Array
  readonly seed: Uint8Array
}

/** An open keystore. `entropy`: 16 or 32 bytes behind the words; undefined when it has none. */
export type Keystore = {
  readonly entropy: Uint8Array | undefined
  readonly accounts: readonly KeystoreAccount[]
}

/** Why a keystore refuses a change. */
export type KeystoreError = {
  readonly code:
    | 'ACCOUNT_EXISTS'
    | 'ACCOUNT_UNKNOWN'
    | 'ACCOUNT_NAME_INVALID'
    | 'ACCOUNTS_TOO_MANY'
    | 'KEYSTORE_WITHOUT_WORDS'
    | 'SEED_INVALID'
  readonly message: string
}

/** A new keystore from fresh or restored entropy (16 or 32 bytes), with its first account. */
export const createKeystore = (entropy: Uint8Array): Keystore => ({
  entropy,
  accounts: [derived(entropy, 0, nameOf(0))],
})

/** A keystore without words, for one imported seed of 32 bytes. */
export const keystoreOfSeed = (seed: Uint8Array, name?: string): Result<Keystore, KeystoreError> =>
  importSeed({ entropy: undefined, accounts: [] }, { seed, name })

/** Adds the account with the next free index. */
export function addAccount(keystore: Keystore, name?: string): Result<Keystore, KeystoreError> {
  const { entropy, accounts } = keystore
  if (entropy === undefined) {
    return refuse('KEYSTORE_WITHOUT_WORDS', 'this keystore has no words: import a key instead')
  }
  const indexes = accounts.map(({ source }) => (source.kind === 'derived' ? source.index : -1))
  const next = indexes.reduce((most, index) => (index > most ? index : most), -1) + 1
  if (next > indexMax) return refuse('ACCOUNTS_TOO_MANY', 'there is no index after the largest')
  return withAccount(keystore, derived(entropy, next, name ?? nameOf(accounts.length)))
}

/** Takes in a raw seed of 32 bytes. */
export function importSeed(
  keystore: Keystore,
  { seed, name }: { readonly seed: Uint8Array; readonly name?: string | undefined },
): Result<Keystore, KeystoreError> {
  if (seed.length !== keyBytes) {
    return refuse('SEED_INVALID', `a seed has ${keyBytes} bytes; this has ${seed.length}`)
  }
  const source = { kind: 'imported' } as const
  return withAccount(keystore, accountOf(seed, source, name ?? nameOf(keystore.accounts.length)))
}

/** Gives an account another name. */
export function renameAccount(
  keystore: Keystore,
  { address, name }: { readonly address: string; readonly name: string },
): Result<Keystore, KeystoreError> {
  const found = findAccount(keystore, address)
  if (!found.ok) return found
  if (!isAccountName(name)) return badName()
  const accounts = keystore.accounts.map((account) =>
    account === found.value ? { ...account, name } : account,
  )
  return ok({ ...keystore, accounts })
}

/** The account of an address (text). */
export function findAccount(
  keystore: Keystore,
  address: string,
): Result<KeystoreAccount, KeystoreError> {
  const found = keystore.accounts.find((account) => account.address === address)
  return found ? ok(found) : refuse('ACCOUNT_UNKNOWN', `no account ${address} in this keystore`)
}

/** Signs for an account. Lives as long as its holder keeps it: drop it to lock. */
export const signerOf = (account: KeystoreAccount): Signer => signerFromSeed(account.seed)

/** The recovery words; undefined for a keystore without. */
export const wordsOf = ({ entropy }: Keystore): string | undefined =>
  entropy === undefined ? undefined : mnemonicOf(entropy)

/** Whether text can name an account: 1 to 64 characters, none of them invisible. */
export const isAccountName = (name: string): boolean =>
  name.length >= 1 &&
  name.length <= keystoreLimits.nameCharsMax &&
  name.trim() === name &&
  isWellFormed(name) &&
  !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)

/**
 * Seals a keystore; a new password, or a stronger derivation, is sealing it again.
 *
 * @param input `key`: 32 bytes derived with `kdf`, whose salt must be fresh; `iv`: 16 fresh random bytes.
 */
export function sealKeystore(
  keystore: Keystore,
  input: {
    readonly kdf: ContainerKdf
    readonly key: Uint8Array
    readonly iv: Uint8Array
    readonly timeSeconds: number
  },
  limits: ContainerLimits = containerLimits,
): Result<string, ContainerError> {
  const { kdf, key, iv, timeSeconds } = input
  const header = { kdf, publicKeys: keystore.accounts.map(({ publicKey }) => publicKey) }
  const content = utf8ToBytes(JSON.stringify(documentOf(keystore)))
  return sealContainer({ header, key, content, iv, timeSeconds }, limits)
}

/** Opens the keystore in a container that was read, with the key derived by the container's `kdf`. */
export function openKeystore(
  container: Container,
  key: Uint8Array,
): Result<Keystore, ContainerError> {
  const content = openContainer(container, key)
  if (!content.ok) return content
  const document = parse(content.value)
  if (document === undefined) return invalid('its content is no keystore of this version')
  const entropy = document.entropy === null ? undefined : hexBytes(document.entropy)
  const seed = entropy && derivationSeed(entropy)
  const accounts: KeystoreAccount[] = []
  for (const entry of document.accounts) {
    if (entry.kind === 'imported') {
      accounts.push(accountOf(hexBytes(entry.seed), { kind: 'imported' }, entry.name))
    } else if (seed === undefined) {
      return invalid('an account is derived from words that are not there')
    } else {
      accounts.push(derivedFrom(seed, entry.index, entry.name))
    }
  }
  const fits =
    accounts.length === container.publicKeys.length &&
    accounts.every(({ publicKey }, at) =>
      bytesEqual(publicKey, container.publicKeys[at] as Uint8Array),
    )
  return fits ? ok({ entropy, accounts }) : invalid('a seed does not give its public key')
}

const hexOf = (bytes: number) => z.string().check(z.regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)))
const nameSchema = z.string().check(z.refine(isAccountName))
const documentSchema = z.strictObject({
  format: z.literal(1),
  entropy: z.union([hexOf(16), hexOf(32), z.null()]),
  accounts: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('derived'),
        name: nameSchema,
        index: z.int().check(z.minimum(0), z.maximum(indexMax)),
      }),
      z.strictObject({ kind: z.literal('imported'), name: nameSchema, seed: hexOf(keyBytes) }),
    ]),
  ),
})
type Document = z.infer<typeof documentSchema>

const documentOf = ({ entropy, accounts }: Keystore): Document => ({
  format: 1,
  entropy: entropy === undefined ? null : toHex(entropy),
  accounts: accounts.map(({ name, source, seed }) =>
    source.kind === 'derived'
      ? { kind: 'derived', name, index: source.index }
      : { kind: 'imported', name, seed: toHex(seed) },
  ),
})

function parse(content: Uint8Array): Document | undefined {
  try {
    const parsed = documentSchema.safeParse(JSON.parse(utf8.encode(content)))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function withAccount(
  keystore: Keystore,
  account: KeystoreAccount,
): Result<Keystore, KeystoreError> {
  const { accounts } = keystore
  if (!isAccountName(account.name)) return badName()
  if (accounts.length >= keystoreLimits.accountsMax) {
    return refuse('ACCOUNTS_TOO_MANY', `at most ${keystoreLimits.accountsMax} accounts`)
  }
  if (accounts.some(({ address }) => address === account.address)) {
    return refuse('ACCOUNT_EXISTS', `${account.address} is in this keystore already`)
  }
  return ok({ ...keystore, accounts: [...accounts, account] })
}

const derived = (entropy: Uint8Array, index: number, name: string): KeystoreAccount =>
  derivedFrom(derivationSeed(entropy), index, name)

const derivedFrom = (seed: Uint8Array, index: number, name: string): KeystoreAccount =>
  accountOf(deriveAtPath(seed, accountPath(index)), { kind: 'derived', index }, name)

function accountOf(seed: Uint8Array, source: AccountSource, name: string): KeystoreAccount {
  const { publicKey } = signerFromSeed(seed)
  return { name, source, address: formatAddress(addressOf(publicKey)), publicKey, seed }
}

const nameOf = (index: number): string => `Account ${index + 1}`

function hexBytes(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  return bytes.ok ? bytes.value : new Uint8Array()
}

const badName = (): Result<never, KeystoreError> =>
  refuse(
    'ACCOUNT_NAME_INVALID',
    `a name has 1 to ${keystoreLimits.nameCharsMax} visible characters`,
  )

const refuse = (code: KeystoreError['code'], message: string): Result<never, KeystoreError> =>
  err({ code, message })

const invalid = (fault: string): Result<never, ContainerError> =>
  err({ code: 'KEYSTORE_INVALID', message: `the keystore opens, but ${fault}` })
