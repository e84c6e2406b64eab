/** Jobs: ask, read, stream, cancel; and the escrow behind a key. */

import * as z from 'zod'
import { idempotencyHeaders } from '../dispatch-requests.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { linkEscrowSchema, pageSchema, receiptQuery, submitJobSchema } from '../jobs-requests.ts'
import {
  jobEventSchemas,
  jobPageSchema,
  jobResultSchema,
  jobSchema,
  linkedEscrowSchema,
  paymentSchema,
  receiptBundleSchema,
  receiptListSchema,
  receiptSchema,
} from '../schemas/jobs.ts'
import { exampleValues as values } from './example-values.ts'
import { bodyErrors, clientErrors, submissionErrors } from './failures.ts'
import { coordinatorAt, jobParams } from './paths.ts'

const get = { method: 'GET', auth: 'client' } as const
const ofJob = { params: jobParams, example: { params: { id: values.job } } } as const
const readErrors = [...clientErrors, 'JOB_NOT_FOUND'] as const

/** Asking for a job, following it and ending it. */
export const jobsFamily = {
  id: 'jobs',
  title: 'Jobs',
  description:
    'Work for miners. A job belongs to the key that asked for it; to anybody else it does not exist. It is paid out of an escrow, when its answer has been accepted, and never otherwise.',
  endpoints: [
    endpoint({
      ...coordinatorAt('/jobs'),
      method: 'POST',
      auth: 'client',
      id: 'submitJob',
      summary: 'Ask for a job',
      description:
        'Send `payload` in the words of the original (`type`, `model`, `prompt` or `messages`, `parameters`), or `spec`, the canonical specification. A payload without a model gets the cheapest that is served. An API key may set `limit` or `payment_amount`; a signed request sends `authorisation` and `authorisation_signature`, its permission to pay.',
      headers: idempotencyHeaders,
      body: { schema: submitJobSchema, required: true },
      answers: [{ status: 201, description: 'The job, queued', schema: jobSchema }],
      errors: [
        ...clientErrors,
        ...bodyErrors,
        ...submissionErrors,
        'IDEMPOTENCY_KEY_REUSED',
        'WEBHOOK_SECRET_MISSING',
        'AUTHORISATION_INVALID',
        'AUTHORISATION_USED',
        'AUTHORISATION_EXPIRED',
      ],
      example: {
        body: {
          payload: {
            type: 'inference',
            model: 'aitbc-tiny',
            prompt: 'What is the capital of France?',
          },
          ttl_seconds: 120,
        },
      },
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/jobs'),
      id: 'listJobs',
      summary: 'List your jobs',
      query: pageSchema,
      answers: [{ status: 200, description: 'Jobs, newest first', schema: jobPageSchema }],
      errors: [...clientErrors, 'VALIDATION_ERROR'],
      example: { query: { limit: '1' } },
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/jobs/history'),
      id: 'listJobHistory',
      summary: 'List your jobs, as in the original',
      query: pageSchema,
      answers: [{ status: 200, description: 'Jobs, newest first', schema: jobPageSchema }],
      errors: [...clientErrors, 'VALIDATION_ERROR'],
      legacy: 'Use GET /api/v1/jobs: the two are the same.',
      example: { query: { limit: '1' } },
    }),
    endpoint({
      ...get,
      ...ofJob,
      ...coordinatorAt('/jobs/{id}'),
      id: 'getJob',
      summary: 'Read a job',
      answers: [{ status: 200, description: 'The job', schema: jobSchema }],
      errors: readErrors,
    }),
    endpoint({
      ...get,
      ...ofJob,
      ...coordinatorAt('/jobs/{id}/status'),
      id: 'getJobStatus',
      summary: 'Read a job, as the original’s programs ask',
      answers: [{ status: 200, description: 'The job', schema: jobSchema }],
      errors: readErrors,
      legacy: 'Use GET /api/v1/jobs/{id}: the two are the same.',
    }),
    endpoint({
      ...get,
      ...ofJob,
      ...coordinatorAt('/jobs/{id}/result'),
      id: 'getJobResult',
      summary: 'Read what a job came to',
      description:
        '425 only while a result may still come. A job that ended without one answers with the reason.',
      answers: [{ status: 200, description: 'Result and receipt', schema: jobResultSchema }],
      errors: [...readErrors, 'JOB_NOT_READY', 'JOB_FAILED', 'JOB_EXPIRED', 'JOB_CANCELED'],
    }),
    endpoint({
      ...get,
      ...ofJob,
      ...coordinatorAt('/jobs/{id}/stream'),
      id: 'streamJob',
      summary: 'Read a job’s answer as it is written',
      description:
        'From the beginning, whenever it is asked for. A reader that leaves stops reading and nothing else.',
      answers: [{ status: 200, description: 'Server-sent events', mediaType: 'text/event-stream' }],
      errors: readErrors,
      stream: {
        kind: 'sse',
        description:
          'Each event is named by its type, and its data is one JSON object. A comment every 15 seconds keeps the connection. end is the last one.',
        received: [
          {
            name: 'state',
            description: 'The job is in another state',
            schema: jobEventSchemas.state,
          },
          { name: 'text', description: 'More of the answer', schema: jobEventSchemas.text },
          {
            name: 'reset',
            description: 'A new attempt starts over: drop the text so far',
            schema: jobEventSchemas.reset,
          },
          { name: 'end', description: 'The job has ended', schema: jobEventSchemas.end },
        ],
      },
    }),
    endpoint({
      ...ofJob,
      ...coordinatorAt('/jobs/{id}/cancel'),
      method: 'POST',
      auth: 'client',
      id: 'cancelJob',
      summary: 'Cancel a job',
      description: 'While it waits or runs. A canceled job costs nothing.',
      answers: [{ status: 200, description: 'The job, canceled', schema: jobSchema }],
      errors: [...readErrors, 'JOB_NOT_CANCELABLE'],
    }),
    endpoint({
      ...ofJob,
      ...coordinatorAt('/jobs/{id}'),
      method: 'DELETE',
      auth: 'client',
      id: 'deleteJob',
      summary: 'Cancel a job',
      description: 'The same as POST /api/v1/jobs/{id}/cancel. Nothing is deleted.',
      answers: [{ status: 200, description: 'The job, canceled', schema: jobSchema }],
      errors: [...readErrors, 'JOB_NOT_CANCELABLE'],
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/jobs/{id}/receipt'),
      id: 'getJobReceipt',
      summary: 'Read the signed receipt of a job',
      description:
        'The text as it was signed: keep its spelling of numbers if you check the signature. `format=bundle` adds everything that proves the payment.',
      params: jobParams,
      query: receiptQuery,
      answers: [
        {
          status: 200,
          description: 'The receipt, or the bundle',
          schema: z.union([receiptSchema, receiptBundleSchema]),
        },
      ],
      errors: [...readErrors, 'RECEIPT_NOT_FOUND', 'RESULT_HELD', 'VALIDATION_ERROR'],
      example: { params: { id: values.job }, query: { format: 'bundle' } },
    }),
    endpoint({
      ...get,
      ...ofJob,
      ...coordinatorAt('/jobs/{id}/receipts'),
      id: 'listJobReceipts',
      summary: 'List the receipts of a job',
      description: 'One at most: a job is completed once.',
      answers: [{ status: 200, description: 'The receipts', schema: receiptListSchema }],
      errors: readErrors,
      legacy: 'Use GET /api/v1/jobs/{id}/receipt.',
    }),
    endpoint({
      ...get,
      ...ofJob,
      ...coordinatorAt('/jobs/{id}/payment'),
      id: 'getJobPayment',
      summary: 'Read what was reserved, charged and settled',
      answers: [{ status: 200, description: 'The payment', schema: paymentSchema }],
      errors: [...readErrors, 'PAYMENT_NOT_FOUND'],
    }),
  ],
} as const satisfies EndpointFamily

/** The escrow behind an API key. */
export const escrowFamily = {
  id: 'escrow',
  title: 'Escrow of an API key',
  description:
    'What pays for the jobs of a key. On a devnet the first job opens it; elsewhere its owner opens it on the chain and links it here.',
  endpoints: [
    endpoint({
      ...coordinatorAt('/escrow'),
      method: 'PUT',
      auth: 'client-key',
      id: 'linkEscrow',
      summary: 'Let an escrow pay for your API key',
      description:
        'The escrow names this site’s coordinator and grants a budget to the key’s delegate; the refusal of one that does not names both.',
      body: { schema: linkEscrowSchema, required: true },
      answers: [{ status: 200, description: 'It is linked', schema: linkedEscrowSchema }],
      errors: [
        ...clientErrors,
        ...bodyErrors,
        'AUTHORIZATION_ERROR',
        'ESCROW_REQUIRED',
        'ESCROW_NOT_FINAL',
        'CHAIN_UNAVAILABLE',
      ],
      example: { body: { escrow: values.escrow } },
    }),
  ],
} as const satisfies EndpointFamily
