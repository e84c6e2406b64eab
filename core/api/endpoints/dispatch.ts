/** Placing jobs: what one would meet, many at once, why something waits, and news of what has ended. */
import * as z from 'zod'
import { jobLimits } from '../../jobs/limits.ts'
import { deliveriesQuery, idempotencyHeaders } from '../dispatch-requests.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { submitBatchSchema, submitJobSchema } from '../jobs-requests.ts'
import {
  batchSchema,
  deliveriesSchema,
  estimateSchema,
  jobWhySchema,
  minerWhySchema,
  webhookSecretSchema,
} from '../schemas/dispatch.ts'
import { exampleValues as values } from './example-values.ts'
import { bodyErrors, clientErrors, openErrors } from './failures.ts'
import { coordinatorAt, jobParams } from './paths.ts'

const payload = { type: 'inference', model: 'aitbc-tiny', prompt: 'What is the capital of France?' }

/** Estimates, batches, reasons and webhooks. */
export const dispatchFamily = {
  id: 'dispatch',
  title: 'Placing jobs',
  description:
    'What a job would meet before anything is promised, many jobs at once, why a job or a miner waits, and signed news of jobs that have ended.',
  endpoints: [
    endpoint({
      ...coordinatorAt('/jobs/estimate'),
      method: 'POST',
      auth: 'client',
      id: 'estimateJob',
      summary: 'Ask what a job would meet',
      description:
        'Takes the body of POST /jobs and keeps nothing. Times are worked out from what this site has measured of its miners, and are null as long as there is nothing.',
      body: { schema: submitJobSchema, required: true },
      answers: [{ status: 200, description: 'The estimate', schema: estimateSchema }],
      errors: [...clientErrors, ...bodyErrors, 'AUTHORISATION_INVALID'],
      example: { body: { payload } },
    }),
    endpoint({
      ...coordinatorAt('/jobs/batch'),
      method: 'POST',
      auth: 'client',
      id: 'submitBatch',
      summary: 'Ask for many jobs at once',
      description: `At most ${jobLimits.batchMax} bodies of POST /jobs. All of them are taken or none; a refusal names what is wrong with which.`,
      headers: idempotencyHeaders,
      body: { schema: submitBatchSchema, required: true },
      answers: [{ status: 201, description: 'The jobs, queued', schema: batchSchema }],
      errors: [
        ...clientErrors,
        ...bodyErrors,
        'BATCH_REFUSED',
        'IDEMPOTENCY_KEY_REUSED',
        'AUTHORISATION_INVALID',
      ],
      example: { body: { jobs: [{ payload }, { payload, priority: 'low' }] } },
    }),
    endpoint({
      ...coordinatorAt('/jobs/{id}/why'),
      method: 'GET',
      auth: 'client',
      id: 'explainJob',
      summary: 'Ask why a job is not served',
      params: jobParams,
      answers: [{ status: 200, description: 'What it waits for', schema: jobWhySchema }],
      errors: [...clientErrors, 'JOB_NOT_FOUND'],
      example: { params: { id: values.job } },
    }),
    endpoint({
      ...coordinatorAt('/miners/{id}/why'),
      method: 'GET',
      auth: 'none',
      id: 'explainMiner',
      summary: 'Ask why a miner gets no jobs',
      description:
        'What kept it from the newest jobs, the rank of its prices, what waits for its models, and its breaker. Says nothing of clients.',
      params: z.object({ id: z.string().describe('The miner_id') }),
      answers: [{ status: 200, description: 'Why', schema: minerWhySchema }],
      errors: [...openErrors, 'MINER_NOT_FOUND'],
      example: { params: { id: 'miner-A' } },
    }),
    endpoint({
      ...coordinatorAt('/webhooks/secret'),
      method: 'POST',
      auth: 'client',
      id: 'makeWebhookSecret',
      summary: 'Make the secret of your webhooks',
      description:
        'News are signed as Standard Webhooks says: webhook-id, webhook-timestamp and webhook-signature, HMAC-SHA256. A new secret replaces the old one, which signs along for a day.',
      answers: [{ status: 201, description: 'Shown once', schema: webhookSecretSchema }],
      errors: clientErrors,
      example: {},
    }),
    endpoint({
      ...coordinatorAt('/webhooks/deliveries'),
      method: 'GET',
      auth: 'client',
      id: 'listWebhookDeliveries',
      summary: 'List what was told to your webhooks',
      query: deliveriesQuery,
      answers: [{ status: 200, description: 'Newest first', schema: deliveriesSchema }],
      errors: [...clientErrors, 'VALIDATION_ERROR'],
      example: { query: { limit: '1' } },
    }),
  ],
} as const satisfies EndpointFamily
