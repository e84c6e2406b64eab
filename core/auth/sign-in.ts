/**
 * The text that an account signs to sign in, in the manner of EIP-4361 and CAIP-122: which site asks, for
 * which account, on which chain, with a nonce and for how long. Rules: SPEC.md, SIGNIN.
 */
import { toHex } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { formatTime } from '../base/rfc3339.ts'
import { addressOf, formatAddress } from '../crypto/address.ts'
import type { Verifier } from '../crypto/signature.ts'
import { signedMessageBytes } from '../crypto/signed-message.ts'

/** Bounds of a sign-in. */
export const signInLimits = {
  /** How long a challenge can be answered, milliseconds. */
  challengeMs: 600_000,
  /** Most that the clocks of caller and site may differ, milliseconds. */
  skewMs: 60_000,
  /** Characters of the text. */
  textMax: 2_048,
} as const

/** What the person agrees to. */
export const signInStatement =
  'Sign in to this site. This moves no money and allows nobody else to move any.'

/** What the text says. Times are RFC 3339 in UTC with milliseconds, as `formatTime` writes them. */
export type SignInFields = {
  /** Host and port, as in `URL.host`. */
  readonly domain: string
  /** `aitbc1…` */
  readonly address: string
  /** Origin of the site, as in `URL.origin`. */
  readonly uri: string
  /** `aitbc:` and 32 hex digits: see `chainIdOf`. */
  readonly chainId: string
  readonly nonce: string
  readonly issuedAt: string
  readonly expiresAt: string
}

/** Why nobody was signed in. */
export type SignInError = {
  readonly code:
    | 'SIGN_IN_MALFORMED'
    | 'SIGN_IN_DOMAIN_WRONG'
    | 'SIGN_IN_CHAIN_WRONG'
    | 'SIGN_IN_ADDRESS_WRONG'
    | 'SIGN_IN_CLOCK_SKEW'
    | 'SIGN_IN_EXPIRED'
    | 'SIGN_IN_SIGNATURE_INVALID'
  /** The site's time, where a clock may be at fault. */
  readonly details?: { readonly now: string }
}

/** A chain in the manner of CAIP-2: the head of its genesis hash. The signature covers all of the hash. */
export const chainIdOf = (genesisHash: Uint8Array): string =>
  `aitbc:${toHex(genesisHash).slice(0, 32)}`

/** Writes the text. */
export const signInText = (fields: SignInFields): string =>
  [
    `${fields.domain} wants you to sign in with your AITBC account:`,
    fields.address,
    '',
    signInStatement,
    '',
    `URI: ${fields.uri}`,
    'Version: 1',
    `Chain ID: ${fields.chainId}`,
    `Nonce: ${fields.nonce}`,
    `Issued At: ${fields.issuedAt}`,
    `Expiration Time: ${fields.expiresAt}`,
  ].join('\n')

/** The text of a challenge that begins now. */
export const challengeText = (
  given: Omit<SignInFields, 'issuedAt' | 'expiresAt'> & { readonly nowMs: number },
): string =>
  signInText({
    ...given,
    issuedAt: formatTime(given.nowMs),
    expiresAt: formatTime(given.nowMs + signInLimits.challengeMs),
  })

/** Reads the text; what would be written otherwise is refused, so that one sign-in has one text. */
export function parseSignIn(text: string): Result<SignInFields, SignInError> {
  const [, groups] = text.length > signInLimits.textMax ? [] : [0, pattern.exec(text)?.groups]
  if (!groups) return err({ code: 'SIGN_IN_MALFORMED' })
  const fields = groups as SignInFields
  return signInText(fields) === text ? ok({ ...fields }) : err({ code: 'SIGN_IN_MALFORMED' })
}

/** What the site expects a text to say. */
export type ExpectedSignIn = {
  readonly domain: string
  readonly uri: string
  readonly genesisHash: Uint8Array
  readonly address: string
  readonly nowMs: number
}

/** Checks what the text says, all but nonce and signature. */
export function checkSignIn(
  fields: SignInFields,
  expected: ExpectedSignIn,
): Result<null, SignInError> {
  const { nowMs } = expected
  if (fields.domain !== expected.domain || fields.uri !== expected.uri) {
    return err({ code: 'SIGN_IN_DOMAIN_WRONG' })
  }
  if (fields.chainId !== chainIdOf(expected.genesisHash))
    return err({ code: 'SIGN_IN_CHAIN_WRONG' })
  if (fields.address !== expected.address) return err({ code: 'SIGN_IN_ADDRESS_WRONG' })
  // One spelling of a time, so that later is greater as text too.
  const latest = formatTime(nowMs + signInLimits.skewMs)
  const longest = formatTime(nowMs + signInLimits.skewMs + signInLimits.challengeMs)
  const details = { now: formatTime(nowMs) }
  if (fields.issuedAt > latest || fields.expiresAt > longest) {
    return err({ code: 'SIGN_IN_CLOCK_SKEW', details })
  }
  if (fields.expiresAt <= details.now) return err({ code: 'SIGN_IN_EXPIRED', details })
  return ok(null)
}

/** Checks that the account signed the text for this origin and chain. Key 32 bytes, signature 64. */
export function checkSignature(
  given: {
    readonly text: string
    readonly origin: string
    readonly address: string
    readonly publicKey: Uint8Array
    readonly signature: Uint8Array
    readonly genesisHash: Uint8Array
  },
  verifier: Verifier,
): Result<null, SignInError> {
  const { text, origin, genesisHash, publicKey, signature } = given
  const message = signedMessageBytes({ genesisHash, origin, text })
  const isOwner = formatAddress(addressOf(publicKey)) === given.address
  const isSigned =
    isOwner && message.ok && verifier.verify({ signature, message: message.value, publicKey })
  return isSigned ? ok(null) : err({ code: 'SIGN_IN_SIGNATURE_INVALID' })
}

const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`

const pattern = new RegExp(
  [
    String.raw`^(?<domain>[^\s/]{1,255}) wants you to sign in with your AITBC account:`,
    '(?<address>aitbc1[02-9a-z]{1,80})',
    '',
    '[^\\n]*',
    '',
    String.raw`URI: (?<uri>\S{1,255})`,
    'Version: 1',
    'Chain ID: (?<chainId>aitbc:[0-9a-f]{32})',
    'Nonce: (?<nonce>[0-9a-f]{64})',
    `Issued At: (?<issuedAt>${time})`,
    `Expiration Time: (?<expiresAt>${time})$`,
  ].join('\\n'),
)
