/**
 * Tools, turns and forms of answers in OpenAI's words, as options of a job. Rules: SPEC.md, CHAT.
 */
import * as z from 'zod'
import { ok, type Result } from '../base/result.ts'
import type { JobOptions, JobTool, ToolCall } from './job-options.ts'
import type { ChatMessage } from './job-request.ts'
import { invalid, type OpenAiFault, unsupported } from './openai-fault.ts'

const object = z.record(z.string(), z.unknown())
const partSchema = z.looseObject({ type: z.string() })

/** One message of a conversation. */
export const messageSchema = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(partSchema)]).nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string().max(256).nullish(),
        type: z.string().nullish(),
        function: z.looseObject({ name: z.string().min(1).max(64), arguments: z.string() }),
      }),
    )
    .max(64)
    .nullish(),
  tool_call_id: z.string().max(256).nullish(),
  name: z.string().max(64).nullish(),
})
type Message = z.infer<typeof messageSchema>

/** What may be called, whether it must be, and the form of the answer. */
export const toolFields = {
  tools: z
    .array(
      z.looseObject({
        type: z.string(),
        function: z
          .looseObject({
            name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
            description: z.string().max(4_096).nullish(),
            parameters: object.nullish(),
          })
          .nullish(),
      }),
    )
    .max(64)
    .nullish()
    .describe('Functions that the model may call'),
  tool_choice: z
    .union([z.string(), object])
    .nullish()
    .describe('auto, none, required, a function by its name, or allowed_tools'),
  parallel_tool_calls: z.boolean().nullish().describe('false: one call at most'),
  response_format: z
    .looseObject({
      type: z.string(),
      json_schema: z.looseObject({ schema: object.nullish() }).nullish(),
    })
    .nullish()
    .describe('text, json_object or json_schema'),
}
const toolRequestSchema = z.looseObject(toolFields)
type ToolRequest = z.infer<typeof toolRequestSchema>

/** Messages as text, and what they carry beside it. */
export type Conversation = {
  readonly messages: readonly ChatMessage[]
  readonly turns: NonNullable<JobOptions['turns']>
}

/** Reads the messages of a request. */
export function conversationOf(listed: readonly Message[]): Result<Conversation, OpenAiFault> {
  const messages: ChatMessage[] = []
  const turns: NonNullable<JobOptions['turns']> = []
  /** Names of called functions by the id of the call, for results that name the id alone. */
  const called = new Map<string, string>()
  for (const [index, message] of listed.entries()) {
    const param = `messages.${index}`
    const role = message.role === 'developer' ? 'system' : message.role
    if (role === 'function') return unsupported(param, 'Use role tool for results of functions.')
    const calls = callsOf(message, param, called)
    if (!calls.ok) return calls
    if (calls.value.length > 0) {
      if (role !== 'assistant') return invalid(`${param}.tool_calls`, 'only the assistant calls')
      turns.push({ index, calls: [...calls.value] })
    }
    if (role === 'tool') {
      const name = message.name ?? called.get(message.tool_call_id ?? '')
      if (name) turns.push({ index, name })
    }
    const content = textOf(message, param, calls.value.length > 0)
    if (!content.ok) return content
    messages.push({ role, content: content.value })
  }
  return ok({ messages, turns })
}

/** Options of a chat; undefined when it asks for nothing beyond a plain one. */
export function chatOptionsOf(
  request: ToolRequest,
  { messages, turns }: Conversation,
): Result<JobOptions | undefined, OpenAiFault> {
  const chosen = chosenTools(request)
  if (!chosen.ok) return chosen
  const { tools, mustCall } = chosen.value
  const format = formatOf(request)
  if (!format.ok) return format
  const hasTools = tools.length > 0
  // A result of a tool makes the conversation one of tools, even where none may be called any more.
  const hasTurns = turns.length > 0 || messages.some(({ role }) => role === 'tool')
  if (!hasTools && !hasTurns && format.value === undefined) return ok(undefined)
  return ok({
    kind: 'chat',
    ...(hasTools ? { tools: [...tools] } : {}),
    ...(hasTools && request.parallel_tool_calls === false ? { calls_max: 1 } : {}),
    ...(mustCall ? { calls_min: 1 } : {}),
    ...(format.value === undefined ? {} : { format: format.value }),
    ...(turns.length > 0 ? { turns } : {}),
  })
}

function callsOf(
  message: Message,
  param: string,
  called: Map<string, string>,
): Result<readonly ToolCall[], OpenAiFault> {
  const calls: ToolCall[] = []
  for (const [index, call] of (message.tool_calls ?? []).entries()) {
    const { name, arguments: text } = call.function
    const given = parsedObject(text)
    const where = `${param}.tool_calls.${index}.function.arguments`
    if (given === undefined) return invalid(where, 'arguments must be a JSON object as text')
    if (call.id) called.set(call.id, name)
    calls.push({ name, arguments: given })
  }
  return ok(calls)
}

function textOf(
  { content }: Message,
  param: string,
  mayBeAbsent: boolean,
): Result<string, OpenAiFault> {
  if (content === null || content === undefined) {
    return mayBeAbsent ? ok('') : invalid(`${param}.content`, 'content is missing')
  }
  if (typeof content === 'string') return ok(content)
  const texts: string[] = []
  for (const [index, part] of content.entries()) {
    const { text } = part as { text?: unknown }
    if (part.type !== 'text' || typeof text !== 'string') {
      const where = `${param}.content.${index}`
      return unsupported(where, `Content of type ${part.type.slice(0, 32)} is not supported.`)
    }
    texts.push(text)
  }
  return ok(texts.join(''))
}

type Chosen = { readonly tools: readonly JobTool[]; readonly mustCall: boolean }

/** The functions that may be called; of a function that is named, or of some that are allowed, these alone. */
function chosenTools(request: ToolRequest): Result<Chosen, OpenAiFault> {
  const listed = toolsOf(request)
  if (!listed.ok) return listed
  const read = choiceSchema.safeParse(request.tool_choice ?? 'auto')
  if (!read.success) {
    const message = 'tool_choice is auto, none, required, a function by its name, or allowed_tools.'
    return unsupported('tool_choice', message)
  }
  const { mode, names } = choiceOf(read.data)
  if (mode === 'none') return ok({ tools: [], mustCall: false })
  const tools = names ? listed.value.filter(({ name }) => names.includes(name)) : listed.value
  if (names && tools.length < new Set(names).size) {
    return invalid('tool_choice', 'tool_choice names a function that is not among the tools')
  }
  const mustCall = mode === 'required'
  if (mustCall && tools.length === 0) {
    return invalid('tool_choice', 'tool_choice forces a call, and there are no tools')
  }
  return ok({ tools, mustCall })
}

const namedSchema = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string() }),
})
const choiceSchema = z.union([
  z.enum(['auto', 'none', 'required']),
  namedSchema,
  z.looseObject({
    type: z.literal('allowed_tools'),
    allowed_tools: z.looseObject({
      mode: z.enum(['auto', 'required']),
      tools: z.array(namedSchema).min(1).max(64),
    }),
  }),
])

function choiceOf(choice: z.infer<typeof choiceSchema>): {
  readonly mode: 'auto' | 'none' | 'required'
  readonly names?: readonly string[]
} {
  if (typeof choice === 'string') return { mode: choice }
  if (choice.type === 'function') return { mode: 'required', names: [choice.function.name] }
  const { mode, tools } = choice.allowed_tools
  return { mode, names: tools.map((each) => each.function.name) }
}

function toolsOf(request: ToolRequest): Result<readonly JobTool[], OpenAiFault> {
  const tools: JobTool[] = []
  for (const [index, tool] of (request.tools ?? []).entries()) {
    const { function: described, type } = tool
    if (type !== 'function' || !described) {
      return unsupported(`tools.${index}`, 'Only tools of type function are supported.')
    }
    const { name, description, parameters } = described
    tools.push({ name, ...(description && { description }), ...(parameters && { parameters }) })
  }
  return ok(tools)
}

function formatOf({
  response_format: format,
}: ToolRequest): Result<JobOptions['format'], OpenAiFault> {
  if (!format || format.type === 'text') return ok(undefined)
  if (format.type === 'json_object') return ok('json')
  if (format.type !== 'json_schema') {
    return unsupported('response_format', 'Only text, json_object and json_schema are supported.')
  }
  const schema = format.json_schema?.schema
  return schema ? ok(schema) : invalid('response_format.json_schema.schema', 'schema is missing')
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
