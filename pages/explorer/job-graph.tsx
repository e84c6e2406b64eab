/** How a paid job hangs together: job, escrow, transaction, receipt, and how the payment was divided. */
import type { ComponentChildren } from 'preact'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { integer, maybe, object, text } from '../shared/live/shape.ts'
import { Amount } from '../shared/ui/amount.tsx'
import {
  addressLink,
  escrowLink,
  heightLink,
  jobLink,
  minerLink,
  receiptLink,
  transactionLink,
} from '../shared/ui/links.tsx'
import { Skeleton } from '../shared/ui/states.tsx'
import { When } from '../shared/ui/time.tsx'
import { amount, type ReceiptRow } from './wire.ts'

export function JobGraph({ row }: { row: ReceiptRow }) {
  return (
    <div class="job-graph">
      <ol class="graph">
        <Step name="Job" next="is paid from">
          {jobLink(row.job_hash)}
          <Fact label="Asked by">{addressLink(row.client, 'client address')}</Fact>
        </Step>
        <Step name="Escrow" next="is spent by">
          {escrowLink(row.escrow)}
          <Fact label="Holds now">
            <EscrowBalance id={row.escrow} />
          </Fact>
          <Fact label="Job number in it">
            <span class="mono break">{row.number}</span>
          </Fact>
        </Step>
        <Step name="Transaction" next="anchors">
          {transactionLink(row.transaction_hash)}
          <Fact label="Block">{heightLink(row.height)}</Fact>
          <Fact label="Settled">
            <When ms={row.time} ageOnly />
          </Fact>
        </Step>
        <Step name="Receipt">
          {receiptLink(row.receipt_hash)}
          <Fact label="Computed by">{minerLink(row.miner)}</Fact>
        </Step>
      </ol>
      <Division row={row} />
      <FactVerdict
        of="This payment, from the job to the receipt"
        subject={{ kind: 'receipt', hash: row.receipt_hash, transaction: row.transaction_hash }}
        shown={row}
      />
    </div>
  )
}

type StepProps = { name: string; next?: string; children: ComponentChildren }

function Step({ name, next, children }: StepProps) {
  return (
    <li class="graph-step">
      <div class="graph-box">
        <h3>{name}</h3>
        {children}
      </div>
      {next === undefined ? null : (
        <div class="graph-link">
          <span>{next}</span>
          <svg viewBox="0 0 48 12" width="48" height="12" aria-hidden="true" focusable="false">
            <path d="M0 6H45M39.5 1L45.5 6L39.5 11" />
          </svg>
        </div>
      )}
    </li>
  )
}

const Fact = ({ label, children }: { label: string; children: ComponentChildren }) => (
  <div class="graph-fact">
    <span class="muted">{label}</span>
    {children}
  </div>
)

const escrow = object({ balance: amount, owner: text, closes_at_slot: maybe(integer(0)) })

function EscrowBalance({ id }: { id: string }) {
  const found = useResource(`/rpc/escrow/${encodeURIComponent(id)}`, escrow, chainEdge.value)
  if (found.phase === 'loading') return <Skeleton size={8} />
  if (found.phase === 'failed') {
    return (
      <span class="muted">
        {found.failure.code === 'NOT_FOUND' ? 'closed since' : 'cannot be read now'}
      </span>
    )
  }
  return <Amount units={found.value.balance} />
}

const barWidth = 600

/** Who got what of the payment, drawn to scale. */
function Division({ row }: { row: ReceiptRow }) {
  const { amount: whole, miner_amount: toMiner, coordinator_amount: toCoordinator } = row
  const width = whole === 0n ? 0 : Number((toMiner * BigInt(barWidth)) / whole)
  return (
    <div class="division">
      <svg
        class="division-bar"
        viewBox={`0 0 ${barWidth} 12`}
        preserveAspectRatio="none"
        aria-hidden="true"
        focusable="false"
      >
        <rect class="division-miner" x="0" y="0" width={width} height="12" />
        <rect
          class="division-coordinator"
          x={width + 2}
          y="0"
          width={Math.max(0, barWidth - width - 2)}
          height="12"
        />
      </svg>
      <dl class="division-parts">
        <div>
          <dt>Paid by the client</dt>
          <dd>
            <Amount units={whole} />
          </dd>
        </div>
        <div>
          <dt>
            <span class="key key-miner" aria-hidden="true" />
            To the miner
          </dt>
          <dd>
            <Amount units={toMiner} />
            {minerLink(row.miner)}
          </dd>
        </div>
        <div>
          <dt>
            <span class="key key-coordinator" aria-hidden="true" />
            To the coordinator
          </dt>
          <dd>
            <Amount units={toCoordinator} />
            {addressLink(row.coordinator, 'coordinator address')}
          </dd>
        </div>
      </dl>
    </div>
  )
}
