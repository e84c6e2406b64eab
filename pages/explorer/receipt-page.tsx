/** One receipt: the public record that a job was computed and paid. */
import { explorerPath } from '../shared/addresses.ts'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type Receipt, receipt } from '../shared/live/schemas.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { heightLink, transactionLink, wholeAddress } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Status } from '../shared/ui/status.tsx'
import { When } from '../shared/ui/time.tsx'
import { CanonicalBytes } from './canonical-bytes.tsx'
import { Detail } from './detail.tsx'
import { Title } from './parts.tsx'

export function ReceiptPage({ id }: { id: string }) {
  const path = `/rpc/receipts/${encodeURIComponent(id)}`
  const found = useResource(path, receipt, chainEdge.value)
  return (
    <Detail resource={found} noun="receipt" id={id} path={path}>
      {(value, raw) => (
        <>
          <Title beside={<Status tone="good" word="Paid, final" />}>Receipt</Title>
          <p class="lead">
            The chain’s record of one paid job, out of a final block. It holds the hash of the
            signed receipt and what was paid for it. Prompt, answer and the receipt itself are for
            the client and the miner only.
          </p>
          <ReceiptFacts receipt={value} />
          <FactVerdict
            of="All that is shown of this receipt"
            subject={{
              kind: 'receipt',
              hash: value.receipt_id,
              transaction: value.payload.tx_hash,
            }}
            shown={{
              ...(raw as { payload?: object } | undefined)?.payload,
              job_hash: value.job_id,
            }}
          />
          <CanonicalBytes
            pieces={[
              { kind: 'payment', name: 'payment', from: 'transaction', hash: value.receipt_id },
              {
                kind: 'payment_outcome',
                name: 'outcome of the payment',
                from: 'outcome',
                hash: value.receipt_id,
              },
            ]}
            source={`/rpc/tx/${encodeURIComponent(value.payload.tx_hash)}`}
          />
        </>
      )}
    </Detail>
  )
}

function ReceiptFacts({ receipt: value }: { receipt: Receipt }) {
  const { payload } = value
  return (
    <Pairs
      pairs={[
        ['Receipt hash', <Hash value={value.receipt_id} what="receipt hash" whole />],
        [
          'Job hash',
          <Hash value={value.job_id} what="job hash" whole href={explorerPath.job(value.job_id)} />,
        ],
        ['Paid by the client', <Amount units={payload.amount} />],
        ['To the miner', <Amount units={payload.miner_amount} />],
        ['To the coordinator', <Amount units={payload.coordinator_amount} />],
        ['Miner', wholeAddress(payload.miner, 'miner address')],
        ['Client', wholeAddress(payload.client, 'client address')],
        ['Coordinator', wholeAddress(payload.coordinator, 'coordinator address')],
        ['Settled by', transactionLink(payload.tx_hash)],
        ['Block', heightLink(payload.block_height)],
        ['Settled', <When ms={value.timestamp_ms} />],
      ]}
    />
  )
}
