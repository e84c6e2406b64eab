/** What jobs are paid: sums by state, and each with its transaction. */
import { Title } from '../explorer/parts.tsx'
import type { Filter } from '../shared/list/definition.ts'
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { transactionLink } from '../shared/ui/links.tsx'
import { Empty, Loaded, Skeleton } from '../shared/ui/states.tsx'
import type { Column } from '../shared/ui/table.tsx'
import { When } from '../shared/ui/time.tsx'
import { AdminList } from './admin-list.tsx'
import { acts } from './outcome.tsx'
import { adminPath } from './routes.ts'
import { type PaymentRow, paymentRow, paymentTotals } from './wire.ts'
import {
  clientLink,
  counted,
  jobLink,
  minerLink,
  None,
  PaymentState,
  paymentStates,
} from './words.tsx'

const columns: readonly Column<PaymentRow>[] = [
  { label: 'Job', cell: ({ job_id: id }) => jobLink(id) },
  { label: 'State', cell: ({ state }) => <PaymentState state={state} /> },
  { label: 'Amount', cell: ({ amount }) => <Amount units={amount} />, numeric: true },
  { label: 'Client', cell: ({ client_id: id }) => clientLink(id) },
  { label: 'Miner', cell: ({ miner_id: id }) => minerLink(id) },
  {
    label: 'Transaction',
    cell: ({ tx_hash: hash, reason }) =>
      hash !== undefined ? (
        transactionLink(hash)
      ) : reason !== undefined ? (
        <span class="cell-text break">{reason}</span>
      ) : (
        <None>not yet</None>
      ),
  },
  {
    label: 'To be paid by slot',
    cell: ({ settle_by_slot: slot }) => slot.toLocaleString('en'),
    numeric: true,
  },
  { label: 'Accepted', cell: ({ released_at: ms }) => <When ms={ms} ageOnly /> },
]

const filters: readonly Filter[] = [
  {
    id: 'status',
    label: 'State',
    kind: 'select',
    choices: () => Object.entries(paymentStates).map(([value, [, label]]) => ({ value, label })),
  },
]

export function Payments() {
  return (
    <>
      <Title>Payments</Title>
      <Totals />
      <AdminList
        view="payments"
        path="/payments"
        noun="payments"
        item={paymentRow}
        columns={columns}
        keyOf={({ job_id: id }) => id}
        filters={filters}
        empty={
          <Empty title="No payments yet">
            <span>Each job that is done leads to one.</span>
          </Empty>
        }
      />
    </>
  )
}

/** Sums of all payments; what is settled stands on the chain. */
function Totals() {
  const found = useResource(
    '/api/v1/admin/payments?limit=1',
    paymentTotals,
    `${slowEdge.value} ${acts.value}`,
  )
  return (
    <Loaded resource={found} what="the sums" loading={<Skeleton size={16} />}>
      {({ totals }) => {
        const known = Object.keys(paymentStates).filter((state) => totals[state])
        return known.length === 0 ? null : (
          <dl class="figures figures-money">
            {known.map((state) => (
              <div key={state}>
                <dt>
                  <a href={adminPath('payments', { status: state })}>
                    {paymentStates[state]?.[1] ?? state}
                  </a>
                </dt>
                <dd class="figure">
                  <Amount units={totals[state]?.amount ?? 0n} />
                  <span class="figure-below">{counted(totals[state]?.count ?? 0, 'payment')}</span>
                </dd>
              </div>
            ))}
          </dl>
        )
      }}
    </Loaded>
  )
}
