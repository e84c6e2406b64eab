/**
 * Job specification from a payload of the original: `{type: "inference", prompt | messages, model,
 * parameters}` with the spellings of its several clients. Anything else is kept as canonical text in
 * `extra`, for miners of the original. Rules: SPEC.md, ASK.
 */
import type { ApiError } from '../api/errors.ts'
import { err, type Result } from '../base/result.ts'
import {
  type ChatMessage,
  type FieldFault,
  makeSpec,
  type Sampling,
  validationError,
} from './job-request.ts'
import type { JobSpec } from './job-spec.ts'
import { canonicalText, isWithinDepth, type PyJson } from './python-json.ts'

/**
 * Reads a payload. `defaultModel` stands in where the payload names none (the original's miners took
 * their first); `defaultSeed` where it names no seed.
 */
export function specFromLegacy(
  payload: Record<string, unknown>,
  defaults: { readonly model: string; readonly seed: bigint },
): Result<JobSpec, ApiError> {
  if (!isWithinDepth(payload)) return err(fault('payload', 'is nested too deeply'))
  const parameters = recordOf(payload['parameters']) ?? recordOf(payload['options']) ?? {}
  const from = { payload, parameters }
  const messages = messagesOf(from)
  if (!Array.isArray(messages)) return err(messages)
  const sampling = samplingOf(from)
  if ('code' in sampling) return err(sampling)
  const isOpaque = messages.length === 0
  const model = textOf(payload['model']) ?? textOf(parameters['model'])
  return makeSpec({
    model: model ?? (isOpaque ? '' : defaults.model),
    messages,
    sampling,
    // With a prompt, everything that bears on the answer is above; without, all of it is the job.
    extra: isOpaque ? canonicalText(payload as PyJson) : extraOf(from),
    defaultSeed: defaults.seed,
  })
}

/** Whether a payload is for language models: others go to miners of the original only. */
export const isInference = (payload: Record<string, unknown>): boolean => {
  const { type } = payload
  return type === undefined || type === 'inference' || type === 'chat' || type === 'completion'
}

type Sources = {
  readonly payload: Record<string, unknown>
  readonly parameters: Record<string, unknown>
}

function messagesOf({ payload, parameters }: Sources): ChatMessage[] | ApiError {
  if (!isInference(payload)) return []
  const listed = payload['messages'] ?? parameters['messages']
  if (listed !== undefined && listed !== null) return listedMessages(listed)
  const prompt = textOf(payload['prompt']) ?? textOf(parameters['prompt'])
  if (prompt === undefined) return []
  const system = textOf(payload['system']) ?? textOf(parameters['system'])
  const user = { role: 'user', content: prompt }
  return system === undefined ? [user] : [{ role: 'system', content: system }, user]
}

function listedMessages(listed: unknown): ChatMessage[] | ApiError {
  if (!Array.isArray(listed)) return fault('payload.messages', 'must be a list')
  const messages: ChatMessage[] = []
  for (const [index, each] of listed.entries()) {
    const message = recordOf(each)
    const { role, content } = message ?? {}
    if (typeof role !== 'string' || typeof content !== 'string') {
      return fault(`payload.messages.${index}`, 'must have role and content as text')
    }
    messages.push({ role, content })
  }
  return messages
}

function samplingOf(from: Sources): Sampling | ApiError {
  const faults: FieldFault[] = []
  const number = (field: string, isGood: (value: number) => boolean) => {
    const names = spellings[field as keyof typeof spellings]
    const value = first(from, names)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isFinite(value) && isGood(value)) return value
    faults.push({ field: `payload.${field}`, message: 'is not a usable number', code: 'invalid' })
    return undefined
  }
  const whole = (value: number) => Number.isSafeInteger(value) && value >= 0
  const sampling: Sampling = {
    maxTokens: number('max_tokens', (value) => whole(value) && value >= 1 && value < 2 ** 31),
    temperature: number('temperature', (value) => value >= 0 && value <= 2),
    topP: number('top_p', (value) => value > 0 && value <= 1),
    seed: seedOf(from, faults),
    stop: stopOf(from, faults),
  }
  return faults.length === 0 ? sampling : validationError(faults)
}

/** A whole number, or its decimal text where it is larger than what JSON numbers carry exactly. */
function seedOf(from: Sources, faults: FieldFault[]): bigint | undefined {
  const seed = first(from, spellings.seed)
  if (seed === undefined) return undefined
  if (typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0) return BigInt(seed)
  if (typeof seed === 'string' && /^[0-9]{1,18}$/.test(seed)) return BigInt(seed)
  faults.push({ field: 'payload.seed', message: 'is not a usable number', code: 'invalid' })
  return undefined
}

function stopOf(from: Sources, faults: FieldFault[]): readonly string[] {
  const stop = first(from, ['stop'])
  if (stop === undefined) return []
  const list = Array.isArray(stop) ? stop : [stop]
  if (list.every((each) => typeof each === 'string')) return list
  faults.push({
    field: 'payload.stop',
    message: 'must be text or a list of texts',
    code: 'invalid',
  })
  return []
}

/** Each number under the names that the original's clients and Ollama use for it. */
const spellings = {
  max_tokens: ['max_tokens', 'num_predict', 'max_new_tokens'],
  temperature: ['temperature'],
  top_p: ['top_p'],
  seed: ['seed'],
} as const

function first({ payload, parameters }: Sources, names: readonly string[]): unknown {
  for (const name of names) {
    for (const source of [parameters, payload]) {
      const value = source[name]
      if (value !== undefined && value !== null) return value
    }
  }
  return undefined
}

/** What the payload carries beyond what was read, as canonical text; empty when there is nothing. */
function extraOf({ payload, parameters }: Sources): string {
  const rest: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(payload)) {
    if (!readKeys.has(key)) rest[key] = value
  }
  const others = Object.entries(parameters).filter(([key]) => !readKeys.has(key))
  if (others.length > 0) rest['parameters'] = Object.fromEntries(others)
  return Object.keys(rest).length === 0 ? '' : canonicalText(rest as PyJson)
}

const readKeys: ReadonlySet<string> = new Set([
  ...['type', 'model', 'prompt', 'system', 'messages', 'parameters', 'options', 'stop', 'stream'],
  ...Object.values(spellings).flat(),
])

const recordOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const fault = (field: string, message: string): ApiError =>
  validationError([{ field, message, code: 'invalid' }])
