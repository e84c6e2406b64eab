/** Chat completions in OpenAI's format. */

import { chatRequestSchema } from '../../jobs/spec-from-openai.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { openAiErrorSchema } from '../schemas/errors.ts'
import { chunkSchema, completionSchema } from '../schemas/site.ts'
import { clientErrors, submissionErrors } from './failures.ts'
import { openAiAt } from './paths.ts'

/** What OpenAI's clients ask. */
export const chatFamily = {
  id: 'chat',
  title: 'Chat completions',
  description:
    'OpenAI’s clients work unchanged: set the base URL to this site’s `/v1` and the key to one of this site.',
  endpoints: [
    endpoint({
      ...openAiAt('/chat/completions'),
      method: 'POST',
      auth: 'client-key',
      id: 'createChatCompletion',
      summary: 'Ask a model',
      description:
        'A job, paid like any other. What changes the answer and is not supported (`tools`, `n` above 1, `response_format`, penalties, `logprobs`, images) is refused by name with 400; other unknown fields are ignored. Closing the connection cancels the job. A signed request is refused: it sends its authorisation to /api/v1/jobs.',
      body: { schema: chatRequestSchema, required: true },
      answers: [
        { status: 200, description: 'The whole answer, without stream', schema: completionSchema },
        {
          status: 200,
          description: 'With stream: true, server-sent events',
          mediaType: 'text/event-stream',
        },
      ],
      errors: [
        ...clientErrors,
        ...submissionErrors,
        'JSON_INVALID',
        'VALIDATION_ERROR',
        'BODY_TOO_LARGE',
        'JOB_FAILED',
        'JOB_EXPIRED',
        'JOB_CANCELED',
      ],
      errorShape: 'openai',
      stream: {
        kind: 'sse',
        description:
          'Events without a name, then `data: [DONE]`. A failure in mid-stream is an event with an error, and no `[DONE]` follows.',
        received: [
          {
            name: 'chunk',
            description: 'Role, text, finish_reason, and usage when stream_options asks for it',
            schema: chunkSchema,
          },
          { name: 'error', description: 'It broke off', schema: openAiErrorSchema },
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
  ],
} as const satisfies EndpointFamily
