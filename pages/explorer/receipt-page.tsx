/** One receipt: the public record that a job was computed and paid. */
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { type Receipt, receipt } from '../shared/live/schemas.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { addressLink, heightLink, transactionLink } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Loaded } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { readTimeMs, When } from '../shared/ui/time.tsx'
import { Missing, PageSkeleton } from './missing.tsx'
import { RawAnswer, Title } from './parts.tsx'

export function ReceiptPage({ id }: { id: string }) {
  const path = `/rpc/receipts/${encodeURIComponent(id)}`
  const found = useResource(path, receipt, chainEdge.value)
  if (found.phase === 'failed' && found.failure.code === 'NOT_FOUND') {
    return <Missing title="No such receipt" id={id} />
  }
  return (
    <Loaded resource={found} what="this receipt" loading={<PageSkeleton title="Receipt" />}>
      {(value) => (
        <>
          <Title beside={<Settled receipt={value} />}>Receipt</Title>
          <p class="lead">
            The public record of one paid job. It names hashes of the prompt and of the answer,
            never their text.
          </p>
          <ReceiptFacts receipt={value} />
          {found.phase === 'ready' ? <RawAnswer raw={found.raw} path={path} /> : null}
        </>
      )}
    </Loaded>
  )
}

function Settled({ receipt: { block_height: height } }: { receipt: Receipt }) {
  return typeof height === 'number' ? (
    <Status tone="good" word="Paid in a block" />
  ) : (
    <Status tone="neutral" word="Not settled yet" />
  )
}

function ReceiptFacts({ receipt: value }: { receipt: Receipt }) {
  const { block_height: height, tx_hash: hash, recorded_at: at } = value
  return (
    <Pairs
      pairs={[
        ['Receipt', <Hash value={value.receipt_id} what="receipt id" whole />],
        ['Job', <Hash value={value.job_id} what="job id" whole />],
        ['Paid', <Amount units={value.amount} />],
        ['Miner', addressLink(value.miner, 'miner address')],
        ['Client', <Hash value={value.client} what="public id of the client" />],
        hash ? ['Settled by', transactionLink(hash)] : undefined,
        typeof height === 'number' ? ['Block', heightLink(height)] : undefined,
        at ? ['Recorded', <When ms={readTimeMs(at)} />] : undefined,
      ]}
    />
  )
}
