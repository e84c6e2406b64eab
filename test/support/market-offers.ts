/** Offers of the market for tests and benchmarks, made up from a number. */
import type { Offer } from '../../core/market/offer.ts'

const regions = ['eu', 'eu-west', 'eu-north', 'us-east', 'us-west', 'asia', 'europe', null] as const
const gpus = ['NVIDIA RTX 4090', 'NVIDIA A100 80GB', 'RTX 3060', 'H100 "SXM"', "L4's"]
const models = ['llama3:8b', 'llama3:70b', 'mistral', 'qwen2.5:7b', 'aitbc-tiny', 'Phi_3%']
const engines = ['ollama', 'vllm', 'embedded']

/** A sequence of numbers below 2^32 that looks like chance and is the same each time (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** One offer; all fields vary with the number. */
export function offerOf(index: number, change: Partial<Offer> = {}): Offer {
  const next = numbersFrom(index)
  const pick = <T>(values: readonly T[]): T => values[next() % values.length] as T
  const own = models.slice(next() % 3, 3 + (next() % 4))
  const isMeasured = next() % 3 > 0
  const gpu = pick(gpus)
  return {
    offer_id: index.toString(16).padStart(32, '0'),
    miner_id: `miner-${index}`,
    site: next() % 10 === 0 ? 'elsewhere.test' : 'here.test',
    provider: `aitbc1q${String(index).padStart(37, 'q')}`,
    status: next() % 4 === 0 ? 'offline' : 'online',
    kind: 'agent',
    engine: pick(engines),
    models: own.map((name) => ({
      name,
      context_tokens: pick([2048, 8192, 131_072]),
      price_prompt: String(next() % 1_000_000),
      price_completion: String((next() % 40) * 100_000),
      tokens_per_second: isMeasured ? (next() % 2_000) / 10 : null,
      samples: isMeasured ? 1 + (next() % 50) : 0,
    })),
    gpus: next() % 10 === 0 ? [] : [{ name: gpu, memory_mib: 24_576, cuda: '12.4' }],
    vram_gb: pick([0, 8, 12, 24, 48, 80]),
    region: pick(regions),
    price_per_gpu_second: index % 3 === 0 ? null : String((index % 50) * 1_000),
    price_per_hour: next() % 2 ? String((next() % 50) * 10_000_000) : null,
    concurrency: 1 + (next() % 8),
    free_places: next() % 4,
    uptime_7d: next() % 5 === 0 ? null : (next() % 1_001) / 1_000,
    reputation: next() % 3 === 0 ? null : { score: (next() % 101) / 100, receipts: next() % 500 },
    reviews:
      next() % 2 ? { count: 3, average: 1 + (next() % 401) / 100 } : { count: 0, average: null },
    verified: next() % 2 === 0,
    unverified_because: [],
    updated_at: `2026-0${1 + (next() % 9)}-1${next() % 10}T12:00:${10 + (next() % 50)}.123Z`,
    announced: null,
    ...change,
  }
}
