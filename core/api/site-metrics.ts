/**
 * The metrics of a site: which names it has, and where each value comes from. Names of the original where
 * it had one; no label names a user, a key, a job or an address.
 */
import type { StatusView } from './chain-service.ts'
import type { CoordinatorFigures } from './coordinator-figures.ts'
import type { Metric, Sample } from './metrics-text.ts'

/** What the metrics are made of; what could not be reached is undefined. */
export type MetricSources = {
  readonly figures: CoordinatorFigures | undefined
  readonly chain:
    | Pick<
        StatusView,
        'head' | 'indexedHeight' | 'mempoolSize' | 'authorities' | 'supply' | 'proposing'
      >
    | undefined
  readonly index:
    | { readonly transactions: number; readonly settlements: number; readonly accounts: number }
    | undefined
}

/** All metrics, in a fixed order. */
export function siteMetrics({ figures, chain, index }: MetricSources): Metric[] {
  return [
    gauge('up', 'Whether the part of the site answers', [
      { labels: { part: 'coordinator' }, value: figures ? 1 : 0 },
      { labels: { part: 'chain' }, value: chain ? 1 : 0 },
      { labels: { part: 'database' }, value: index ? 1 : 0 },
    ]),
    ...(figures ? coordinatorMetrics(figures) : []),
    ...(chain ? chainMetrics(chain) : []),
    ...(index ? indexMetrics(index) : []),
  ]
}

function coordinatorMetrics(figures: CoordinatorFigures): Metric[] {
  const { totals, requests, vitals } = figures
  const byRoute = new Map<string, { labels: Record<string, string>; value: number }>()
  for (const { endpoint, method, count } of requests) {
    const key = `${method} ${endpoint}`
    const known = byRoute.get(key) ?? { labels: { endpoint, method }, value: 0 }
    known.value += count
    byRoute.set(key, known)
  }
  const errors = requests
    .filter(({ outcome }) => outcome !== 'ok')
    .map(({ endpoint, method, outcome, count }) => ({
      labels: { endpoint, method, error_type: outcome },
      value: count,
    }))
  const ended = ['completed', 'failed', 'canceled', 'expired'] as const
  const one = (value: number | bigint): Sample[] => [{ value }]
  return [
    counter('marketplace_requests_total', 'Requests by route', [...byRoute.values()]),
    counter('marketplace_errors_total', 'Requests that were refused or failed', errors),
    counter('jobs_submitted_total', 'Jobs that were taken', one(totals.jobs)),
    counter(
      'jobs_ended_total',
      'Jobs that ended, by how',
      ended.map((state) => ({ labels: { state }, value: totals[state] })),
    ),
    gauge('jobs_queued', 'Jobs that wait for a miner', one(figures.queued)),
    gauge('jobs_running', 'Jobs that a miner holds', one(figures.running)),
    counter('job_tokens_total', 'Tokens of answers that were taken', [
      { labels: { kind: 'prompt' }, value: totals.promptTokens },
      { labels: { kind: 'completion' }, value: totals.completionTokens },
    ]),
    counter('payments_charged_units_total', 'What jobs cost, base units', one(totals.charged)),
    counter('payments_settled_total', 'Payments that are final', one(totals.settled)),
    counter('payments_settled_units_total', 'What they were, base units', one(totals.settledUnits)),
    counter('payments_unpayable_total', 'Payments that never will be', one(totals.unpayable)),
    gauge('miners_online', 'Miners that are here, by how they speak', [
      { labels: { kind: 'agent' }, value: figures.agents },
      { labels: { kind: 'legacy' }, value: figures.legacyMiners },
    ]),
    gauge('miners_inflight', 'Jobs that miners hold', one(figures.inflight)),
    counter(
      'web_vitals_total',
      'Measurements that pages reported',
      vitals.map(({ name, count }) => ({ labels: { name }, value: count })),
    ),
    counter(
      'web_vitals_sum_total',
      'Their sum: milliseconds, CLS without a unit',
      vitals.map(({ name, sum }) => ({ labels: { name }, value: sum })),
    ),
    gauge(
      'process_start_time_seconds',
      'When this instance of the coordinator began, Unix seconds',
      one(figures.startedAtMs / 1_000),
    ),
  ]
}

const chainMetrics = (chain: NonNullable<MetricSources['chain']>): Metric[] => [
  gauge('chain_head_height', 'Height of the newest block', [{ value: chain.head.height }]),
  gauge('chain_final_height', 'Height of the newest final block', [
    { value: chain.head.finalHeight },
  ]),
  gauge('chain_indexed_height', 'Height up to which the lists are filled', [
    { value: chain.indexedHeight },
  ]),
  gauge('mempool_size', 'Transactions that wait for a block', [{ value: chain.mempoolSize }]),
  gauge('chain_authorities', 'Authorities of the set in force', [
    { value: chain.authorities.length },
  ]),
  gauge('chain_proposing', 'Whether this site makes blocks', [{ value: chain.proposing ? 1 : 0 }]),
  gauge('chain_supply_units', 'Base units: held = genesis + minted - burned', [
    { labels: { part: 'genesis' }, value: chain.supply.genesis },
    { labels: { part: 'minted' }, value: chain.supply.minted },
    { labels: { part: 'burned' }, value: chain.supply.burned },
    { labels: { part: 'held' }, value: chain.supply.held },
  ]),
]

const indexMetrics = (index: NonNullable<MetricSources['index']>): Metric[] => [
  counter('chain_transactions_total', 'Transactions of final blocks', [
    { value: index.transactions },
  ]),
  counter('chain_settlements_total', 'Payments for jobs in final blocks', [
    { value: index.settlements },
  ]),
  gauge('chain_accounts', 'Addresses that ever held or did anything', [{ value: index.accounts }]),
]

const metric =
  (type: Metric['type']) =>
  (name: string, help: string, samples: readonly Sample[]): Metric => ({
    name,
    type,
    help,
    samples,
  })
const gauge = metric('gauge')
const counter = metric('counter')
