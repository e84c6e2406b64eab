/**
 * Receipt of the original: JSON with an Ed25519 signature over its canonical text, as existing verifiers
 * expect it. For the parties of a job only, since it holds prompt and answer. Rules: SPEC.md, REC.
 *
 * `provider` and `client` are public ids. `units` are the seconds that were measured, `price` what was
 * really settled in AITBC, `unit_price` the one divided by the other.
 */
import { coinsNumber } from '../base/amount.ts'
import { fromBase64Url, toBase64Url, utf8ToBytes } from '../base/bytes.ts'
import { floor } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Signer, Verifier } from '../crypto/signature.ts'
import { canonicalText, type PyJson, parsePyJson, pyFloat, recordOf } from './python-json.ts'

/** Ids in hex, amounts in base units, times in Unix milliseconds. */
export type LegacyReceiptFields = {
  readonly receiptId: string
  readonly jobId: string
  readonly provider: string
  readonly client: string
  readonly amount: bigint
  readonly requestedAtMs: number
  readonly startedAtMs: number
  readonly completedAtMs: number
  readonly payload: Record<string, unknown>
  readonly constraints: Record<string, unknown>
  readonly result: Record<string, unknown>
  readonly metrics: Record<string, unknown>
  /** False for a miner of the original: the receipt says so, and the coordinator signs in its place. */
  readonly hasMinerSignature: boolean
}

/** As it stands in the receipt; `key_id` is the raw public key, both base64url without padding. */
export type LegacySignature = {
  readonly alg: 'Ed25519'
  readonly key_id: string
  readonly sig: string
}

/** Why a receipt proves nothing. */
export type LegacyReceiptError = {
  readonly code: 'RECEIPT_INVALID'
  /** The original's reasons, such as `miner_signature_invalid:<key>`. */
  readonly reasons: readonly string[]
}

/** The canonical text that is signed: without signature and attestations. */
export function legacyReceiptText(fields: LegacyReceiptFields): string {
  const milliseconds = fields.completedAtMs - fields.startedAtMs
  // No job takes no time at all; a millisecond keeps the unit price finite.
  const units = (milliseconds < 1 ? 1 : milliseconds) / 1_000
  const price = coinsNumber(fields.amount)
  return canonicalText({
    version: '1.0',
    receipt_id: fields.receiptId,
    job_id: fields.jobId,
    provider: fields.provider,
    client: fields.client,
    status: 'COMPLETED',
    units: pyFloat(units),
    unit_type: 'gpu_seconds',
    unit_price: pyFloat(price / units),
    price: pyFloat(price),
    started_at: floor(fields.requestedAtMs / 1_000),
    completed_at: floor(fields.completedAtMs / 1_000),
    metadata: {
      job_payload: fields.payload as PyJson,
      job_constraints: fields.constraints as PyJson,
      result: fields.result as PyJson,
      metrics: fields.metrics as PyJson,
      miner_signature: fields.hasMinerSignature ? null : 'absent',
    },
  })
}

/** What the original calls the receipt's hash: SHA-256 of the canonical text. */
export const legacyReceiptHash = (text: string): Uint8Array => sha256(utf8ToBytes(text))

/**
 * Signs the canonical text as it is, without a domain tag: the one exception, for existing verifiers. The
 * text begins with `{`, which no tagged message does.
 */
export const signLegacyReceipt = (text: string, signer: Signer): LegacySignature =>
  legacySignature(signer.publicKey, signer.sign(utf8ToBytes(text)))

/** A signature as the receipt shows it. */
export const legacySignature = (publicKey: Uint8Array, signature: Uint8Array): LegacySignature => ({
  alg: 'Ed25519',
  key_id: toBase64Url(publicKey),
  sig: toBase64Url(signature),
})

/**
 * The whole receipt as text. Serve this text, not a re-serialised object: JavaScript would write `1.0` as
 * `1`, and the signature would no longer fit.
 */
export function sealLegacyReceipt(
  text: string,
  signatures: {
    readonly signature: LegacySignature
    readonly attestations: readonly LegacySignature[]
  },
): string {
  const { signature, attestations } = signatures
  const attested = attestations.length === 0 ? '' : `,"attestations":${canonicalText(attestations)}`
  return `${text.slice(0, -1)}${attested},"signature":${canonicalText(signature)}}`
}

/**
 * The same text from a receipt that went through `JSON.parse`: the three numbers that are always floats
 * get their spelling back; every other number was signed as JavaScript spells it.
 */
export function legacyReceiptJson(receipt: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(receipt).map(([key, value]) => [
    key,
    floatFields.has(key) && typeof value === 'number' ? pyFloat(value) : (value as PyJson),
  ])
  return canonicalText(Object.fromEntries(entries) as PyJson)
}

/** What a verifier found: whose keys signed. Whether these are the right keys is the caller's question. */
export type VerifiedLegacyReceipt = {
  /** The canonical text that was signed, and its parsed form. */
  readonly text: string
  readonly receipt: Readonly<Record<string, PyJson>>
  readonly key: Uint8Array
  readonly attestationKeys: readonly Uint8Array[]
}

/** Checks every signature of a receipt, given as text so that numbers keep their spelling. */
export function verifyLegacyReceipt(
  sealed: string,
  verifier: Verifier,
): Result<VerifiedLegacyReceipt, LegacyReceiptError> {
  const parsed = parsePyJson(sealed)
  const fields = parsed.ok ? recordOf(parsed.value) : undefined
  if (!fields) return invalid(['receipt_malformed'])
  const { signature, attestations, ...receipt } = fields
  const text = canonicalText(receipt)
  const message = utf8ToBytes(text)
  const reasons: string[] = []
  const key = keyOf(signature, message, verifier)
  if (!key.ok) reasons.push(`miner_signature_invalid:${key.error}`)
  const attestationKeys: Uint8Array[] = []
  for (const each of Array.isArray(attestations) ? (attestations as readonly PyJson[]) : []) {
    const attested = keyOf(each, message, verifier)
    if (attested.ok) attestationKeys.push(attested.value)
    else reasons.push(`coordinator_attestation_invalid:${attested.error}`)
  }
  if (!key.ok || reasons.length > 0) return invalid(reasons)
  return ok({ text, receipt, key: key.value, attestationKeys })
}

/** The key that made a signature, or the `key_id` at fault. */
function keyOf(
  signature: PyJson,
  message: Uint8Array,
  verifier: Verifier,
): Result<Uint8Array, string> {
  const fields = recordOf(signature)
  if (!fields) return err('missing')
  const { alg, key_id: keyId, sig } = fields
  if (typeof keyId !== 'string' || typeof sig !== 'string') return err('malformed')
  const publicKey = fromBase64Url(keyId, 32)
  const bytes = fromBase64Url(sig, 64)
  if (alg !== 'Ed25519' || !publicKey.ok || !bytes.ok) return err(keyId)
  const isGood = verifier.verify({ signature: bytes.value, message, publicKey: publicKey.value })
  return isGood ? publicKey : err(keyId)
}

const floatFields: ReadonlySet<string> = new Set(['units', 'unit_price', 'price'])

const invalid = (reasons: readonly string[]): Result<never, LegacyReceiptError> =>
  err({ code: 'RECEIPT_INVALID', reasons })
