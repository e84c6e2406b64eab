/** One escrow: what it holds, until when, who may spend from it. */
import { useState } from 'preact/hooks'
import { explorerPath } from '../shared/addresses.ts'
import { FactVerdict } from '../shared/light/fact-verdict.tsx'
import { chainEdge, slotNow, slotTimeMs } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Amount } from '../shared/ui/amount.tsx'
import { Hash } from '../shared/ui/hash.tsx'
import { Pairs } from '../shared/ui/pairs.tsx'
import { Failed, Skeleton } from '../shared/ui/states.tsx'
import { Status } from '../shared/ui/status.tsx'
import { TopUpForm } from './escrow-forms.tsx'
import { Moment } from './moment.tsx'
import type { Wish } from './sign-flow.tsx'
import { type Escrow, escrowAnswer } from './wire.ts'

type CardProps = { id: string; account: string; onWish: (wish: Wish) => void }

export function EscrowCard({ id, account, onWish }: CardProps) {
  const found = useResource(`/rpc/escrow/${id}`, escrowAnswer, chainEdge.value)
  if (found.phase === 'loading') {
    return (
      <li class="escrow" aria-busy="true">
        <Skeleton size={16} />
      </li>
    )
  }
  if (found.phase === 'failed') {
    // The list is ahead of the final state, or what was left has been paid back.
    if (found.failure.code === 'NOT_FOUND') {
      return (
        <li class="escrow">
          <Status tone="neutral" word="Closed, or not yet final" />{' '}
          <Hash value={id} what="escrow id" />
        </li>
      )
    }
    return (
      <li class="escrow">
        <Failed what="this escrow" failure={found.failure} retry={found.retry} />
      </li>
    )
  }
  return <OpenCard escrow={found.value} raw={found.raw} account={account} onWish={onWish} />
}

type OpenProps = { escrow: Escrow; raw: unknown; account: string; onWish: (wish: Wish) => void }

function OpenCard({ escrow, raw, account, onWish }: OpenProps) {
  const [toppingUp, setToppingUp] = useState(false)
  const slot = slotNow.value ?? 0
  const closing = escrow.closes_at_slot
  const isOver = slot >= escrow.expiry_slot || (closing !== undefined && slot >= closing)
  const close = () =>
    onWish({ account, message: { kind: 'escrow_close', escrow: plain(escrow.id) } })
  return (
    <li class="escrow">
      <div class="escrow-head">
        <span class="escrow-balance figure">
          <Amount units={escrow.balance} />
        </span>
        <Standing isOver={isOver} closing={closing} />
      </div>
      <FactVerdict of="Escrow" subject={{ kind: 'escrow', id: escrow.id }} shown={raw} />
      <Pairs
        pairs={[
          [
            'Escrow',
            <Hash value={escrow.id} what="escrow id" href={explorerPath.escrow(escrow.id)} />,
          ],
          ['Coordinator', <Hash value={escrow.coordinator} what="coordinator key" />],
          ['Open until', <SlotTime slot={escrow.expiry_slot} />],
          closing === undefined ? undefined : ['Closes', <SlotTime slot={closing} />],
        ]}
      />
      <Delegates escrow={escrow} account={account} onWish={onWish} />
      <div class="escrow-actions">
        {closing === undefined && !isOver ? (
          <button
            type="button"
            class="button button-small"
            aria-expanded={toppingUp}
            onClick={() => setToppingUp(!toppingUp)}
          >
            Top up
          </button>
        ) : null}
        {closing === undefined || isOver ? (
          <button type="button" class="button button-small" onClick={close}>
            {isOver ? 'Take back what is left' : 'Close'}
          </button>
        ) : null}
      </div>
      {toppingUp ? <TopUpForm escrow={plain(escrow.id)} account={account} onWish={onWish} /> : null}
    </li>
  )
}

function Standing({ isOver, closing }: { isOver: boolean; closing: number | undefined }) {
  if (isOver) return <Status tone="caution" word="Over: take back what is left" />
  if (closing !== undefined) return <Status tone="caution" word="Closing: notice runs" />
  return <Status tone="good" word="Open" />
}

function Delegates({ escrow, account, onWish }: Omit<OpenProps, 'raw'>) {
  if (escrow.delegates.length === 0) {
    return <p class="small muted">No key besides yours may spend from it.</p>
  }
  return (
    <>
      <h3>Keys that may spend</h3>
      <ul class="delegates">
        {escrow.delegates.map(({ delegate, budget, expiry_slot, revoked_at_slot: revoked }) => (
          <li key={delegate}>
            <Hash value={delegate} what="delegate key" />
            <span>
              up to <Amount units={budget} />
            </span>
            <span class="muted">
              {revoked === undefined ? (
                <>
                  until <SlotTime slot={expiry_slot} />
                </>
              ) : (
                <>
                  revoked, ends <SlotTime slot={revoked} />
                </>
              )}
            </span>
            {revoked === undefined ? (
              <button
                type="button"
                class="button button-small"
                onClick={() =>
                  onWish({
                    account,
                    message: { kind: 'delegate_revoke', escrow: plain(escrow.id), delegate },
                  })
                }
              >
                Revoke<span class="visually-hidden"> {delegate.slice(0, 10)}</span>
              </button>
            ) : null}
          </li>
        ))}
      </ul>
    </>
  )
}

/** A slot as the time at which it begins. */
function SlotTime({ slot }: { slot: number }) {
  return (
    <>
      <Moment ms={slotTimeMs(slot)} />
      <span class="muted"> (slot {slot.toLocaleString('en')})</span>
    </>
  )
}

const plain = (id: string): string => id.replace(/^0x/, '')
