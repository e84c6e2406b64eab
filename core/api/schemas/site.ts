/** Answers about the site, its models and its health, as schemas. */
import * as z from 'zod'
import { genesisJsonSchema } from '../../chain/genesis.ts'
import { modelFeatures } from '../../jobs/model-features.ts'
import { hash, publicKey, units, whole } from './common.ts'

const modelFields = {
  name: z.string(),
  context_tokens: whole,
  miners: whole.describe('Live miners that serve it'),
  price_prompt: units.describe('Cheapest price of 1000 prompt tokens'),
  price_completion: units.describe('Cheapest price of 1000 answer tokens'),
  engines: z.array(z.string()),
  features: z
    .array(z.enum(modelFeatures))
    .describe(
      'What some live miner does with it: chat, completion, tools, forced_calls, json, embeddings',
    ),
}

const notice = z
  .literal('EMBEDDED_ONLY')
  .nullable()
  .describe('EMBEDDED_ONLY while only the built-in demo model is served')

/** `GET /site`. */
export const siteSchema = z
  .strictObject({
    chain_id: z.string(),
    genesis_hash: hash,
    genesis_time_ms: whole,
    parameters: genesisJsonSchema.shape.parameters,
    coordinator: publicKey.describe('Escrows for this site name it'),
    miners_online: whole,
    queued: whole,
    running: whole,
    notice,
    dispatching: z.boolean().describe('False while the final head is too old to work against'),
    fault: z.string().nullable(),
    charge_min: units.describe('Least that a job is charged: a limit below it is refused'),
    settle_margin_slots: whole.describe('Slots between the end of a job and its settle-by'),
    authorisation_life_slots: whole,
    limits: z.strictObject({
      ttl_seconds_max: whole,
      max_tokens: whole,
      payload_bytes: whole,
      spec_bytes: whole,
      answer_bytes: whole,
      attempts: whole,
      open_jobs_per_client: whole,
      template_tokens_per_message: whole,
    }),
    models: z.array(z.strictObject(modelFields)),
    v1_upstream: z
      .enum(['coordinator', 'mock'])
      .describe('mock: what stands under /v1/ is invented, for development'),
  })
  .meta({ id: 'Site', description: 'What a client needs to know before it asks' })

/** One model, in OpenAI's words and ours. */
export const modelSchema = z
  .strictObject({
    id: z.string(),
    object: z.literal('model'),
    created: z.literal(0).describe('Not known of a model here'),
    owned_by: z.literal('aitbc'),
    ...modelFields,
  })
  .meta({ id: 'Model', description: 'A model that is served now' })

/** `GET /models`. */
export const modelListSchema = z
  .strictObject({ object: z.literal('list'), data: z.array(modelSchema), notice })
  .meta({ id: 'ModelList' })

const checksSchema = z.record(z.string(), z.strictObject({ ok: z.boolean(), detail: z.string() }))

/** `GET /api/v1/health`. */
export const healthSchema = z
  .strictObject({
    status: z.enum(['ok', 'degraded']),
    env: z.string(),
    chain_id: z.string(),
    v1_upstream: z.enum(['coordinator', 'mock']),
    checks: checksSchema.describe(
      'database, chain, conservation, coordinator and wallets, each of them tried',
    ),
  })
  .meta({ id: 'Health' })

/** `GET /health/live`. */
export const aliveSchema = z.strictObject({ status: z.literal('alive') }).meta({ id: 'Alive' })

/** `GET /health/ready`. */
export const readySchema = z
  .strictObject({
    status: z.literal('ready'),
    database: z.literal('connected'),
    checks: checksSchema,
  })
  .meta({ id: 'Ready' })

/** `GET /health/ready` while something is missing; without `checks` when it is configuration. */
export const notReadySchema = z
  .strictObject({
    status: z.literal('not ready'),
    error: z.string(),
    checks: checksSchema.optional(),
  })
  .meta({ id: 'NotReady' })
