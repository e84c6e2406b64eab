/**
 * A loaded model and its answers, computed one step at a time. Nothing here knows of time, files
 * or threads: whoever calls decides when the next step is due, in Node, a Worker or a browser.
 */
import { err, ok, type Result } from '../../../../core/base/result.ts'
import { type Arithmetic, bestArithmetic, type Room } from './arithmetic.ts'
import { type ChatError, type ChatFormat, readChatFormat, type Turn } from './chat.ts'
import { type Embedding, startEmbedding } from './embedding.ts'
import { type Gguf, type GgufError, readGguf } from './gguf.ts'
import { type ModelError, modelError } from './metadata.ts'
import { createSampler, type SamplerOptions } from './sampler.ts'
import { createStopFilter } from './stop-filter.ts'
import { readTokenizer, type Tokenizer } from './tokenizer.ts'
import {
  type Cache,
  createTransformer,
  FEED_TOKENS_MAX,
  scratchDoubles,
  type Transformer,
} from './transformer.ts'
import { utf8Decoder } from './utf8.ts'
import { readShape, readWeights } from './weights.ts'

export type Model = {
  readonly contextTokens: number
  readonly tokenizer: Tokenizer
  /** Prepares an answer; computes nothing yet. */
  answer(request: AnswerRequest): Result<Answer, ChatError>
  /** Prepares to go on with a text as it stands, without the chat format. */
  goOn(request: TextRequest): Result<Answer, ChatError>
  /** Prepares the vector of a text. */
  embed(text: string): Result<Embedding, ChatError>
}

/** A text that goes on; the rest as in `AnswerRequest`. */
export type TextRequest = Omit<AnswerRequest, 'turns'> & { readonly text: string }

export type AnswerRequest = Partial<SamplerOptions> & {
  readonly turns: readonly Turn[]
  /** Absent: up to the end of the context. */
  readonly maxTokens?: number
  readonly stop?: readonly string[]
}

export type Answer = {
  readonly promptTokens: number
  /** Token ids of the answer so far, without the one that ended it. */
  readonly tokens: readonly number[]
  /** Computes a few prompt tokens or one answer token. Must not be called after `finish`. */
  step(): AnswerStep
  /** Gives the memory back for the next answer; to be called once, at the end or before it. */
  close(): void
}

/** `text` may be empty: a prompt is being read, or a character or stop string is unfinished. */
export type AnswerStep = {
  readonly text: string
  readonly tokens: number
  readonly finish?: 'stop' | 'length'
}

/** Caches kept for reuse; each takes some 1.5 MiB for the shipped model. */
const IDLE_CACHES_MAX = 16

/**
 * Loads a model from the bytes of a GGUF file. The arithmetic makes no difference to the answers;
 * it is a parameter so that tests can say so.
 */
export function loadModel(
  bytes: Uint8Array,
  arithmeticFor: (room: Room) => Arithmetic = bestArithmetic,
): Result<Model, GgufError | ModelError> {
  const gguf = readGguf(bytes)
  if (!gguf.ok) return gguf
  const tokenizer = readTokenizer(gguf.value)
  if (!tokenizer.ok) return tokenizer
  const chat = readChatFormat(tokenizer.value)
  if (!chat.ok) return chat
  const transformer = readTransformer(gguf.value, arithmeticFor)
  if (!transformer.ok) return transformer
  const { shape } = transformer.value
  if (shape.vocabulary !== tokenizer.value.size) {
    return modelError('llama.vocab_size differs from the number of tokens')
  }
  const parts: Parts = {
    transformer: transformer.value,
    tokenizer: tokenizer.value,
    chat: chat.value,
    pool: createPool(transformer.value),
  }
  return ok({
    contextTokens: shape.contextTokens,
    tokenizer: tokenizer.value,
    answer(request) {
      const prompt = parts.chat.prompt(request.turns, shape.contextTokens)
      return prompt.ok ? ok(startAnswer(parts, prompt.value, request)) : prompt
    },
    goOn(request) {
      const prompt = plainTokens(parts, request.text, shape.contextTokens - 1)
      return prompt.ok ? ok(startAnswer(parts, prompt.value, request)) : prompt
    },
    embed(text) {
      const tokens = plainTokens(parts, text, shape.contextTokens)
      return tokens.ok ? ok(startEmbedding(parts, tokens.value)) : tokens
    },
  })
}

function readTransformer(
  gguf: Gguf,
  arithmeticFor: (room: Room) => Arithmetic,
): Result<Transformer, ModelError> {
  const shape = readShape(gguf)
  if (!shape.ok) return shape
  let floats = 0
  for (const tensor of gguf.tensors.values()) floats += tensor.elements
  const arithmetic = arithmeticFor({ floats, doubles: scratchDoubles(shape.value) })
  const weights = readWeights(gguf, { shape: shape.value, allocate: arithmetic.floats })
  return weights.ok ? ok(createTransformer(weights.value, arithmetic)) : weights
}

/** Tokens of a text as it stands; refused when there are none, or more than `tokensMax`. */
function plainTokens(
  { tokenizer }: Parts,
  text: string,
  tokensMax: number,
): Result<readonly number[], ChatError> {
  const hopeless = text.length > tokensMax * tokenizer.tokenBytesMax
  const tokens = hopeless ? [] : tokenizer.encode(text)
  if (hopeless || tokens.length > tokensMax) {
    const message = `the text does not fit into ${tokensMax} tokens`
    return err({ code: 'CONTEXT_EXCEEDED', message })
  }
  if (tokens.length > 0) return ok(tokens)
  return err({ code: 'NO_QUESTION', message: 'there is no text' })
}

type Parts = {
  readonly transformer: Transformer
  readonly tokenizer: Tokenizer
  readonly chat: ChatFormat
  readonly pool: Pool
}

function startAnswer(
  parts: Parts,
  prompt: readonly number[],
  request: Omit<AnswerRequest, 'turns'>,
): Answer {
  const { transformer, tokenizer, chat, pool } = parts
  const room = transformer.shape.contextTokens - prompt.length
  const limit = Math.min(room, request.maxTokens ?? room)
  const cache = pool.take()
  const sample = createSampler({
    temperature: request.temperature ?? 0,
    topP: request.topP ?? 1,
    seed: request.seed ?? 0,
  })
  const filter = createStopFilter(request.stop ?? [])
  const decoder = utf8Decoder()
  const tokens: number[] = []
  let unread = prompt
  let closed = false

  /** Tokens without text of their own yet: they go out with the character that they begin. */
  let unspoken = 0
  const finish = (reason: 'stop' | 'length', first = { text: '', tokens: 0 }): AnswerStep => {
    // A character that the end cut in two is left out: half of it would only show as a blot.
    const rest = filter.end()
    const tokens = first.tokens + rest.tokens + unspoken
    return { text: first.text + rest.text, tokens, finish: reason }
  }
  const step = (): AnswerStep => {
    if (closed) throw new Error('the answer is closed')
    if (limit <= 0) return finish('length')
    if (unread.length > FEED_TOKENS_MAX) {
      transformer.feedSilently(cache, unread.slice(0, FEED_TOKENS_MAX))
      unread = unread.slice(FEED_TOKENS_MAX)
      return { text: '', tokens: 0 }
    }
    const token = sample(transformer.feed(cache, unread))
    if (chat.endsAnswer(token)) return finish('stop')
    tokens.push(token)
    unread = [token]
    const text = decoder.push(tokenizer.bytesOf(token))
    unspoken += 1
    if (text === '') return tokens.length < limit ? { text: '', tokens: 0 } : finish('length')
    const released = filter.push(text, unspoken)
    unspoken = 0
    if (released.stopped) return { ...withoutFlag(released), finish: 'stop' }
    return tokens.length < limit ? withoutFlag(released) : finish('length', released)
  }
  return {
    promptTokens: prompt.length,
    tokens,
    step,
    close() {
      if (closed) return
      closed = true
      pool.giveBack(cache)
    },
  }
}

function withoutFlag({ text, tokens }: { text: string; tokens: number }): AnswerStep {
  return { text, tokens }
}

type Pool = { take(): Cache; giveBack(cache: Cache): void }

function createPool(transformer: Transformer): Pool {
  const idle: Cache[] = []
  return {
    take: () => idle.pop() ?? transformer.createCache(),
    giveBack(cache) {
      // What it holds needs no wiping: nothing beyond its length is ever read.
      cache.length = 0
      if (idle.length < IDLE_CACHES_MAX) idle.push(cache)
    },
  }
}
