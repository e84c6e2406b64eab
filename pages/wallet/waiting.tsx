/** Transactions that no block holds yet; where one is missing before them, why, and the way out. */
import { useState } from 'preact/hooks'
import { kindWords } from '../explorer/kinds.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { transactionLink } from '../shared/ui/links.tsx'
import { missingNonces, useAccount, useWaiting } from './account.ts'
import { SignFlow, type Wish } from './sign-flow.tsx'
import type { Pooled } from './wire.ts'

export function Waiting({ address }: { address: string }) {
  const standing = useAccount(address)
  const waiting = useWaiting(address)
  const [wish, setWish] = useState<Wish>()
  if (wish) {
    const close = () => setWish(undefined)
    return <SignFlow wish={wish} onBack={close} onDone={close} />
  }
  if (standing.phase !== 'ready' || waiting.length === 0) return null
  const missing = missingNonces(standing.value.nonce, waiting)
  const [gap] = missing
  return (
    <section class="waiting" aria-label="Waiting">
      {gap === undefined ? null : (
        <GapNote
          missing={missing}
          stuck={waiting.filter(({ nonce }) => nonce > gap).length}
          onFill={() =>
            setWish({
              account: address,
              nonce: gap,
              message: { kind: 'transfer', to: address, amount: '1' },
            })
          }
        />
      )}
      <h2 class="section-title">Waiting for a block</h2>
      <ul class="waiting-list">
        {waiting.map((pooled) => (
          <WaitingRow key={pooled.tx_hash} pooled={pooled} isStuck={isStuck(pooled, gap)} />
        ))}
      </ul>
    </section>
  )
}

const isStuck = ({ nonce }: Pooled, gap: number | undefined): boolean =>
  gap !== undefined && nonce > gap

function WaitingRow({ pooled, isStuck }: { pooled: Pooled; isStuck: boolean }) {
  return (
    <li>
      <span>
        {kindWords(pooled.type)}
        {isStuck ? <span class="muted">, stuck</span> : null}
      </span>
      <span class="mono muted">number {pooled.nonce}</span>
      {transactionLink(pooled.tx_hash)}
      <span class="muted">
        fee <Amount units={pooled.fee} />
      </span>
    </li>
  )
}

type GapProps = { missing: readonly number[]; stuck: number; onFill: () => void }

function GapNote({ missing, stuck, onFill }: GapProps) {
  const [first] = missing
  const many = stuck === 1 ? '1 transaction is' : `${stuck} transactions are`
  const rest = missing.length - 1
  return (
    <div class="note note-caution">
      <strong>
        {many} stuck behind number {first}
      </strong>
      <span>
        An account’s transactions are carried out in order of their numbers, and nothing carries
        number {first}: it was made elsewhere and lost, or its time ran out. Nothing is paid
        meanwhile. Sending one base unit to yourself under this number lets the others through, for
        the price of its fee.
        {rest === 0
          ? ''
          : ` ${rest} more ${rest === 1 ? 'number is' : 'numbers are'} missing after it.`}
      </span>
      <button type="button" class="button button-small" onClick={onFill}>
        Fill number {first}
      </button>
    </div>
  )
}
