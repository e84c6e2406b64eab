/**
 * Requests of clients and legacy miners, as JSON: what is read, and the validation details in the
 * original's shape. Unknown fields pass, as they did there.
 */
import * as z from 'zod'
import { unitsOfCoins } from '../base/amount.ts'
import { utf8ToBytes } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { FieldFault } from '../jobs/job-request.ts'
import { jobLimits } from '../jobs/limits.ts'
import { isWithinDepth } from '../jobs/python-json.ts'
import type { Constraints } from './coordinator-service.ts'
import { placementFields } from './dispatch-requests.ts'
import type { ApiError } from './errors.ts'

const object = z.record(z.string(), z.unknown())
const boundedObject = (bytesMax: number) =>
  object
    .refine((value) => isWithinDepth(value), 'is nested too deeply')
    .refine((value) => !isWithinDepth(value) || jsonBytes(value) <= bytesMax, {
      message: `must be at most ${bytesMax} bytes of JSON`,
    })
const hex = z.string().regex(/^(?:0x)?(?:[0-9a-fA-F]{2})+$/, 'must be hex')
const units = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/, 'must be a decimal string of base units')

/** The six constraints of the original, null or absent when unset. */
export const constraintsSchema = z
  .looseObject({
    gpu: z.string().max(128).nullish().describe('Name of the GPU, exactly'),
    cuda: z.string().max(32).nullish().describe('Part of the CUDA version'),
    min_vram_gb: z.number().min(0).max(1_048_576).nullish().describe('Memory of one GPU'),
    models: z
      .array(z.string().max(jobLimits.modelBytesMax))
      .max(64)
      .nullish()
      .describe('Models that it serves, all of them'),
    region: z.string().max(64).nullish().describe('Region, exactly'),
    max_price: z.number().min(0).nullish().describe('Price that it asks at most, AITBC'),
  })
  .describe('What a miner must have; absent means any')

/** `PUT /escrow`: the id of an escrow, 32 bytes in hex. */
export const linkEscrowSchema = z.object({
  escrow: z
    .string()
    .regex(/^(?:0x)?[0-9a-fA-F]{64}$/, 'must be 64 hex digits')
    .transform((text) => text.replace(/^0x/, '').toLowerCase()),
})

/** `POST /jobs`: a payload of the original, or `spec`; signed clients add their authorisation. */
export const submitJobSchema = z
  .looseObject({
    payload: boundedObject(jobLimits.payloadBytesMax)
      .optional()
      .describe('What to compute, in the words of the original; this or `spec`'),
    spec: hex
      .max(2 + jobLimits.specBytesMax * 2)
      .optional()
      .describe('The canonical specification, hex'),
    constraints: constraintsSchema.nullish(),
    ttl_seconds: z
      .int()
      .max(2 ** 31)
      .nullish()
      .describe('How long it may take, with what it waits; 900 when absent'),
    payment_amount: z
      .number()
      .min(0)
      .max(90_000_000)
      .nullish()
      .describe('Most that it may cost, AITBC'),
    payment_currency: z.string().nullish().describe('AITBC'),
    limit: units.nullish().describe('Most that it may cost, base units as decimal text'),
    ...placementFields,
    authorisation: hex.max(1_024).optional().describe('The signed permission to pay, hex'),
    authorisation_signature: hex.max(130).optional().describe('64 bytes, hex'),
  })
  .superRefine((body, context) => {
    if (body.payload === undefined && body.spec === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['payload'],
        message: 'Field required',
        params: { missing: true },
      })
    }
    if (body.payment_currency && body.payment_currency !== 'AITBC') {
      context.addIssue({ code: 'custom', path: ['payment_currency'], message: 'must be AITBC' })
    }
    if ((body.authorisation === undefined) !== (body.authorisation_signature === undefined)) {
      const message = 'authorisation and authorisation_signature come together'
      context.addIssue({ code: 'custom', path: ['authorisation'], message })
    }
  })
/** A checked `POST /jobs`. */
export type SubmitJobBody = z.infer<typeof submitJobSchema>

/** What a request of any typed service may say beside its own fields: limits, place, who pays. */
export const serviceRequestSchema = z.looseObject({
  payment_amount: submitJobSchema.shape.payment_amount,
  limit: submitJobSchema.shape.limit,
  constraints: submitJobSchema.shape.constraints,
  authorisation: submitJobSchema.shape.authorisation,
  authorisation_signature: submitJobSchema.shape.authorisation_signature,
})

/** `POST /jobs/batch`. */
export const submitBatchSchema = z.strictObject({
  jobs: z.array(submitJobSchema).min(1).max(jobLimits.batchMax).describe('Bodies of POST /jobs'),
})

/** `?limit=&offset=` of lists. */
export const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(jobLimits.pageMax).default(jobLimits.pageDefault),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
})

/** `POST /miners/register`. */
export const registerMinerSchema = z.looseObject({
  capabilities: boundedObject(65_536).describe('gpus, models, cuda, price: what it can do'),
  concurrency: z.int().min(0).max(1_024).nullish().describe('Jobs at a time; 1 when absent'),
  region: z.string().max(64).nullish(),
})

/** Every field is optional, and so is the body: the original's own command line sends none. */
export const heartbeatSchema = z.looseObject({
  inflight: z.int().min(0).max(1_000_000).nullish(),
  current_jobs: z.int().min(0).max(1_000_000).nullish(),
  status: z.string().max(64).nullish(),
})

/** How long a poll would wait; more than the cap is cut. */
export const pollSchema = z.looseObject({
  max_wait_seconds: z.coerce.number().min(0).max(3_600).nullish().describe('Cut to 4 seconds'),
})

/** `GET /miners/poll`: the original's programs use either name. */
export const pollQuery = z.looseObject({
  max_wait_seconds: z.coerce.number().min(0).max(3_600).optional(),
  wait: z.string().optional().describe('The same; what is no number waits as long as it may'),
})

/** `GET /jobs/{id}/receipt`. */
export const receiptQuery = z.object({
  format: z
    .enum(['legacy', 'bundle'])
    .default('legacy')
    .describe('bundle: with everything that proves the payment'),
})

/** A result as an object, or as text from the original's command line. */
export const minerResultSchema = z.looseObject({
  result: z.union([boundedObject(4 * jobLimits.answerBytesMax), z.string()]),
  metrics: boundedObject(65_536).nullish(),
  success: z.boolean().nullish(),
})

/** `POST /miners/{job}/fail`. */
export const minerFailSchema = z.looseObject({
  error_code: z.string().max(128).describe('A word of the miner’s own'),
  error_message: z.string().max(4_096),
})

/** Checks a body or query; a failure is 422 with one detail a fault. */
export function validated<T>(
  schema: z.ZodType<T>,
  value: unknown,
  where: 'body' | 'query',
): Result<T, ApiError> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  const details: FieldFault[] = parsed.error.issues.slice(0, detailsMax).map((issue) => ({
    field: [where, ...issue.path.map(String)].join('.'),
    message: issue.message,
    code: codeOf(issue, value),
  }))
  return err({ code: 'VALIDATION_ERROR', details })
}

/** Null in the original's JSON means absent. */
export function constraintsOf(
  body: z.infer<typeof constraintsSchema> | null | undefined,
): Constraints {
  const { gpu, cuda, min_vram_gb, models, region, max_price } = body ?? {}
  return {
    ...(gpu ? { gpu } : {}),
    ...(cuda ? { cuda } : {}),
    ...(min_vram_gb ? { min_vram_gb } : {}),
    ...(models && models.length > 0 ? { models } : {}),
    ...(region ? { region } : {}),
    ...(max_price ? { max_price } : {}),
  }
}

/** Limit in base units from `limit`, or from the original's `payment_amount` in AITBC; 0 is none. */
export function limitOf(body: SubmitJobBody): bigint | undefined {
  if (body.limit) return BigInt(body.limit) || undefined
  if (!body.payment_amount) return undefined
  return unitsOfCoins(body.payment_amount) || undefined
}

/** A text result in the object that the original's server expects, with what was said about success. */
export function resultObject(body: z.infer<typeof minerResultSchema>): Record<string, unknown> {
  if (typeof body.result !== 'string') return body.result
  return body.success === false
    ? { status: 'failed', error: body.result }
    : { status: 'completed', output: body.result }
}

type Issue = z.core.$ZodIssue

/** The original names an absent field `missing`; everything else keeps the schema's word. */
function codeOf(issue: Issue, value: unknown): string {
  if (issue.code === 'custom') return issue.params?.['missing'] ? 'missing' : 'invalid'
  let at: unknown = value
  for (const key of issue.path) at = (at as Record<PropertyKey, unknown> | undefined)?.[key]
  return at === undefined && issue.path.length > 0 ? 'missing' : issue.code
}

const jsonBytes = (value: unknown): number => utf8ToBytes(JSON.stringify(value)).length

const detailsMax = 32
