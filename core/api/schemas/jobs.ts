/** Answers about jobs and to miners, as schemas of `jobs-views.ts`. */
import * as z from 'zod'
import {
  hash,
  hexBytes,
  jobId,
  legacyTime,
  openObject,
  publicKey,
  signature,
  units,
  whole,
} from './common.ts'

/** The words of the original for where a job stands. */
const jobState = z
  .enum(['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'EXPIRED'])
  .meta({ id: 'JobState', description: 'Where a job stands' })

const paymentStatus = z
  .enum(['pending', 'escrowed', 'released', 'refunded', 'failed'])
  .meta({ id: 'PaymentStatus', description: 'What became of the money' })

/** `JobView` of the original and what stands beside it. */
export const jobSchema = z
  .strictObject({
    job_id: jobId,
    state: jobState,
    assigned_miner_id: z.string().nullable(),
    requested_at: legacyTime,
    expires_at: legacyTime,
    error: z.string().nullable(),
    payment_id: jobId.describe('A job has one payment, and it goes by the id of the job'),
    payment_status: paymentStatus,
    client: z.string().describe('Public id of the payer; never the key'),
    model: z.string(),
    attempts: whole,
    completed_at: legacyTime.nullable(),
    limit: units.describe('Most that it may cost'),
    amount: units.nullable().describe('What was charged'),
    prompt_tokens: whole.nullable(),
    completion_tokens: whole.nullable(),
    receipt_id: jobId.nullable(),
    receipt_hash: hash.nullable().describe('Look it up at /rpc/receipts/{id}'),
    settlement: z
      .strictObject({ tx_hash: hash, block_height: whole, final: z.boolean() })
      .nullable()
      .describe('The payment on the chain, once there is one'),
    held: z
      .strictObject({
        reasons: z.array(z.strictObject({ code: z.string(), message: z.string() })),
        amount: units.describe('Charged if it is released'),
        decided_until: z.iso.datetime().describe('After it nothing is charged'),
        decision: z.enum(['released', 'refused', 'lapsed']).nullable(),
      })
      .nullable()
      .describe(
        'The payment waits, or waited, for a decision: nothing is charged until it is released',
      ),
  })
  .meta({ id: 'Job', description: 'A job as its client sees it' })

/** `GET /jobs`. */
export const jobPageSchema = z
  .strictObject({ items: z.array(jobSchema), total: whole, limit: whole, offset: whole })
  .meta({ id: 'JobPage', description: 'Jobs, the newest first' })

const legacySignature = z
  .strictObject({
    alg: z.literal('Ed25519'),
    key_id: z.string().describe('The public key, base64url'),
    sig: z.string().describe('base64url'),
  })
  .meta({ id: 'LegacySignature' })

/** A receipt of the original. Open: it holds what client and miner wrote. */
export const receiptSchema = z
  .strictObject({
    version: z.literal('1.0'),
    receipt_id: jobId,
    job_id: jobId,
    provider: z.string().describe('Public id of the miner'),
    client: z.string().describe('Public id of the payer'),
    status: z.literal('COMPLETED'),
    units: z.number().describe('Seconds measured'),
    unit_type: z.literal('gpu_seconds'),
    unit_price: z.number(),
    price: z.number().describe('AITBC that were paid'),
    started_at: whole.describe('Unix seconds'),
    completed_at: whole.describe('Unix seconds'),
    metadata: openObject.describe('Payload, constraints, result and metrics'),
    signature: legacySignature,
    attestations: z.array(legacySignature).optional(),
  })
  .meta({
    id: 'Receipt',
    description: 'The signed receipt of the original; its text is served as it was signed',
  })

/** `GET /jobs/{id}/receipt?format=bundle`. */
export const receiptBundleSchema = z
  .strictObject({
    legacy: receiptSchema,
    canonical: hexBytes.describe('The receipt whose hash the chain anchors'),
    miner_signature: signature.nullable().describe('Null for a miner of the original'),
    release: hexBytes,
    release_signature: signature,
    authorisation: hexBytes,
    authorisation_signature: signature,
    legacy_text: z.string().describe('The text that was signed, byte for byte'),
  })
  .meta({ id: 'ReceiptBundle', description: 'Everything that proves a payment' })

/** `GET /jobs/{id}/receipts`. */
export const receiptListSchema = z
  .strictObject({ items: z.array(receiptSchema).max(1) })
  .meta({ id: 'ReceiptList' })

/** `GET /jobs/{id}/result`. */
export const jobResultSchema = z
  .strictObject({
    job_id: jobId,
    state: jobState,
    result: openObject.nullable().describe('output, model, and what the miner added'),
    receipt: receiptSchema.nullable(),
  })
  .meta({ id: 'JobResult', description: 'What a job came to' })

/** `GET /jobs/{id}/payment`. */
export const paymentSchema = z
  .strictObject({
    job_id: jobId,
    payment_id: jobId,
    amount: z.number().describe('AITBC, as the original writes it'),
    currency: z.literal('AITBC'),
    status: paymentStatus,
    payment_method: z.literal('aitbc_token'),
    escrow_address: z.null(),
    refund_address: z.null(),
    created_at: legacyTime,
    updated_at: legacyTime,
    released_at: legacyTime.nullable(),
    refunded_at: legacyTime.nullable(),
    transaction_hash: hash.nullable(),
    refund_transaction_hash: z.null(),
    limit: units,
    charged: units.nullable(),
    block_height: whole.nullable(),
    final: z.boolean(),
  })
  .meta({ id: 'Payment', description: 'The payment of a job' })

/** `PUT /escrow`. */
export const linkedEscrowSchema = z
  .strictObject({ escrow: publicKey, linked: z.literal(true) })
  .meta({ id: 'LinkedEscrow' })

/** `POST /miners/register`. */
export const registeredSchema = z
  .strictObject({ status: z.literal('ok'), session_token: jobId })
  .meta({ id: 'Registered' })

/** Answers that only say that it is done. */
export const doneSchema = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Done' })

/** A job as a poll hands it out. */
export const polledJobSchema = z
  .strictObject({
    job_id: jobId,
    payload: openObject.describe('What the client sent'),
    constraints: z.strictObject({
      gpu: z.string().nullable(),
      cuda: z.string().nullable(),
      min_vram_gb: z.number().nullable(),
      models: z.array(z.string()).nullable(),
      region: z.string().nullable(),
      max_price: z.number().nullable(),
    }),
  })
  .meta({ id: 'PolledJob', description: 'A job for a miner of the original' })

/** `POST /miners/{id}/result`. */
export const minerReceiptSchema = z
  .strictObject({ status: z.literal('ok'), receipt: receiptSchema.nullable() })
  .meta({ id: 'MinerReceipt' })

/** What happens to a job, as the lines of its stream. */
export const jobEventSchemas = {
  state: z
    .strictObject({
      type: z.literal('state'),
      state: z.string(),
      miner_id: z.string().optional(),
      attempt: whole.optional(),
    })
    .meta({ id: 'JobStateEvent' }),
  reset: z.strictObject({ type: z.literal('reset') }).meta({ id: 'JobResetEvent' }),
  text: z
    .strictObject({ type: z.literal('text'), text: z.string(), tokens: whole })
    .meta({ id: 'JobTextEvent' }),
  end: z
    .strictObject({
      type: z.literal('end'),
      state: z.string(),
      finish: z.string().optional(),
      prompt_tokens: whole.optional(),
      completion_tokens: whole.optional(),
      amount: units.optional(),
      receipt_id: jobId.optional(),
      error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
    })
    .meta({ id: 'JobEndEvent' }),
} as const
