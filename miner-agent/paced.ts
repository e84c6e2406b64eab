/** An engine that leaves room for others: no answer of it goes faster than so many tokens a second. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Delta, type Engine, EngineError, type GenerateOptions } from './engines/engine.ts'

/** Wraps an engine; without a bound it is the engine itself. */
export function paced(engine: Engine, tokensPerSecond: number | undefined): Engine {
  if (tokensPerSecond === undefined) return engine
  return {
    name: engine.name,
    listModels: () => engine.listModels(),
    ...(engine.embed === undefined ? {} : { embed: engine.embed }),
    generate: (request, options) =>
      slowed(engine.generate(request, options), { ...options, tokensPerSecond }),
  }
}

/** Holds each delta back until its tokens are due. The engine waits meanwhile: it is asked for no more. */
async function* slowed(
  deltas: AsyncIterable<Delta>,
  { signal, tokensPerSecond }: GenerateOptions & { readonly tokensPerSecond: number },
): AsyncGenerator<Delta> {
  const beginMs = performance.now()
  let tokens = 0
  for await (const delta of deltas) {
    const dueMs = beginMs + (tokens * 1_000) / tokensPerSecond
    const earlyMs = dueMs - performance.now()
    if (earlyMs > 0) {
      await pause(earlyMs, undefined, { signal }).catch(() => {
        throw new EngineError('ABORTED', 'the generation was aborted')
      })
    }
    tokens += delta.tokens
    yield delta
  }
}
