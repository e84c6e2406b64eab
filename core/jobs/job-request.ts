/**
 * From what a client asks to the canonical job specification: shared parts of the readers for the
 * original's payloads and for OpenAI's requests.
 */
import type { ApiError } from '../api/errors.ts'
import { isWellFormed, utf8ToBytes } from '../base/bytes.ts'
import { floor } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'
import { type JobOptions, optionsFault, optionsText } from './job-options.ts'
import { type JobSpec, jobSpecCoder, jobSpecVersionMax } from './job-spec.ts'
import { jobLimits } from './limits.ts'

/** One thing that is wrong with a request, in the shape of validation details. */
export type FieldFault = {
  readonly field: string
  readonly message: string
  readonly code: string
}

/** Numbers as clients state them; what is undefined takes the default of `jobLimits`. */
export type Sampling = {
  readonly maxTokens: number | undefined
  readonly temperature: number | undefined
  readonly topP: number | undefined
  /** Undefined takes `defaultSeed`. */
  readonly seed: bigint | undefined
  readonly stop: readonly string[]
}

/** One turn of a conversation, in plain text. */
export type ChatMessage = { readonly role: string; readonly content: string }

/** What a specification is made of. */
export type SpecParts = {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly sampling: Sampling
  readonly extra: string
  /** What is asked for beyond a plain chat; a specification of version 1 when absent. */
  readonly options?: JobOptions | undefined
  /** For a job that names no seed: random, or 0 where the result must be foreseeable. */
  readonly defaultSeed: bigint
}

/** Puts the parts together and checks every bound. */
export function makeSpec(parts: SpecParts): Result<JobSpec, ApiError> {
  const { sampling } = parts
  const spec: JobSpec = {
    version: parts.options === undefined ? 1 : 2,
    model: parts.model,
    messages: parts.messages.map(({ role, content }) => ({ role, content })),
    maxTokens: sampling.maxTokens ?? jobLimits.maxTokensDefault,
    temperatureMilli: thousandths(sampling.temperature) ?? jobLimits.temperatureMilliDefault,
    topPMilli: thousandths(sampling.topP) ?? jobLimits.topPMilliMax,
    seed: sampling.seed ?? parts.defaultSeed,
    stop: [...sampling.stop],
    extra: parts.extra,
    ...(parts.options === undefined ? {} : { options: optionsText(parts.options) }),
  }
  const faults = specFaults(spec)
  return faults.length === 0 ? ok(spec) : err(validationError(faults))
}

/** What a specification breaks of the limits; empty when it may be computed. */
export function specFaults(spec: JobSpec): FieldFault[] {
  const faults: FieldFault[] = []
  const check = (isGood: boolean, field: string, message: string) => {
    if (!isGood) faults.push({ field, message, code: 'invalid' })
  }
  check(
    spec.version >= 1 && spec.version <= jobSpecVersionMax,
    'version',
    `must be 1 to ${jobSpecVersionMax}`,
  )
  const isPlain = spec.options === undefined
  check((spec.version === 1) === isPlain, 'options', 'come with version 2, and with no other')
  const fault = optionsFault(spec)
  check(fault === undefined, 'options', fault ?? '')
  check(bytesOf(spec.model) <= jobLimits.modelBytesMax, 'model', 'is too long')
  check(spec.messages.length <= jobLimits.messagesMax, 'messages', 'has too many messages')
  check(spec.messages.length > 0 || spec.extra !== '', 'messages', 'is empty')
  check(
    spec.messages.every(({ role }) => roles.has(role) || (!isPlain && role === 'tool')),
    'messages',
    'has a role other than system, user and assistant',
  )
  const { maxTokensMax, temperatureMilliMax, topPMilliMax, stopMax, stopBytesMax } = jobLimits
  check(
    spec.maxTokens >= 1 && spec.maxTokens <= maxTokensMax,
    'max_tokens',
    `must be 1 to ${maxTokensMax}`,
  )
  check(spec.temperatureMilli <= temperatureMilliMax, 'temperature', 'must be 0 to 2')
  check(spec.topPMilli >= 1 && spec.topPMilli <= topPMilliMax, 'top_p', 'must be above 0, up to 1')
  check(spec.seed < 10n ** 18n, 'seed', 'must be a whole number from 0, of 18 digits at most')
  check(spec.stop.length <= stopMax, 'stop', `must be at most ${stopMax} texts`)
  check(
    spec.stop.every((each) => each !== '' && bytesOf(each) <= stopBytesMax),
    'stop',
    `must hold texts of 1 to ${stopBytesMax} bytes`,
  )
  const texts = [
    spec.model,
    spec.extra,
    spec.options ?? '',
    ...spec.stop,
    ...spec.messages.map((each) => each.content),
  ]
  check(texts.every(isWellFormed), 'messages', 'holds half a surrogate pair: not Unicode text')
  if (faults.length > 0) return faults
  const bytes = jobSpecCoder.encode(spec).length
  check(
    bytes <= jobLimits.specBytesMax,
    'messages',
    `is too long: ${bytes} of ${jobLimits.specBytesMax} bytes`,
  )
  return faults
}

/** 422 in the original's shape. */
export const validationError = (details: readonly FieldFault[]): ApiError => ({
  code: 'VALIDATION_ERROR',
  details,
})

/**
 * The payload that a specification amounts to, in the original's words: what stands in the legacy receipt
 * of a client that sends only the specification.
 */
export function payloadOfSpec(spec: JobSpec): Record<string, unknown> {
  return {
    type: 'inference',
    model: spec.model,
    messages: spec.messages.map(({ role, content }) => ({ role, content })),
    parameters: {
      max_tokens: spec.maxTokens,
      temperature: spec.temperatureMilli / 1_000,
      top_p: spec.topPMilli / 1_000,
      // As text: a seed may be larger than what JSON numbers carry exactly.
      seed: spec.seed.toString(),
      stop: [...spec.stop],
    },
    ...(spec.options === undefined ? {} : { options: spec.options }),
  }
}

/** Roles that models know. `developer` and the like are mapped before. */
const roles: ReadonlySet<string> = new Set(['system', 'user', 'assistant'])

const thousandths = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : floor(value * 1_000 + 0.5)

const bytesOf = (text: string): number => utf8ToBytes(text).length
