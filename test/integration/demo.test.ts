import { expect, test } from 'vitest'
import * as z from 'zod'
import { findFreePort } from '../../scripts/setup/port.ts'
import { startProgram, typescript } from './program.ts'

const units = z.string().regex(/^\d+$/)
const lastLine = z.strictObject({
  ok: z.literal(true),
  jobs: z.array(
    z.strictObject({
      site: z.enum(['A', 'B']),
      client: z.string(),
      job_id: z.string().regex(/^[0-9a-f]{32}$/),
      miner: z.string(),
      model: z.string(),
      tokens: z.int().min(1),
      attempts: z.int().min(1),
      state: z.string(),
      receipt_id: z.string().regex(/^[0-9a-f]{32}$/),
      tx_hash: z.string().regex(/^0x[0-9a-f]{64}$/),
      block_height: z.int().min(1),
      proof_verified: z.literal(true),
    }),
  ),
  supply: z.strictObject({ minted: units, burned: units, sum_of_balances: units }),
  conserved: z.literal(true),
})

test('the demo: two sites, a killed miner, every proof and every balance', async () => {
  const demo = startProgram([
    ...typescript('scripts/demo.ts'),
    '--json',
    ...['--port-a', String(await findFreePort()), '--port-b', String(await findFreePort())],
  ])
  const code = await demo.ended
  expect(code, demo.stderr()).toBe(0)
  const lines = demo.stdout().trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  const { jobs, supply } = lastLine.parse(JSON.parse(lines[0] as string))
  expect(new Set(jobs.map(({ site }) => site))).toEqual(new Set(['A', 'B']))
  expect(new Set(jobs.map(({ client }) => client))).toEqual(new Set(['client-1', 'client-2']))
  expect(jobs.filter(({ attempts }) => attempts === 2)).toHaveLength(1)
  expect(jobs.find(({ attempts }) => attempts === 2)?.miner).toBe('miner-C')
  expect(new Set(jobs.map(({ miner }) => miner)).size).toBe(3)
  expect(BigInt(supply.minted) - BigInt(supply.burned)).toBe(BigInt(supply.sum_of_balances))
})

test('a demo that cannot begin says so in its last line, and exits 1', async () => {
  const port = await findFreePort()
  const { createServer } = await import('node:net')
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  try {
    const demo = startProgram([
      ...typescript('scripts/demo.ts'),
      ...['--json', '--port-a', String(port), '--port-b', String(await findFreePort())],
    ])
    expect(await demo.ended).toBe(1)
    const last: unknown = JSON.parse(demo.stdout().trimEnd().split('\n').at(-1) ?? '')
    expect(last).toMatchObject({ ok: false, error: expect.stringContaining(String(port)) })
  } finally {
    server.close()
  }
})
