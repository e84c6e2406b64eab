/**
 * How long a job will take, from what this site has measured and nothing else. Rules: SPEC.md, ETA.
 */
import { divideUp, floor, min } from '../base/int.ts'

/** What a miner that fits does for others now, and how fast it has been at the model. */
export type Server = {
  /** 0: no bound. */
  readonly concurrency: number
  readonly inflight: number
  readonly tokensPerSecond: number | undefined
  readonly firstTokenMs: number | undefined
}

/** Places of these miners: `places` undefined when one of them has no bound. */
export function placesOf(servers: readonly Server[]): {
  readonly places: number | undefined
  readonly free: number
} {
  let places: number | undefined = 0
  let free = 0
  for (const { concurrency, inflight } of servers) {
    if (concurrency === 0) {
      places = undefined
      free += 1
      continue
    }
    if (places !== undefined) places += concurrency
    free += inflight < concurrency ? concurrency - inflight : 0
  }
  return { places, free }
}

/**
 * Until the first token and until the end of the longest answer, milliseconds; undefined as long as no miner
 * that fits has been measured. Those without a measure are taken to be like the slowest that has one.
 * `before`: jobs that are served first, each taken to be `meanMs` long, or as this one.
 */
export function etaOf(input: {
  readonly servers: readonly Server[]
  readonly before: number
  readonly maxTokens: number
  /** Mean time of an answer at this model as measured; undefined: not yet. */
  readonly meanMs: number | undefined
}): { readonly startMs: number; readonly endMs: number } | undefined {
  const { servers, before, maxTokens } = input
  let slowest: { rate: number; firstMs: number } | undefined
  for (const { tokensPerSecond, firstTokenMs } of servers) {
    if (!tokensPerSecond || firstTokenMs === undefined) continue
    if (slowest && tokensPerSecond >= slowest.rate) continue
    slowest = { rate: tokensPerSecond, firstMs: firstTokenMs }
  }
  if (!slowest) return undefined
  const answerMs = whole((maxTokens * 1_000) / slowest.rate)
  const { places, free } = placesOf(servers)
  const turnMs = input.meanMs ?? slowest.firstMs + answerMs
  const isAtOnce = before === 0 && free > 0
  // Rounds of `places` jobs that end before it is this one's turn, each on average half over by now.
  const rounds = isAtOnce || !places ? 0 : Number(divideUp(BigInt(before + 1), BigInt(places)))
  const waitMs = rounds === 0 ? 0 : whole((rounds - 0.5) * turnMs)
  const startMs = whole(waitMs + slowest.firstMs)
  return { startMs, endMs: startMs + answerMs }
}

const whole = (ms: number): number => floor(min(ms, etaMsMax))

/** Nobody waits longer than this, whatever a miner's speed: a day. */
const etaMsMax = 86_400_000
