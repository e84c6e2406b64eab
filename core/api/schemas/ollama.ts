/** Answers in Ollama's format, as schemas: what is ours beside its fields stands under `aitbc`. */
import * as z from 'zod'
import { modelFeatures } from '../../jobs/model-features.ts'
import { time, units, whole } from './common.ts'
import { traceSchema } from './openai.ts'

const terms = z
  .strictObject({
    context_tokens: whole,
    miners: whole,
    price_prompt: units,
    price_completion: units,
    engines: z.array(z.string()),
    features: z.array(z.enum(modelFeatures)),
  })
  .meta({ id: 'OllamaTerms', description: 'What a model costs here, and how many serve it' })

const details = z.strictObject({
  parent_model: z.string(),
  format: z.string(),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string(),
})

const capabilities = z.array(z.enum(['completion', 'tools', 'embedding']))

/** `chat` and `generate`, the line that ends them; those before have `done: false` and no counts. */
const endFields = {
  done: z.boolean(),
  done_reason: z.enum(['stop', 'length', 'load']).optional(),
  total_duration: whole.optional().describe('Nanoseconds, as the site measured them'),
  load_duration: z.literal(0).optional(),
  prompt_eval_count: whole.optional(),
  prompt_eval_duration: whole.optional(),
  eval_count: whole.optional(),
  eval_duration: whole.optional(),
  aitbc: traceSchema.optional(),
}

/** A line of `chat`. */
export const ollamaChatLineSchema = z
  .strictObject({
    model: z.string(),
    created_at: time,
    message: z.strictObject({
      role: z.literal('assistant'),
      content: z.string(),
      tool_calls: z
        .array(
          z.strictObject({
            function: z.strictObject({
              name: z.string(),
              arguments: z.record(z.string(), z.unknown()),
            }),
          }),
        )
        .optional(),
    }),
    ...endFields,
  })
  .meta({ id: 'OllamaChatLine', description: 'A piece of the answer, or all of it' })

/** A line of `generate`. */
export const ollamaGenerateLineSchema = z
  .strictObject({ model: z.string(), created_at: time, response: z.string(), ...endFields })
  .meta({ id: 'OllamaGenerateLine', description: 'A piece of the answer, or all of it' })

/** `embed`. */
export const ollamaEmbeddingsAnswerSchema = z
  .strictObject({
    model: z.string(),
    embeddings: z.array(z.array(z.number())),
    total_duration: whole,
    load_duration: z.literal(0),
    prompt_eval_count: whole,
    aitbc: traceSchema.optional(),
  })
  .meta({ id: 'OllamaEmbeddings', description: 'A vector for each text, in their order' })

/** `embeddings`. */
export const ollamaEmbeddingSchema = z
  .strictObject({ embedding: z.array(z.number()), aitbc: traceSchema.optional() })
  .meta({ id: 'OllamaEmbedding', description: 'The vector of one text' })

const listed = { name: z.string(), model: z.string(), size: z.literal(0), digest: z.literal('') }

/** `tags`. */
export const ollamaTagsSchema = z
  .strictObject({
    models: z.array(
      z.strictObject({ ...listed, modified_at: time, details, capabilities, aitbc: terms }),
    ),
  })
  .meta({ id: 'OllamaTags', description: 'Sizes and digests are the miners’ own affair' })

/** `ps`. */
export const ollamaRunningSchema = z
  .strictObject({
    models: z.array(
      z.strictObject({
        ...listed,
        size_vram: z.literal(0),
        details,
        context_length: whole,
        expires_at: time,
        aitbc: terms,
      }),
    ),
  })
  .meta({ id: 'OllamaRunning' })

/** `show`. */
export const ollamaShownSchema = z
  .strictObject({
    license: z.literal(''),
    modelfile: z.literal(''),
    parameters: z.literal(''),
    template: z.literal(''),
    details,
    model_info: z.strictObject({
      'general.architecture': z.literal('aitbc'),
      'aitbc.context_length': whole,
    }),
    capabilities,
    modified_at: time,
    aitbc: terms,
  })
  .meta({ id: 'OllamaModel' })

/** `version`. */
export const ollamaVersionSchema = z
  .strictObject({ version: z.string() })
  .meta({ id: 'OllamaVersion' })
