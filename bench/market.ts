/**
 * `npm run bench -- market`: searches over 100 000 offers through the Worker and D1, page by page, and
 * facets; beside them the same queries on the same file without HTTP and without D1. docs/benchmarks.md
 * explains.
 */
import { parseArgs } from 'node:util'
import { parseQuery } from '../core/market/query.ts'
import { marketQueries } from '../d1/market-query.ts'
import { runtimeText } from './support/bench-site.ts'
import { monotonicMs } from './support/clock.ts'
import { openD1, startMarketSite } from './support/market-offers.ts'
import { figure, machine, printReport, say } from './support/report.ts'
import { quantile, rounded, summaryOf } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    offers: { type: 'string', default: '100000' },
    /** Times that each query is asked. */
    rounds: { type: 'string', default: '30' },
  },
})

/** What people ask, from the plain to what leaves nearly nothing. */
const queries = [
  '',
  'online=true sort=price',
  'model=llama3 vram>=24 price<=0.02 region=eu sort=price_performance',
  'model=mistral online=true verified=true sort=reputation',
  'gpu~4090 vram>=24 sort=speed',
  'region=eu-west engine=vllm uptime>=99 sort=uptime',
  'price_hour<=0.5 sort=price_hour',
  'a100 sort=newest',
  'miner=miner-77777',
  'llama3 rtx reputation>=0.9 rating>=4 sort=rating',
] as const

const startedAt = monotonicMs()
const rounds = Number(options.rounds)
const site = await startMarketSite(Number(options.offers))
try {
  const searched = await measured((query) => `/api/v1/market/offers?limit=50&q=${query}`)
  const deep = await pages()
  const facets = await measured((query) => `/api/v1/market/facets?q=${query}`)
  const bare = await withoutHttp()
  report({ searched, deep, facets, bare })
} finally {
  await site.stop()
}

type Samples = Readonly<Record<string, readonly number[]>>

async function ask(target: string): Promise<{ readonly ms: number; readonly text: string }> {
  const sinceMs = monotonicMs()
  const response = await fetch(`${site.url}${target}`)
  const text = await response.text()
  if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`)
  return { ms: monotonicMs() - sinceMs, text }
}

async function measured(targetOf: (query: string) => string): Promise<Samples> {
  const found: Record<string, number[]> = {}
  for (const query of queries) {
    const target = targetOf(encodeURIComponent(query))
    await ask(target)
    const samples: number[] = []
    for (let round = 0; round < rounds; round++) samples.push((await ask(target)).ms)
    found[query] = samples
    say(`${query || '(everything)'}: p95 ${rounded(quantile(sorted(samples), 0.95))} ms`)
  }
  return found
}

/** Pages deep in a list cost what the first one costs. */
async function pages(): Promise<readonly number[]> {
  const samples: number[] = []
  let cursor = ''
  for (let page = 0; page < 100; page++) {
    const { ms, text } = await ask(`/api/v1/market/offers?limit=50&q=sort%3Dprice${cursor}`)
    const { next_cursor: next } = JSON.parse(text) as { next_cursor: string | null }
    samples.push(ms)
    if (next === null) break
    cursor = `&cursor=${next}`
  }
  return samples
}

/** The same statements on the same file, in this process. */
async function withoutHttp(): Promise<Samples> {
  const { d1, database } = openD1(site.file)
  const found: Record<string, number[]> = {}
  for (const text of queries) {
    const query = parseQuery(text)
    if (!query.ok) throw new Error(query.error.message)
    const samples: number[] = []
    for (let round = 0; round < rounds; round++) {
      const sinceMs = monotonicMs()
      await marketQueries(d1).offers(query.value, { place: undefined, limit: 50 })
      samples.push(monotonicMs() - sinceMs)
    }
    found[text] = samples
  }
  database.close()
  return found
}

function report(all: {
  readonly searched: Samples
  readonly deep: readonly number[]
  readonly facets: Samples
  readonly bare: Samples
}): void {
  const p95 = (samples: Samples) => rounded(quantile(sorted(Object.values(samples).flat()), 0.95))
  const slowest = (samples: Samples) => {
    const [worst = ''] = Object.keys(samples).sort(
      (a, b) => quantile(sorted(samples[b] ?? []), 0.5) - quantile(sorted(samples[a] ?? []), 0.5),
    )
    return `slowest: ${worst || '(everything)'}`
  }
  const figures = [
    figure({
      name: 'offers query over 100 000 offers, p95 of ten queries, Worker and D1',
      unit: 'ms',
      value: p95(all.searched),
      goal: { atMost: 100 },
      cause: () => slowest(all.searched),
    }),
    figure({
      name: 'page of a hundred consecutive ones by cursor, p95',
      unit: 'ms',
      value: rounded(quantile(sorted(all.deep), 0.95)),
      goal: { atMost: 50 },
      cause: () => 'see details',
    }),
    figure({
      name: 'facets over 100 000 offers, p95',
      unit: 'ms',
      value: p95(all.facets),
      goal: { atMost: 300 },
      cause: () => slowest(all.facets),
    }),
  ]
  printReport(
    {
      bench: 'market',
      at: new Date().toISOString(),
      machine: machine(),
      runtime: runtimeText,
      seconds: Math.round((monotonicMs() - startedAt) / 1_000),
      figures,
      details: {
        rows: site.rows,
        peer: 'node:sqlite, the same statements on the same file, in process and without HTTP',
        peer_p95_ms: p95(all.bare),
        queries_ms: summaries(all.searched),
        facets_ms: summaries(all.facets),
        peer_queries_ms: summaries(all.bare),
        deep_pages_ms: summaryOf(all.deep),
      },
    },
    options.save,
  )
}

function summaries(samples: Samples) {
  return Object.fromEntries(Object.entries(samples).map(([name, each]) => [name, summaryOf(each)]))
}

function sorted(samples: readonly number[]): number[] {
  return [...samples].sort((a, b) => a - b)
}
