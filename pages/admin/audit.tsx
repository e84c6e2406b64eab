/** The audit log: who did what to whom, when and why. Nothing changes or removes a row of it. */

import { visibleText } from '../../core/wallet/visible-text.ts'
import { Title } from '../explorer/parts.tsx'
import type { Filter } from '../shared/list/definition.ts'
import { ownWord } from '../shared/own.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { Empty } from '../shared/ui/states.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { AdminList } from './admin-list.tsx'
import { type AuditRow, auditRow } from './wire.ts'
import { Actor, jobLink, minerLink, None } from './words.tsx'

const actions: Readonly<Record<string, string>> = {
  'job.cancel': 'Canceled a job',
  'job.prioritize': 'Changed a priority',
  'miner.activate': 'Let a miner work again',
  'miner.drain': 'Drained a miner',
  'miner.suspend': 'Suspended a miner',
  'held.release': 'Released a payment',
  'held.refuse': 'Refused a payment',
  'key.revoke': 'Revoked a key',
  'execute.settle': 'Sent payments',
  'execute.sweep': 'Forgot what is old',
  'execute.wake': 'Did all that is due',
}

const columns: readonly Column<AuditRow>[] = [
  { label: 'When', cell: ({ at }) => <When ms={at} ageOnly /> },
  { label: 'Who', cell: ({ actor }) => <Actor name={actor} /> },
  { label: 'What', cell: ({ action }) => ownWord(actions, action) ?? action },
  { label: 'To whom', cell: ({ action, target }) => <Target action={action} target={target} /> },
  {
    label: 'Why',
    cell: ({ reason }) =>
      reason === '' ? (
        <None>a program gave no reason</None>
      ) : (
        <span class="cell-text break">{reason}</span>
      ),
  },
  {
    label: 'Details',
    cell: ({ details }) => <span class="cell-text break muted">{detailWords(details)}</span>,
  },
]

function Target({ action, target }: { action: string; target: string }) {
  if (/^(?:job|held)\./.test(action)) return jobLink(target)
  if (action.startsWith('miner.')) return minerLink(target)
  if (action.startsWith('key.')) return <Hash value={target} what="key id" />
  return target === 'site' ? 'the site' : <span class="break">{target}</span>
}

/** Details are a JSON object of plain values: "before: active, standing: suspended". */
function detailWords(details: unknown): string {
  if (typeof details !== 'object' || details === null) return visibleText(String(details))
  const facts = Object.entries(details).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return visibleText(facts.join(', '))
}

const filters: readonly Filter[] = [
  {
    id: 'action',
    label: 'What',
    kind: 'select',
    choices: () => Object.entries(actions).map(([value, label]) => ({ value, label })),
  },
  { id: 'actor', label: 'Who, as the log names it', kind: 'text', example: 'account:aitbc1…' },
]

export function AuditLog() {
  return (
    <>
      <Title>Audit log</Title>
      <p class="lead">
        Everything that administrators did here, newest first. A row is written together with its
        act, and nothing changes or removes it.
      </p>
      <AdminList
        view="audit"
        path="/audit"
        noun="acts"
        item={auditRow}
        columns={columns}
        keyOf={({ entry_id: id }) => String(id)}
        filters={filters}
        empty={
          <Empty title="Nobody has done anything yet">
            <span>The first act of an administrator stands here, with its reason.</span>
          </Empty>
        }
      />
    </>
  )
}
