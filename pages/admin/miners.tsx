/** All miners, here and away. */
import { Title } from '../explorer/parts.tsx'
import type { Filter } from '../shared/list/definition.ts'
import { Empty } from '../shared/ui/states.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { AdminList } from './admin-list.tsx'
import { adminPath } from './routes.ts'
import { type Miner, minerAnswer } from './wire.ts'
import { MinerState, minerLink, minerStateChoices, None, secondsWords } from './words.tsx'

const columns: readonly Column<Miner>[] = [
  { label: 'Miner', cell: ({ miner_id: id }) => minerLink(id) },
  { label: 'State', cell: (miner) => <MinerState miner={miner} /> },
  {
    label: 'Works on',
    cell: ({ inflight, concurrency }) => `${inflight} of ${concurrency}`,
    numeric: true,
  },
  { label: 'Models', cell: ({ models }) => <Models names={models} /> },
  { label: 'Region', cell: ({ region }) => region ?? <None>not said</None> },
  {
    label: 'Done',
    cell: ({ jobs_completed: jobs }) => jobs.toLocaleString('en'),
    numeric: true,
  },
  { label: 'Failed', cell: ({ jobs_failed: jobs }) => jobs.toLocaleString('en'), numeric: true },
  {
    label: 'A job takes',
    cell: ({ average_job_duration_ms: ms }) => secondsWords(ms),
    numeric: true,
  },
  {
    label: 'Seen',
    cell: ({ last_heartbeat: ms }) =>
      ms === undefined ? <None>never</None> : <When ms={ms} ageOnly />,
  },
]

function Models({ names }: { names: readonly string[] }) {
  const [first, ...others] = names
  if (first === undefined) return <None>not known</None>
  return (
    <span title={names.join(', ')}>
      <span class="name">{first}</span>
      {others.length === 0 ? null : <span class="muted"> and {others.length} more</span>}
    </span>
  )
}

const filters: readonly Filter[] = [
  { id: 'status', label: 'State', kind: 'select', choices: () => minerStateChoices },
  { id: 'find', label: 'Go to a miner by its name', kind: 'text', example: 'miner-A' },
]

export function Miners() {
  return (
    <>
      <Title>Miners</Title>
      <AdminList
        view="miners"
        path="/miners"
        noun="miners"
        item={minerAnswer}
        columns={columns}
        keyOf={({ miner_id: id }) => id}
        filters={filters}
        leads={(name, value) => (name === 'find' ? adminPath('miner', { id: value }) : undefined)}
        empty={
          <Empty title="No miner has come yet">
            <span>One that connects stands here from then on.</span>
            <a class="button button-small" href="/docs/run-a-miner.html">
              How to run one
            </a>
          </Empty>
        }
      />
    </>
  )
}
