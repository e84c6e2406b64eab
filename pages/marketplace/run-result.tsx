/** How a question ended: what it cost, its receipt, and the proof of both, checked in this browser. */
import { amount } from '../explorer/wire.ts'
import { explorerPath } from '../shared/addresses.ts'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { receipt as receiptShape } from '../shared/live/schemas.ts'
import { flag, integer, maybe, object, type ShapeOf, text } from '../shared/live/shape.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { receiptLink, transactionLink } from '../shared/ui/links.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Failed, Skeleton } from '../shared/ui/states.tsx'
import { Status, type Tone } from '../shared/ui/status.tsx'

/** What `GET /jobs/{id}` says of money and proof. */
export const ownJob = object({
  job_id: text,
  state: text,
  model: text,
  assigned_miner_id: maybe(text),
  error: maybe(text),
  payment_status: maybe(text),
  limit: amount,
  amount: maybe(amount),
  prompt_tokens: maybe(integer(0)),
  completion_tokens: maybe(integer(0)),
  receipt_hash: maybe(text),
  settlement: maybe(object({ tx_hash: text, final: flag })),
})
export type OwnJob = ShapeOf<typeof ownJob>

/** The money of a job in a word. */
export function paymentOf({ payment_status: status, settlement }: OwnJob): readonly [Tone, string] {
  if (settlement?.final) return ['good', 'Paid, final']
  switch (status) {
    case 'pending':
    case 'escrowed':
      return ['neutral', 'Held in escrow']
    case 'released':
      return ['neutral', 'Charged, on its way to the chain']
    case 'refunded':
      return ['neutral', 'Not charged']
    case 'failed':
      return ['bad', 'Payment failed']
    default:
      return ['neutral', 'Nothing held']
  }
}

export function RunResult({ jobId }: { jobId: string }) {
  const path = `/api/v1/jobs/${encodeURIComponent(jobId)}`
  const found = useResource(path, ownJob, `${chainEdge.value} ${slowEdge.value}`)
  if (found.phase === 'loading') {
    return (
      <p aria-busy="true">
        <Skeleton size={16} />
      </p>
    )
  }
  if (found.phase === 'failed') {
    return <Failed what="the bill" failure={found.failure} retry={found.retry} />
  }
  const job = found.value
  const [tone, word] = paymentOf(job)
  return (
    <section class="run-result" aria-label="Bill and proof">
      <h2 class="section-title">Bill and proof</h2>
      <Pairs
        pairs={[
          ['Payment', <Status tone={tone} word={word} />],
          [
            'Charged',
            job.amount !== undefined ? (
              <Amount units={job.amount} />
            ) : job.payment_status === 'refunded' ? (
              'nothing'
            ) : (
              'nothing yet'
            ),
          ],
          ['At most', <Amount units={job.limit} />],
          job.completion_tokens === undefined
            ? undefined
            : [
                'Tokens',
                `${(job.prompt_tokens ?? 0).toLocaleString('en')} of the prompt, ${job.completion_tokens.toLocaleString('en')} of the answer`,
              ],
          job.assigned_miner_id === undefined
            ? undefined
            : ['Miner', <span class="break">{job.assigned_miner_id}</span>],
          ['Job', <Hash value={job.job_id} what="job id" href={explorerPath.job(job.job_id)} />],
          job.receipt_hash === undefined ? undefined : ['Receipt', receiptLink(job.receipt_hash)],
          job.settlement && ['Settled by', transactionLink(job.settlement.tx_hash)],
        ]}
      />
      {job.receipt_hash !== undefined && job.settlement?.final ? (
        <Proof hash={job.receipt_hash} />
      ) : job.receipt_hash === undefined ? null : (
        <p class="small muted below" role="status">
          The proof comes with the block that pays the miner, and is checked here by itself.
        </p>
      )}
    </section>
  )
}

/** The chain's record of the payment, judged by the light client. */
function Proof({ hash }: { hash: string }) {
  const path = `/rpc/receipts/${encodeURIComponent(hash)}`
  const found = useResource(path, receiptShape, chainEdge.value)
  if (found.phase !== 'ready') {
    return (
      <p class="small muted below" role="status">
        The payment is final; its record follows in a moment.
      </p>
    )
  }
  const { value, raw } = found
  return (
    <FactVerdict
      of="Payment and receipt"
      subject={{ kind: 'receipt', hash, transaction: value.payload.tx_hash }}
      shown={{ ...(raw as { payload?: object } | undefined)?.payload, job_hash: value.job_id }}
    />
  )
}
