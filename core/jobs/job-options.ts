/**
 * Options of a job specification of version 2: what is asked for beyond a plain chat. They travel as JSON
 * text without blanks, in which the order of keys is the client's: a schema's order shapes the answer.
 * Rules: SPEC.md, OPTIONS.
 */
import * as z from 'zod'
import { utf8ToBytes } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { JobSpec } from './job-spec.ts'
import { jobLimits } from './limits.ts'
import type { ModelFeature } from './model-features.ts'
import { isWithinDepth } from './python-json.ts'

/** The most texts of one job that asks for vectors: so many of 4 096 numbers fit into an answer. */
export const embeddingInputsMax = 5

const object = z.record(z.string(), z.unknown())

/** A function that the model may call: its name, and JSON Schema of its arguments. */
const toolSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  description: z.string().max(4_096).optional(),
  parameters: object.optional(),
})
export type JobTool = z.infer<typeof toolSchema>

/** A call of a function by the model. */
const callSchema = z.strictObject({ name: z.string().min(1).max(64), arguments: object })
export type ToolCall = z.infer<typeof callSchema>

/** Calls as they stand in answers and in earlier turns. */
export const toolCallsSchema = z.array(callSchema).min(1).max(64)

/**
 * `kind`: what comes back, and `completion` has one message whose text goes on. `tools`: what may be called;
 * `calls_max`: the most calls of one answer; `calls_min`: it must call, whatever it has to say. `format`:
 * `json`, or the JSON schema that the answer keeps. `turns`: what earlier messages carry beside their text,
 * by index: calls that the assistant made, and the name of the function whose result a message of role
 * `tool` is. `dimensions`: length of each vector.
 */
export const jobOptionsSchema = z.strictObject({
  kind: z.enum(['chat', 'completion', 'embedding']),
  tools: z.array(toolSchema).min(1).max(64).optional(),
  calls_max: z.int().min(1).max(64).optional(),
  calls_min: z.literal(1).optional(),
  format: z.union([z.literal('json'), object]).optional(),
  turns: z
    .array(
      z.strictObject({
        index: z.int().min(0).max(jobLimits.messagesMax),
        calls: toolCallsSchema.optional(),
        name: z.string().min(1).max(64).optional(),
      }),
    )
    .min(1)
    .max(jobLimits.messagesMax)
    .optional(),
  dimensions: z.int().min(1).max(65_536).optional(),
})
export type JobOptions = z.infer<typeof jobOptionsSchema>

/** Options that are no options: `message` says what is wrong. */
export type OptionsError = { readonly code: 'OPTIONS_INVALID'; readonly message: string }

/** The text that a specification carries. */
export const optionsText = (options: JobOptions): string => JSON.stringify(options)

/** Reads options. Their text must be the one that `optionsText` writes, so that one job has one hash. */
export function readOptions(text: string): Result<JobOptions, OptionsError> {
  const value = parsed(text)
  if (value === undefined || JSON.stringify(value) !== text) return invalid('is no compact JSON')
  if (!isWithinDepth(value, depthMax)) return invalid('is nested too deeply')
  const checked = jobOptionsSchema.safeParse(value)
  if (checked.success) return ok(checked.data)
  const issue = checked.error.issues[0]
  return invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}

/** What about a specification's options is wrong, alone or beside its messages; undefined: nothing. */
export function optionsFault(spec: JobSpec): string | undefined {
  if (spec.options === undefined) return undefined
  const read = readOptions(spec.options)
  if (!read.ok) return read.error.message
  const { kind, tools, turns, format, calls_min: least } = read.value
  const { messages } = spec
  if (least !== undefined && tools === undefined) return 'no call can be forced without tools'
  if (kind !== 'chat' && (tools ?? turns) !== undefined) return 'tools belong to a chat'
  const isPlain = (tools ?? turns ?? format) === undefined && !hasResults(spec)
  if (kind === 'chat' && isPlain) return 'a plain chat has none'
  if (kind === 'completion' && messages.length !== 1) return 'a completion has one message'
  if (kind === 'embedding' && messages.length > embeddingInputsMax) {
    return `at most ${embeddingInputsMax} texts become vectors in one job`
  }
  const isPlaced = (turns ?? []).every(({ index, calls, name }) => {
    const role = messages[index]?.role
    return (calls === undefined || role === 'assistant') && (name === undefined || role === 'tool')
  })
  return isPlaced ? undefined : 'calls belong to the assistant, and names to results of tools'
}

/** What a specification asks for; a plain chat when it has no options or none that can be read. */
export function optionsOf(spec: JobSpec): JobOptions {
  const read = spec.options === undefined ? undefined : readOptions(spec.options)
  return read?.ok ? read.value : { kind: 'chat' }
}

/** What a model must be able to do to compute a specification; nothing is asked of an opaque job. */
export function featuresNeeded(spec: JobSpec): readonly ModelFeature[] {
  if (spec.messages.length === 0) return []
  const { kind, tools, turns, format, calls_min: least } = optionsOf(spec)
  if (kind === 'embedding') return ['embeddings']
  if (kind === 'completion') return format === undefined ? ['completion'] : ['completion', 'json']
  const needed: ModelFeature[] = ['chat']
  if (tools !== undefined || hasResults(spec) || turns !== undefined) needed.push('tools')
  if (least !== undefined) needed.push('forced_calls')
  if (format !== undefined) needed.push('json')
  return needed
}

/**
 * Most tokens by which options lengthen the prompt: templates write tools and calls into it as indented
 * JSON with words around them.
 */
export function optionsTokensMax(spec: JobSpec): number {
  const { tools, turns } = optionsOf(spec)
  if (tools === undefined && turns === undefined) return 0
  const bytes = utf8ToBytes(JSON.stringify([tools ?? [], turns ?? []])).length
  return bytes * indentedBytesMax + templateTokens
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const hasResults = ({ messages }: JobSpec): boolean => messages.some(({ role }) => role === 'tool')

const depthMax = 24
const indentedBytesMax = 2
const templateTokens = 1_024

const invalid = (message: string): Result<never, OptionsError> =>
  err({ code: 'OPTIONS_INVALID', message })
