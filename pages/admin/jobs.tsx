/** Jobs of everybody, without what was asked. */
import { Title } from '../explorer/parts.tsx'
import type { Filter } from '../shared/list/definition.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Empty } from '../shared/ui/states.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { AdminList } from './admin-list.tsx'
import { adminPath } from './routes.ts'
import { type JobRow, jobRow } from './wire.ts'
import {
  clientLink,
  JobState,
  jobLink,
  jobStateChoices,
  minerLink,
  None,
  PaymentState,
} from './words.tsx'

/** Columns of a job wherever jobs are listed. */
export const jobColumns: readonly Column<JobRow>[] = [
  { label: 'Job', cell: ({ job_id: id }) => jobLink(id) },
  { label: 'State', cell: ({ state }) => <JobState state={state} /> },
  {
    label: 'Model',
    cell: ({ model }) =>
      model === '' ? <None>none named</None> : <span class="name">{model}</span>,
  },
  { label: 'Client', cell: ({ client_id: id }) => clientLink(id) },
  {
    label: 'Miner',
    cell: ({ assigned_miner_id: id }) => (id === undefined ? <None /> : minerLink(id)),
  },
  { label: 'Priority', cell: ({ priority }) => priority },
  {
    label: 'Charged',
    cell: ({ amount }) => (amount === undefined ? <None>nothing</None> : <Amount units={amount} />),
    numeric: true,
  },
  {
    label: 'Payment',
    cell: ({ payment }) => (payment === undefined ? <None /> : <PaymentState state={payment} />),
  },
  { label: 'Asked', cell: ({ requested_at: at }) => <When ms={at} ageOnly /> },
]

const filters: readonly Filter[] = [
  { id: 'status', label: 'State', kind: 'select', choices: () => jobStateChoices },
  { id: 'client', label: 'Client, its whole id', kind: 'text', example: 'client_…' },
  { id: 'miner', label: 'Miner, its whole name', kind: 'text', example: 'miner-A' },
  { id: 'find', label: 'Go to a job by its id', kind: 'text', example: '32 hex digits' },
]

export function Jobs() {
  return (
    <>
      <Title>Jobs</Title>
      <AdminList
        view="jobs"
        path="/jobs"
        noun="jobs"
        item={jobRow}
        columns={jobColumns}
        keyOf={({ job_id: id }) => id}
        filters={filters}
        leads={(name, value) => (name === 'find' ? adminPath('job', { id: value }) : undefined)}
        empty={
          <Empty title="No jobs yet">
            <span>What clients ask stands here from then on, whether or not it is served.</span>
          </Empty>
        }
      />
    </>
  )
}
