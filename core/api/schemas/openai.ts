/** Answers in OpenAI's format, as schemas: what is ours beside its fields is the cost, and `aitbc`. */
import * as z from 'zod'
import { units, whole } from './common.ts'

const costFields = {
  cost: z.number().describe('AITBC'),
  cost_units: units.describe('The same in base units, exactly'),
}

const usageSchema = z
  .strictObject({
    prompt_tokens: whole,
    completion_tokens: whole,
    total_tokens: whole,
    ...costFields,
  })
  .meta({ id: 'Usage', description: 'Tokens as billed, and what they cost' })

const jobTraceSchema = z.strictObject({
  job_id: z.string().regex(/^[0-9a-f]{32}$/),
  receipt_id: z.string().nullable(),
  miner_id: z.string().nullable(),
  amount: units.describe('Base units charged'),
  held: z
    .literal(true)
    .optional()
    .describe('The answer looks odd: nothing is charged unless somebody releases the payment'),
})

/** The job behind an answer, or the jobs. */
export const traceSchema = z
  .union([jobTraceSchema, z.strictObject({ amount: units, jobs: z.array(jobTraceSchema).min(2) })])
  .meta({
    id: 'JobTrace',
    description: 'The job behind the answer; of several, the sum and each of them in order',
  })

const finishReason = z.enum(['stop', 'length', 'tool_calls'])

const calledSchema = z.strictObject({
  name: z.string(),
  arguments: z.string().describe('JSON text'),
})

const headOf = (prefix: string) => ({
  id: z
    .string()
    .regex(new RegExp(`^${prefix}-[0-9a-f]{32}$`))
    .describe(`The id of the first job follows ${prefix}-`),
  created: whole.describe('Unix seconds'),
  model: z.string(),
  system_fingerprint: z.null(),
})

/** `POST /chat/completions`, whole. */
export const completionSchema = z
  .strictObject({
    ...headOf('chatcmpl'),
    object: z.literal('chat.completion'),
    choices: z
      .array(
        z.strictObject({
          index: whole,
          message: z.strictObject({
            role: z.literal('assistant'),
            content: z.string().nullable(),
            refusal: z.null(),
            tool_calls: z
              .array(
                z.strictObject({
                  id: z.string(),
                  type: z.literal('function'),
                  function: calledSchema,
                }),
              )
              .optional(),
          }),
          logprobs: z.null(),
          finish_reason: finishReason,
        }),
      )
      .min(1),
    usage: usageSchema,
    aitbc: traceSchema,
  })
  .meta({ id: 'ChatCompletion', description: 'The whole answer' })

/** `POST /chat/completions`, streamed: one event. */
export const chunkSchema = z
  .strictObject({
    ...headOf('chatcmpl'),
    object: z.literal('chat.completion.chunk'),
    choices: z
      .array(
        z.strictObject({
          index: whole,
          delta: z.strictObject({
            role: z.literal('assistant').optional(),
            content: z.string().optional(),
            tool_calls: z
              .array(
                z.strictObject({
                  index: whole,
                  id: z.string(),
                  type: z.literal('function'),
                  function: calledSchema,
                }),
              )
              .optional(),
          }),
          logprobs: z.null(),
          finish_reason: finishReason.nullable(),
        }),
      )
      .max(1),
    usage: usageSchema.nullable().optional(),
    aitbc: traceSchema.optional().describe('In the last chunk of a choice'),
  })
  .meta({ id: 'ChatChunk', description: 'A piece of the answer' })

const textHead = { ...headOf('cmpl'), object: z.literal('text_completion') }

/** `POST /completions`, whole. */
export const textCompletionSchema = z
  .strictObject({
    ...textHead,
    choices: z
      .array(
        z.strictObject({
          index: whole,
          text: z.string(),
          logprobs: z.null(),
          finish_reason: finishReason,
        }),
      )
      .min(1),
    usage: usageSchema,
    aitbc: traceSchema,
  })
  .meta({ id: 'TextCompletion', description: 'The whole answer' })

/** `POST /completions`, streamed: one event. */
export const textChunkSchema = z
  .strictObject({
    ...textHead,
    choices: z
      .array(
        z.strictObject({
          index: whole,
          text: z.string(),
          logprobs: z.null(),
          finish_reason: finishReason.nullable(),
        }),
      )
      .max(1),
    usage: usageSchema.nullable().optional(),
    aitbc: traceSchema.optional().describe('In the last chunk of a choice'),
  })
  .meta({ id: 'TextChunk', description: 'A piece of the answer' })

/** `POST /embeddings`. */
export const embeddingListSchema = z
  .strictObject({
    object: z.literal('list'),
    data: z.array(
      z.strictObject({
        object: z.literal('embedding'),
        index: whole,
        embedding: z.union([z.array(z.number()), z.string()]),
      }),
    ),
    model: z.string(),
    usage: z.strictObject({ prompt_tokens: whole, total_tokens: whole, ...costFields }),
    aitbc: traceSchema,
  })
  .meta({ id: 'EmbeddingList', description: 'A vector for each text, in their order' })
