/**
 * An engine that computes nothing: tokens come at a fixed pace, and each is the moment at which it was
 * handed over, so that whoever reads it anywhere on this machine knows how long it travelled.
 */
import type { Delta, Engine, GenerateRequest } from '../../miner-agent/engines/engine.ts'
import { monotonicMs } from './clock.ts'

/** The only model of the engine. */
export const scriptedModel = 'bench-paced'

const tokensMax = 1_024

/** The first token comes at once; `everyMs()` lies between any token and the next of its answer. */
export function scriptedEngine(everyMs: () => number): Engine {
  return {
    name: 'scripted',
    listModels: async () => [{ name: scriptedModel, contextTokens: 8_192 }],
    generate: (request) => answer(request, everyMs()),
  }
}

/** Moments in a text of stamps, in `monotonicMs`. */
export const stampsIn = (text: string): number[] =>
  text
    .split(' ')
    .filter((stamp) => stamp !== '')
    .map((stamp) => Number(stamp) / 1_000)

async function* answer(
  { maxTokens = tokensMax }: GenerateRequest,
  everyMs: number,
): AsyncGenerator<Delta> {
  const startedAt = monotonicMs()
  for (let token = 0; token < maxTokens - 1; token++) {
    yield { text: stamp(), tokens: 1 }
    // By the schedule, not by the last token: a late timer does not slow the answer down.
    const dueInMs = startedAt + (token + 1) * everyMs - monotonicMs()
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueInMs)))
  }
  yield {
    text: stamp(),
    tokens: 1,
    finish: 'length',
    usage: { promptTokens: 8, completionTokens: maxTokens },
  }
}

/** Microseconds, and a space after it. */
const stamp = (): string => `${Math.round(monotonicMs() * 1_000)} `
