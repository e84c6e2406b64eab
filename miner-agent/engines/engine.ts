/**
 * What every inference engine of the miner agent looks like from outside: list models, stream one
 * answer, turn texts into vectors, fail with one of a closed set of codes.
 */
import type { JobTool, ToolCall } from '../../core/jobs/job-options.ts'
import type { Finish } from '../../core/jobs/miner-protocol.ts'
import type { ModelFeature } from '../../core/jobs/model-features.ts'

export type { Finish }

/** A model that an engine can run now. */
export type ModelInfo = {
  readonly name: string
  /** Prompt and answer together; what the engine really allots, not what the model could do. */
  readonly contextTokens: number
  /** SHA-256 of the weights in hex, where the engine knows it. */
  readonly digest?: string
  /** What it can be asked for; a plain chat when absent. */
  readonly features?: readonly ModelFeature[]
}

export type ChatMessage = {
  /** `tool`: the content is the result of a function. */
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string
  /** Functions that the assistant called. */
  readonly calls?: readonly ToolCall[]
  /** The function whose result this is. */
  readonly name?: string
}

export type GenerateRequest = {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  /** Answer tokens at most; absent means up to the end of the context. */
  readonly maxTokens?: number
  /** 0 or absent picks the likeliest token each time. */
  readonly temperature?: number
  /** Share of probability to sample from, over 0 to 1; absent means all. */
  readonly topP?: number
  /** Same seed, same request, same engine: same answer. Unsigned 32 bits. */
  readonly seed?: number
  /** The answer ends before the first of these; none of their text is ever delivered. */
  readonly stop?: readonly string[]
  /** The text of the one message goes on as it is, without a chat template. */
  readonly raw?: boolean
  /** Functions that the model may call. */
  readonly tools?: readonly JobTool[]
  /** The answer must be a call of one of them: only where a model has the feature `forced_calls`. */
  readonly mustCall?: boolean
  /** The answer is JSON, or keeps a JSON schema. */
  readonly format?: 'json' | Readonly<Record<string, unknown>>
}

/** Texts to be turned into vectors. */
export type EmbedRequest = {
  readonly model: string
  readonly texts: readonly string[]
  /** Length of each vector; absent means the model's own. */
  readonly dimensions?: number
}

/** One vector of length 1 for each text, all of the same number of dimensions. */
export type Embedded = {
  readonly vectors: readonly Float32Array[]
  readonly promptTokens: number
}

export type GenerateOptions = { readonly signal: AbortSignal }

export type Usage = {
  readonly promptTokens: number
  /** Sum of `tokens` over all deltas of the answer. */
  readonly completionTokens: number
}

export type TextDelta = {
  /** Whole characters only; may hold several tokens' text. */
  readonly text: string
  readonly tokens: number
  readonly finish?: undefined
  readonly calls?: undefined
}

/** Comes exactly once, as the end of every answer that did not fail. Its text may be empty. */
export type LastDelta = {
  readonly text: string
  readonly tokens: number
  /** `stop`: the model or a stop string ended it; `length`: a limit cut it; `tool_calls`: see `calls`. */
  readonly finish: Finish
  readonly usage: Usage
  /** Functions to call; with `finish` `tool_calls`, and only then. */
  readonly calls?: readonly ToolCall[]
}

export type Delta = TextDelta | LastDelta

/**
 * `generate` yields deltas and ends with a `LastDelta`, or throws an `EngineError`. Leaving the
 * loop early stops the generation, as does the signal (which throws `ABORTED`). `embed` is there when a
 * model has the feature `embeddings`, and fails in the same way.
 */
export type Engine = {
  readonly name: string
  listModels(): Promise<readonly ModelInfo[]>
  generate(request: GenerateRequest, options: GenerateOptions): AsyncIterable<Delta>
  embed?(request: EmbedRequest, options: GenerateOptions): Promise<Embedded>
}

/**
 * Every way an engine can fail, and whether the same request may succeed on another attempt
 * (later, or on another miner).
 */
const RETRYABLE = {
  /** The engine does not answer. */
  ENGINE_UNAVAILABLE: true,
  /** This engine does not have the model, or no longer. */
  MODEL_NOT_FOUND: true,
  /** The engine answers, but takes no more work now. */
  ENGINE_BUSY: true,
  /** Prompt too long for the model's context. */
  CONTEXT_EXCEEDED: false,
  /** The engine refused the request or broke while answering. */
  ENGINE_FAILED: true,
  /** The caller's signal fired. */
  ABORTED: false,
} as const

export type EngineErrorCode = keyof typeof RETRYABLE

export type EngineErrorOptions = {
  /** Replaces the code's default. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** The only thing that `listModels` and `generate` throw. Its message never holds a prompt. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode
  readonly retryable: boolean

  constructor(code: EngineErrorCode, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? RETRYABLE[code]
  }
}

/** Throws `ABORTED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new EngineError('ABORTED', 'the generation was aborted')
}
