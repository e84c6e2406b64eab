/**
 * Keys of the original network and raw secrets (SPEC.md, LEGACY rules). Its command line and extension
 * sign on another curve (secp256k1): their addresses and money do not exist here. What can be brought over
 * is the 32 secret bytes, as an Ed25519 seed with another address, and only when a person asks for that.
 */
import { base64, base64urlnopad } from '@scure/base'
import * as z from 'zod/mini'
import { fromHex, utf8ToBytes } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { sha256 } from '../crypto/hash.ts'
import { keyBytes } from '../crypto/signature.ts'
import { isFernetToken, openFernet } from './fernet.ts'

/** Bounds of what is read. */
export const legacyLimits = { textMax: 1_048_576, keysMax: 100 } as const

/**
 * A key that was found. `curve`: what the secret was made for; only `ed25519` keeps its meaning. `seed`:
 * 32 bytes; `oldAddress`: the original's, for the person to recognise.
 */
export type LegacyKey = {
  readonly curve: 'ed25519' | 'secp256k1'
  readonly seed: Uint8Array
  readonly oldAddress: string | undefined
}

/** Why nothing is found. */
export type LegacyError = {
  readonly code:
    | 'LEGACY_FOREIGN'
    | 'LEGACY_PASSWORD_NEEDED'
    | 'LEGACY_SECRET_INVALID'
    | 'PASSWORD_WRONG'
  readonly message: string
}

/** What a person is told before a secret of the other curve is taken as a seed. */
export const otherCurveWarning =
  'this key was made for another curve: its address and money do not exist on this chain. ' +
  'Its secret can be taken as the seed of a new account, with another address.'

const textUpTo = (chars: number) => z.optional(z.string().check(z.maxLength(chars)))

/** Only what is read; the files hold more. */
const walletSchema = z.object({
  address: textUpTo(200),
  private_key: textUpTo(2_000),
  privateKey: textUpTo(2_000),
  encrypted_private_key: textUpTo(2_000),
})
const extensionSchema = z.object({
  accounts: z.array(walletSchema).check(z.minLength(1), z.maxLength(legacyLimits.keysMax)),
})

/**
 * Reads keys out of text: 64 hex digits or base64 of a raw Ed25519 seed; a wallet file of the original's
 * command line (clear, or Fernet under one SHA-256 of the password); the storage of its extension.
 *
 * @param input `password`: of the original's wallet file, where it has one.
 */
export function readLegacyKeys(input: {
  readonly text: string
  readonly password: string | undefined
}): Result<readonly LegacyKey[], LegacyError> {
  if (input.text.length > legacyLimits.textMax) return foreign()
  const raw = seedOf(input.text)
  if (raw !== undefined) return ok([{ curve: 'ed25519', seed: raw, oldAddress: undefined }])
  let json: unknown
  try {
    json = JSON.parse(input.text)
  } catch {
    return foreign()
  }
  const extension = extensionSchema.safeParse(json)
  const wallet = walletSchema.safeParse(json)
  const found = extension.success ? extension.data.accounts : wallet.success ? [wallet.data] : []
  const keys: LegacyKey[] = []
  for (const each of found) {
    const secret = each.private_key ?? each.privateKey ?? each.encrypted_private_key
    if (secret === undefined) return foreign()
    const seed = secretOf(secret, input.password)
    if (!seed.ok) return seed
    keys.push({ curve: 'secp256k1', seed: seed.value, oldAddress: each.address })
  }
  return keys.length > 0 ? ok(keys) : foreign()
}

function secretOf(secret: string, password: string | undefined): Result<Uint8Array, LegacyError> {
  const clear = seedOf(secret)
  if (clear !== undefined) return ok(clear)
  const token = tokenOf(secret)
  if (token === undefined) return invalidSecret()
  if (password === undefined) {
    const message = 'the wallet of the original is encrypted: its password there is needed'
    return err({ code: 'LEGACY_PASSWORD_NEEDED', message })
  }
  // The original's whole derivation: no salt, one round.
  const opened = openFernet(sha256(utf8ToBytes(password)), token)
  if (!opened.ok) {
    return err({ code: 'PASSWORD_WRONG', message: 'the password does not open that wallet' })
  }
  const seed = seedOf(String.fromCharCode(...opened.value.plain))
  return seed === undefined ? invalidSecret() : ok(seed)
}

/** A Fernet token, bare or once more in base64, as the original's command line wrote it. */
function tokenOf(text: string): string | undefined {
  if (isFernetToken(text)) return text
  try {
    const inner = String.fromCharCode(...base64.decode(text))
    return isFernetToken(inner) ? inner : undefined
  } catch {
    return undefined
  }
}

/** 32 bytes as hex (with or without `0x`), base64 or base64url; undefined for anything else. */
function seedOf(text: string): Uint8Array | undefined {
  const trimmed = text.trim()
  if (trimmed.length > 66) return undefined
  const hex = fromHex(trimmed, keyBytes)
  if (hex.ok) return hex.value
  for (const coder of [base64, base64urlnopad]) {
    try {
      const bytes = coder.decode(trimmed)
      if (bytes.length === keyBytes) return bytes
    } catch {
      // The next form may fit.
    }
  }
  return undefined
}

const foreign = (): Result<never, LegacyError> =>
  err({ code: 'LEGACY_FOREIGN', message: 'this is no key, and no wallet of the original' })

const invalidSecret = (): Result<never, LegacyError> =>
  err({ code: 'LEGACY_SECRET_INVALID', message: 'the secret in that wallet is not 32 bytes' })
