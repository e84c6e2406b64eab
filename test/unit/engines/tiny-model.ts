/**
 * The shipped model and its vectors, loaded once for each test file.
 */
import { readFileSync } from 'node:fs'
import { tinyModelPath } from '../../../miner-agent/engines/embedded/model-file.ts'
import { loadModel, type Model } from '../../../miner-agent/engines/embedded/runtime/model.ts'

export type Vectors = {
  readonly vectors: readonly {
    readonly prompt: string
    readonly input: readonly number[]
    readonly ids: readonly number[]
    readonly text: string
  }[]
  readonly tokenizer: readonly { readonly text: string; readonly ids: readonly number[] }[]
}

export function tinyBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(tinyModelPath()))
}

export function tinyModel(): Model {
  const model = loadModel(tinyBytes())
  if (!model.ok) throw new Error(model.error.message)
  return model.value
}

export function tinyVectors(): Vectors {
  const file = new URL('../../vectors/aitbc-tiny.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Vectors
}
