/**
 * Whole networks in any weather. A thousand seeds in all; `npm run simulate` runs more, and a failing seed
 * prints the command that replays it.
 */
import { describe, expect, test } from 'vitest'
import { replayCommand, runCluster } from './cluster.ts'
import type { ClusterOptions } from './sites.ts'

/** Runs seeds and returns what went wrong, each with the command that shows it again. */
function faultsOf(seeds: readonly number[], options: Omit<ClusterOptions, 'seed'>): string[] {
  return seeds.flatMap((seed) => {
    const run = { ...options, seed }
    const { faults } = runCluster(run)
    return faults.slice(0, 2).map((fault) => `${fault} (${replayCommand(run)})`)
  })
}

/** Seeds in groups, so that a report says early where it fails. */
const groups = (from: number, count: number, size = 20): number[][] =>
  Array.from({ length: count / size }, (_, group) =>
    Array.from({ length: size }, (_, n) => from + group * size + n),
  )

describe.each([
  { sites: 1, count: 40 },
  { sites: 2, count: 80 },
  { sites: 3, count: 260 },
  { sites: 4, count: 220 },
  { sites: 5, count: 60 },
  { sites: 7, count: 20 },
])('$sites sites', ({ sites, count }) => {
  test.each(groups(1_000, count))('SIM-3: seeds %i and on', (...seeds) => {
    expect(faultsOf(seeds, { sites, slots: 20 })).toEqual([])
  })
})

describe.each([
  { sites: 4, twins: 1, count: 60 },
  { sites: 7, twins: 2, count: 20 },
  { sites: 4, liars: 1, count: 60 },
  { sites: 7, twins: 1, liars: 1, count: 20 },
  { sites: 3, silent: 1, count: 60 },
  { sites: 4, silent: 1, count: 40 },
])('$sites sites, $twins twice, $liars lying, $silent silent', ({ count, ...options }) => {
  test.each(groups(20_000, count))('SIM-4: seeds %i and on', (...seeds) => {
    expect(faultsOf(seeds, { ...options, slots: 20 })).toEqual([])
  })
})

describe.each([
  { sites: 3, twins: 1, count: 40 },
  { sites: 4, twins: 2, count: 20 },
])('$sites sites, $twins twice: too many', ({ count, ...options }) => {
  test.each(groups(30_000, count))('SIM-5: seeds %i and on', (...seeds) => {
    expect(faultsOf(seeds, { ...options, slots: 20 })).toEqual([])
  })
})

test.each([
  { sites: 3, from: 1 },
  { sites: 4, from: 51 },
])('SIM-7: $sites sites, one of which begins again from a snapshot', ({ sites, from }) => {
  let [made, renewed] = [0, 0]
  const faults = Array.from({ length: 24 }, (_, n) => from + n).flatMap((seed) => {
    const run = { seed, sites, slots: 25, weather: { snapshots: true } }
    const report = runCluster(run)
    made += report.snapshots
    renewed += report.renewals
    return report.faults.slice(0, 2).map((fault) => `${fault} (${replayCommand(run)})`)
  })
  expect(faults).toEqual([])
  expect(made).toBeGreaterThan(20)
  // Of three sites two are the quorum, so that one may lose its disk; of four, three are.
  expect(renewed).toBeGreaterThan(5)
})

test('SIM-5: too many that exist twice do make finality conflict, or nothing would be shown', () => {
  const seeds = Array.from({ length: 30 }, (_, n) => n + 1)
  const conflicts = seeds.filter(
    (seed) => runCluster({ seed, sites: 3, slots: 30, twins: 1 }).conflict,
  )
  expect(conflicts.length).toBeGreaterThan(0)
})

test('SIM-2: a seed gives the same cluster each time', () => {
  const options = { seed: 11, sites: 4, slots: 20, liars: 1 }
  expect(runCluster(options).log).toBe(runCluster(options).log)
  expect(runCluster({ ...options, seed: 12 }).log).not.toBe(runCluster(options).log)
})
