/** Miners: the HTTP protocol of the original, and the socket of our agent. */
import * as z from 'zod'
import {
  type MinerFrame,
  minerFrameSchema,
  type ServerFrame,
  serverFrameSchema,
} from '../../jobs/miner-protocol.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import {
  heartbeatSchema,
  minerFailSchema,
  minerResultSchema,
  pollQuery,
  pollSchema,
  registerMinerSchema,
} from '../jobs-requests.ts'
import {
  doneSchema,
  minerReceiptSchema,
  polledJobSchema,
  registeredSchema,
} from '../schemas/jobs.ts'
import { exampleValues as values } from './example-values.ts'
import { bodyErrors, minerErrors, openErrors } from './failures.ts'
import { coordinatorAt, jobParams } from './paths.ts'

const post = { method: 'POST', auth: 'miner' } as const
const legacy = 'New miners speak the protocol of GET /api/v1/miners/ws.'

const minerHeaders = z.object({
  'x-miner-id': z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .optional()
    .describe('A name for people; the query miner_id does the same. The key is the identity'),
})

/** What each frame of the miner protocol says. */
const frameWords: Readonly<Record<(ServerFrame | MinerFrame)['type'], string>> = {
  challenge: 'First: what the miner is to sign',
  welcome: 'The miner is known; attempts that it may resume',
  offer: 'A job, with the signed permission to pay for it',
  cancel: 'An attempt is no longer wanted; which token frames are paid',
  release: 'A result was accepted, and its payment is released',
  held: 'A result was accepted, and its payment waits for a decision; with the reasons',
  refused: 'A result was not accepted',
  settled: 'The payment is final',
  error: 'A frame could not be read',
  hello: 'Answer to the challenge, with what the miner can do',
  heartbeat: 'The miner is there',
  accept: 'It takes the offer',
  reject: 'It does not',
  tokens: 'More of the answer',
  progress: 'It works, without text so far',
  result: 'The answer with its signed receipt',
  fail: 'The attempt failed',
  drain: 'It takes no more offers',
}

/** Serving jobs. */
export const minersFamily = {
  id: 'miners',
  title: 'Miners',
  description:
    'Serving jobs. Our agent holds a WebSocket; programs of the original register, beat, poll and report over HTTP with a miner key. On HTTP a miner is paid at the address that `MINER_PAYOUTS` names for its key.',
  endpoints: [
    endpoint({
      ...coordinatorAt('/miners/ws'),
      method: 'GET',
      auth: 'none',
      id: 'connectMiner',
      summary: 'Connect a miner agent',
      description:
        'Ask with `Upgrade: websocket`. The agent proves its key inside the protocol, so the upgrade needs no credentials.',
      answers: [{ status: 101, description: 'The WebSocket is open' }],
      errors: [...openErrors, 'UPGRADE_REQUIRED'],
      stream: {
        kind: 'websocket',
        description:
          'JSON text frames, one a message, or an array of at most as many as the reader has stated in `frames_max`. The site sends `challenge`, the miner answers `hello` with a signature, the site says `welcome`; then come offers. `docs/protocol.md` has the order and the signed bytes. Close codes: 4400 protocol, 4401 not proved, 4409 replaced by a newer connection, 4429 too many.',
        received: serverFrameSchema.options.map((schema) => ({
          name: schema.shape.type.value,
          description: frameWords[schema.shape.type.value],
          schema,
        })),
        sent: minerFrameSchema.options.map((schema) => ({
          name: schema.shape.type.value,
          description: frameWords[schema.shape.type.value],
          schema,
        })),
      },
      example: {},
    }),
    endpoint({
      ...post,
      ...coordinatorAt('/miners/register'),
      id: 'registerMiner',
      summary: 'Register, and begin anew',
      description: 'Frees the places of the miner; what it held goes back to the queue.',
      headers: minerHeaders,
      body: { schema: registerMinerSchema, required: true },
      answers: [{ status: 200, description: 'It is registered', schema: registeredSchema }],
      errors: [...minerErrors, ...bodyErrors, 'QUEUE_FULL'],
      legacy,
      example: {
        body: { capabilities: { models: ['llama3.2:1b'] }, concurrency: 1, region: 'eu' },
      },
    }),
    endpoint({
      ...post,
      ...coordinatorAt('/miners/heartbeat'),
      id: 'sendHeartbeat',
      summary: 'Say that the miner is there',
      body: { schema: heartbeatSchema, required: false },
      answers: [{ status: 200, description: 'Noted', schema: doneSchema }],
      errors: [...minerErrors, ...bodyErrors, 'MINER_NOT_REGISTERED'],
      legacy,
      example: { body: { inflight: 0, status: 'ONLINE' } },
    }),
    endpoint({
      ...post,
      ...coordinatorAt('/miners/poll'),
      id: 'pollJob',
      summary: 'Wait for a job',
      description: 'Four seconds at most, whatever is asked.',
      body: { schema: pollSchema, required: false },
      answers: [
        { status: 200, description: 'A job', schema: polledJobSchema },
        { status: 204, description: 'No job' },
      ],
      errors: [...minerErrors, ...bodyErrors, 'MINER_NOT_REGISTERED'],
      legacy,
      example: { body: { max_wait_seconds: 1 } },
    }),
    endpoint({
      ...coordinatorAt('/miners/poll'),
      method: 'GET',
      auth: 'miner',
      id: 'pollJobByGet',
      summary: 'Wait for a job, as the original’s command line does',
      query: pollQuery,
      answers: [{ status: 200, description: 'A job, or null', schema: polledJobSchema.nullable() }],
      errors: [...minerErrors, 'VALIDATION_ERROR', 'MINER_NOT_REGISTERED'],
      legacy,
      example: { query: { max_wait_seconds: '0' } },
    }),
    endpoint({
      ...post,
      ...coordinatorAt('/miners/{id}/result'),
      id: 'sendResult',
      summary: 'Report the result of a job',
      description:
        'As an object, or as text. One that reports a failure is a failure. The receipt keeps the spelling that was signed.',
      params: jobParams,
      body: { schema: minerResultSchema, required: true },
      answers: [{ status: 200, description: 'The receipt', schema: minerReceiptSchema }],
      errors: [
        ...minerErrors,
        ...bodyErrors,
        'JOB_NOT_FOUND',
        'MINER_NOT_REGISTERED',
        'LEASE_NOT_HELD',
        'ALREADY_COMPLETED',
        'RESULT_INVALID',
      ],
      legacy,
      example: {
        params: { id: values.legacyJob },
        body: { result: { output: 'Paris.', model: 'llama3.2:1b', usage: { tokens: 3 } } },
      },
    }),
    endpoint({
      ...post,
      ...coordinatorAt('/miners/{id}/fail'),
      id: 'reportFailure',
      summary: 'Report that a job failed',
      params: jobParams,
      body: { schema: minerFailSchema, required: true },
      answers: [{ status: 200, description: 'Noted', schema: doneSchema }],
      errors: [
        ...minerErrors,
        ...bodyErrors,
        'JOB_NOT_FOUND',
        'MINER_NOT_REGISTERED',
        'LEASE_NOT_HELD',
        'ALREADY_COMPLETED',
      ],
      legacy,
      example: {
        params: { id: values.legacyJob },
        body: { error_code: 'OUT_OF_MEMORY', error_message: 'the model does not fit' },
      },
    }),
  ],
} as const satisfies EndpointFamily
