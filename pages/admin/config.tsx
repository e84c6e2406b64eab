/** Settings of the site. Of secrets only whether they are set: they never leave it. */
import { Title } from '../explorer/parts.tsx'
import { useResource } from '../shared/live/resource.ts'
import { Loaded } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { type Column, Table, TableSkeleton } from '../shared/ui/table.tsx'
import { configAnswer, type Setting } from './wire.ts'
import { None } from './words.tsx'

const columns: readonly Column<Setting>[] = [
  { label: 'Name', cell: ({ name }) => <code class="break">{name}</code> },
  {
    label: 'Value',
    cell: ({ value, set, secret }) =>
      value !== undefined ? (
        <span class="cell-text mono break">{value}</span>
      ) : secret && set ? (
        <Status tone="good" word="Set, and secret" />
      ) : (
        <None>not set</None>
      ),
  },
]

export function Config() {
  const found = useResource('/api/v1/admin/config', configAnswer)
  return (
    <>
      <Title>Settings</Title>
      <p class="lead">
        They come from the environment of the site and change with a deployment, never here:{' '}
        <a href="/docs/deploy-a-site.html">what each means</a>.
      </p>
      <Loaded
        resource={found}
        what="the settings"
        loading={<TableSkeleton caption="Settings" columns={columns} rows={10} />}
      >
        {({ items }) => (
          <Table caption="Settings" columns={columns} rows={items} keyOf={({ name }) => name} />
        )}
      </Loaded>
    </>
  )
}
