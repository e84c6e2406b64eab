/** Typed services of the original: ordinary jobs with a form of their own. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { serviceRequestSchema } from '../jobs-requests.ts'
import { serviceJobSchema, serviceSchemaSchema, servicesSchema } from '../schemas/contract.ts'
import { bodyErrors, clientErrors, openErrors, submissionErrors } from './failures.ts'
import { coordinatorAt } from './paths.ts'

/** The fields of each service are checked by its own schema, which `getServiceSchema` tells. */
const request = serviceRequestSchema.describe(
  'The fields of the service, as GET /services/{type}/schema says, and how it is paid',
)
const jobErrors = [
  ...clientErrors,
  ...bodyErrors,
  ...submissionErrors,
  'AUTHORISATION_INVALID',
  'AUTHORISATION_USED',
  'AUTHORISATION_EXPIRED',
  'SERVICE_UNKNOWN',
] as const
const job = { status: 201, description: 'The job, taken', schema: serviceJobSchema } as const
const example = {
  body: { model: 'aitbc-tiny', prompt: 'What is the capital of France?', max_tokens: 16 },
} as const

/** Listing services and asking for one. */
export const servicesFamily = {
  id: 'services',
  title: 'Typed services',
  description:
    'Forms of the original for certain kinds of work. Each makes an ordinary job, which miners take that name the model; where none is here, it is refused with the reason.',
  endpoints: [
    endpoint({
      ...coordinatorAt('/services'),
      method: 'GET',
      auth: 'none',
      id: 'listServices',
      summary: 'List the services, and which of them is served now',
      answers: [{ status: 200, description: 'The services', schema: servicesSchema }],
      errors: openErrors,
      example: {},
    }),
    endpoint({
      ...coordinatorAt('/services/{type}/schema'),
      method: 'GET',
      auth: 'none',
      id: 'getServiceSchema',
      summary: 'Read what a service takes',
      params: z.object({ type: z.string().max(64).describe('As the list names it') }),
      answers: [{ status: 200, description: 'A JSON Schema', schema: serviceSchemaSchema }],
      errors: [...openErrors, 'SERVICE_UNKNOWN'],
      example: { params: { type: 'llm_inference' } },
    }),
    endpoint({
      ...coordinatorAt('/services/{type}'),
      method: 'POST',
      auth: 'client',
      id: 'createServiceJob',
      summary: 'Ask for a service by its type',
      params: z.object({ type: z.string().max(64).describe('As the list names it') }),
      body: { schema: request, required: true },
      answers: [job],
      errors: jobErrors,
      legacy: 'Use POST /api/v1/jobs.',
      example: { params: { type: 'llm_inference' }, ...example },
    }),
    endpoint({
      ...coordinatorAt('/services/{service}/{action}'),
      method: 'POST',
      auth: 'client',
      id: 'createServiceActionJob',
      summary: 'Ask for a service as the original’s programs do',
      description:
        'whisper/transcribe, whisper/translate, stable-diffusion/generate, stable-diffusion/img2img, llm/inference, llm/stream (which answers 200), ffmpeg/transcode, blender/render.',
      params: z.object({ service: z.string().max(64), action: z.string().max(64) }),
      body: { schema: request, required: true },
      answers: [
        job,
        { ...job, status: 200, description: 'The job of llm/stream: read its stream' },
      ],
      errors: jobErrors,
      legacy: 'Use POST /api/v1/jobs.',
      example: { params: { service: 'llm', action: 'inference' }, ...example },
    }),
  ],
} as const satisfies EndpointFamily
