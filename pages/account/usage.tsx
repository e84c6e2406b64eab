/** What the account used and spent: by day as a drawing, by key or model as a table. */
import { coinsNumber } from '../../core/base/amount.ts'
import { dayMs } from '../../core/base/time.ts'
import { Title } from '../explorer/parts.tsx'
import { type UsageAnswer, usageAnswer } from '../shared/account-wire.ts'
import { query } from '../shared/list/url-state.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { ChartSkeleton, LazyChart } from '../shared/ui/chart/lazy-chart.tsx'
import { Empty, Loaded } from '../shared/ui/states.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'

const spans = [
  { id: '7d', label: '7 days', days: 7 },
  { id: '', label: '30 days', days: 30 },
  { id: '90d', label: '90 days', days: 90 },
] as const

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export function Usage() {
  const span = spans.find(({ id }) => id === query('span')) ?? spans[1]
  const to = dayOf(Date.now())
  const from = dayOf(Date.now() - (span.days - 1) * dayMs)
  return (
    <>
      <Title>Usage</Title>
      <nav class="switch usage-spans" aria-label="Span">
        {spans.map(({ id, label }) => (
          <a
            key={id}
            class="button button-small"
            href={id === '' ? '/account/usage' : `/account/usage?span=${id}`}
            aria-current={id === span.id ? 'true' : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      <ByDay from={from} to={to} />
      <h2 class="section-title">By key</h2>
      <Grouped from={from} to={to} by="key" />
      <h2 class="section-title">By model</h2>
      <Grouped from={from} to={to} by="model" />
    </>
  )
}

type SpanProps = { from: string; to: string }

const pathOf = ({ from, to }: SpanProps, by: 'day' | 'key' | 'model'): string =>
  `/api/v1/account/usage?${new URLSearchParams({ from, to, group_by: by })}`

function ByDay(span: SpanProps) {
  const found = useResource(pathOf(span, 'day'), usageAnswer, slowEdge.value)
  return (
    <Loaded resource={found} what="what you used" loading={<ChartSkeleton title="Spent by day" />}>
      {(answer) => (
        <>
          <dl class="usage-total">
            <div>
              <dt>Spent</dt>
              <dd>
                <Amount units={answer.total.spent} />
              </dd>
            </div>
            <div>
              <dt>Jobs</dt>
              <dd class="figure">{answer.total.jobs.toLocaleString('en')}</dd>
            </div>
            <div>
              <dt>Tokens of answers</dt>
              <dd class="figure">{answer.total.completion_tokens.toLocaleString('en')}</dd>
            </div>
          </dl>
          <LazyChart
            title="Spent by day"
            kind={answer.items.length > 60 ? 'area' : 'bars'}
            xKind="day"
            xLabel="Day"
            unit={{ one: 'AITBC', many: 'AITBC' }}
            series={[{ name: 'Spent', points: pointsOf(answer, span) }]}
            empty={{
              title: 'Nothing used in this span',
              text: 'Jobs count on the day on which they ended.',
            }}
          />
        </>
      )}
    </Loaded>
  )
}

/** Every day of the span: one that the site does not name had no job. */
function pointsOf({ items }: UsageAnswer, { from, to }: SpanProps) {
  if (items.length === 0) return []
  const byDay = new Map(items.map((item) => [item.day, item.spent]))
  const points = []
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += dayMs) {
    points.push({ x: ms, y: coinsNumber(byDay.get(dayOf(ms)) ?? 0n) })
  }
  return points
}

type Item = UsageAnswer['items'][number]

const columnsOf = (by: 'key' | 'model'): readonly Column<Item>[] => [
  {
    label: by === 'key' ? 'Key' : 'Model',
    cell: ({ key_name: name, key_id: id, model }) => (
      <span class="break">
        {by === 'model' ? model || 'none named' : (name ?? id ?? 'unknown')}
      </span>
    ),
  },
  { label: 'Jobs', cell: ({ jobs }) => jobs.toLocaleString('en'), numeric: true },
  {
    label: 'Failed or stopped',
    cell: ({ failed }) => failed.toLocaleString('en'),
    numeric: true,
  },
  {
    label: 'Prompt tokens',
    cell: ({ prompt_tokens: tokens }) => tokens.toLocaleString('en'),
    numeric: true,
  },
  {
    label: 'Answer tokens',
    cell: ({ completion_tokens: tokens }) => tokens.toLocaleString('en'),
    numeric: true,
  },
  { label: 'Spent', cell: ({ spent }) => <Amount units={spent} />, numeric: true },
]

function Grouped({ by, ...span }: SpanProps & { by: 'key' | 'model' }) {
  const found = useResource(pathOf(span, by), usageAnswer, slowEdge.value)
  const columns = columnsOf(by)
  return (
    <Loaded
      resource={found}
      what="what you used"
      loading={<TableSkeleton caption={`By ${by}`} columns={columns} rows={2} />}
    >
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing used in this span">
            <span>Jobs count on the day on which they ended.</span>
          </Empty>
        ) : (
          <Table
            caption={`By ${by}`}
            columns={columns}
            rows={items}
            keyOf={(item) => (by === 'model' ? (item.model ?? '') : (item.key_id ?? ''))}
          />
        )
      }
    </Loaded>
  )
}
