/** The site about itself: what it is, what it serves, whether it works. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { onlineMinersSchema, publicJobSchema } from '../schemas/public.ts'
import {
  aliveSchema,
  healthSchema,
  modelListSchema,
  modelSchema,
  notReadySchema,
  readySchema,
  siteSchema,
} from '../schemas/site.ts'
import { exampleValues } from './example-values.ts'
import { openErrors } from './failures.ts'
import { coordinatorAt, openAiAt } from './paths.ts'

const get = { method: 'GET', auth: 'none' } as const

const publicJobParams = z.object({
  id: z
    .string()
    .regex(/^[0-9a-fA-F]{32}$/)
    .describe('The job_id, or the receipt_id'),
})

/** Site and models. */
export const siteFamily = {
  id: 'site',
  title: 'Site and models',
  description: 'What a client needs before it locks funds and asks. Open to everybody.',
  endpoints: [
    endpoint({
      ...get,
      ...coordinatorAt('/site'),
      id: 'getSite',
      summary: 'Read chain, coordinator, limits, models and prices of the site',
      answers: [{ status: 200, description: 'The site', schema: siteSchema }],
      errors: openErrors,
      example: {},
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/site/miners'),
      id: 'listOnlineMiners',
      summary: 'List the miners that are here now',
      description:
        'Models, prices, places and region as each miner states them, and the address that it is paid at. No keys, no network addresses.',
      answers: [{ status: 200, description: 'The miners', schema: onlineMinersSchema }],
      errors: openErrors,
      example: {},
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/site/jobs/{id}'),
      id: 'readPublicJob',
      summary: 'Read how a job goes, whosever it is',
      description:
        'State and times, and where it was paid. For whoever knows the id of the job or of its receipt; nothing of what was asked or answered.',
      params: publicJobParams,
      answers: [{ status: 200, description: 'The job', schema: publicJobSchema }],
      errors: [...openErrors, 'JOB_NOT_FOUND'],
      example: { params: { id: exampleValues.job } },
    }),
    endpoint({
      ...get,
      ...openAiAt('/models'),
      id: 'listModels',
      summary: 'List the models that are served now',
      description: 'OpenAI’s list, with prices and miners beside its fields.',
      answers: [{ status: 200, description: 'The models', schema: modelListSchema }],
      errors: openErrors,
      example: {},
    }),
    endpoint({
      ...get,
      ...openAiAt('/models/{name}'),
      id: 'getModel',
      summary: 'Read one model',
      description: 'A name may hold slashes and colons, encoded or not.',
      hasSlashes: true,
      params: z.object({ name: z.string().describe('The name, such as llama3.2:1b') }),
      answers: [{ status: 200, description: 'The model', schema: modelSchema }],
      errors: [...openErrors, 'MODEL_NOT_SERVED'],
      errorShape: 'openai',
      example: { params: { name: 'aitbc-tiny' } },
    }),
  ],
} as const satisfies EndpointFamily

/** Whether the site works, and this document. */
export const healthFamily = {
  id: 'health',
  title: 'Health and description',
  description: 'Whether the site works, told from having tried it; and this reference as data.',
  endpoints: [
    endpoint({
      ...get,
      id: 'ping',
      path: '/health',
      summary: 'Say that requests arrive',
      description: 'Tries nothing behind the gateway.',
      answers: [{ status: 200, description: 'The text OK', mediaType: 'text/plain' }],
      errors: [],
      example: {},
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/health'),
      id: 'getHealth',
      summary: 'Try the database, the chain and the coordinator',
      answers: [
        { status: 200, description: 'All of them work', schema: healthSchema },
        {
          status: 503,
          description: 'One does not, or configuration is missing',
          schema: z.union([healthSchema, notReadySchema]),
        },
      ],
      errors: ['RATE_LIMIT_EXCEEDED', 'INTERNAL_ERROR'],
      example: {},
    }),
    endpoint({
      ...get,
      id: 'getLiveness',
      path: '/health/live',
      summary: 'Say that the program runs',
      answers: [{ status: 200, description: 'It does', schema: aliveSchema }],
      errors: ['RATE_LIMIT_EXCEEDED', 'INTERNAL_ERROR'],
      example: {},
    }),
    endpoint({
      ...get,
      id: 'getReadiness',
      path: '/health/ready',
      summary: 'Say whether the site can work',
      answers: [
        { status: 200, description: 'It can', schema: readySchema },
        { status: 503, description: 'What is missing', schema: notReadySchema },
      ],
      errors: ['RATE_LIMIT_EXCEEDED', 'INTERNAL_ERROR'],
      example: {},
    }),
    endpoint({
      ...get,
      id: 'getOpenApi',
      path: '/openapi.json',
      summary: 'Read this reference as an OpenAPI 3.1 document',
      description: 'A file of the site, readable from every origin.',
      answers: [
        {
          status: 200,
          description: 'The document',
          schema: z.looseObject({ openapi: z.literal('3.1.0') }),
        },
      ],
      errors: [],
      example: {},
    }),
  ],
} as const satisfies EndpointFamily
