/** What a coordinator tells everybody about its miners and jobs, as schemas. */
import * as z from 'zod'
import { publicLimits } from '../coordinator-public.ts'
import { hash, units, whole } from './common.ts'

const time = z.iso.datetime()

/** `GET /site/miners`. */
export const onlineMinersSchema = z
  .strictObject({
    miners: z
      .array(
        z.strictObject({
          miner_id: z.string().describe('Chosen by the miner, or the public id of its key'),
          address: z.string().describe('Where it is paid'),
          kind: z.enum(['agent', 'legacy']).describe('legacy: a program of the original'),
          engine: z.string(),
          models: z.array(
            z.strictObject({
              name: z.string().describe('Empty for a miner of the original without a list'),
              context_tokens: whole.describe('0 where it is not stated'),
              price_prompt: units.describe('Of 1000 prompt tokens'),
              price_completion: units.describe('Of 1000 answer tokens'),
            }),
          ),
          gpus: z.array(z.strictObject({ name: z.string(), memory_mib: whole })),
          region: z.string().nullable(),
          concurrency: whole.describe('Places for jobs; 0 for no bound'),
          busy: whole.describe('Places that are taken'),
          draining: z.boolean().describe('Takes no new job'),
        }),
      )
      .max(publicLimits.minersMax),
    total: whole,
    time,
  })
  .meta({
    id: 'OnlineMiners',
    description: 'Miners that are here now, as they introduced themselves',
  })

/** `GET /site/jobs/{id}`. */
export const publicJobSchema = z
  .strictObject({
    job_id: z.string(),
    state: z.enum(['queued', 'assigned', 'running', 'completed', 'failed', 'canceled', 'expired']),
    requested_at: time,
    expires_at: time,
    ended_at: time.nullable(),
    settlement: z
      .strictObject({
        job_hash: hash,
        receipt_hash: hash,
        transaction_hash: hash,
        height: whole,
      })
      .nullable()
      .describe('Once it is paid by a final block'),
  })
  .meta({ id: 'PublicJob', description: 'State and times of a job, and where it was paid' })
