/**
 * How the site stands, for monitors: flat fields, and metrics in Prometheus' text.
 * Rules: contract-SPEC.md, STATUS and METRICS.
 */
import { Hono } from 'hono'
import { metricsMediaType, metricsText } from '../../core/api/metrics-text.ts'
import { siteMetrics } from '../../core/api/site-metrics.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { chainQueries } from '../../d1/chain-queries.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { countOpen } from '../gateway/limiter.ts'
import { tellCounts } from '../gateway/request-counts.ts'
import { mount } from './mount.ts'

/** Mounted at `/status`. */
export const nodeStatusRoutes = mount(new Hono<AppEnv>(), { getNodeStatus: status })

/** Mounted at `/metrics`. */
export const metricsRoutes = mount(new Hono<AppEnv>(), { getMetrics: metrics })

/** Both under the coordinator. */
export const statusRoutes = mount(new Hono<AppEnv>(), {
  getSiteStatus: async (c) => {
    await countOpen(c)
    return status(c)
  },
  getCoordinatorMetrics: async (c) => {
    await countOpen(c)
    return metrics(c)
  },
})

async function status(c: AppContext): Promise<Response> {
  const [site, chain] = await Promise.all([
    c.get('coordinator').site(),
    c
      .get('chain')
      .status()
      .catch(() => undefined),
  ])
  const isWell = chain !== undefined && chain.fault === undefined && site.fault === undefined
  const { appEnv, genesis, v1Mock } = c.get('config')
  return c.json({
    status: isWell ? 'ok' : 'degraded',
    env: appEnv,
    chain_id: genesis.chainId,
    head_height: chain?.head.height ?? -1,
    final_height: chain?.head.finalHeight ?? -1,
    mempool_size: chain?.mempoolSize ?? 0,
    miners_online: site.minersOnline,
    jobs_queued: site.queued,
    jobs_running: site.running,
    models: site.models.length,
    v1_upstream: v1Mock === undefined ? 'coordinator' : 'mock',
    time: formatTime(c.get('now')),
  })
}

/** What cannot be reached is told as down; the rest is still told. */
async function metrics(c: AppContext): Promise<Response> {
  const coordinator = c.get('coordinator')
  // This instance's own count must not be behind what it answers.
  await tellCounts(c.env, coordinator, c.get('now'))
  const reachable = <T>(answer: Promise<T>): Promise<T | undefined> => answer.catch(() => undefined)
  const [figures, chain, index] = await Promise.all([
    reachable(coordinator.figures()),
    reachable(c.get('chain').status()),
    reachable(chainQueries(c.env.DB).meta()),
  ])
  const text = metricsText(siteMetrics({ figures, chain, index }))
  return c.body(text, 200, { 'content-type': metricsMediaType, 'cache-control': 'no-store' })
}
