/**
 * Vector of a text: the mean of the model's last states over all tokens, scaled to length 1. The states are
 * those from which it would predict what comes next, so texts that go on alike lie close together; the model
 * was not trained to tell texts apart by meaning.
 */
import { type Cache, FEED_TOKENS_MAX, type Transformer } from './transformer.ts'

export type Embedding = {
  readonly promptTokens: number
  /** Reads a few tokens; the vector when that was the last of them. */
  step(): Float32Array | undefined
  /** Gives the memory back; to be called once, at the end or before it. */
  close(): void
}

type Parts = {
  readonly transformer: Transformer
  readonly pool: { take(): Cache; giveBack(cache: Cache): void }
}

/** Computes nothing yet. `tokens`: at least one, at most the context. */
export function startEmbedding({ transformer, pool }: Parts, tokens: readonly number[]): Embedding {
  const { width } = transformer.shape
  const cache = pool.take()
  const sum = new Float64Array(width)
  let read = 0
  let closed = false
  return {
    promptTokens: tokens.length,
    step() {
      if (closed) throw new Error('the embedding is closed')
      const some = tokens.slice(read, read + FEED_TOKENS_MAX)
      const states = transformer.feedForStates(cache, some)
      for (let at = 0; at < states.length; at += 1) {
        sum[at % width] = (sum[at % width] as number) + (states[at] as number)
      }
      read += some.length
      return read < tokens.length ? undefined : unitVector(sum)
    },
    close() {
      if (closed) return
      closed = true
      pool.giveBack(cache)
    },
  }
}

/** The mean and the sum have one direction, so the sum is scaled at once. */
function unitVector(sum: Float64Array): Float32Array {
  let squares = 0
  for (const value of sum) squares += value * value
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0
  return Float32Array.from(sum, (value) => value * scale)
}
