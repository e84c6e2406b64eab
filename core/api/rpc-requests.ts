/**
 * What `/rpc` accepts: schemas of the bodies, and the way from the original's JSON transaction to the
 * canonical bytes that its signature covers.
 */
import * as z from 'zod'
import { parseUnits } from '../base/amount.ts'
import { bytesEqual, fromHex } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { submitBatchMax, transactionBytesMax } from '../chain/limits.ts'
import {
  type Message,
  type TransactionBody,
  transactionBodyCoder,
  transactionCoder,
} from '../chain/transaction.ts'
import { addressOf, formatAddress, parseAddress } from '../crypto/address.ts'
import { keyBytes, signatureBytes } from '../crypto/signature.ts'
import type { ApiError } from './errors.ts'

/** Where unsigned callers are sent. */
export const signingGuide = '/docs/getting-started.html#signing'

const whole = z.int().min(0)
/** Signed bytes as hex; the length bound keeps the decoder from seeing what cannot be accepted. */
const signedHex = z
  .string()
  .max(2 * transactionBytesMax + 2, 'longer than any transaction')
  .regex(/^(?:0x)?(?:[0-9a-fA-F]{2})+$/, 'not hex')

/** `POST /rpc/transactions`: one or a batch of signed transactions. */
export const submitSchema = z.union([
  z.strictObject({ tx: signedHex.describe('One signed transaction: canonical bytes, hex') }),
  z.strictObject({
    txs: z.array(signedHex).min(1).max(submitBatchMax).describe('A batch of them'),
  }),
])
export type SubmitRequest = z.infer<typeof submitSchema>

/** `POST /rpc/sendTx`: the original's fields, and the three that a real signature needs. */
export const sendTxSchema = z.object({
  type: z.string().min(1).max(32).describe('TRANSFER'),
  sender: z.string().min(1).max(128).describe('Address of the public key'),
  nonce: whole.describe('next_nonce of /rpc/getBalance'),
  fee: whole.describe('Most that it may cost, base units'),
  payload: z
    .record(z.string(), z.unknown())
    .describe('to (or recipient), and amount in base units'),
  sig: z.string().max(132).nullish().describe('64 bytes, hex; required in truth'),
  public_key: z.string().max(66).nullish().describe('32 bytes, hex; required in truth'),
  valid_until: whole.nullish().describe('Last slot to be included in; required in truth'),
})
export type SendTxRequest = z.infer<typeof sendTxSchema>

/** `POST /rpc/submitReceipt`. */
export const submitReceiptSchema = sendTxSchema.omit({ type: true })

/** `POST /rpc/estimateFee`. */
export const estimateFeeSchema = z.object({
  type: z.string().min(1).max(32).default('TRANSFER'),
  payload: z.record(z.string(), z.unknown()).default({}),
})

/** `POST /rpc/admin/mintFaucet`. Amount in base units, as integer or decimal text. */
export const mintFaucetSchema = z.object({
  address: z.string().min(1).max(128),
  amount: z.union([z.int().min(1), z.string().regex(/^[1-9][0-9]{0,15}$/)]).describe('Base units'),
})

/**
 * Builds the signed bytes that a legacy transaction stands for. The signature is only put in place here;
 * the chain checks it.
 */
export function legacyTransaction(request: SendTxRequest): Result<Uint8Array, ApiError> {
  const type = request.type.toUpperCase()
  if (type === 'RECEIPT_CLAIM') return err(receiptClaimRefusal)
  if (type !== 'TRANSFER') {
    return invalid(
      'type',
      `${type} cannot be sent here; POST its signed bytes to /rpc/transactions`,
    )
  }
  const proof = signatureOf(request)
  if (!proof.ok) return proof
  const message = transferOf(request.payload)
  if (!message.ok) return message
  const { publicKey, signature, validUntil } = proof.value
  const sender = parseAddress(request.sender)
  if (!sender.ok)
    return err({ code: sender.error.code, message: `sender: ${sender.error.message}` })
  const own = addressOf(publicKey)
  if (!bytesEqual(sender.value, own)) {
    return invalid('sender', `is not the address of public_key, which is ${formatAddress(own)}`)
  }
  const body: TransactionBody = {
    version: 1,
    sender: publicKey,
    nonce: BigInt(request.nonce),
    fee: BigInt(request.fee),
    validUntil,
    message: message.value,
  }
  return ok(transactionCoder.encode({ body, signature }))
}

/** Bytes of a signed transfer: all transfers are of one size, so that a fee can be told beforehand. */
export const transferBytes: number =
  transactionBodyCoder.encode({
    version: 1,
    sender: new Uint8Array(keyBytes),
    nonce: 0n,
    fee: 0n,
    validUntil: 0n,
    message: { TAG: 'transfer', data: { to: new Uint8Array(20), amount: 0n } },
  }).length + signatureBytes

/** Bytes of a payload in the original's spelling: compact JSON, keys sorted, ASCII only. */
export function legacyPayloadBytes(payload: unknown): number {
  const text = JSON.stringify(sorted(payload))
  // Each UTF-16 unit outside ASCII is written as six characters, \uXXXX.
  return text.length + 5 * (text.match(/[\u0080-\uffff]/g)?.length ?? 0)
}

/** Claims of rewards come signed, as transactions: what a job earned was paid when it was settled. */
export const receiptClaimRefusal: ApiError = {
  code: 'NOT_BUILT',
  message:
    'RECEIPT_CLAIM is not taken here. Computed jobs are paid by their settlement; a reward, where ' +
    'genesis has any, is claimed by a signed receipt_claim: POST it to /rpc/transactions.',
}

function signatureOf(
  request: SendTxRequest,
): Result<{ publicKey: Uint8Array; signature: Uint8Array; validUntil: bigint }, ApiError> {
  const missing = (['sig', 'public_key', 'valid_until'] as const).filter(
    (name) => request[name] === undefined || request[name] === null,
  )
  if (missing.length > 0) {
    return err({
      code: 'SIGNATURE_REQUIRED',
      message:
        `Unsigned transactions are refused; missing: ${missing.join(', ')}. ` +
        `How to sign: ${signingGuide}`,
      details: { missing, guide: signingGuide },
    })
  }
  const publicKey = fromHex(request.public_key as string, keyBytes)
  if (!publicKey.ok) return invalid('public_key', publicKey.error.message)
  const signature = fromHex(request.sig as string, signatureBytes)
  if (!signature.ok) return invalid('sig', signature.error.message)
  return ok({
    publicKey: publicKey.value,
    signature: signature.value,
    validUntil: BigInt(request.valid_until as number),
  })
}

function transferOf(payload: Readonly<Record<string, unknown>>): Result<Message, ApiError> {
  const to = payload.to ?? payload.recipient
  if (typeof to !== 'string') return invalid('payload.to', 'is missing: who is to receive')
  if (
    payload.to !== undefined &&
    payload.recipient !== undefined &&
    payload.to !== payload.recipient
  ) {
    return invalid('payload.recipient', 'contradicts payload.to')
  }
  const address = parseAddress(to)
  if (!address.ok) {
    return err({ code: address.error.code, message: `payload.to: ${address.error.message}` })
  }
  const amount = parseUnits(payload.amount)
  if (!amount.ok) {
    return err({ code: 'AMOUNT_INVALID', message: `payload.amount: ${amount.error.message}` })
  }
  return ok({ TAG: 'transfer', data: { to: address.value, amount: amount.value } })
}

const invalid = (field: string, message: string): Result<never, ApiError> =>
  err({
    code: 'VALIDATION_ERROR',
    message: `${field}: ${message}`,
    details: [{ field: `body.${field}`, message, code: 'invalid' }],
  })

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
