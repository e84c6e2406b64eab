/**
 * Picks the next token from the scores: the likeliest, or by a seeded draw.
 */

export type SamplerOptions = {
  /** 0 picks the likeliest token. */
  readonly temperature: number
  /** Share of probability that the draw is limited to, over 0 to 1. */
  readonly topP: number
  /** Unsigned 32 bits; the same seed draws the same. */
  readonly seed: number
}

export type Sampler = (scores: Float64Array) => number

/** A sampler for one conversation: a draw advances its generator. */
export function createSampler(options: SamplerOptions): Sampler {
  if (options.temperature <= 0) return likeliest
  const random = createRandom(options.seed)
  return (scores) => draw(scores, options, random())
}

/** The highest score; the lowest id wins a tie. */
export function likeliest(scores: Float64Array): number {
  let best = 0
  for (let i = 1; i < scores.length; i++) {
    if ((scores[i] as number) > (scores[best] as number)) best = i
  }
  return best
}

/**
 * Numbers from 0 to below 1. A Weyl sequence through an avalanche of two multiplications: 32 bits
 * of state are plenty for an answer's few hundred draws, and it is the same on every host.
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296
  }
}

/** Scores that are this many temperatures below the best have no chance worth counting. */
const NEGLIGIBLE = 40

function draw(scores: Float64Array, options: SamplerOptions, random: number): number {
  const best = likeliest(scores)
  const highest = scores[best] as number
  const candidates: { token: number; weight: number }[] = []
  let total = 0
  for (let token = 0; token < scores.length; token++) {
    const below = (highest - (scores[token] as number)) / options.temperature
    if (below > NEGLIGIBLE) continue
    const weight = Math.exp(-below)
    candidates.push({ token, weight })
    total += weight
  }
  candidates.sort((a, b) => b.weight - a.weight || a.token - b.token)
  const kept = keepTop(candidates, total * Math.min(1, options.topP))
  let rest = random * kept.reduce((sum, candidate) => sum + candidate.weight, 0)
  for (const { token, weight } of kept) {
    rest -= weight
    if (rest < 0) return token
  }
  return kept.at(-1)?.token ?? best
}

/** The likeliest tokens that together reach the limit: one at least. */
function keepTop<T extends { weight: number }>(sorted: readonly T[], limit: number): readonly T[] {
  let sum = 0
  for (const [index, candidate] of sorted.entries()) {
    sum += candidate.weight
    if (sum >= limit) return sorted.slice(0, index + 1)
  }
  return sorted
}
