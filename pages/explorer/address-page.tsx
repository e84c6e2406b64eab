/** One address: what it holds and what it last sent and received. */
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type Address, address as addressSchema, type Movement } from '../shared/live/schemas.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { addressLink, heightLink, transactionLink } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty } from '../shared/ui/states.tsx'
import { type Column, Table } from '../shared/ui/table.tsx'
import { Detail } from './detail.tsx'
import { Title } from './parts.tsx'

export function AddressPage({ address }: { address: string }) {
  const path = `/rpc/address/${encodeURIComponent(address)}`
  const found = useResource(path, addressSchema, chainEdge.value)
  return (
    <Detail resource={found} noun="address" id={address} path={path}>
      {(value) => (
        <>
          <Title>Address</Title>
          <Pairs
            pairs={[
              ['Address', <Hash value={value.address} what="address" whole />],
              ['Balance', <Amount units={value.balance} />],
              ['Transactions sent', <span class="mono">{value.total_transactions_sent}</span>],
              [
                'Transactions received',
                <span class="mono">{value.total_transactions_received}</span>,
              ],
              ['Next nonce', <span class="mono">{value.nonce}</span>],
            ]}
          />
          <p class="small muted below">
            The balance is what the site’s chain node says. Funds locked in escrows are not in it.
          </p>
          <Movements address={value} />
        </>
      )}
    </Detail>
  )
}

const columns: readonly Column<Movement>[] = [
  { label: 'Transaction', cell: ({ tx_hash }) => transactionLink(tx_hash) },
  { label: 'Direction', cell: ({ direction }) => (direction === 'sent' ? 'Sent' : 'Received') },
  {
    label: 'With',
    cell: ({ counterparty }) =>
      counterparty ? addressLink(counterparty) : <span class="muted">none</span>,
  },
  {
    label: 'Block',
    cell: ({ block_height: height }) => (height === undefined ? 'none yet' : heightLink(height)),
    numeric: true,
  },
]

function Movements({ address: value }: { address: Address }) {
  const pendingFirst = (row: Movement) => row.block_height ?? Number.MAX_SAFE_INTEGER
  const rows = [...value.latest_sent, ...value.latest_received].sort(
    (a, b) => pendingFirst(b) - pendingFirst(a),
  )
  return (
    <>
      <h2 class="section-title">Latest transactions</h2>
      {rows.length === 0 ? (
        <Empty title="No transactions">
          <span>This address has neither sent nor received anything on this chain.</span>
        </Empty>
      ) : (
        <Table
          caption="Latest transactions of this address"
          columns={columns}
          rows={rows}
          keyOf={(row) => `${row.direction} ${row.tx_hash}`}
        />
      )}
    </>
  )
}
