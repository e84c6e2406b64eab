/** Accounts that signed in here. */
import { Title } from '../explorer/parts.tsx'
import type { Filter } from '../shared/list/definition.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { addressLink } from '../shared/ui/links.tsx'
import { Empty } from '../shared/ui/states.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { AdminList } from './admin-list.tsx'
import { adminPath } from './routes.ts'
import { type UserRow, userRow } from './wire.ts'

const columns: readonly Column<UserRow>[] = [
  { label: 'Account', cell: ({ address }) => addressLink(address) },
  { label: 'Role', cell: ({ role }) => (role === 'admin' ? 'administrator' : 'client') },
  {
    label: 'Keys',
    cell: ({ address, keys }) =>
      keys === 0 ? 0 : <a href={adminPath('keys', { q: address })}>{keys}</a>,
    numeric: true,
  },
  { label: 'Jobs that ended', cell: ({ jobs }) => jobs.toLocaleString('en'), numeric: true },
  { label: 'Spent', cell: ({ spent }) => <Amount units={spent} />, numeric: true },
  { label: 'First seen', cell: ({ first_seen_at: ms }) => <When ms={ms} ageOnly /> },
  { label: 'Last seen', cell: ({ last_seen_at: ms }) => <When ms={ms} ageOnly /> },
]

const filters: readonly Filter[] = [
  { id: 'q', label: 'Address, or its beginning', kind: 'text', example: 'aitbc1…' },
]

export function Users() {
  return (
    <>
      <Title>Users</Title>
      <AdminList
        view="users"
        path="/users"
        noun="users"
        item={userRow}
        columns={columns}
        keyOf={({ address }) => address}
        filters={filters}
        empty={<Empty title="Nobody has signed in" />}
      />
    </>
  )
}
