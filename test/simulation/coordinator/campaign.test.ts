/** Kills, lost sockets, lying miners, a chain that is away and writes that fail, from fifty seeds. */
import { afterEach, beforeEach, describe, test, vi } from 'vitest'
import { runCampaign } from './campaign.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  // Faults are logged, and here they are meant.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const seeds = Array.from({ length: 50 }, (_, index) => 1_000 + index)

describe('DUR-1: a kill at any instant loses nothing and pays nothing twice', () => {
  test.each(seeds)('DUR-1: seed %i', async (seed) => {
    await runCampaign({
      seed,
      jobs: 9,
      kills: 1 + (seed % 3),
      outages: seed % 2,
      failOneWriteIn: 0,
    })
  })
})

describe('DUR-2: a write that fails leaves disk and memory as they were', () => {
  test.each(seeds.slice(0, 20))('DUR-2: seed %i', async (seed) => {
    await runCampaign({ seed, jobs: 9, kills: seed % 2, outages: 0, failOneWriteIn: 12 })
  })
})
