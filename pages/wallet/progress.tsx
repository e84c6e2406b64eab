/** How far a sent transaction is: taken, in a block, final, and checked by this browser. */

import { codeWords } from '../explorer/kinds.ts'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { chainEdge } from '../shared/live/chain.ts'
import { type Resource, useResource } from '../shared/live/resource.ts'
import type { Transaction } from '../shared/live/schemas.ts'
import { transaction as transactionShape } from '../shared/live/schemas.ts'
import { GoodShape, WaitingShape } from '../shared/ui/icon.tsx'
import { transactionLink } from '../shared/ui/links.tsx'

const steps = [
  { id: 'sent', label: 'Taken by the site' },
  { id: 'included', label: 'In a block' },
  { id: 'final', label: 'Final: nobody can take it back' },
] as const

export function Progress({ hash }: { hash: string }) {
  const found = useResource(
    `/rpc/tx/${encodeURIComponent(hash)}`,
    transactionShape,
    chainEdge.value,
  )
  const reached = reachedOf(found)
  const outcome = found.phase === 'ready' ? found.value.outcome : undefined
  const failed = reached > 1 && outcome !== undefined && outcome !== 'applied'
  return (
    <div class="way-to-final">
      <ol class="steps" aria-label="Progress">
        {steps.map(({ id, label }, index) => (
          <li key={id} class={index < reached ? 'step is-done' : 'step'}>
            {index < reached ? <GoodShape /> : <WaitingShape />}
            <span>
              {label}
              <span class="visually-hidden">{index < reached ? ', done' : ', not yet'}</span>
            </span>
          </li>
        ))}
      </ol>
      <span class="visually-hidden" role="status">
        {reached === 0 ? '' : steps[reached - 1]?.label}
      </span>
      {failed ? (
        <div class="note note-failed" role="alert">
          <strong>It is on the chain, but did nothing: {codeWords(outcome)}</strong>
          <span>Only the fee was paid. What it was to move is still in your account.</span>
        </div>
      ) : null}
      {found.phase === 'failed' && found.failure.code !== 'NOT_FOUND' ? (
        <p class="small muted" role="status">
          {found.failure.message} It is asked again with the next block.
        </p>
      ) : null}
      <p class="small">Transaction {transactionLink(hash)}</p>
      {reached === steps.length && found.phase === 'ready' ? (
        <FactVerdict of="Transaction" subject={{ kind: 'transaction', hash }} shown={found.raw} />
      ) : null}
    </div>
  )
}

function reachedOf(found: Resource<Transaction>): number {
  if (found.phase !== 'ready') return 0
  return found.value.status === 'final' ? 3 : found.value.status === 'included' ? 2 : 1
}
