/** Ollama's API, so that its clients work unchanged. */

import {
  ollamaChatSchema,
  ollamaEmbeddingsSchema,
  ollamaEmbedSchema,
  ollamaGenerateSchema,
  ollamaShowSchema,
} from '../../jobs/spec-from-ollama.ts'
import { idempotencyHeaders } from '../dispatch-requests.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import {
  ollamaChatLineSchema,
  ollamaEmbeddingSchema,
  ollamaEmbeddingsAnswerSchema,
  ollamaGenerateLineSchema,
  ollamaRunningSchema,
  ollamaShownSchema,
  ollamaTagsSchema,
  ollamaVersionSchema,
} from '../schemas/ollama.ts'
import { clientErrors, openErrors, submissionErrors } from './failures.ts'

const get = { method: 'GET', auth: 'none', errorShape: 'ollama', errors: openErrors } as const

const workErrors = [
  ...clientErrors,
  ...submissionErrors,
  'JSON_INVALID',
  'BODY_TOO_LARGE',
  'JOB_FAILED',
  'JOB_EXPIRED',
  'JOB_CANCELED',
  'IDEMPOTENCY_KEY_REUSED',
] as const

const post = {
  method: 'POST',
  auth: 'client-key',
  headers: idempotencyHeaders,
  errorShape: 'ollama',
  errors: workErrors,
} as const

const lines = {
  status: 200,
  description:
    'Unless stream is false, one such object a line; the last has done: true. A failure in mid-stream is a line with error.',
  mediaType: 'application/x-ndjson',
} as const

const messages = [{ role: 'user', content: 'What is the capital of France?' }]

/** What Ollama's clients ask. */
export const ollamaFamily = {
  id: 'ollama',
  title: 'Ollama',
  description:
    'Ollama’s clients work unchanged: set their host to this site’s `/ollama`, and send a key of this site as the header Authorization: Bearer. What they ask is a job, paid like any other. What only concerns a machine of one’s own (`keep_alive`, `num_ctx`) is ignored; what changes the answer and is not supported (`think`, images, `suffix`, `template`, `context`, samplers such as `top_k`) is refused by name. A name without a tag means `:latest`.',
  endpoints: [
    endpoint({
      ...post,
      id: 'ollamaChat',
      path: '/ollama/api/chat',
      summary: 'Ask a model, with tools and a form of the answer where its miner has them',
      description:
        'Who leaves while lines come cancels the job, unless it has an `Idempotency-Key`. Without messages nothing is asked and nothing paid.',
      body: { schema: ollamaChatSchema, required: true },
      answers: [
        { status: 200, description: 'With stream: false', schema: ollamaChatLineSchema },
        lines,
      ],
      example: { body: { model: 'aitbc-tiny', messages, stream: false } },
    }),
    endpoint({
      ...post,
      id: 'ollamaGenerate',
      path: '/ollama/api/generate',
      summary: 'Ask one thing, or let a text go on with raw: true',
      description:
        'Who leaves while lines come cancels the job, unless it has an `Idempotency-Key`. Without a prompt nothing is asked and nothing paid.',
      body: { schema: ollamaGenerateSchema, required: true },
      answers: [
        { status: 200, description: 'With stream: false', schema: ollamaGenerateLineSchema },
        lines,
      ],
      example: {
        body: { model: 'aitbc-tiny', prompt: 'What is the capital of France?', stream: false },
      },
    }),
    endpoint({
      ...post,
      id: 'ollamaEmbed',
      path: '/ollama/api/embed',
      summary: 'Turn texts into vectors',
      description:
        'Every five texts are a job. A text that does not fit the context is refused, not cut.',
      body: { schema: ollamaEmbedSchema, required: true },
      answers: [
        {
          status: 200,
          description: 'A vector each; cut short in the example',
          schema: ollamaEmbeddingsAnswerSchema,
        },
      ],
      example: { body: { model: 'aitbc-tiny', input: ['Paris', 'Rome'] } },
    }),
    endpoint({
      ...post,
      id: 'ollamaEmbeddings',
      path: '/ollama/api/embeddings',
      summary: 'Turn one text into a vector',
      legacy: 'Kept for older clients: use /ollama/api/embed.',
      body: { schema: ollamaEmbeddingsSchema, required: true },
      answers: [
        {
          status: 200,
          description: 'The vector; cut short in the example',
          schema: ollamaEmbeddingSchema,
        },
      ],
      example: { body: { model: 'aitbc-tiny', prompt: 'Paris' } },
    }),
    endpoint({
      ...get,
      id: 'ollamaTags',
      path: '/ollama/api/tags',
      summary: 'List the models that are served now, with prices',
      answers: [{ status: 200, description: 'The models', schema: ollamaTagsSchema }],
      example: {},
    }),
    endpoint({
      ...get,
      id: 'ollamaPs',
      path: '/ollama/api/ps',
      summary: 'List the models that answer without being loaded first',
      description: 'The same models: whether a miner has one in memory is its own affair.',
      answers: [{ status: 200, description: 'The models', schema: ollamaRunningSchema }],
      example: {},
    }),
    endpoint({
      ...get,
      method: 'POST',
      errors: [...openErrors, 'JSON_INVALID', 'BODY_TOO_LARGE', 'MODEL_NOT_SERVED'],
      id: 'ollamaShow',
      path: '/ollama/api/show',
      summary: 'Read what a model can do, and for how much',
      body: { schema: ollamaShowSchema, required: true },
      answers: [{ status: 200, description: 'The model', schema: ollamaShownSchema }],
      example: { body: { model: 'aitbc-tiny' } },
    }),
    endpoint({
      ...get,
      id: 'ollamaVersion',
      path: '/ollama/api/version',
      summary: 'Say which version of Ollama’s protocol this is',
      answers: [{ status: 200, description: 'The version', schema: ollamaVersionSchema }],
      example: {},
    }),
  ],
} as const satisfies EndpointFamily
