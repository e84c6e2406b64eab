/** Answers of estimates, batches, webhooks and of the questions why, as schemas of `dispatch-views.ts`. */
import * as z from 'zod'
import { jobLimits } from '../../jobs/limits.ts'
import { jobId, openObject, time, units, whole } from './common.ts'
import { jobSchema } from './jobs.ts'

const exclusions = z
  .record(z.string(), whole)
  .describe('How many, by the word for what stands in the way')
const positive = z.number().min(0)

/** `POST /jobs/estimate`. */
export const estimateSchema = z
  .strictObject({
    model: z.string().describe('The one asked for, or the first fallback that can be served'),
    servable: z.boolean(),
    refusal: z
      .strictObject({ code: z.string(), message: z.string(), details: openObject.nullable() })
      .nullable()
      .describe('Why not, with the cheapest alternative in details'),
    miners: whole.describe('Live miners that fit'),
    places: whole.nullable().describe('Their places; null when one has no bound'),
    free_places: whole,
    queue_position: whole.describe('Jobs that go before; 0 when it would be offered at once'),
    start_ms: positive.nullable().describe('Until its first token; null: nothing measured yet'),
    end_ms: positive.nullable().describe('Until the end of its longest answer'),
    price: z
      .strictObject({
        least: units.describe('Least that any answer can cost'),
        cheapest: units.describe('Most that it can cost at the cheapest miner'),
        dearest: units.describe('Most that it can cost at the dearest'),
        unit: z.literal('base'),
      })
      .nullable(),
    suggested_limit: units.nullable().describe('Limit of a submission that names none'),
  })
  .meta({ id: 'Estimate', description: 'What a job would meet now' })

/** `POST /jobs/batch`. */
export const batchSchema = z
  .strictObject({
    items: z
      .array(z.strictObject({ index: whole, job: jobSchema }))
      .max(jobLimits.batchMax)
      .describe('In the order of the request'),
  })
  .meta({ id: 'Batch' })

/** `GET /jobs/{id}/why`. */
export const jobWhySchema = z
  .strictObject({
    job_id: jobId,
    state: z.enum(['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELED', 'EXPIRED']),
    waits_for: z
      .enum(['chain', 'place', 'miner', 'answer'])
      .nullable()
      .describe(
        'chain: a fresh final block; place: a free miner; miner: one that fits; answer: the miner that has it',
      ),
    queue_position: whole.nullable(),
    miners_here: whole,
    miners_fitting: whole,
    exclusions,
    attempts: z.array(z.strictObject({ number: whole, miner_id: z.string(), state: z.string() })),
    rejections: whole,
    expires_at: time,
    error: z.string().nullable(),
  })
  .meta({ id: 'JobWhy', description: 'Why a job is not served yet, or what became of it' })

/** A circuit breaker. */
export const breakerSchema = z
  .strictObject({
    state: z.enum(['closed', 'open', 'half_open']),
    until: time.nullable(),
    failures: whole,
    reason: z.string().nullable(),
  })
  .meta({ id: 'Breaker', description: 'Open: no work until then. Half open: one job tries it' })

/** `GET /miners/{id}/why`. */
export const minerWhySchema = z
  .strictObject({
    miner_id: z.string(),
    state: z.enum(['ready', 'busy', 'draining', 'silent', 'gone']),
    breaker: breakerSchema,
    free_places: whole.nullable(),
    idle_since: time.nullable(),
    recent: z
      .strictObject({ jobs: whole, since: time.nullable(), taken: whole, exclusions })
      .describe(
        'Of the newest jobs of this site: how many it got, and what kept the others from it',
      ),
    models: z.array(
      z.strictObject({
        name: z.string(),
        queued: whole,
        price_rank: whole.describe('1: the cheapest of offers'),
        offers: whole,
        speed: z
          .strictObject({ tokens_per_second: positive, first_token_ms: positive, samples: whole })
          .nullable()
          .describe('As measured here'),
      }),
    ),
    reputation: z.number().nullable().describe('0 to 1; null: no receipts yet'),
  })
  .meta({ id: 'MinerWhy', description: 'Why a miner gets no jobs, or gets them' })

/** `POST /webhooks/secret`. */
export const webhookSecretSchema = z
  .strictObject({ secret: z.string().regex(/^whsec_[A-Za-z0-9+/=]+$/) })
  .meta({ id: 'WebhookSecret', description: 'Shown this once' })

/** `GET /webhooks/deliveries`. */
export const deliveriesSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        delivery_id: z.string(),
        job_id: jobId,
        event: z.enum(['job.completed', 'job.failed', 'job.canceled', 'job.expired']),
        url: z.string(),
        state: z.enum(['due', 'delivered', 'failed']),
        attempts: whole,
        next_at: time.nullable(),
        last_status: whole.nullable(),
        last_error: z.string().nullable(),
        created_at: time,
      }),
    ),
    next_cursor: z.string().nullable(),
    as_of: time,
    source: z.literal('site'),
  })
  .meta({ id: 'WebhookDeliveries' })
