/**
 * Requests of the original's smaller families, as schemas: payments, receipts to check, matching, page
 * timings, what a miner changes of itself. Every text is bounded.
 */
import * as z from 'zod'
import { jobLimits } from '../jobs/limits.ts'
import { constraintsSchema } from './jobs-requests.ts'

const jobIdText = z
  .string()
  .regex(/^[0-9a-fA-F]{32}$/, 'must be 32 hex digits')
  .transform((text) => text.toLowerCase())
const reason = z.string().max(500).nullish().describe('For your own records; it is not kept')
const coins = z.number().min(0).max(90_000_000)

/** `POST /payments`. */
export const createPaymentSchema = z.looseObject({
  job_id: jobIdText,
  amount: coins.describe('AITBC: at most what the job has reserved'),
  currency: z.literal('AITBC').default('AITBC'),
  payment_method: z.enum(['aitbc_token', 'bitcoin']).default('aitbc_token'),
  escrow_timeout_seconds: z
    .int()
    .min(1)
    .max(2 ** 31)
    .default(3_600)
    .describe('The reservation lives as long as the job, whatever is asked here'),
})

/** `POST /payments/{id}/release` and `/refund`. */
export const endPaymentSchema = z.looseObject({
  job_id: jobIdText,
  payment_id: jobIdText,
  reason,
})

/** `{id}` of a payment: the job's. */
export const paymentParams = z.object({
  id: z
    .string()
    .regex(/^[0-9a-fA-F]{32}$/)
    .describe('The payment_id, which is the job_id'),
})

/** Attestations of a receipt that are checked at most. */
export const receiptAttestationsMax = 16

/** `POST /match`: whom a job could go to. */
export const matchSchema = z.looseObject({
  job_id: z.string().min(1).max(128).describe('A name of your own; it comes back'),
  requirements: constraintsSchema
    .extend({
      model: z.string().max(jobLimits.modelBytesMax).nullish(),
      prompt_tokens: z.int().min(0).max(jobLimits.maxTokensMax).nullish(),
      max_tokens: z.int().min(1).max(jobLimits.maxTokensMax).nullish(),
    })
    .nullish(),
  hints: z
    .looseObject({ region: z.string().max(64).nullish().describe('Preferred; others follow') })
    .nullish(),
  top_k: z.int().min(1).max(32).default(3),
})
/** A checked `POST /match`. */
export type MatchBody = z.infer<typeof matchSchema>

/** Measurements of a page that are counted: Google's names. Times in milliseconds, CLS without a unit. */
export const vitalNames = ['CLS', 'FCP', 'FID', 'INP', 'LCP', 'TTFB'] as const

/** `POST /web-vitals`. */
export const webVitalSchema = z.looseObject({
  name: z.enum(vitalNames),
  value: z.number().min(0).max(600_000),
  id: z.string().max(128),
  delta: z.number().nullish(),
  entries: z.array(z.unknown()).max(64).nullish().describe('Not kept'),
  url: z
    .string()
    .max(2_048)
    .nullish()
    .describe('Not kept: the site does not note who looked where'),
  timestamp: z.union([z.string().max(64), z.number()]).nullish(),
})

/** `PUT /miners/{id}/capabilities`: in an object of that name, or bare. */
export const capabilitiesSchema = z
  .record(z.string().max(128), z.unknown())
  .refine((value) => JSON.stringify(value).length <= 65_536, 'is too large')
  .describe('`capabilities`, with `concurrency` and `region`; or the capabilities alone')

/** `{id}` of a miner. */
export const minerParams = z.object({
  id: z
    .string()
    .min(1)
    .max(128)
    .describe('Any name of your own: the key says who asks. Another miner’s id is refused'),
})

/** `GET /rpc/transactions/search`. */
export const receiptSearchQuery = z.object({
  receipt_id: z
    .string()
    .max(66)
    .optional()
    .describe('The receipt_hash of a job; what is none finds nothing'),
})
