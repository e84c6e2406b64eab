/** One address: what it holds, and all that it sent and received. */

import { useMemo } from 'preact/hooks'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { DataList } from '../shared/list/data-list.tsx'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { address as addressSchema } from '../shared/live/schemas.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Detail } from './detail.tsx'
import { LabelButton } from './label-button.tsx'
import { Title } from './parts.tsx'
import { QrCode } from './qr-code.tsx'
import { transactionsOf } from './transaction-list.tsx'

export function AddressPage({ address }: { address: string }) {
  const path = `/rpc/address/${encodeURIComponent(address)}`
  const found = useResource(path, addressSchema, chainEdge.value)
  return (
    <Detail resource={found} noun="address" id={address} path={path}>
      {(value, raw) => (
        <>
          <Title>Address</Title>
          <Pairs
            pairs={[
              ['Address', <Hash value={value.address} what="address" whole />],
              ['Your label', <LabelButton value={value.address} what="this address" />],
              ['Balance', <Amount units={value.balance} />],
              ['Transactions sent', <span class="mono">{value.total_transactions_sent}</span>],
              [
                'Transactions received',
                <span class="mono">{value.total_transactions_received}</span>,
              ],
              ['Next nonce', <span class="mono">{value.nonce}</span>],
            ]}
          />
          {isLegacy(value.address) ? null : (
            <FactVerdict
              of="Balance"
              subject={{ kind: 'account', address: value.address }}
              shown={raw}
            />
          )}
          <QrCode text={value.address} what="address" />
          <p class="small muted below">
            Funds locked in escrows are not in the balance. The counts and the list are what the
            site says.
          </p>
          <h2 class="section-title">Transactions</h2>
          <Transactions address={value.address} />
        </>
      )}
    </Detail>
  )
}

/** Of the original network: it has no account here that could be shown. */
const isLegacy = (address: string): boolean => /^aitbc1[0-9a-f]{40}$/.test(address)

function Transactions({ address }: { address: string }) {
  const list = useMemo(() => transactionsOf(address), [address])
  return <DataList list={list} fixed={{ address }} />
}
