/**
 * The shape of a llama-architecture model and its weights, checked against each other.
 */
import { err, ok, type Result } from '../../../../core/base/result.ts'
import type { Gguf } from './gguf.ts'
import { type Allocate, type Matrix, ROW_GROUP, readMatrix, readVector } from './matrix.ts'
import { countOf, type ModelError, modelError, positiveOf, textOf } from './metadata.ts'

export type LlamaShape = {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly headSize: number
  readonly feedForward: number
  readonly contextTokens: number
  readonly vocabulary: number
  readonly epsilon: number
  readonly rotaryBase: number
}

export type LlamaLayer = {
  readonly attentionNorm: Float32Array
  readonly query: Matrix
  readonly key: Matrix
  readonly value: Matrix
  readonly attentionOut: Matrix
  readonly feedForwardNorm: Float32Array
  readonly gate: Matrix
  readonly up: Matrix
  readonly down: Matrix
}

export type LlamaWeights = {
  readonly shape: LlamaShape
  /** Also the output matrix: the model ties the two. */
  readonly embedding: Matrix
  readonly outputNorm: Float32Array
  readonly layers: readonly LlamaLayer[]
}

/** Bounds on memory: above the shipped model, far below what could exhaust a host. */
export const MODEL_LIMITS = {
  width: 4_096,
  layers: 64,
  heads: 64,
  feedForward: 16_384,
  contextTokens: 4_096,
  vocabulary: 131_072,
  /** Keys and values of one conversation. */
  cacheFloats: 33_554_432,
} as const

/** Reads and regroups all weights; takes some 50 ms for the shipped model. */
export function readWeights(
  gguf: Gguf,
  { shape, allocate }: { shape: LlamaShape; allocate: Allocate },
): Result<LlamaWeights, ModelError> {
  try {
    return ok(collect(gguf, shape, allocate))
  } catch (error) {
    if (error instanceof Misfit) return err({ code: 'MODEL_INVALID', message: error.message })
    throw error
  }
}

/** Leaves the nested readers at once; never leaves this file. */
class Misfit extends Error {}

/** Reads the model's dimensions and keeps them within `MODEL_LIMITS`. */
export function readShape(gguf: Gguf): Result<LlamaShape, ModelError> {
  const architecture = textOf(gguf, 'general.architecture')
  if (!architecture.ok) return architecture
  if (architecture.value !== 'llama') return modelError('general.architecture is not llama')
  const width = countOf(gguf, 'llama.embedding_length', MODEL_LIMITS.width)
  if (!width.ok) return width
  const layers = countOf(gguf, 'llama.block_count', MODEL_LIMITS.layers)
  if (!layers.ok) return layers
  const heads = countOf(gguf, 'llama.attention.head_count', MODEL_LIMITS.heads)
  if (!heads.ok) return heads
  const keyHeads = countOf(gguf, 'llama.attention.head_count_kv', MODEL_LIMITS.heads)
  if (!keyHeads.ok) return keyHeads
  const feedForward = countOf(gguf, 'llama.feed_forward_length', MODEL_LIMITS.feedForward)
  if (!feedForward.ok) return feedForward
  const contextTokens = countOf(gguf, 'llama.context_length', MODEL_LIMITS.contextTokens)
  if (!contextTokens.ok) return contextTokens
  const vocabulary = countOf(gguf, 'llama.vocab_size', MODEL_LIMITS.vocabulary)
  if (!vocabulary.ok) return vocabulary
  const rotary = countOf(gguf, 'llama.rope.dimension_count', MODEL_LIMITS.width)
  if (!rotary.ok) return rotary
  const epsilon = positiveOf(gguf, 'llama.attention.layer_norm_rms_epsilon')
  if (!epsilon.ok) return epsilon
  const rotaryBase = positiveOf(gguf, 'llama.rope.freq_base')
  if (!rotaryBase.ok) return rotaryBase
  const headSize = width.value / heads.value
  const shape: LlamaShape = {
    width: width.value,
    layers: layers.value,
    heads: heads.value,
    headSize,
    feedForward: feedForward.value,
    contextTokens: contextTokens.value,
    vocabulary: vocabulary.value,
    epsilon: epsilon.value,
    rotaryBase: rotaryBase.value,
  }
  if (keyHeads.value !== heads.value) return modelError('grouped key heads are not supported')
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) return modelError('odd head size')
  if (rotary.value !== headSize) return modelError('only whole heads are rotated')
  if (2 * shape.layers * shape.contextTokens * shape.width > MODEL_LIMITS.cacheFloats) {
    return modelError('the keys and values of one conversation would take too much memory')
  }
  return ok(shape)
}

function collect(gguf: Gguf, shape: LlamaShape, allocate: Allocate): LlamaWeights {
  const { width, feedForward, vocabulary } = shape
  if (gguf.tensors.has('output.weight'))
    throw new Misfit('a separate output matrix is not supported')
  const vector = (name: string): Float32Array => {
    const tensor = gguf.tensors.get(`${name}.weight`)
    if (tensor === undefined) throw new Misfit(`${name}.weight is missing`)
    if (tensor.shape.join() !== String(width)) throw new Misfit(`${name}.weight has a wrong shape`)
    return readVector(gguf, tensor)
  }
  const matrix = (name: string, columns: number, rows: number): Matrix => {
    const tensor = gguf.tensors.get(`${name}.weight`)
    if (tensor === undefined) throw new Misfit(`${name}.weight is missing`)
    if (tensor.shape.join() !== `${columns},${rows}` || rows % ROW_GROUP !== 0) {
      throw new Misfit(`${name}.weight has a wrong shape`)
    }
    return readMatrix(gguf, tensor, allocate)
  }
  const embedding = matrix('token_embd', width, vocabulary)
  const outputNorm = vector('output_norm')
  const layers: LlamaLayer[] = []
  for (let index = 0; index < shape.layers; index++) {
    const block = `blk.${index}`
    layers.push({
      attentionNorm: vector(`${block}.attn_norm`),
      query: matrix(`${block}.attn_q`, width, width),
      key: matrix(`${block}.attn_k`, width, width),
      value: matrix(`${block}.attn_v`, width, width),
      attentionOut: matrix(`${block}.attn_output`, width, width),
      feedForwardNorm: vector(`${block}.ffn_norm`),
      gate: matrix(`${block}.ffn_gate`, width, feedForward),
      up: matrix(`${block}.ffn_up`, width, feedForward),
      down: matrix(`${block}.ffn_down`, feedForward, width),
    })
  }
  return { shape, embedding, outputNorm, layers }
}
