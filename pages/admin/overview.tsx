/** How the site is: work, miners, money that waits, everything it depends on, the chain, the last days. */
import type { ComponentChildren } from 'preact'
import { Title } from '../explorer/parts.tsx'
import { explorerPath } from '../shared/addresses.ts'
import { status as chain, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { heightLink } from '../shared/ui/links.tsx'
import { type Pair, Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { Act } from './act.tsx'
import { acts } from './outcome.tsx'
import { adminPath } from './routes.ts'
import {
  type AnalyticsDay,
  analyticsAnswer,
  type Dependency,
  executedAnswer,
  healthAnswer,
  statsAnswer,
  statusAnswer,
} from './wire.ts'
import { counted, secondsWords } from './words.tsx'

export function Overview(_: { id: string }) {
  const edge = `${slowEdge.value} ${acts.value}`
  const health = useResource('/api/v1/admin/health', healthAnswer, edge)
  return (
    <>
      <Title
        beside={
          health.phase !== 'ready' ? undefined : health.value.status === 'ok' ? (
            <Status tone="good" word="All parts are well" />
          ) : (
            <Status tone="bad" word="A part is not well" />
          )
        }
      >
        Administration
      </Title>
      <Figures edge={edge} />
      <h2 class="section-title">What the site depends on</h2>
      <Loaded
        resource={health}
        what="how the parts are"
        loading={<TableSkeleton caption="Parts" columns={partColumns} rows={5} />}
      >
        {({ dependencies }) => (
          <Table
            caption="Parts"
            columns={partColumns}
            rows={dependencies}
            keyOf={({ name }) => name}
          />
        )}
      </Loaded>
      <h2 class="section-title">Chain</h2>
      <Chain />
      <h2 class="section-title">The last seven days</h2>
      <Days edge={edge} />
      <h2 class="section-title">Do now what the site else does by itself</h2>
      <Chores />
    </>
  )
}

function Figures({ edge }: { edge: string }) {
  const status = useResource('/api/v1/admin/status', statusAnswer, edge)
  const stats = useResource('/api/v1/admin/stats', statsAnswer, edge)
  const average =
    stats.phase === 'ready' ? secondsWords(stats.value.avg_miner_job_duration_ms) : undefined
  return (
    <Loaded resource={status} what="the figures" loading={<Skeleton size={16} />}>
      {({ jobs, miners, payments, system }) => (
        <>
          {system.fault !== undefined || !system.dispatching ? (
            <div class="note note-caution outcome">
              <strong>No job is given out now</strong>
              <span>
                {system.fault ??
                  'The final head of the chain is too old: money could not be counted on.'}
              </span>
            </div>
          ) : null}
          <dl class="figures">
            <Figure label="Jobs that run" href={adminPath('jobs', { status: 'running' })}>
              {jobs.running}
              <Below>
                <a href={adminPath('jobs', { status: 'queued' })}>{jobs.queued} wait</a>, of{' '}
                {counted(jobs.total, 'job')} ever
              </Below>
            </Figure>
            <Figure label="Miners online" href={adminPath('miners')}>
              {miners.online}
              <Below>
                <a href={adminPath('miners', { status: 'SUSPENDED' })}>
                  {miners.suspended} suspended
                </a>
                ,{' '}
                <a href={adminPath('miners', { status: 'DRAINING' })}>{miners.draining} draining</a>
              </Below>
            </Figure>
            <Figure label="Results held" href={adminPath('held')}>
              {payments['held'] ?? 0}
              <Below>
                {(payments['held'] ?? 0) === 0 ? 'nothing waits for you' : 'wait for your decision'}
              </Below>
            </Figure>
            <Figure label="Payments due" href={adminPath('payments', { status: 'due' })}>
              {(payments['due'] ?? 0) + (payments['sent'] ?? 0)}
              <Below>
                <a href={adminPath('payments', { status: 'unpayable' })}>
                  {payments['unpayable'] ?? 0} unpayable
                </a>
                , {(payments['settled'] ?? 0).toLocaleString('en')} settled
              </Below>
            </Figure>
            <Figure label="A job takes">
              {average ?? <Skeleton size={4} />}
              <Below>mean of the newest 1,000</Below>
            </Figure>
          </dl>
        </>
      )}
    </Loaded>
  )
}

type FigureProps = { label: string; href?: string; children: ComponentChildren }

const Figure = ({ label, href, children }: FigureProps) => (
  <div>
    <dt>{href === undefined ? label : <a href={href}>{label}</a>}</dt>
    <dd class="figure">{children}</dd>
  </div>
)

const Below = ({ children }: { children: ComponentChildren }) => (
  <span class="figure-below">{children}</span>
)

const partColumns: readonly Column<Dependency>[] = [
  { label: 'Part', cell: ({ name }) => <span class="part-name">{name}</span> },
  {
    label: 'State',
    cell: ({ ok }) =>
      ok ? <Status tone="good" word="Well" /> : <Status tone="bad" word="Not well" />,
  },
  {
    label: 'It says',
    cell: ({ detail }) => <span class="cell-text break">{grouped(detail)}</span>,
  },
  {
    label: 'Answered in',
    cell: ({ latency_ms: ms }) => `${ms.toLocaleString('en')} ms`,
    numeric: true,
  },
]

/** Long counts in a report, grouped by thousands. */
const grouped = (text: string): string =>
  text.replace(/\d{5,}/g, (digits) => BigInt(digits).toLocaleString('en'))

function Chain() {
  const known = chain.value
  if (!known) return <Skeleton size={16} />
  const { head_height: head, final_height: final, indexed_height: indexed } = known
  const pairs: readonly Pair[] = [
    ['Chain', <span class="name">{known.chain_id}</span>],
    ['Newest block', heightLink(head)],
    [
      'Final',
      <>
        {heightLink(final)} <span class="muted">{counted(head - final, 'block')} behind</span>
      </>,
    ],
    [
      'In the read model',
      <>
        {heightLink(indexed)} <span class="muted">{counted(head - indexed, 'block')} behind</span>
      </>,
    ],
    ['Authorities', <a href={explorerPath.nodes}>{counted(known.authorities.length, 'node')}</a>],
  ]
  return <Pairs pairs={pairs} />
}

const dayColumns: readonly Column<AnalyticsDay>[] = [
  { label: 'Day', cell: ({ day }) => <span class="figure">{day}</span> },
  { label: 'Jobs', cell: ({ jobs }) => jobs.toLocaleString('en'), numeric: true },
  { label: 'Done', cell: ({ completed }) => completed.toLocaleString('en'), numeric: true },
  { label: 'Not done', cell: ({ failed }) => failed.toLocaleString('en'), numeric: true },
  {
    label: 'Tokens of answers',
    cell: ({ completion_tokens: tokens }) => tokens.toLocaleString('en'),
    numeric: true,
  },
  { label: 'Charged', cell: ({ charged }) => <Amount units={charged} />, numeric: true },
]

function Days({ edge }: { edge: string }) {
  const found = useResource('/api/v1/admin/analytics?days=7', analyticsAnswer, edge)
  return (
    <Loaded
      resource={found}
      what="the last days"
      loading={<TableSkeleton caption="Days" columns={dayColumns} rows={2} />}
    >
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No job has ended in these days">
            <span>Each day on which one ends stands here, with what was charged.</span>
          </Empty>
        ) : (
          <Table
            caption="Days"
            columns={dayColumns}
            rows={[...items].sort((a, b) => (a.day < b.day ? 1 : -1))}
            keyOf={({ day }) => day}
          />
        )
      }
    </Loaded>
  )
}

const chores = [
  {
    action: 'settle',
    label: 'Send payments',
    title: 'Send all payments that are due?',
    text: 'They go to the chain in one batch. Nobody is paid more or less than without it, only sooner.',
  },
  {
    action: 'sweep',
    label: 'Forget what is old',
    title: 'Forget what is past its time?',
    text: 'Jobs and texts that are kept no longer are removed now. It cannot be undone; the site would do the same within the day.',
  },
  {
    action: 'wake',
    label: 'Do all that is due',
    title: 'Do all that is due?',
    text: 'Ends jobs whose time is over, asks miners again, settles and sends what waits.',
  },
] as const

function Chores() {
  return (
    <div class="acts">
      {chores.map(({ action, label, title, text }) => (
        <Act
          key={action}
          label={label}
          title={title}
          confirm={label}
          send={(reason) => sendJson(`/api/v1/admin/execute/${action}`, { reason }, executedAnswer)}
          told={({ details }) => `Done. ${detailsWords(details)}`}
        >
          {text}
        </Act>
      ))}
    </div>
  )
}

const detailsWords = (details: Readonly<Record<string, unknown>>): string =>
  Object.entries(details)
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${String(value)}`)
    .join(', ')
