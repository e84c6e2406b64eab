/**
 * Answers as text. Receipts hash text and streams carry text, so calls of functions and vectors are text as
 * well: calls stand behind U+001E at the end of what the model said, as JSON, which never holds that
 * character itself; vectors are JSON alone, each as base64 of 32-bit little-endian floats. Rules: SPEC.md,
 * ANSWER.
 */
import { fromBase64, toBase64 } from '../base/bytes.ts'
import { err, ok, type Result } from '../base/result.ts'
import { optionsOf, type ToolCall, toolCallsSchema } from './job-options.ts'
import type { JobSpec } from './job-spec.ts'
import type { Finish } from './miner-protocol.ts'

/** Parts words from calls in an answer that may call functions. */
export const callsMark = '\u001e'

/** What a model said, and what it wants called. */
export type ToolAnswer = { readonly words: string; readonly calls: readonly ToolCall[] }

/** Why a text is not the answer that it should be. */
export type AnswerError = { readonly code: 'ANSWER_INVALID'; readonly message: string }

/** Calls as they follow the words in the text of an answer. */
export const callsText = (calls: readonly ToolCall[]): string =>
  callsMark +
  JSON.stringify(calls.map(({ name, arguments: given }) => ({ name, arguments: given })))

/** Parts the answer of a job that ended with `tool_calls`. */
export function readToolAnswer(text: string): Result<ToolAnswer, AnswerError> {
  const at = text.lastIndexOf(callsMark)
  const calls = toolCallsSchema.safeParse(at < 0 ? undefined : parsed(text.slice(at + 1)))
  if (!calls.success) return invalid('it calls no function in a form that can be read')
  return ok({ words: text.slice(0, at), calls: calls.data })
}

/** The text of an answer of vectors. */
export const embeddingsText = (vectors: readonly Float32Array[]): string =>
  JSON.stringify({ embeddings: vectors.map((each) => toBase64(littleEndian(each))) })

/** Vectors as base64, which is what OpenAI calls them too. */
export function readEmbeddings(text: string): Result<readonly string[], AnswerError> {
  const value = parsed(text)
  const fields = typeof value === 'object' && value !== null ? value : {}
  const { embeddings } = fields as { readonly embeddings?: unknown }
  const isList = Array.isArray(embeddings) && embeddings.every((each) => typeof each === 'string')
  return isList ? ok(embeddings as string[]) : invalid('it has no vectors')
}

/** The numbers of a vector; an error when it is none or holds what is no number. */
export function vectorOf(encoded: string): Result<Float32Array, AnswerError> {
  const bytes = fromBase64(encoded)
  if (!bytes.ok || bytes.value.length === 0 || bytes.value.length % 4 !== 0) {
    return invalid('a vector is no base64 of 32-bit floats')
  }
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset, bytes.value.length)
  const vector = new Float32Array(bytes.value.length / 4)
  for (let index = 0; index < vector.length; index += 1) {
    vector[index] = view.getFloat32(index * 4, true)
  }
  return vector.every(Number.isFinite) ? ok(vector) : invalid('a vector holds what is no number')
}

/** What about an answer does not fit what was asked for; undefined when its shape is right. */
export function answerFault(
  spec: JobSpec,
  answer: { readonly text: string; readonly finish: Finish; readonly completionTokens: number },
): string | undefined {
  const options = optionsOf(spec)
  if (options.kind === 'embedding') return embeddingFault(spec, answer)
  if (answer.finish !== 'tool_calls') {
    const isMissing = options.calls_min !== undefined && answer.finish === 'stop'
    return isMissing ? 'it calls no function and had to' : undefined
  }
  if (options.tools === undefined) return 'it calls functions and was given none'
  const read = readToolAnswer(answer.text)
  if (!read.ok) return read.error.message
  const names = options.tools.map(({ name }) => name)
  const isForced = options.calls_min !== undefined
  if (isForced && !read.value.calls.every(({ name }) => names.includes(name))) {
    return 'it calls a function that was not given'
  }
  const count = read.value.calls.length
  return count > (options.calls_max ?? count) ? 'it calls more than was allowed' : undefined
}

function embeddingFault(
  spec: JobSpec,
  answer: { readonly text: string; readonly finish: Finish; readonly completionTokens: number },
): string | undefined {
  if (answer.finish !== 'stop' || answer.completionTokens > 0)
    return 'vectors end and count nothing'
  const read = readEmbeddings(answer.text)
  if (!read.ok) return read.error.message
  if (read.value.length !== spec.messages.length) return 'there is not one vector for each text'
  const { dimensions } = optionsOf(spec)
  const sizes = new Set<number>()
  for (const each of read.value) {
    const vector = vectorOf(each)
    if (!vector.ok) return vector.error.message
    sizes.add(vector.value.length)
  }
  if (sizes.size > 1) return 'its vectors differ in length'
  return dimensions === undefined || sizes.has(dimensions)
    ? undefined
    : 'its vectors have another length'
}

function littleEndian(vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(vector.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of vector.entries()) view.setFloat32(index * 4, value, true)
  return bytes
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const invalid = (message: string): Result<never, AnswerError> =>
  err({ code: 'ANSWER_INVALID', message })
