/** What the original's programs ask about miners: who is here, and what one of them earned. */
import * as z from 'zod'
import { capabilitiesSchema, minerParams } from '../contract-requests.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { pageSchema } from '../jobs-requests.ts'
import {
  earningsSchema,
  gpuListSchema,
  minerJobsSchema,
  minerListSchema,
} from '../schemas/contract.ts'
import { doneSchema } from '../schemas/jobs.ts'
import { bodyErrors, minerErrors, openErrors } from './failures.ts'
import { coordinatorAt } from './paths.ts'

const ownErrors = [...minerErrors, 'MINER_NOT_REGISTERED'] as const
const params = { params: minerParams } as const

/** Lists for everybody, and a miner's own affairs. */
export const minerDeskFamily = {
  id: 'miner-desk',
  title: 'Miners and what they earned',
  description:
    'Who is here, for everybody; and for a miner’s key its own work. The key is the identity: the id in the path may be any name of its own, but not another miner’s.',
  endpoints: [
    endpoint({
      ...coordinatorAt('/miners'),
      method: 'GET',
      auth: 'none',
      id: 'listMiners',
      summary: 'List the miners that are here now',
      answers: [{ status: 200, description: 'The miners', schema: minerListSchema }],
      errors: openErrors,
      legacy: 'Use GET /api/v1/site/miners.',
      example: {},
    }),
    endpoint({
      ...coordinatorAt('/miners/list'),
      method: 'GET',
      auth: 'none',
      id: 'listGpus',
      summary: 'List the GPUs that are here now',
      answers: [{ status: 200, description: 'The GPUs', schema: gpuListSchema }],
      errors: openErrors,
      legacy: 'Use GET /api/v1/site/miners.',
      example: {},
    }),
    endpoint({
      ...coordinatorAt('/miners/{id}/earnings'),
      ...params,
      method: 'GET',
      auth: 'miner',
      id: 'getMinerEarnings',
      summary: 'Read what the miner behind a key earned',
      query: z
        .looseObject({})
        .describe('Times that the original’s programs send are not looked at'),
      answers: [{ status: 200, description: 'Sums', schema: earningsSchema }],
      errors: minerErrors,
      example: { params: { id: 'me' } },
    }),
    endpoint({
      ...coordinatorAt('/miners/{id}/jobs'),
      ...params,
      method: 'GET',
      auth: 'miner',
      id: 'listMinerJobs',
      summary: 'List what the miner behind a key completed',
      query: pageSchema,
      answers: [{ status: 200, description: 'Jobs, the newest first', schema: minerJobsSchema }],
      errors: [...minerErrors, 'VALIDATION_ERROR'],
      example: { params: { id: 'me' }, query: { limit: '1' } },
    }),
    endpoint({
      ...coordinatorAt('/miners/{id}/capabilities'),
      ...params,
      method: 'PUT',
      auth: 'miner',
      id: 'changeCapabilities',
      summary: 'Change what a miner can do',
      description: 'Unlike a new registration it gives up nothing that the miner holds.',
      body: { schema: capabilitiesSchema, required: true },
      answers: [{ status: 200, description: 'Changed', schema: doneSchema }],
      errors: [...ownErrors, ...bodyErrors],
      example: { params: { id: 'me' }, body: { capabilities: { models: ['llama3.2:1b'] } } },
    }),
    endpoint({
      ...coordinatorAt('/miners/{id}'),
      ...params,
      method: 'DELETE',
      auth: 'miner',
      id: 'removeMiner',
      summary: 'Leave for good',
      description: 'What the miner holds goes back to the queue at once.',
      answers: [{ status: 200, description: 'It is gone', schema: doneSchema }],
      errors: [...ownErrors, 'NOT_FOUND'],
      example: { params: { id: 'me' } },
    }),
  ],
} as const satisfies EndpointFamily
