/** One job: from what locked the money to the receipt, each a link; while it runs, only how it goes. */
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { list, object } from '../shared/live/shape.ts'
import { Hash } from '../shared/ui/hash.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Empty, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { Status, type Tone } from '../shared/ui/status.tsx'
import { When } from '../shared/ui/time.tsx'
import { Detail } from './detail.tsx'
import { type PublicJob, publicJob } from './figures-wire.ts'
import { JobGraph } from './job-graph.tsx'
import { RawAnswer, Title } from './parts.tsx'
import { receiptRow } from './wire.ts'

/** `id`: the job’s id at this site (32 hex digits), its receipt’s, or the hash of what was asked. */
export function JobPage({ id }: { id: string }) {
  return /^[0-9a-f]{32}$/i.test(id) ? <SiteJob id={id} /> : <ChainJob id={id} />
}

const states: Record<PublicJob['state'], readonly [tone: Tone, word: string]> = {
  queued: ['neutral', 'Waiting for a miner'],
  assigned: ['neutral', 'Offered to a miner'],
  running: ['neutral', 'Running'],
  completed: ['good', 'Done'],
  failed: ['bad', 'Failed'],
  canceled: ['neutral', 'Canceled'],
  expired: ['caution', 'Expired'],
}

function SiteJob({ id }: { id: string }) {
  const path = `/api/v1/site/jobs/${encodeURIComponent(id)}`
  const found = useResource(path, publicJob, `${chainEdge.value} ${slowEdge.value}`)
  return (
    <Detail resource={found} noun="job" id={id} path={path}>
      {(job) => {
        const [tone, word] = states[job.state]
        return (
          <>
            <Title beside={<Status tone={tone} word={word} />}>Job</Title>
            <Pairs
              pairs={[
                ['Job id', <Hash value={job.job_id} what="job id" whole />],
                ['Asked', <When ms={job.requested_at} />],
                job.ended_at === undefined
                  ? ['Runs out', <When ms={job.expires_at} />]
                  : ['Ended', <When ms={job.ended_at} />],
                ['Payment', paymentWords(job)],
              ]}
            />
            {job.settlement ? (
              <Settlements hash={job.settlement.job_hash} only={job.settlement.receipt_hash} />
            ) : (
              <p class="small muted below">
                This is all that a site says of a job to others than its client. What it computed is
                on no page of the explorer.
              </p>
            )}
          </>
        )
      }}
    </Detail>
  )
}

function paymentWords({ state, settlement }: PublicJob) {
  if (settlement) return <Status tone="good" word="Paid, final" />
  if (state === 'completed') return <Status tone="neutral" word="Not yet on the chain" />
  return state === 'failed' || state === 'canceled' || state === 'expired'
    ? 'none: nothing was charged'
    : 'none yet'
}

const settlements = object({ items: list(receiptRow) })

function settlementsPath(hash: string): string {
  return `/api/v1/chain/receipts?limit=25&job=${encodeURIComponent(hash)}`
}

function ChainJob({ id }: { id: string }) {
  const path = settlementsPath(id)
  const found = useResource(path, settlements, chainEdge.value)
  return (
    <Detail resource={found} noun="job" id={id} path={path}>
      {({ items }) =>
        items.length === 0 ? (
          <Unpaid id={id} />
        ) : (
          <>
            <Title beside={<Status tone="good" word="Paid, final" />}>Job</Title>
            <p class="lead">
              Each hash stands for one signed record. The chain holds these alone; question, answer
              and the receipt itself are for client and miner.
            </p>
            {items.length > 1 ? (
              <p class="small">
                {items.length} jobs asked for exactly the same, so they have one hash; newest first.
              </p>
            ) : null}
            {items.map((row) => (
              <JobGraph key={row.receipt_hash} row={row} />
            ))}
          </>
        )
      }
    </Detail>
  )
}

function Unpaid({ id }: { id: string }) {
  return (
    <>
      <Title>No such job</Title>
      <Empty title="No paid job has this hash">
        <code class="break">{id}</code>
        <span>
          A job is on the chain once a final block has paid it. While it runs, look for the id of 32
          digits that its client got.
        </span>
        <a class="button button-small" href="/explorer/jobs">
          To all jobs
        </a>
      </Empty>
    </>
  )
}

/** The one of these payments that a job of this site led to. */
function Settlements({ hash, only }: { hash: string; only: string }) {
  const path = settlementsPath(hash)
  const found = useResource(path, settlements, chainEdge.value)
  return (
    <>
      <h2 class="section-title">On the chain</h2>
      <Loaded
        resource={found}
        what="the payment"
        loading={
          <p>
            <Skeleton size={16} />
          </p>
        }
      >
        {({ items }) => {
          const row = items.find(({ receipt_hash: receipt }) => receipt === only)
          return row ? (
            <JobGraph row={row} />
          ) : (
            <Empty title="Not in the lists yet">
              <span>The payment is final; the list of receipts follows in a moment.</span>
            </Empty>
          )
        }}
      </Loaded>
      {found.phase === 'ready' ? <RawAnswer raw={found.raw} path={path} /> : null}
    </>
  )
}
