import { expect, test } from 'vitest'
import { simulate } from './network.ts'

const seeds = Array.from({ length: 8 }, (_, n) => 1_000 + n)

test.each(seeds)(
  'SIM-1: seed %i: killed and cut off as they may be, all sites come to one chain',
  (seed) => {
    const { heads, engines, kills, signed, promised } = simulate({ seed, slots: 200 })
    expect(kills).toBeGreaterThan(3)
    expect(new Set(heads).size).toBe(1)
    for (const engine of engines) {
      expect(engine.audit().held).toBe(11_500_000_000n)
      expect(engine.head().finalHeight).toBe(engine.head().height)
    }
    // One block a slot, whatever the clock did and wherever the authority died.
    for (const [slot, hashes] of signed) expect([slot, hashes.size]).toEqual([slot, 1])
    // What was promised is on the chain, or still waits for a nonce before it that never came.
    const [leader] = engines
    expect(promised.length).toBeGreaterThan(30)
    let placed = 0
    for (const hash of promised) {
      const found = leader?.transaction(hash)
      expect(found).toBeDefined()
      if (found?.block) placed += 1
    }
    expect(placed).toBeGreaterThan(promised.length / 2)
  },
)

test('SIM-2: a seed gives the same run each time', () => {
  const [first, second] = [simulate({ seed: 7, slots: 60 }), simulate({ seed: 7, slots: 60 })]
  expect(first.log).toBe(second.log)
  expect(first.heads).toEqual(second.heads)
  expect(simulate({ seed: 8, slots: 60 }).log).not.toBe(first.log)
})
