/** Answers of the original's smaller families, as schemas. */
import * as z from 'zod'
import { address, hash, jobId, legacyTime, publicKey, time, units, whole } from './common.ts'
import { explorerBlocksSchema, explorerTransactionsSchema } from './explorer.ts'
import { paymentSchema } from './jobs.ts'

/** `POST /payments/{id}/release`. */
export const releasedSchema = z
  .strictObject({ status: z.literal('released'), payment_id: jobId, charged: units.nullable() })
  .meta({ id: 'PaymentReleased' })

/** `POST /payments/{id}/refund`. */
export const refundedSchema = z
  .strictObject({
    status: z.literal('refunded'),
    payment_id: jobId,
    charged: units.nullable().describe('For what was delivered before; the rest is free again'),
  })
  .meta({ id: 'PaymentRefunded' })

/** `GET /payments/{id}/receipt`. */
export const paymentReceiptSchema = z
  .strictObject({
    payment_id: jobId,
    job_id: jobId,
    amount: z.number(),
    currency: z.literal('AITBC'),
    status: paymentSchema.shape.status,
    transaction_hash: hash.nullable(),
    created_at: legacyTime,
    verified_at: legacyTime.nullable().describe('When it was released or refunded'),
  })
  .meta({ id: 'PaymentReceipt' })

/** `GET /services`. */
export const servicesSchema = z
  .strictObject({
    services: z.array(
      z.strictObject({
        type: z.string(),
        name: z.string(),
        description: z.string(),
        path: z.string().describe('Where it is asked for'),
        models: z.array(z.string()).describe('Served now; a job for another is refused'),
        constraints: z.strictObject({ ttl_seconds: whole }),
        available: z.boolean().describe('Whether a miner that is here serves it'),
      }),
    ),
  })
  .meta({ id: 'Services' })

/** `POST /services/…`. */
export const serviceJobSchema = z
  .strictObject({
    job_id: jobId,
    service_type: z.string(),
    status: z.string().describe('State of the job'),
    estimated_completion: legacyTime.describe('When it expires, at the latest'),
  })
  .meta({ id: 'ServiceJob' })

/** `GET /services/{type}/schema`: a JSON Schema. */
export const serviceSchemaSchema = z
  .strictObject({ service_type: z.string(), schema: z.record(z.string(), z.unknown()) })
  .meta({ id: 'ServiceSchema' })

/** `POST /receipts/verify`. */
export const receiptVerdictSchema = z
  .strictObject({
    valid: z.boolean().describe('Every signature holds'),
    reason: z.string().nullable().describe('What does not, as miner_signature_invalid:KEY'),
    receipt_id: z.string().nullable(),
    signer: z.string().nullable().describe('Public key that signed, base64url'),
    attested_here: z.boolean().describe('Whether the coordinator of this very site signed too'),
  })
  .meta({ id: 'ReceiptVerdict' })

/** `POST /match`. */
export const matchAnswerSchema = z
  .strictObject({
    job_id: z.string(),
    candidates: z.array(
      z.strictObject({
        miner_id: z.string(),
        addr: address.describe('Where it is paid'),
        proto: z.enum(['websocket', 'http']),
        score: z.number().min(0).max(1).describe('1 for the first, by rank'),
        explain: z.string(),
        eta_ms: whole
          .nullable()
          .describe('For the longest answer, by its measured speed; null while none was measured'),
        price: units.describe('Most that it can cost there, base units'),
      }),
    ),
    reason: z
      .strictObject({ code: z.string(), message: z.string() })
      .nullable()
      .describe('Why nobody can take it, as a job would be told'),
  })
  .meta({ id: 'Match' })

/** `POST /web-vitals`. */
export const webVitalAnswerSchema = z
  .strictObject({ status: z.literal('received'), metric: z.string(), value: z.number() })
  .meta({ id: 'WebVitalReceived' })

/** `GET /web-vitals/health`. */
export const webVitalsHealthSchema = z
  .strictObject({ status: z.literal('healthy'), service: z.literal('web-vitals') })
  .meta({ id: 'WebVitalsHealth' })

/** `GET /miners`. */
export const minerListSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        miner_id: z.string(),
        status: z.enum(['ONLINE', 'DRAINING']),
        address,
        inflight: whole,
        concurrency: whole,
        region: z.string().nullable(),
        models: z.array(z.string()),
      }),
    ),
    total: whole,
  })
  .meta({ id: 'MinerList', description: 'Miners that are here now' })

/** `GET /miners/list`: the registry of the original. */
export const gpuListSchema = z
  .strictObject({
    gpus: z.array(
      z.strictObject({
        id: z.string(),
        miner_id: z.string(),
        model: z.string(),
        memory_gb: z.number(),
        region: z.string().nullable(),
        status: z.enum(['available', 'booked', 'offline']),
      }),
    ),
  })
  .meta({ id: 'GpuList' })

/** `GET /miners/{id}/earnings`. */
export const earningsSchema = z
  .strictObject({
    miner_id: z.string().describe('Public id of the key'),
    currency: z.literal('AITBC'),
    total_earnings: z.number().describe('AITBC that are paid, after the coordinator’s share'),
    pending_earnings: z.number(),
    completed_jobs: whole,
    earned: units,
    pending: units,
    unit: z.literal('base units'),
  })
  .meta({ id: 'MinerEarnings' })

/** `GET /miners/{id}/jobs`. */
export const minerJobsSchema = z
  .strictObject({
    miner_id: z.string(),
    current: z.array(jobId).describe('Jobs that it holds now'),
    items: z.array(
      z.strictObject({
        job_id: jobId,
        state: z.literal('COMPLETED'),
        model: z.string(),
        completed_at: legacyTime,
        amount: units.describe('What the client was charged'),
        earned: units.describe('What is left to the miner'),
        payment: z.enum(['paid', 'pending', 'held', 'lost']),
        prompt_tokens: whole,
        completion_tokens: whole,
        receipt_id: jobId,
        transaction_hash: hash.nullable(),
      }),
    ),
    total: whole,
    limit: whole,
    offset: whole,
  })
  .meta({ id: 'MinerJobs' })

/** `GET /status`: flat, for monitors that print its keys. */
export const flatStatusSchema = z
  .strictObject({
    status: z.enum(['ok', 'degraded']),
    env: z.string(),
    chain_id: z.string(),
    head_height: z.int().min(-1),
    final_height: z.int().min(-1),
    mempool_size: whole,
    miners_online: whole,
    jobs_queued: whole,
    jobs_running: whole,
    models: whole,
    v1_upstream: z.enum(['coordinator', 'mock']),
    time,
  })
  .meta({ id: 'FlatStatus' })

/** `GET /blockchain/info`. */
export const blockchainInfoSchema = z
  .strictObject({
    chain_id: z.string(),
    genesis_hash: hash,
    height: z.int().min(-1),
    final_height: z.int().min(-1),
    head_hash: hash,
    block_time_seconds: z.number(),
    mempool_size: whole,
    validators: whole,
    proposing: z.boolean(),
  })
  .meta({ id: 'BlockchainInfo' })

/** `GET /blockchain/supply`. */
export const blockchainSupplySchema = z
  .strictObject({
    currency: z.literal('AITBC'),
    total_supply: z.number().describe('AITBC'),
    circulating_supply: z.number().describe('AITBC: everything that is held'),
    genesis: units,
    minted: units,
    burned: units,
    held: units,
    unit: z.literal('base units'),
  })
  .meta({ id: 'BlockchainSupply' })

/** `GET /blockchain/validators`. */
export const blockchainValidatorsSchema = z
  .strictObject({
    validators: z.array(z.strictObject({ address, public_key: publicKey, name: z.string() })),
    total: whole,
    until_height: whole.nullable().describe('Last height of this set, where a change is known'),
  })
  .meta({ id: 'BlockchainValidators' })

/** `GET /explorer/blocks/{at}`. */
export const explorerBlockSchema = z
  .strictObject({
    ...explorerBlocksSchema.shape.items.element.shape,
    parentHash: hash,
    transactions: z.array(hash),
  })
  .meta({ id: 'ExplorerBlock' })

/** `GET /explorer/transactions/{hash}`. */
export const explorerTransactionSchema = z
  .strictObject({
    ...explorerTransactionsSchema.shape.items.element.shape,
    fee: units.nullable(),
    final: z.boolean(),
  })
  .meta({ id: 'ExplorerTransaction' })

/** `GET /explorer/addresses/{address}`. */
export const explorerAddressSchema = z
  .strictObject({
    address: z.string(),
    balance: z.string().regex(/^[0-9]+\.[0-9]{6}$/),
    nonce: whole,
    txCount: whole,
    lastActive: legacyTime.nullable(),
    recentTransactions: z.array(hash).max(5),
  })
  .meta({ id: 'ExplorerAddress' })

/** `GET /rpc/transactions/search`. */
export const transactionSearchSchema = z
  .strictObject({
    transactions: z.array(
      z.strictObject({
        tx_hash: hash,
        block_height: whole,
        sender: address,
        recipient: address,
        amount: units,
        payload: z.strictObject({ receipt_id: hash }),
      }),
    ),
  })
  .meta({ id: 'TransactionSearch' })
