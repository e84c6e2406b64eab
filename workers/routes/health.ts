/**
 * Health: what works, told from having tried it. `/health` itself is answered by the gateway and says
 * only that requests arrive.
 */
import { Hono } from 'hono'
import { conservationFault } from '../../core/chain/ledger.ts'
import { readBooks } from '../../d1/chain-books.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { walletsBehind } from '../wallet-client.ts'
import { mount } from './mount.ts'
import { fromDatabase } from './rpc-input.ts'

/** One dependency, tried. */
type Probe = { readonly ok: boolean; readonly detail: string }

/** Mounted at `/api/v1/health` (the first route) and at `/health/` (the other two). */
export const healthRoutes = mount(new Hono<AppEnv>(), {
  getHealth: health,
  getLiveness: (c) => c.json({ status: 'alive' }),
  getReadiness: ready,
})

/** `GET /api/v1/health`: legacy `status` and `env`, then each dependency. */
async function health(c: AppContext): Promise<Response> {
  const checks = await probeAll(c)
  const ok = Object.values(checks).every((probe) => probe.ok)
  return c.json(
    {
      status: ok ? 'ok' : 'degraded',
      env: c.get('config').appEnv,
      chain_id: c.get('config').genesis.chainId,
      v1_upstream: c.get('config').v1Mock === undefined ? 'coordinator' : 'mock',
      checks,
    },
    ok ? 200 : 503,
  )
}

/** `GET /health/ready`: 503 names what is missing, in the contract's shape. */
async function ready(c: AppContext): Promise<Response> {
  const checks = await probeAll(c)
  const failed = Object.entries(checks).filter(([, probe]) => !probe.ok)
  if (failed.length === 0) {
    return c.json({ status: 'ready', database: 'connected', checks })
  }
  const error = failed.map(([name, probe]) => `${name}: ${probe.detail}`).join('; ')
  return c.json({ status: 'not ready', error, checks }, 503)
}

async function probeAll(c: AppContext): Promise<Record<string, Probe>> {
  const named = Object.entries(probesOf(c))
  const probed = await Promise.all(named.map(async ([name, ask]) => [name, await probe(ask)]))
  return Object.fromEntries(probed) as Record<string, Probe>
}

/** What the site depends on, each as a question that fails when it is not well. */
export const probesOf = (c: AppContext): Readonly<Record<string, () => Promise<string>>> => ({
  database: async () => {
    // A read of the tables themselves: a database without them is of no use.
    await fromDatabase(chainQueries(c.env.DB).meta())
    return 'connected'
  },
  chain: async () => {
    const status = await c.get('chain').status()
    if (status.fault !== undefined) throw new Error(status.fault)
    return `height ${status.head.height}, final ${status.head.finalHeight}, indexed ${status.indexedHeight}`
  },
  conservation: async () => {
    // Whoever follows another's chain has no books of it here, and they sum to zero.
    const [{ supply }, books] = await Promise.all([
      c.get('chain').status(),
      fromDatabase(readBooks(c.env.DB)),
    ])
    const fault = conservationFault(supply, books)
    if (fault !== undefined) throw new Error(fault)
    const { held, minted, burned } = supply
    return `${held} base units held, ${minted} minted, ${burned} burned`
  },
  coordinator: async () => {
    const site = await c.get('coordinator').site()
    if (site.fault !== undefined) throw new Error(site.fault)
    if (!site.dispatching) throw new Error('the final head is too old to dispatch against')
    return `${minersInWords(site.minersOnline)}, ${site.queued} queued, ${site.running} running`
  },
  wallets: async () => {
    // Until nobody is behind, an operator must keep the older sealing keys.
    const { owners, behind } = await walletsBehind(c.env)
    return `${owners} ${owners === 1 ? 'owner' : 'owners'}, ${behind} behind the sealing key`
  },
})

/** "no miner", "1 miner", "2 miners": a report for people, who would stumble over "1 miners". */
const minersInWords = (count: number): string =>
  count === 0 ? 'no miner' : `${count} miner${count === 1 ? '' : 's'}`

async function probe(attempt: () => Promise<string>): Promise<Probe> {
  try {
    return { ok: true, detail: await attempt() }
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : 'unreachable' }
  }
}
