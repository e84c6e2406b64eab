/** Chat completions, completions and embeddings in OpenAI's format. */

import {
  chatRequestSchema,
  embeddingsRequestSchema,
  textRequestSchema,
} from '../../jobs/spec-from-openai.ts'
import { idempotencyHeaders } from '../dispatch-requests.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { openAiErrorSchema } from '../schemas/errors.ts'
import {
  chunkSchema,
  completionSchema,
  embeddingListSchema,
  textChunkSchema,
  textCompletionSchema,
} from '../schemas/openai.ts'
import { clientErrors, submissionErrors } from './failures.ts'
import { openAiAt } from './paths.ts'

const errors = [
  ...clientErrors,
  ...submissionErrors,
  'JSON_INVALID',
  'VALIDATION_ERROR',
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
  errors,
  errorShape: 'openai',
} as const

const streamed = {
  status: 200,
  description: 'With stream: true, server-sent events',
  mediaType: 'text/event-stream',
} as const

const broken = { name: 'error', description: 'It broke off', schema: openAiErrorSchema } as const

const streamDescription =
  'Events without a name, then `data: [DONE]`. A failure in mid-stream is an event with an error, and no `[DONE]` follows.'

/** What OpenAI's clients ask. */
export const chatFamily = {
  id: 'chat',
  title: 'Chat completions, completions, embeddings',
  description:
    'OpenAI’s clients work unchanged: set the base URL to this site’s `/v1` and the key to one of this site. Each answer says what it cost, and which job, miner and receipt are behind it.',
  endpoints: [
    endpoint({
      ...post,
      ...openAiAt('/chat/completions'),
      id: 'createChatCompletion',
      summary: 'Ask a model',
      description:
        'Each of the `n` answers is a job of its own, paid like any other; when one fails, those that are not done are canceled. `tools` and `response_format` go to miners whose engine has them; where none has, they are refused with 400 and the code unsupported_feature. What changes the answer and is not supported (penalties, `logprobs`, images) is refused by name; other unknown fields are ignored. Leaving a stream cancels the jobs, and so does leaving before a whole answer where the platform tells; but those of a request with `Idempotency-Key`: sent again, it gets their answers and pays once. A signed request is refused: it sends its authorisation to /api/v1/jobs.',
      body: { schema: chatRequestSchema, required: true },
      answers: [
        { status: 200, description: 'The whole answer, without stream', schema: completionSchema },
        streamed,
      ],
      stream: {
        kind: 'sse',
        description: streamDescription,
        received: [
          {
            name: 'chunk',
            description:
              'Role, text, calls of tools, finish_reason, and usage when stream_options asks for it',
            schema: chunkSchema,
          },
          broken,
        ],
      },
      example: {
        body: {
          model: 'aitbc-tiny',
          messages: [{ role: 'user', content: 'What is the capital of France?' }],
          temperature: 0,
        },
      },
    }),
    endpoint({
      ...post,
      ...openAiAt('/completions'),
      id: 'createCompletion',
      summary: 'Let a text go on',
      description:
        'Without a chat template, by miners whose engine can. Each of the `n` answers to each prompt is a job of its own. Refused by name: `suffix`, `best_of` other than `n`, `logprobs`, penalties, token numbers.',
      body: { schema: textRequestSchema, required: true },
      answers: [
        {
          status: 200,
          description: 'The whole answer, without stream',
          schema: textCompletionSchema,
        },
        streamed,
      ],
      stream: {
        kind: 'sse',
        description: streamDescription,
        received: [
          { name: 'chunk', description: 'Text and finish_reason', schema: textChunkSchema },
          broken,
        ],
      },
      example: { body: { model: 'aitbc-tiny', prompt: 'The capital of France', temperature: 0 } },
    }),
    endpoint({
      ...post,
      ...openAiAt('/embeddings'),
      id: 'createEmbeddings',
      summary: 'Turn texts into vectors',
      description:
        'By miners whose engine can. Every five texts are a job; only their tokens are charged. A text that does not fit the context is refused, not cut. The vectors of `aitbc-tiny` are real, and too small a model’s to search with.',
      body: { schema: embeddingsRequestSchema, required: true },
      answers: [
        {
          status: 200,
          description: 'A vector for each text; cut short in the example',
          schema: embeddingListSchema,
        },
      ],
      example: { body: { model: 'aitbc-tiny', input: ['Paris', 'Rome'] } },
    }),
  ],
} as const satisfies EndpointFamily
