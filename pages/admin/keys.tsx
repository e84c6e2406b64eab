/** All keys of the site. What is secret about them, the site itself does not know. */
import { codeWords } from '../explorer/kinds.ts'
import { Title } from '../explorer/parts.tsx'
import type { Filter } from '../shared/list/definition.ts'
import { sendJson } from '../shared/live/send.ts'
import { ownWord } from '../shared/own.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { addressLink } from '../shared/ui/links.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { Status, type Tone } from '../shared/ui/status.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { Act } from './act.tsx'
import { AdminList } from './admin-list.tsx'
import { type KeyRow, keyRow, revokedAnswer } from './wire.ts'
import { None } from './words.tsx'

const states: Readonly<Record<string, readonly [Tone, string]>> = {
  active: ['good', 'Active'],
  admitted: ['good', 'Admitted'],
  unfunded: ['neutral', 'Without money'],
  pending: ['neutral', 'Money on its way'],
  exhausted: ['caution', 'Spent'],
  expired: ['neutral', 'Expired'],
  revoked: ['bad', 'Revoked'],
  removed: ['bad', 'Taken out'],
}

const columns: readonly Column<KeyRow>[] = [
  { label: 'Key', cell: ({ key_id: id }) => <Hash value={id} what="key id" /> },
  {
    label: 'Name',
    cell: ({ name, kind }) =>
      name === '' ? (
        <None>{kind === 'operator' ? 'in the settings' : 'none'}</None>
      ) : (
        <span class="name" title={name}>
          {name}
        </span>
      ),
  },
  {
    label: 'Owner',
    cell: ({ owner }) => (owner === undefined ? <None>the operator</None> : addressLink(owner)),
  },
  { label: 'May', cell: ({ scopes }) => <span class="scopes">{scopes.join(', ')}</span> },
  {
    label: 'State',
    cell: ({ state }) => {
      const [tone, word] = ownWord(states, state) ?? (['neutral', codeWords(state)] as const)
      return <Status tone={tone} word={word} />
    },
  },
  { label: 'Spent', cell: ({ spent }) => <Amount units={spent} />, numeric: true },
  {
    label: 'Last used',
    cell: ({ last_used_at: ms, kind }) =>
      ms !== undefined ? (
        <When ms={ms} ageOnly />
      ) : (
        <None>{kind === 'operator' ? 'not noted' : 'never'}</None>
      ),
  },
  { label: 'Act', cell: (key) => <Revoke value={key} /> },
]

function Revoke({ value: key }: { value: KeyRow }) {
  if (key.kind === 'operator' || key.state === 'revoked') return <None>–</None>
  const name = key.name === '' ? key.key_id : key.name
  return (
    <Act
      label="Revoke"
      title={`Revoke ${name}?`}
      confirm="Revoke the key"
      isDangerous
      send={(reason) =>
        sendJson(
          `/api/v1/admin/keys/${encodeURIComponent(key.key_id)}`,
          { reason },
          revokedAnswer,
          { method: 'DELETE' },
        )
      }
      told={() => `${name} is revoked`}
    >
      It stops at once and for ever; jobs that it has begun go on and are paid. Its owner can make
      another, and gets back what is left in its escrow by closing it.
    </Act>
  )
}

const filters: readonly Filter[] = [
  { id: 'q', label: 'What id, owner or name begins with', kind: 'text', example: 'aitbc1…' },
]

export function Keys() {
  return (
    <>
      <Title>Keys</Title>
      <p class="lead">
        Of accounts, and of the operator. No secret is here: the site keeps hashes alone. Keys of
        the operator are changed in the settings.
      </p>
      <AdminList
        view="keys"
        path="/keys"
        noun="keys"
        item={keyRow}
        columns={columns}
        keyOf={({ key_id: id }) => id}
        filters={filters}
        empty={<Empty title="No keys" />}
      />
    </>
  )
}
