/**
 * Takes typed values out of a GGUF's key-value pairs and says which one is missing or wrong.
 */
import { err, ok, type Result } from '../../../../core/base/result.ts'
import type { Gguf } from './gguf.ts'

/** The container is sound, but holds no model that this engine runs. */
export type ModelError = { readonly code: 'MODEL_INVALID'; readonly message: string }

export function modelError(message: string): Result<never, ModelError> {
  return err({ code: 'MODEL_INVALID', message })
}

/** A whole number from 1 to `max`. */
export function countOf(gguf: Gguf, key: string, max: number): Result<number, ModelError> {
  const value = gguf.metadata.get(key)
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > max) {
    return modelError(`${key} is not a whole number from 1 to ${max}`)
  }
  return ok(value)
}

/** A finite number above zero. */
export function positiveOf(gguf: Gguf, key: string): Result<number, ModelError> {
  const value = gguf.metadata.get(key)
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    return modelError(`${key} is not a positive number`)
  }
  return ok(value)
}

export function textOf(gguf: Gguf, key: string): Result<string, ModelError> {
  const value = gguf.metadata.get(key)
  return typeof value === 'string' ? ok(value) : modelError(`${key} is not a text`)
}

export function textsOf(gguf: Gguf, key: string): Result<readonly string[], ModelError> {
  const value = gguf.metadata.get(key)
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    return modelError(`${key} is not a list of texts`)
  }
  return ok(value)
}

export function numbersOf(gguf: Gguf, key: string): Result<readonly number[], ModelError> {
  const value = gguf.metadata.get(key)
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'number')) {
    return modelError(`${key} is not a list of numbers`)
  }
  return ok(value)
}
