/** The demo on three real sites with storage of their own: one is killed, one cut off, and all agree. */
import { expect, test } from 'vitest'
import * as z from 'zod'
import { findFreePort } from '../../scripts/setup/port.ts'
import { startProgram, typescript } from './program.ts'

const units = z.string().regex(/^\d+$/)
const hash = z.string().regex(/^0x[0-9a-f]{64}$/)
const lastLine = z.strictObject({
  ok: z.literal(true),
  jobs: z.array(
    z.object({
      site: z.enum(['A', 'B', 'C']),
      miner: z.string(),
      attempts: z.int(),
      state: z.literal('COMPLETED'),
      tx_hash: hash,
      block_height: z.int().min(1),
      proof_verified: z.literal(true),
    }),
  ),
  supply: z.strictObject({ minted: units, burned: units, sum_of_balances: units }),
  conserved: z.literal(true),
  sites: z.array(
    z.strictObject({
      name: z.string(),
      height: z.int(),
      finalized: z.int(),
      head_hash: hash,
      state_root: hash,
    }),
  ),
  agreed: z.literal(true),
  reorgs: z.int(),
})

const demo = (...args: string[]) => startProgram([...typescript('scripts/demo.ts'), ...args])

test('three sites: one is killed, one is cut off, and all end on one final head', async () => {
  const run = demo(
    ...['--sites', '3', '--json'],
    ...['--port-a', String(await findFreePort()), '--port-b', String(await findFreePort())],
    ...['--port-c', String(await findFreePort())],
  )
  const code = await run.ended
  expect(code, run.stderr()).toBe(0)
  const lines = run.stdout().trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  const { jobs, sites, reorgs, supply } = lastLine.parse(JSON.parse(lines[0] as string))

  expect(sites.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3'])
  expect(sites.map(({ height }) => height)).toEqual(sites.map(({ finalized }) => finalized))
  expect(new Set(sites.map(({ head_hash }) => head_hash)).size).toBe(1)
  expect(new Set(sites.map(({ state_root }) => state_root)).size).toBe(1)
  const last = Math.max(...jobs.map(({ block_height }) => block_height))
  expect(sites[0]?.height).toBeGreaterThanOrEqual(last)

  expect(new Set(jobs.map(({ site }) => site))).toEqual(new Set(['A', 'B', 'C']))
  expect(jobs.filter(({ attempts }) => attempts === 2).map(({ miner }) => miner)).toEqual([
    'miner-D',
  ])
  expect(BigInt(supply.minted) - BigInt(supply.burned)).toBe(BigInt(supply.sum_of_balances))

  // Site B was killed before it could settle; site C left a branch of its own.
  expect(run.stderr()).toContain('killed site B')
  expect(run.stderr()).toContain('miner-B settles through site C')
  expect(run.stderr()).toContain('site C makes blocks alone')
  expect(reorgs).toBeGreaterThanOrEqual(1)
})

test('options that mean nothing are refused before anything starts', async () => {
  const runs = [
    demo('--sites', '4'),
    demo('--sites', '3', '--port-c', '18000'),
    demo('--port-a', 'x'),
    demo('--site', '3'),
  ]
  for (const run of runs) {
    expect(await run.ended, run.stderr()).toBe(2)
    expect(run.stdout()).toBe('')
    expect(run.stderr()).toContain('--help')
  }
  const help = demo('--help')
  expect(await help.ended).toBe(0)
  expect(help.stdout()).toContain('--sites N')
})
