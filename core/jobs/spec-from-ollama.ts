/**
 * Job specifications from requests in Ollama's format: chat, generate, embed, embeddings. What changes the
 * answer and is not supported is refused by name; what only concerns a machine of one's own (`keep_alive`,
 * `num_ctx`, `num_gpu` …) is ignored. Rules: SPEC.md, OLLAMA.
 */
import * as z from 'zod'
import { err, ok, type Result } from '../base/result.ts'
import type { JobOptions, ToolCall } from './job-options.ts'
import { type ChatMessage, makeSpec } from './job-request.ts'
import type { JobSpec } from './job-spec.ts'
import { boundFault, invalid, type OpenAiFault, shapeFault, unsupported } from './openai-fault.ts'
import { type Defaults, fanLimits, groupsOf } from './spec-from-openai.ts'

/** What is asked for; no jobs where nothing is, as when a model is only to be loaded. */
export type OllamaRequest = {
  readonly model: string
  readonly specs: readonly JobSpec[]
  /** Ollama streams unless it is told not to. */
  readonly stream: boolean
}

const object = z.record(z.string(), z.unknown())
const model = z.string().min(1).max(256)

const optionsSchema = z
  .looseObject({
    num_predict: z.int().nullish().describe('Most tokens of the answer; below 1: the site’s own'),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().gt(0).max(1).nullish(),
    seed: z.int().nullish(),
    stop: z.union([z.string(), z.array(z.string())]).nullish(),
  })
  .nullish()

const common = {
  model,
  stream: z.boolean().nullish(),
  format: z.union([z.string(), object]).nullish().describe('json, or a JSON schema'),
  options: optionsSchema,
  think: z.union([z.boolean(), z.string()]).nullish().describe('false: answers only'),
}

const messageSchema = z.looseObject({
  role: z.string(),
  content: z.string().nullish(),
  images: z.array(z.unknown()).nullish(),
  tool_calls: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string(), arguments: object }) }))
    .max(64)
    .nullish(),
  tool_name: z.string().max(64).nullish(),
})

/** `POST /ollama/api/chat`. */
export const ollamaChatSchema = z.looseObject({
  ...common,
  messages: z.array(messageSchema).nullish(),
  tools: z
    .array(
      z.looseObject({
        type: z.string().nullish(),
        function: z.looseObject({
          name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
          description: z.string().max(4_096).nullish(),
          parameters: object.nullish(),
        }),
      }),
    )
    .max(64)
    .nullish(),
})

/** `POST /ollama/api/generate`. */
export const ollamaGenerateSchema = z.looseObject({
  ...common,
  prompt: z.string().nullish(),
  system: z.string().nullish(),
  raw: z.boolean().nullish().describe('The prompt goes on as it is, without a chat template'),
})

/** `POST /ollama/api/embed`. */
export const ollamaEmbedSchema = z.looseObject({
  model,
  input: z.union([z.string(), z.array(z.string()).max(fanLimits.inputsMax)]),
  dimensions: z.int().min(1).max(65_536).nullish(),
})

/** `POST /ollama/api/embeddings`: the older spelling. */
export const ollamaEmbeddingsSchema = z.looseObject({ model, prompt: z.string().nullish() })

/** `POST /ollama/api/show`. */
export const ollamaShowSchema = z.looseObject({ model: model.nullish(), name: model.nullish() })

/** Reads a chat. */
export function specsFromOllamaChat(
  body: unknown,
  defaults: Defaults,
): Result<OllamaRequest, OpenAiFault> {
  const parsed = ollamaChatSchema.safeParse(body)
  if (!parsed.success) return err(shapeFault(parsed.error, body))
  const request = parsed.data
  const messages: ChatMessage[] = []
  const turns: NonNullable<JobOptions['turns']> = []
  for (const [index, message] of (request.messages ?? []).entries()) {
    if (message.images && message.images.length > 0) {
      return unsupported(`messages.${index}.images`, 'images are not supported')
    }
    const calls = (message.tool_calls ?? []).map(
      ({ function: { name, arguments: given } }): ToolCall => ({ name, arguments: given }),
    )
    if (calls.length > 0) turns.push({ index, calls })
    if (message.role === 'tool' && message.tool_name) {
      turns.push({ index, name: message.tool_name })
    }
    messages.push({ role: message.role, content: message.content ?? '' })
  }
  const tools = (request.tools ?? []).map(({ function: { name, description, parameters } }) => ({
    name,
    ...(description && { description }),
    ...(parameters && { parameters }),
  }))
  const format = formatOf(request.format)
  if (!format.ok) return format
  const hasTurns = turns.length > 0 || messages.some(({ role }) => role === 'tool')
  const isPlain = tools.length === 0 && !hasTurns && format.value === undefined
  const options: JobOptions = {
    kind: 'chat',
    ...(tools.length > 0 ? { tools } : {}),
    ...(format.value === undefined ? {} : { format: format.value }),
    ...(turns.length > 0 ? { turns } : {}),
  }
  return requestOf(request, { messages, options: isPlain ? undefined : options }, defaults)
}

/** Reads a prompt: a chat of one turn, or a text that goes on. */
export function specsFromOllamaGenerate(
  body: unknown,
  defaults: Defaults,
): Result<OllamaRequest, OpenAiFault> {
  const parsed = ollamaGenerateSchema.safeParse(body)
  if (!parsed.success) return err(shapeFault(parsed.error, body))
  const request = parsed.data
  for (const field of ['suffix', 'template', 'images', 'context'] as const) {
    const value = request[field]
    const isEmpty = value === undefined || value === null || value === ''
    if (!isEmpty && !(Array.isArray(value) && value.length === 0)) {
      return unsupported(field, `${field} is not supported`)
    }
  }
  const format = formatOf(request.format)
  if (!format.ok) return format
  const { prompt, system, raw } = request
  if (!prompt) return requestOf(request, { messages: [], options: undefined }, defaults)
  const user = { role: 'user', content: prompt }
  const kind = raw ? 'completion' : 'chat'
  const isPlain = !raw && format.value === undefined
  const form = format.value === undefined ? {} : { format: format.value }
  return requestOf(
    request,
    {
      messages: system && !raw ? [{ role: 'system', content: system }, user] : [user],
      options: isPlain ? undefined : { kind, ...form },
    },
    defaults,
  )
}

/** Reads texts to be turned into vectors. */
export function specsFromOllamaEmbed(body: unknown): Result<OllamaRequest, OpenAiFault> {
  const parsed = ollamaEmbedSchema.safeParse(body)
  if (!parsed.success) return err(shapeFault(parsed.error, body))
  const { input, dimensions } = parsed.data
  const texts = typeof input === 'string' ? [input] : input
  return vectorsOf(parsed.data.model, texts, dimensions ?? undefined)
}

/** Reads the one text of the older spelling. */
export function specsFromOllamaEmbeddings(body: unknown): Result<OllamaRequest, OpenAiFault> {
  const parsed = ollamaEmbeddingsSchema.safeParse(body)
  if (!parsed.success) return err(shapeFault(parsed.error, body))
  const { prompt } = parsed.data
  return vectorsOf(parsed.data.model, prompt ? [prompt] : [], undefined)
}

function vectorsOf(
  name: string,
  texts: readonly string[],
  dimensions: number | undefined,
): Result<OllamaRequest, OpenAiFault> {
  if (texts.some((text) => text === '')) return invalid('input', 'input is empty')
  const options: JobOptions = { kind: 'embedding', ...(dimensions && { dimensions }) }
  const specs: JobSpec[] = []
  for (const group of groupsOf(texts)) {
    const spec = makeSpec({
      model: name,
      messages: group.map((content) => ({ role: 'user', content })),
      sampling: { maxTokens: 1, temperature: 0, topP: undefined, seed: 0n, stop: [] },
      extra: '',
      options,
      defaultSeed: 0n,
    })
    if (!spec.ok) return err(boundFault(spec.error))
    specs.push(spec.value)
  }
  return ok({ model: name, specs, stream: false })
}

type Common = z.infer<z.ZodObject<typeof common>>

function requestOf(
  request: Common,
  asked: { readonly messages: readonly ChatMessage[]; readonly options: JobOptions | undefined },
  defaults: Defaults,
): Result<OllamaRequest, OpenAiFault> {
  const fault = unsupportedIn(request)
  if (fault) return fault
  const { num_predict: most, temperature, top_p: topP, seed, stop } = request.options ?? {}
  const head = { model: request.model, stream: request.stream !== false }
  if (asked.messages.length === 0) return ok({ ...head, specs: [] })
  const spec = makeSpec({
    model: request.model,
    messages: asked.messages,
    sampling: {
      maxTokens: most && most > 0 ? most : undefined,
      temperature: temperature ?? undefined,
      topP: topP ?? ollamaTopP,
      seed: typeof seed === 'number' ? BigInt.asUintN(53, BigInt(seed)) : undefined,
      stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    },
    extra: '',
    options: asked.options,
    defaultSeed: defaults.seed,
  })
  return spec.ok ? ok({ ...head, specs: [spec.value] }) : err(boundFault(spec.error))
}

function formatOf(format: Common['format']): Result<JobOptions['format'], OpenAiFault> {
  if (format === undefined || format === null || format === '') return ok(undefined)
  if (typeof format === 'object' || format === 'json') return ok(format as JobOptions['format'])
  return invalid('format', 'format must be json or a JSON schema')
}

function unsupportedIn(request: Common): Result<never, OpenAiFault> | undefined {
  if (request.think) return unsupported('think', 'think is not supported')
  const { logprobs } = request as { readonly logprobs?: unknown }
  if (logprobs) return unsupported('logprobs', 'logprobs is not supported')
  const options: Readonly<Record<string, unknown>> = request.options ?? {}
  const field = samplers.find((each) => options[each] !== undefined && options[each] !== null)
  if (field === undefined) return undefined
  return unsupported(`options.${field}`, `options.${field} is not supported`)
}

/** What Ollama samples with when nothing is said. */
const ollamaTopP = 0.9

/** Options that change the answer and that a specification does not carry. */
const samplers = [
  ...['top_k', 'min_p', 'typical_p', 'tfs_z', 'repeat_penalty', 'repeat_last_n'],
  ...['presence_penalty', 'frequency_penalty', 'mirostat', 'mirostat_eta', 'mirostat_tau'],
] as const
