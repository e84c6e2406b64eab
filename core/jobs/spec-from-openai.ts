/**
 * Job specifications from requests in OpenAI's format: chat completions, completions of texts, embeddings.
 * A request may come to several jobs. What changes the answer and is not supported is refused by name; what
 * does not is ignored. Rules: SPEC.md, CHAT.
 */
import * as z from 'zod'
import type { Routing } from '../api/dispatch.ts'
import { err, ok, type Result } from '../base/result.ts'
import { embeddingInputsMax, type JobOptions } from './job-options.ts'
import { type ChatMessage, makeSpec } from './job-request.ts'
import type { JobSpec } from './job-spec.ts'
import { boundFault, invalid, type OpenAiFault, shapeFault, unsupported } from './openai-fault.ts'
import { chatOptionsOf, conversationOf, messageSchema, toolFields } from './openai-tools.ts'
import { routingFields, routingFromOpenAi } from './routing-from-openai.ts'

/** Bounds on requests that come to several jobs. */
export const fanLimits = {
  /** Answers of one request: `n` times the number of prompts. */
  choicesMax: 16,
  /** Texts of one request for embeddings. */
  inputsMax: 128,
} as const

/** Jobs that can be computed, and how their answers are to be sent. */
export type OpenAiRequest = {
  /** One for each choice, in order. */
  readonly specs: readonly JobSpec[]
  readonly routing: Routing | undefined
  /** Most that each job may cost, base units; undefined lets the site choose. */
  readonly limit: bigint | undefined
  readonly stream: boolean
  readonly includeUsage: boolean
}

/** Texts that go on; `echo` has the prompt before the answer. */
export type TextRequest = OpenAiRequest & { readonly echo: boolean }

/** Each job has up to `embeddingInputsMax` of the texts, in order. */
export type EmbeddingsRequest = OpenAiRequest & { readonly base64: boolean }

/** What stands in where a request names no seed. */
export type Defaults = { readonly seed: bigint }

const whole = z
  .int()
  .min(1)
  .max(2 ** 31)
const streamFields = {
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
}
const samplingFields = {
  max_tokens: whole.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  n: z
    .int()
    .min(1)
    .max(fanLimits.choicesMax)
    .nullish()
    .describe('Answers; each is a job of its own'),
}

/** `POST /chat/completions`: everything that is read; unknown fields pass. */
export const chatRequestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  ...streamFields,
  ...samplingFields,
  max_completion_tokens: whole.nullish(),
  ...toolFields,
  ...routingFields,
})

/** `POST /completions`: the same. */
export const textRequestSchema = z.looseObject({
  model: z.string().min(1),
  prompt: z
    .union([z.string(), z.array(z.unknown()).min(1).max(fanLimits.choicesMax)])
    .describe('A text, or several'),
  ...streamFields,
  ...samplingFields,
  echo: z.boolean().nullish().describe('The prompt before the answer'),
  ...routingFields,
})

/** `POST /embeddings`: the same. */
export const embeddingsRequestSchema = z.looseObject({
  model: z.string().min(1),
  input: z
    .union([z.string(), z.array(z.unknown()).min(1).max(fanLimits.inputsMax)])
    .describe('A text, or several'),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(65_536).nullish(),
  ...routingFields,
})

type Sampled = z.infer<z.ZodObject<typeof samplingFields>> & {
  readonly max_completion_tokens?: number | null | undefined
}

/** Reads a request for chat completions (parsed JSON). */
export function specsFromChat(
  body: unknown,
  defaults: Defaults,
): Result<OpenAiRequest, OpenAiFault> {
  const parsed = chatRequestSchema.safeParse(body)
  if (!parsed.success) return err(shapeFault(parsed.error, body))
  const request = parsed.data
  const fault = unsupportedIn(request)
  if (fault) return fault
  const conversation = conversationOf(request.messages)
  if (!conversation.ok) return conversation
  const options = chatOptionsOf(request, conversation.value)
  if (!options.ok) return options
  const { messages } = conversation.value
  return requestOf(request, [{ model: request.model, messages, options: options.value }], defaults)
}

/** Reads a request for completions of texts. */
export function specsFromText(body: unknown, defaults: Defaults): Result<TextRequest, OpenAiFault> {
  const parsed = textRequestSchema.safeParse(body)
  if (!parsed.success) return err(shapeFault(parsed.error, body))
  const request = parsed.data
  const fault = unsupportedIn(request)
  if (fault) return fault
  const form = request['response_format']
  if (form !== undefined && form !== null) {
    return unsupported('response_format', 'Ask /chat/completions for an answer of a form.')
  }
  const prompts = textsOf(request.prompt, 'prompt')
  if (!prompts.ok) return prompts
  const asks = prompts.value.map(
    (content): Ask => ({
      model: request.model,
      messages: [{ role: 'user', content }],
      options: { kind: 'completion' },
    }),
  )
  // What OpenAI takes for a request that names no length.
  const sampled = { ...request, max_tokens: request.max_tokens ?? textTokensDefault }
  const read = requestOf(sampled, asks, defaults)
  return read.ok ? ok({ ...read.value, echo: request.echo === true }) : read
}

/** Reads a request for embeddings. */
export function specsFromEmbeddings(body: unknown): Result<EmbeddingsRequest, OpenAiFault> {
  const parsed = embeddingsRequestSchema.safeParse(body)
  if (!parsed.success) return err(shapeFault(parsed.error, body))
  const request = parsed.data
  const texts = textsOf(request.input, 'input')
  if (!texts.ok) return texts
  const { dimensions } = request
  const asks = groupsOf(texts.value).map(
    (group): Ask => ({
      model: request.model,
      messages: group.map((content) => ({ role: 'user', content })),
      options: { kind: 'embedding', ...(dimensions ? { dimensions } : {}) },
    }),
  )
  // Nothing is drawn at random, and nothing is written: one job has one hash, and the smallest bound.
  const { provider, models, limit } = request
  const sampled = { provider, models, limit, max_tokens: 1, temperature: 0, seed: 0 }
  const read = requestOf(sampled, asks, { seed: 0n })
  return read.ok ? ok({ ...read.value, base64: request.encoding_format === 'base64' }) : read
}

/** Texts in groups of as many as one job takes. */
export function groupsOf(texts: readonly string[]): readonly (readonly string[])[] {
  const groups: (readonly string[])[] = []
  for (let at = 0; at < texts.length; at += embeddingInputsMax) {
    groups.push(texts.slice(at, at + embeddingInputsMax))
  }
  return groups
}

type Ask = {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly options: JobOptions | undefined
}

type Request = Sampled &
  z.infer<z.ZodObject<typeof routingFields>> & {
    readonly stream?: boolean | null | undefined
    readonly stream_options?:
      | { readonly include_usage?: boolean | null | undefined }
      | null
      | undefined
  }

/** `n` jobs for each ask; the seeds of one ask count up, so that its answers differ. */
function requestOf(
  request: Request,
  asks: readonly Ask[],
  defaults: Defaults,
): Result<OpenAiRequest, OpenAiFault> {
  const { n, seed } = request
  const choices = n ?? 1
  if (asks.length * choices > fanLimits.choicesMax && asks[0]?.options?.kind !== 'embedding') {
    return invalid('n', `at most ${fanLimits.choicesMax} answers come of one request`)
  }
  // OpenAI's seeds are signed: the same seed must stay the same, not be refused.
  const first = typeof seed === 'number' ? BigInt.asUintN(53, BigInt(seed)) : defaults.seed
  const stop = request.stop ?? []
  const specs: JobSpec[] = []
  for (const ask of asks) {
    for (let choice = 0; choice < choices; choice += 1) {
      const spec = makeSpec({
        model: ask.model,
        messages: ask.messages,
        sampling: {
          maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
          temperature: request.temperature ?? 1,
          topP: request.top_p ?? undefined,
          seed: undefined,
          stop: typeof stop === 'string' ? [stop] : stop,
        },
        extra: '',
        options: ask.options,
        defaultSeed: first + BigInt(choice),
      })
      if (!spec.ok) return err(boundFault(spec.error))
      specs.push(spec.value)
    }
  }
  const routing = routingFromOpenAi(request)
  if (!routing.ok) return routing
  return ok({
    specs,
    routing: routing.value,
    limit: request.limit ? BigInt(request.limit) : undefined,
    stream: request.stream === true,
    includeUsage: request.stream_options?.include_usage === true,
  })
}

/** One text or several; lists of token numbers are refused, since models count differently. */
function textsOf(
  given: string | readonly unknown[],
  param: string,
): Result<readonly string[], OpenAiFault> {
  const list = typeof given === 'string' ? [given] : given
  const isText = list.every((each) => typeof each === 'string')
  if (!isText) return unsupported(param, 'Send text: token numbers are not supported.')
  const texts = list as readonly string[]
  return texts.every((each) => each !== '') ? ok(texts) : invalid(param, `${param} is empty`)
}

/** The first field that would change the answer and is not supported. */
function unsupportedIn(request: object): Result<never, OpenAiFault> | undefined {
  const fields = request as Readonly<Record<string, unknown>>
  const { functions, modalities, logprobs, logit_bias: bias, best_of: best, suffix } = fields
  if (Array.isArray(functions) && functions.length > 0) {
    return unsupported('functions', 'Use tools: functions are not supported.')
  }
  if (Array.isArray(modalities) && modalities.some((each) => each !== 'text')) {
    return unsupported('modalities', 'Only text is supported.')
  }
  const fault = sayings.find(({ param, says }) => {
    const value = fields[param]
    return value !== undefined && value !== null && !says.includes(value)
  })
  if (fault) return unsupported(fault.param, `${fault.param} is not supported.`)
  // False in a chat, and a number in a completion, where 0 asks for them too.
  if (logprobs === true || typeof logprobs === 'number') {
    return unsupported('logprobs', 'logprobs is not supported.')
  }
  if (typeof bias === 'object' && bias !== null && Object.keys(bias).length > 0) {
    return unsupported('logit_bias', 'logit_bias is not supported.')
  }
  if (typeof best === 'number' && best !== (fields['n'] ?? 1)) {
    return unsupported('best_of', 'Every answer is returned: best_of must be n.')
  }
  return suffix ? unsupported('suffix', 'suffix is not supported.') : undefined
}

/** Fields that would change the answer, with what of them changes nothing here. */
const sayings: readonly { readonly param: string; readonly says: readonly unknown[] }[] = [
  { param: 'presence_penalty', says: [0] },
  { param: 'frequency_penalty', says: [0] },
  { param: 'repetition_penalty', says: [1] },
  { param: 'top_logprobs', says: [0] },
  { param: 'top_k', says: [0, -1] },
  { param: 'min_p', says: [0] },
  { param: 'function_call', says: ['none', 'auto'] },
  { param: 'audio', says: [] },
  { param: 'web_search_options', says: [] },
  { param: 'reasoning_effort', says: ['none', 'minimal'] },
  { param: 'verbosity', says: ['medium'] },
]

const textTokensDefault = 16
