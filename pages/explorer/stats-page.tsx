/** What happened on the chain by hour and day, drawn; and what it holds in all. */
import { useRef, useState } from 'preact/hooks'
import { coinsNumber } from '../../core/base/amount.ts'
import { announce } from '../shared/frame/announce.ts'
import { query } from '../shared/list/url-state.ts'
import { chainEdge, slotTimeMs, slowEdge, status } from '../shared/live/chain.ts'
import { type Resource, useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { ChartSkeleton, LazyChart } from '../shared/ui/chart/lazy-chart.tsx'
import type { ChartProps } from '../shared/ui/chart/points.ts'
import { heightLink } from '../shared/ui/links.tsx'
import { Loaded } from '../shared/ui/states.tsx'
import { type StatItem, type StatsAnswer, statsAnswer, supplyAnswer } from './figures-wire.ts'
import { Tile, Title, WholeCoins } from './parts.tsx'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What can be chosen; the first is what a link without a choice shows. */
const spans = [
  { id: '48h', label: '48 hours', bucket: 'hour', stepMs: hourMs, count: 48 },
  { id: '14d', label: '14 days', bucket: 'hour', stepMs: hourMs, count: 336 },
  { id: '30d', label: '30 days', bucket: 'day', stepMs: dayMs, count: 30 },
  { id: '1y', label: '1 year', bucket: 'day', stepMs: dayMs, count: 365 },
] as const
type Span = (typeof spans)[number]

export function StatsPage() {
  const span: Span = spans.find(({ id }) => id === query('span')) ?? spans[0]
  const to = Math.floor(Date.now() / span.stepMs) * span.stepMs
  const from = new Date(to - (span.count - 1) * span.stepMs).toISOString()
  const path = `/api/v1/chain/stats?bucket=${span.bucket}&from=${from}`
  const found = useResource(path, statsAnswer, slowEdge.value)
  return (
    <>
      <Title>Figures</Title>
      <Totals found={found} />
      <div class="list-tools stats-tools">
        <nav class="switch" aria-label="Span">
          {spans.map(({ id, label }) => (
            <a
              key={id}
              class="button button-small"
              href={id === spans[0].id ? '/explorer/stats' : `/explorer/stats?span=${id}`}
              aria-current={id === span.id ? 'true' : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
        {found.phase === 'ready' ? <Exports answer={found.value} raw={found.raw} /> : null}
      </div>
      <Loaded
        resource={found}
        what="the figures"
        loading={
          <div class="charts">
            {chartsOf([], span).map(({ title }) => (
              <ChartSkeleton key={title} title={title} />
            ))}
          </div>
        }
      >
        {(answer) => (
          <>
            <div class="charts">
              {chartsOf(filled(answer, span), span).map((props) => (
                <LazyChart key={props.title} {...props} />
              ))}
            </div>
            <p class="small muted below">
              Final blocks only, as of block {heightLink(answer.as_of.height)}, from the read model;
              hours and days are those of UTC. As data: <a href={path}>this answer</a>,{' '}
              <a href="/docs/api/lists.html#readStats">its description</a>. Sums and supply are what
              the site says: no proof covers a sum; each block and transaction behind them can be
              verified.
            </p>
          </>
        )}
      </Loaded>
    </>
  )
}

function Totals({ found }: { found: Resource<StatsAnswer> }) {
  const supply = useResource('/rpc/status', supplyAnswer, chainEdge.value)
  const totals = found.phase === 'ready' ? found.value.totals : undefined
  const gone = found.phase === 'failed' ? <span class="muted">not known</span> : undefined
  const coins = supply.phase === 'ready' ? supply.value.supply : undefined
  const noCoins = supply.phase === 'failed' ? <span class="muted">not known</span> : undefined
  return (
    <div class="tiles">
      <Tile
        label="Supply"
        below={
          coins ? (
            <>
              {coins.minted === 0n ? 'nothing' : <Amount units={coins.minted} />} minted since
              genesis
            </>
          ) : null
        }
      >
        {coins ? <WholeCoins units={coins.held} /> : noCoins}
      </Tile>
      <Tile label="Accounts" below="that ever held or did anything">
        {totals?.accounts.toLocaleString('en') ?? gone}
      </Tile>
      <Tile label="Transactions" href="/explorer/txs" below="in final blocks">
        {totals?.transactions.toLocaleString('en') ?? gone}
      </Tile>
      <Tile label="Paid jobs" href="/explorer/jobs" below="since genesis">
        {totals?.receipts.toLocaleString('en') ?? gone}
      </Tile>
    </div>
  )
}

/** A bucket, and what happened in it; undefined where that is not known yet. */
type Point = { readonly x: number; readonly item: StatItem | undefined }

const nothing = { blocks: 0, transactions: 0, fees: 0n, jobs: 0, paid: 0n, miners: 0, clients: 0 }

/**
 * Every bucket of the span. One that the site does not name holds no final block, as long as it lies
 * before the newest block that is counted; beyond that nothing is known.
 */
function filled(answer: StatsAnswer, { stepMs }: Span): readonly Point[] {
  const byStart = new Map(answer.items.map((item) => [item.start, item]))
  const countedMs = slotTimeMs(answer.as_of.slot) ?? answer.items.at(-1)?.start ?? 0
  const points: Point[] = []
  for (let x = answer.from; x < answer.to; x += stepMs) {
    const known = byStart.get(x)
    points.push({ x, item: known ?? (x <= countedMs ? { start: x, ...nothing } : undefined) })
  }
  return points
}

function chartsOf(points: readonly Point[], { bucket, stepMs }: Span): readonly ChartProps[] {
  const series = (name: string, of: (item: StatItem) => number) => ({
    name,
    points: points.map(({ x, item }) => ({ x, y: item && of(item) })),
  })
  const chart = (
    title: string,
    unit: ChartProps['unit'],
    lines: ChartProps['series'],
  ): ChartProps => ({
    title: `${title} by ${bucket}`,
    kind: points.length > 60 ? 'area' : 'bars',
    xKind: 'time',
    xLabel: stepMs === dayMs ? 'Day' : 'Hour',
    series: lines,
    unit,
    empty: {
      title: 'No final block in this span',
      text: 'The figures begin with the first block of the chain.',
    },
  })
  const aitbc = { one: 'AITBC', many: 'AITBC' }
  return [
    chart('Transactions', { one: 'transaction', many: 'transactions' }, [
      series('Transactions', ({ transactions }) => transactions),
    ]),
    chart('Paid jobs', { one: 'job', many: 'jobs' }, [series('Paid jobs', ({ jobs }) => jobs)]),
    chart('Paid for jobs', aitbc, [series('Paid', ({ paid }) => coinsNumber(paid))]),
    chart('Fees', aitbc, [series('Fees', ({ fees }) => coinsNumber(fees))]),
    chart('Blocks', { one: 'block', many: 'blocks' }, [series('Blocks', ({ blocks }) => blocks)]),
    chart('Active miners and clients', { one: 'address', many: 'addresses' }, [
      series('Miners paid', ({ miners }) => miners),
      series('Clients that paid', ({ clients }) => clients),
    ]),
  ]
}

function Exports({ answer, raw }: { answer: StatsAnswer; raw: unknown }) {
  const [said, setSaid] = useState('')
  const busy = useRef(false)
  const save = async (ending: 'csv' | 'json') => {
    if (busy.current) return
    busy.current = true
    const words = await saved(ending, answer, raw)
    busy.current = false
    setSaid(words)
    announce(words)
  }
  return (
    <div class="list-actions">
      <span class="small muted">{said}</span>
      {(['csv', 'json'] as const).map((ending) => (
        <button
          key={ending}
          type="button"
          class="button button-small"
          onClick={() => void save(ending)}
        >
          Save {ending.toUpperCase()}
        </button>
      ))}
    </div>
  )
}

async function saved(ending: 'csv' | 'json', answer: StatsAnswer, raw: unknown): Promise<string> {
  try {
    const { csvOf, fileNameOf, saveFile } = await import('../shared/list/export-rows.ts')
    // The site's own spelling of every field, as its answer came.
    const { items } = raw as { readonly items: readonly Readonly<Record<string, unknown>>[] }
    const asOf = { height: answer.as_of.height, time: '' }
    const name = fileNameOf(
      { chainId: status.value?.chain_id ?? 'aitbc', listId: `figures-by-${answer.bucket}` },
      { rows: items, asOf, isCut: false },
      ending,
    )
    saveFile(
      name,
      ending === 'csv'
        ? { text: csvOf(items), type: 'text/csv;charset=utf-8' }
        : { text: `${JSON.stringify(raw, null, 2)}\n`, type: 'application/json' },
    )
    return `Saved ${items.length} rows as ${name}.`
  } catch {
    return 'The site cannot be reached; nothing was saved.'
  }
}
