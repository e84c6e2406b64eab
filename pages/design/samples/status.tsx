import { Finality, Status, TransactionStatus } from '../../shared/ui/status.tsx'

export function StatusSample() {
  return (
    <div class="demo-row">
      <Status tone="good" word="Working" />
      <Status tone="neutral" word="Queued" />
      <Status tone="caution" word="Slow" />
      <Status tone="bad" word="Failed" />
      <Finality final />
      <Finality final={false} />
      <TransactionStatus status="pending" />
      <TransactionStatus status="included" outcome="applied" />
      <TransactionStatus status="final" outcome="insufficient_balance" />
    </div>
  )
}
