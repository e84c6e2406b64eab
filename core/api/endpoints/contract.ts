/** What the original's own programs ask beside: status, the chain's facts, receipts, matching, timings. */
import * as z from 'zod'
import { matchSchema, webVitalSchema } from '../contract-requests.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { syncStatusSchema } from '../schemas/chain.ts'
import {
  blockchainInfoSchema,
  blockchainSupplySchema,
  blockchainValidatorsSchema,
  flatStatusSchema,
  matchAnswerSchema,
  receiptVerdictSchema,
  webVitalAnswerSchema,
  webVitalsHealthSchema,
} from '../schemas/contract.ts'
import { peersSchema } from '../schemas/peers.ts'
import { exampleValues as values } from './example-values.ts'
import { bodyErrors, chainErrors, openErrors } from './failures.ts'
import { coordinatorAt } from './paths.ts'

const get = { method: 'GET', auth: 'none', example: {} } as const
const post = { method: 'POST', auth: 'none' } as const
const prometheus = {
  status: 200,
  description: 'Prometheus text: counters since the site began, and how it stands now',
  mediaType: 'text/plain',
} as const

/** State of the site and of its chain, in a few fields. */
export const statusFamily = {
  id: 'status',
  title: 'Status and metrics',
  description: 'How the site stands, for monitors. Counters equal what the database holds.',
  endpoints: [
    endpoint({
      ...get,
      ...coordinatorAt('/status'),
      id: 'getSiteStatus',
      summary: 'Read the state of the site in flat fields',
      answers: [{ status: 200, description: 'The state', schema: flatStatusSchema }],
      errors: openErrors,
    }),
    endpoint({
      ...get,
      id: 'getNodeStatus',
      path: '/status',
      summary: 'Read the same where the original’s node had it',
      answers: [{ status: 200, description: 'The state', schema: flatStatusSchema }],
      errors: openErrors,
      legacy: 'Use GET /api/v1/status.',
    }),
    endpoint({
      ...get,
      id: 'getMetrics',
      path: '/metrics',
      summary: 'Read the metrics of the site',
      description:
        'Requests by route and method (`marketplace_requests_total`, `marketplace_errors_total`), jobs, payments, miners, chain, mempool. No label names a user.',
      answers: [prometheus],
      errors: openErrors,
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/metrics'),
      id: 'getCoordinatorMetrics',
      summary: 'Read the same under the coordinator',
      answers: [prometheus],
      errors: openErrors,
      legacy: 'Use GET /metrics.',
    }),
  ],
} as const satisfies EndpointFamily

/** Facts of the chain under the coordinator, as the original's command line asks for them. */
export const blockchainFamily = {
  id: 'blockchain',
  title: 'The chain in short',
  description: 'Facts of the chain in the few fields that the original’s command line prints.',
  endpoints: [
    endpoint({
      ...get,
      ...coordinatorAt('/blockchain/info'),
      id: 'blockchainInfo',
      summary: 'Read which chain it is and how far',
      answers: [{ status: 200, description: 'The chain', schema: blockchainInfoSchema }],
      errors: chainErrors,
      legacy: 'Use GET /rpc/status.',
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/blockchain/sync'),
      id: 'blockchainSync',
      summary: 'Read how this site keeps up with the others',
      answers: [{ status: 200, description: 'The state', schema: syncStatusSchema }],
      errors: chainErrors,
      legacy: 'Use GET /rpc/syncStatus.',
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/blockchain/peers'),
      id: 'blockchainPeers',
      summary: 'Read the other sites of the chain',
      answers: [{ status: 200, description: 'This site and its peers', schema: peersSchema }],
      errors: chainErrors,
      legacy: 'Use GET /rpc/peers.',
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/blockchain/supply'),
      id: 'blockchainSupply',
      summary: 'Read how much there is',
      answers: [{ status: 200, description: 'The supply', schema: blockchainSupplySchema }],
      errors: chainErrors,
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/blockchain/validators'),
      id: 'blockchainValidators',
      summary: 'List the authorities',
      answers: [
        { status: 200, description: 'The set in force', schema: blockchainValidatorsSchema },
      ],
      errors: chainErrors,
    }),
  ],
} as const satisfies EndpointFamily

/** Checks and questions that need no account. */
export const toolsFamily = {
  id: 'tools',
  title: 'Receipts, matching and timings',
  description: 'Checks and questions that need no key.',
  endpoints: [
    endpoint({
      ...post,
      ...coordinatorAt('/receipts/verify'),
      id: 'verifyReceipt',
      summary: 'Check the signatures of a receipt',
      description:
        'Send the receipt of the original as it was served, bare or in `receipt`. Numbers keep their spelling, which was signed. Whether the keys are those of the right miner is for you to judge.',
      body: { schema: z.looseObject({}), required: true },
      answers: [{ status: 200, description: 'What holds', schema: receiptVerdictSchema }],
      errors: [...openErrors, ...bodyErrors],
      example: { body: { receipt_id: values.receipt.slice(2, 34) } },
    }),
    endpoint({
      ...post,
      ...coordinatorAt('/match'),
      id: 'matchMiners',
      summary: 'Ask who could take a job now',
      description:
        'By the very rule that dispatches: who fits and has a free place, the first to be asked first. Nothing is reserved.',
      body: { schema: matchSchema, required: true },
      answers: [{ status: 200, description: 'Candidates', schema: matchAnswerSchema }],
      errors: [...openErrors, ...bodyErrors],
      example: { body: { job_id: 'plan-1', requirements: { model: 'aitbc-tiny' }, top_k: 3 } },
    }),
    endpoint({
      ...post,
      ...coordinatorAt('/web-vitals'),
      id: 'reportWebVital',
      summary: 'Report how fast a page was',
      description: 'Counted by measurement for GET /metrics. No address and no visitor is kept.',
      body: { schema: webVitalSchema, required: true },
      answers: [{ status: 200, description: 'Counted', schema: webVitalAnswerSchema }],
      errors: [...openErrors, ...bodyErrors],
      example: { body: { name: 'LCP', value: 1_240.5, id: 'v3-1' } },
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/web-vitals/health'),
      id: 'getWebVitalsHealth',
      summary: 'Say that timings are taken',
      answers: [{ status: 200, description: 'They are', schema: webVitalsHealthSchema }],
      errors: openErrors,
    }),
  ],
} as const satisfies EndpointFamily
