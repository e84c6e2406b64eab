/**
 * The llama architecture: feeds tokens through the layers and gives the scores of the next one.
 * Weights and scratch space are shared by all conversations, each has a cache of its own.
 */
import type { Arithmetic } from './arithmetic.ts'
import { copyRow } from './matrix.ts'
import type { LlamaLayer, LlamaShape, LlamaWeights } from './weights.ts'

/** Keys and values of the positions seen so far; owned by one conversation, changed by `feed`. */
export type Cache = {
  readonly keys: readonly Float32Array[]
  readonly values: readonly Float32Array[]
  length: number
}

export type Transformer = {
  readonly shape: LlamaShape
  createCache(): Cache
  /**
   * Appends tokens (1 to `FEED_TOKENS_MAX`, and no more than the context has room for). Returns a
   * score for each token that may follow: a shared buffer, valid until the next call.
   */
  feed(cache: Cache, tokens: readonly number[]): Float64Array
  /** The same without scores, for the part of a prompt that is followed by more of it. */
  feedSilently(cache: Cache, tokens: readonly number[]): void
  /**
   * The same; returns the normalised state behind each token, `width` numbers each, one after the other: a
   * shared buffer, valid until the next call.
   */
  feedForStates(cache: Cache, tokens: readonly number[]): Float64Array
}

export const FEED_TOKENS_MAX = 8

/** How many 64-bit numbers of scratch space a model of this shape takes. */
export function scratchDoubles(shape: LlamaShape): number {
  return FEED_TOKENS_MAX * (6 * shape.width + 2 * shape.feedForward) + shape.vocabulary
}

type Scratch = {
  readonly stream: Float64Array
  readonly normed: Float64Array
  readonly query: Float64Array
  readonly key: Float64Array
  readonly value: Float64Array
  readonly attended: Float64Array
  readonly gate: Float64Array
  readonly up: Float64Array
  readonly scores: Float64Array
  readonly logits: Float64Array
}

/** Allocates scratch space and the table of rotations; the weights are used as they are. */
export function createTransformer(weights: LlamaWeights, arithmetic: Arithmetic): Transformer {
  const { shape } = weights
  const { multiply } = arithmetic
  const scratch = createScratch(shape, arithmetic)
  const rotations = rotationTable(shape)
  const run = (cache: Cache, tokens: readonly number[]): void => {
    const count = tokens.length
    if (count < 1 || count > FEED_TOKENS_MAX) throw new Error('too many tokens in one step')
    if (cache.length + count > shape.contextTokens) throw new Error('the context is full')
    tokens.forEach((token, index) => {
      if (token < 0 || token >= shape.vocabulary) throw new Error('no such token')
      copyRow(scratch.stream.subarray(index * shape.width), weights.embedding, token)
    })
    weights.layers.forEach((layer, index) => {
      const keys = cache.keys[index]
      const values = cache.values[index]
      if (keys === undefined || values === undefined) throw new Error('a cache of another model')
      attend({
        layer,
        shape,
        scratch,
        multiply,
        rotations,
        keys,
        values,
        start: cache.length,
        count,
      })
      feedForward({ layer, shape, scratch, multiply, count })
    })
    cache.length += count
  }
  return {
    shape,
    createCache: () => createCache(shape),
    feed(cache, tokens) {
      run(cache, tokens)
      const last = scratch.stream.subarray((tokens.length - 1) * shape.width)
      normalise(scratch.normed, { x: last, weight: weights.outputNorm, count: 1, shape })
      multiply(scratch.logits, { x: scratch.normed, matrix: weights.embedding, count: 1 })
      return scratch.logits
    },
    feedSilently: run,
    feedForStates(cache, tokens) {
      run(cache, tokens)
      const count = tokens.length
      normalise(scratch.normed, { x: scratch.stream, weight: weights.outputNorm, count, shape })
      return scratch.normed.subarray(0, count * shape.width)
    },
  }
}

function createCache(shape: LlamaShape): Cache {
  const blank = (): Float32Array[] =>
    Array.from({ length: shape.layers }, () => new Float32Array(shape.contextTokens * shape.width))
  return { keys: blank(), values: blank(), length: 0 }
}

function createScratch(shape: LlamaShape, { doubles }: Arithmetic): Scratch {
  const wide = (): Float64Array => doubles(FEED_TOKENS_MAX * shape.width)
  return {
    stream: wide(),
    normed: wide(),
    query: wide(),
    key: wide(),
    value: wide(),
    attended: wide(),
    gate: doubles(FEED_TOKENS_MAX * shape.feedForward),
    up: doubles(FEED_TOKENS_MAX * shape.feedForward),
    scores: new Float64Array(shape.contextTokens),
    logits: doubles(shape.vocabulary),
  }
}

/** Cosine and sine of each position and pair, next to each other. */
function rotationTable(shape: LlamaShape): Float64Array {
  const pairs = shape.headSize / 2
  const table = new Float64Array(shape.contextTokens * shape.headSize)
  for (let position = 0; position < shape.contextTokens; position++) {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = position / shape.rotaryBase ** ((2 * pair) / shape.headSize)
      table[position * shape.headSize + 2 * pair] = Math.cos(angle)
      table[position * shape.headSize + 2 * pair + 1] = Math.sin(angle)
    }
  }
  return table
}

type Attention = {
  readonly layer: LlamaLayer
  readonly shape: LlamaShape
  readonly scratch: Scratch
  readonly multiply: Arithmetic['multiply']
  readonly rotations: Float64Array
  readonly keys: Float32Array
  readonly values: Float32Array
  /** Position of the first of the tokens. */
  readonly start: number
  readonly count: number
}

function attend(step: Attention): void {
  const { layer, shape, scratch, multiply, keys, values, start, count } = step
  const { stream, normed, query, key, value, attended } = scratch
  const { width } = shape
  normalise(normed, { x: stream, weight: layer.attentionNorm, count, shape })
  multiply(query, { x: normed, matrix: layer.query, count })
  multiply(key, { x: normed, matrix: layer.key, count })
  multiply(value, { x: normed, matrix: layer.value, count })
  for (let index = 0; index < count; index++) {
    const at = (start + index) * width
    rotate(query, { at: index * width, position: start + index, step })
    rotate(key, { at: index * width, position: start + index, step })
    keys.set(key.subarray(index * width, (index + 1) * width), at)
    values.set(value.subarray(index * width, (index + 1) * width), at)
  }
  for (let index = 0; index < count; index++) {
    for (let head = 0; head < shape.heads; head++) attendHead(step, index, head)
  }
  multiply(normed, { x: attended, matrix: layer.attentionOut, count })
  addInPlace(stream, normed, count * width)
}

/** One head of one token looks at all positions up to its own. */
function attendHead(step: Attention, index: number, head: number): void {
  const { shape, scratch, keys, values } = step
  const { query, attended, scores } = scratch
  const { width, headSize } = shape
  const positions = step.start + index + 1
  const offset = head * headSize
  const from = index * width + offset
  const scale = 1 / Math.sqrt(headSize)
  let highest = Number.NEGATIVE_INFINITY
  for (let position = 0; position < positions; position++) {
    const at = position * width + offset
    let even = 0
    let odd = 0
    for (let i = 0; i < headSize; i += 2) {
      even += (query[from + i] as number) * (keys[at + i] as number)
      odd += (query[from + i + 1] as number) * (keys[at + i + 1] as number)
    }
    const score = (even + odd) * scale
    scores[position] = score
    if (score > highest) highest = score
  }
  let total = 0
  attended.fill(0, from, from + headSize)
  for (let position = 0; position < positions; position++) {
    const share = Math.exp((scores[position] as number) - highest)
    const at = position * width + offset
    total += share
    for (let i = 0; i < headSize; i++) {
      attended[from + i] = (attended[from + i] as number) + share * (values[at + i] as number)
    }
  }
  for (let i = 0; i < headSize; i++) attended[from + i] = (attended[from + i] as number) / total
}

/** Turns neighbouring pairs of every head by an angle that grows with the position. */
function rotate(
  x: Float64Array,
  { at, position, step }: { at: number; position: number; step: Attention },
): void {
  const { headSize, width } = step.shape
  const table = position * headSize
  for (let i = 0; i < width; i += 2) {
    const cos = step.rotations[table + (i % headSize)] as number
    const sin = step.rotations[table + (i % headSize) + 1] as number
    const even = x[at + i] as number
    const odd = x[at + i + 1] as number
    x[at + i] = even * cos - odd * sin
    x[at + i + 1] = even * sin + odd * cos
  }
}

type FeedForward = Pick<Attention, 'layer' | 'shape' | 'scratch' | 'multiply' | 'count'>

function feedForward({ layer, shape, scratch, multiply, count }: FeedForward): void {
  const { stream, normed, gate, up } = scratch
  normalise(normed, { x: stream, weight: layer.feedForwardNorm, count, shape })
  multiply(gate, { x: normed, matrix: layer.gate, count })
  multiply(up, { x: normed, matrix: layer.up, count })
  const size = count * shape.feedForward
  for (let i = 0; i < size; i++) {
    const g = gate[i] as number
    gate[i] = (g / (1 + Math.exp(-g))) * (up[i] as number)
  }
  multiply(normed, { x: gate, matrix: layer.down, count })
  addInPlace(stream, normed, count * shape.width)
}

type Normalisation = {
  readonly x: Float64Array
  readonly weight: Float32Array
  readonly count: number
  readonly shape: LlamaShape
}

function normalise(out: Float64Array, { x, weight, count, shape }: Normalisation): void {
  const { width, epsilon } = shape
  for (let index = 0; index < count; index++) {
    const at = index * width
    let sum = 0
    for (let i = 0; i < width; i++) sum += (x[at + i] as number) * (x[at + i] as number)
    const scale = 1 / Math.sqrt(sum / width + epsilon)
    for (let i = 0; i < width; i++) {
      out[at + i] = (x[at + i] as number) * scale * (weight[i] as number)
    }
  }
}

function addInPlace(x: Float64Array, more: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) x[i] = (x[i] as number) + (more[i] as number)
}
