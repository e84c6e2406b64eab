/**
 * Job specification from a chat completion request in OpenAI's format. What changes the answer and is not
 * supported is refused by name; what does not is ignored. Rules: SPEC.md, CHAT.
 */
import * as z from 'zod'
import type { ApiError } from '../api/errors.ts'
import { err, ok, type Result } from '../base/result.ts'
import { type ChatMessage, makeSpec } from './job-request.ts'
import type { JobSpec } from './job-spec.ts'

/** A request that can be computed, and how its answer is to be sent. */
export type OpenAiRequest = {
  readonly spec: JobSpec
  readonly stream: boolean
  readonly includeUsage: boolean
}

/** What is wrong with a request: `param` names the field, as OpenAI does. Status 400. */
export type OpenAiFault = {
  readonly message: string
  readonly param: string | null
  readonly code: 'invalid_value' | 'unsupported_parameter' | 'missing_required_parameter'
}

const partSchema = z.looseObject({ type: z.string() })
const messageSchema = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(partSchema)]).nullish(),
})
const whole = z
  .int()
  .min(1)
  .max(2 ** 31)

/** `POST /chat/completions`: everything that is read; unknown fields pass. */
export const chatRequestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: whole.nullish(),
  max_completion_tokens: whole.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  n: z.int().nullish(),
})
type RequestBody = z.infer<typeof chatRequestSchema>

/** Reads a request body (parsed JSON). `seed` stands in where none is named. */
export function specFromOpenAi(
  body: unknown,
  defaults: { readonly seed: bigint },
): Result<OpenAiRequest, OpenAiFault> {
  const parsed = chatRequestSchema.safeParse(body)
  if (!parsed.success) return err(shapeFault(parsed.error, body))
  const request = parsed.data
  const unsupported = unsupportedIn(request)
  if (unsupported) return err(unsupported)
  const messages: ChatMessage[] = []
  for (const [index, message] of request.messages.entries()) {
    const read = readMessage(message, `messages.${index}`)
    if (!read.ok) return read
    messages.push(read.value)
  }
  const stop = request.stop ?? []
  const spec = makeSpec({
    model: request.model,
    messages,
    sampling: {
      maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
      temperature: request.temperature ?? 1,
      topP: request.top_p ?? undefined,
      // OpenAI's seeds are signed: the same seed must stay the same, not be refused.
      seed: undefined,
      stop: typeof stop === 'string' ? [stop] : stop,
    },
    extra: '',
    defaultSeed:
      typeof request.seed === 'number' ? BigInt.asUintN(53, BigInt(request.seed)) : defaults.seed,
  })
  if (!spec.ok) return err(boundFault(spec.error))
  return ok({
    spec: spec.value,
    stream: request.stream === true,
    includeUsage: request.stream_options?.include_usage === true,
  })
}

function readMessage(
  message: RequestBody['messages'][number],
  param: string,
): Result<ChatMessage, OpenAiFault> {
  const role = message.role === 'developer' ? 'system' : message.role
  if (role === 'tool' || role === 'function' || 'tool_calls' in message) {
    return err(unsupportedFault(param, 'Tools are not supported.'))
  }
  const { content } = message
  if (content === null || content === undefined) {
    return err({ message: 'content is missing', param: `${param}.content`, code: 'invalid_value' })
  }
  if (typeof content === 'string') return ok({ role, content })
  const texts: string[] = []
  for (const [index, part] of content.entries()) {
    const { text } = part as { text?: unknown }
    if (part.type !== 'text' || typeof text !== 'string') {
      const where = `${param}.content.${index}`
      return err(unsupportedFault(where, `Content of type ${part.type} is not supported.`))
    }
    texts.push(text)
  }
  return ok({ role, content: texts.join('') })
}

/** The first field that would change the answer and is not supported. */
function unsupportedIn(request: RequestBody): OpenAiFault | undefined {
  const fields = request as Readonly<Record<string, unknown>>
  if ((request.n ?? 1) !== 1) return unsupportedFault('n', 'Only n = 1 is supported.')
  for (const param of ['tools', 'functions']) {
    const value = fields[param]
    if (Array.isArray(value) && value.length > 0) {
      return unsupportedFault(param, 'Tools are not supported.')
    }
  }
  const format = fields['response_format'] as { type?: unknown } | null | undefined
  if (format && format.type !== 'text') {
    return unsupportedFault('response_format', 'Only response_format of type text is supported.')
  }
  const modalities = fields['modalities']
  if (Array.isArray(modalities) && modalities.some((each) => each !== 'text')) {
    return unsupportedFault('modalities', 'Only text is supported.')
  }
  for (const param of ['presence_penalty', 'frequency_penalty', 'top_logprobs'] as const) {
    if (fields[param]) return unsupportedFault(param, `${param} is not supported.`)
  }
  if (fields['logprobs'] === true) return unsupportedFault('logprobs', 'logprobs is not supported.')
  const bias = fields['logit_bias']
  if (typeof bias === 'object' && bias !== null && Object.keys(bias).length > 0) {
    return unsupportedFault('logit_bias', 'logit_bias is not supported.')
  }
  return undefined
}

function shapeFault(error: z.ZodError, body: unknown): OpenAiFault {
  const issue = error.issues[0]
  const param = issue && issue.path.length > 0 ? issue.path.join('.') : null
  const isMissing =
    issue?.path.length === 1 &&
    (body as Record<PropertyKey, unknown> | null)?.[issue.path[0] as PropertyKey] === undefined
  return {
    message: isMissing
      ? `${param} is required`
      : `${param ?? 'body'}: ${issue?.message ?? 'invalid'}`,
    param,
    code: isMissing ? 'missing_required_parameter' : 'invalid_value',
  }
}

function boundFault(error: ApiError): OpenAiFault {
  const [first] = (error.details ?? []) as readonly { field: string; message: string }[]
  const param = first?.field ?? null
  return {
    message: `${param ?? 'body'} ${first?.message ?? 'invalid'}`,
    param,
    code: 'invalid_value',
  }
}

const unsupportedFault = (param: string, message: string): OpenAiFault => ({
  message,
  param,
  code: 'unsupported_parameter',
})
