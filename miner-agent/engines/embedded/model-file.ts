/**
 * Reads the shipped model from disk and makes sure that it is the shipped model.
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { err, ok, type Result } from '../../../core/base/result.ts'
import { loadModel, type Model } from './runtime/model.ts'

export const TINY_MODEL = {
  name: 'aitbc-tiny',
  file: 'aitbc-tiny.gguf',
  bytes: 4_822_784,
  /** SHA-256 in hex of the whole file. */
  digest: '702368afff97579078dd7ae0ceffa4cff67b7ba2132ec192be24caa1994faa0e',
} as const

export type ModelFileError =
  | { readonly code: 'MODEL_FILE_UNREADABLE'; readonly message: string }
  | { readonly code: 'MODEL_FILE_ALTERED'; readonly message: string }
  | { readonly code: 'MODEL_FILE_INVALID'; readonly message: string }

/** Where the model lies in a source checkout. A bundled agent has to be told another place. */
export function tinyModelPath(): string {
  return fileURLToPath(new URL(`../../models/${TINY_MODEL.file}`, import.meta.url))
}

/** Reads, checks and loads the model; takes some 70 ms. */
export async function loadTinyModel(
  path: string = tinyModelPath(),
): Promise<Result<Model, ModelFileError>> {
  const bytes = await readBounded(path)
  return bytes.ok ? openTinyModel(bytes.value) : bytes
}

/** Checks and loads the model from bytes that came by another way, such as a download. */
export function openTinyModel(bytes: Uint8Array): Result<Model, ModelFileError> {
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (digest !== TINY_MODEL.digest) {
    const size = `${bytes.length} of ${TINY_MODEL.bytes} bytes`
    const message = `the model file is not the one that was shipped (${size}, SHA-256 ${digest})`
    return err({ code: 'MODEL_FILE_ALTERED', message })
  }
  const model = loadModel(bytes)
  if (!model.ok) return err({ code: 'MODEL_FILE_INVALID', message: model.error.message })
  return ok(model.value)
}

/** Never reads a file of another size into memory: it can only be the wrong one. */
async function readBounded(path: string): Promise<Result<Uint8Array, ModelFileError>> {
  try {
    const { size } = await stat(path)
    if (size !== TINY_MODEL.bytes) {
      const message = `${path} has ${size} bytes; the shipped model has ${TINY_MODEL.bytes}`
      return err({ code: 'MODEL_FILE_ALTERED', message })
    }
    return ok(await readFile(path))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return err({ code: 'MODEL_FILE_UNREADABLE', message: `cannot read the model: ${reason}` })
  }
}
