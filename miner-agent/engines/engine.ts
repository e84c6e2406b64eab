/**
 * What every inference engine of the miner agent looks like from outside: list models, stream one
 * chat completion, fail with one of a closed set of codes.
 */

/** A model that an engine can run now. */
export type ModelInfo = {
  readonly name: string
  /** Prompt and answer together; what the engine really allots, not what the model could do. */
  readonly contextTokens: number
  /** SHA-256 of the weights in hex, where the engine knows it. */
  readonly digest?: string
}

export type ChatMessage = {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
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
}

export type GenerateOptions = { readonly signal: AbortSignal }

export type Usage = {
  readonly promptTokens: number
  /** Sum of `tokens` over all deltas of the answer. */
  readonly completionTokens: number
}

/** Why an answer ended by itself: the model or a stop string ended it, or a limit cut it. */
export type Finish = 'stop' | 'length'

export type TextDelta = {
  /** Whole characters only; may hold several tokens' text. */
  readonly text: string
  readonly tokens: number
  readonly finish?: undefined
}

/** Comes exactly once, as the end of every answer that did not fail. Its text may be empty. */
export type LastDelta = {
  readonly text: string
  readonly tokens: number
  readonly finish: Finish
  readonly usage: Usage
}

export type Delta = TextDelta | LastDelta

/**
 * `generate` yields deltas and ends with a `LastDelta`, or throws an `EngineError`. Leaving the
 * loop early stops the generation, as does the signal (which throws `ABORTED`).
 */
export type Engine = {
  readonly name: string
  listModels(): Promise<readonly ModelInfo[]>
  generate(request: GenerateRequest, options: GenerateOptions): AsyncIterable<Delta>
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
