/** The wallet daemon: what is sent and what is answered, as schemas. Rules: ../SPEC.md, OPENAPI. */
import * as z from 'zod'
import { passwordLimits } from '../../wallet/password.ts'
import { walletLimits as limits } from '../wallet-service.ts'
import { jobId, publicKey, time, whole } from './common.ts'

/** The name of a wallet, its owner's alone. */
export const walletIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_@][\w.@-]{0,63}$/, 'must be 1 to 64 letters, digits or . _ @ -')
  .describe('The name of the wallet; other owners may have one of the same name')

const password = z.string().min(1).max(1_024)

const base64 = (charsMax: number) => z.string().max(charsMax)

const metadata = z
  .record(z.string().max(64), z.unknown())
  .refine((value) => Object.keys(value).length <= limits.metadataEntriesMax, {
    message: `must have at most ${limits.metadataEntriesMax} entries`,
  })
  .transform((value) =>
    Object.fromEntries(Object.entries(value).map(([key, each]) => [key, textOf(each)])),
  )
  .refine((value) => Object.values(value).every((text) => text.length <= limits.metadataCharsMax), {
    message: `values must have at most ${limits.metadataCharsMax} characters`,
  })

/** As the original did: what is no text becomes text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    // Nested deeper than can be written: longer than any value may be.
    return ' '.repeat(limits.metadataCharsMax + 1)
  }
}

/** `POST /wallet/v1/wallets`. */
export const createWalletRequest = z.object({
  wallet_id: walletIdSchema,
  password: password.describe('Never stored; without it nobody can sign'),
  metadata: metadata.default({}).describe('What you like to note; values become text'),
  secret_key: base64(512).nullish().describe('Base64 of the 32-byte seed of a key that exists'),
})

/** `POST /wallet/v1/wallets/{id}/unlock`. */
export const unlockRequest = z.object({ password })

/** `POST /wallet/v1/wallets/{id}/sign`. */
export const signRequest = z.object({
  password,
  message_base64: base64(limits.messageBytesMax * 2).describe('The bytes to be signed, base64'),
})

/** `GET /wallet/v1/wallets/{id}/ledger`. */
export const ledgerQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Entries at most'),
  cursor: z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/)
    .optional()
    .describe('next_cursor of the page before'),
})

/** `POST /wallet/rpc`. */
export const walletRpcRequest = z.looseObject({
  jsonrpc: z.string().optional().describe('2.0'),
  id: z.union([z.string().max(256), z.number(), z.null()]).optional(),
  method: z.string().describe('Such as wallet.sign'),
  params: z.record(z.string(), z.unknown()).optional(),
})

const walletFields = {
  wallet_id: z.string(),
  public_key: publicKey,
  metadata: z.record(z.string(), z.string()),
}

/** A wallet. */
export const walletSchema = z
  .strictObject(walletFields)
  .meta({ id: 'Wallet', description: 'A key that the site keeps, without the key' })

/** `GET /wallet/v1/wallets`. */
export const walletListSchema = z.strictObject({ items: z.array(walletSchema) })

/** A wallet that was made. */
export const walletCreatedSchema = z.strictObject({ wallet: walletSchema })

/** Why no wallet was made, in the original's shape beside the site's. */
export const walletRefusedSchema = z
  .looseObject({
    detail: z.strictObject({
      reason: z.enum(['password_too_weak', 'wallet_exists', 'wallets_too_many', 'secret_invalid']),
      min_length: z.literal(passwordLimits.charsMin),
      message: z.string(),
    }),
  })
  .meta({ id: 'WalletRefused', description: 'Why no wallet was made' })

/** `POST /wallet/v1/wallets/{id}/unlock`. */
export const unlockedSchema = z.strictObject({ wallet_id: z.string(), unlocked: z.literal(true) })

/** `POST /wallet/v1/wallets/{id}/sign`. */
export const signedSchema = z.strictObject({
  wallet_id: z.string(),
  signature_base64: z.string().describe('Ed25519 over the bytes as they are: 64 bytes'),
})

/** `GET /wallet/v1/wallets/{id}/ledger`. */
export const ledgerSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        seq: whole,
        event: z.enum(['created', 'unlocked', 'signed']),
        success: z.boolean().describe('False where the password was wrong'),
        at: time,
        client: z.string().describe('Address that the request came from'),
      }),
    ),
    next_cursor: z.string().nullable(),
    as_of: time,
    source: z.literal('site'),
  })
  .meta({ id: 'WalletLedger', description: 'Uses of a wallet, newest first' })

const signatureCheckSchema = z.strictObject({
  key_id: z.string().describe('The public key, base64url'),
  alg: z.string(),
  valid: z.boolean(),
})

/** What the signatures of a receipt are worth. */
export const receiptCheckSchema = z
  .strictObject({
    job_id: jobId,
    receipt_id: jobId,
    miner_signature: signatureCheckSchema,
    coordinator_attestations: z.array(signatureCheckSchema),
    all_valid: z.boolean(),
  })
  .meta({ id: 'ReceiptCheck', description: 'Each signature of a receipt, checked' })

/** What the signatures of a receipt are worth. */
export type ReceiptCheck = z.infer<typeof receiptCheckSchema>

/** `GET /wallet/v1/receipts/{id}`. */
export const receiptResultSchema = z.strictObject({ result: receiptCheckSchema })

/** `GET /wallet/v1/receipts/{id}/history`. */
export const receiptHistorySchema = z.strictObject({ items: z.array(receiptCheckSchema) })

/** `POST /wallet/rpc`. */
export const walletRpcSchema = z
  .strictObject({
    jsonrpc: z.literal('2.0'),
    id: z.union([z.string(), z.number(), z.null()]),
    result: z.unknown().optional(),
    error: z
      .strictObject({
        code: z
          .int()
          .describe(
            '-32700 JSON, -32600 request, -32601 method, -32602 params, -32001 credentials, -32004 receipt, -32005 too many uses',
          ),
        message: z.string(),
        data: z.unknown().optional(),
      })
      .optional(),
  })
  .meta({ id: 'WalletRpcAnswer', description: 'An answer of JSON-RPC 2.0' })
