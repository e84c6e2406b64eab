/**
 * What a submission says about how it is placed, as JSON, and the requests of estimates, batches and
 * deliveries. Header `Idempotency-Key` as draft-ietf-httpapi-idempotency-key-header describes it.
 */
import * as z from 'zod'
import { err, ok, type Result } from '../base/result.ts'
import { jobLimits } from '../jobs/limits.ts'
import { webhookLimits } from '../jobs/webhook.ts'
import { priorities, type Routing, routingSorts } from './dispatch.ts'
import type { ApiError } from './errors.ts'

const minerIds = z
  .array(z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be the id of a miner'))
  .max(jobLimits.routingMinersMax)
const units = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/, 'must be a decimal string of base units')

/** Fields of `POST /jobs` about placement. */
export const placementFields = {
  priority: z
    .enum(priorities)
    .nullish()
    .describe(
      `How soon; costs nothing, and ${jobLimits.highJobsPerClientMax} may be high at a time`,
    ),
  routing: z
    .strictObject({
      order: minerIds.nullish().describe('Miners that go first, in this order'),
      ignore: minerIds.nullish().describe('Miners that never get it'),
      sort: z.enum(routingSorts).nullish().describe('What comes first among miners that fit'),
      max_price: z
        .strictObject({ prompt: units.nullish(), completion: units.nullish() })
        .nullish()
        .describe('Most that a miner may ask, base units for 1000 tokens'),
      region: z.string().min(1).max(64).nullish().describe('Miners of this region go first'),
      allow_fallbacks: z
        .boolean()
        .nullish()
        .describe('false: only miners of order and region, where these are stated'),
      models: z
        .array(z.string().min(1).max(jobLimits.modelBytesMax))
        .max(jobLimits.routingModelsMax)
        .nullish()
        .describe('Models that will do instead, in this order'),
    })
    .nullish()
    .describe('Preferences among the miners that fit'),
  webhook: z
    .strictObject({ url: z.string().max(webhookLimits.urlBytesMax) })
    .nullish()
    .describe('Where to tell that it has ended; see POST /webhooks/secret'),
} as const

const placementSchema = z.looseObject(placementFields)

/** Preferences as the dispatcher takes them; undefined when none is stated. */
export function routingOf(body: z.infer<typeof placementSchema>['routing']): Routing | undefined {
  if (!body) return undefined
  const { order, ignore, sort, max_price: price, region, allow_fallbacks, models } = body
  const prompt = price?.prompt ? { prompt: BigInt(price.prompt) } : {}
  const completion = price?.completion ? { completion: BigInt(price.completion) } : {}
  const routing: Routing = {
    ...(order && order.length > 0 ? { order } : {}),
    ...(ignore && ignore.length > 0 ? { ignore } : {}),
    ...(sort ? { sort } : {}),
    ...(price?.prompt || price?.completion ? { maxPrice: { ...prompt, ...completion } } : {}),
    ...(region ? { region } : {}),
    ...(allow_fallbacks === false ? { allowFallbacks: false } : {}),
    ...(models && models.length > 0 ? { models } : {}),
  }
  return Object.keys(routing).length === 0 ? undefined : routing
}

/**
 * The key of `Idempotency-Key`: a string of visible ASCII, in quotes as the draft has it, or bare as most
 * clients send it. 1 to 255 characters.
 */
export function idempotencyKeyOf(header: string): Result<string, ApiError> {
  const bare = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(header)?.[1] ?? header
  const key = bare.replace(/\\(["\\])/g, '$1')
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return ok(key)
  const message = 'must be 1 to 255 visible ASCII characters'
  const fault = { field: 'header.idempotency-key', message, code: 'invalid' }
  return err({ code: 'VALIDATION_ERROR', details: [fault] })
}

/** The header, for the reference. */
export const idempotencyHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .max(257)
    .optional()
    .describe('Names the request, so that sending it again does not do it again; kept for a day'),
})

/** `GET /webhooks/deliveries`. */
export const deliveriesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(jobLimits.pageMax).default(jobLimits.pageDefault),
  cursor: z
    .string()
    .regex(/^msg_[0-9a-f]{32}$/, 'must be a next_cursor')
    .optional()
    .describe('`next_cursor` of the page before'),
})
