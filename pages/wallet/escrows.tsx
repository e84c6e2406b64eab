/** Escrows that the chosen account opened, the keys that may spend from them, and what can be done. */
import { useState } from 'preact/hooks'
import { chainEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { Empty, Loaded, Skeleton } from '../shared/ui/states.tsx'
import { chosen } from './chosen.ts'
import { EscrowCard } from './escrow-card.tsx'
import { OpenEscrowForm } from './escrow-forms.tsx'
import { escrowIdOfHash, openedAnswer, openedPath } from './escrow-list.ts'
import { SignFlow, type Wish } from './sign-flow.tsx'

export function Escrows() {
  const address = chosen.value?.address ?? ''
  const [wish, setWish] = useState<Wish>()
  const opened = useResource(openedPath(address), openedAnswer, chainEdge.value)
  if (wish) {
    const close = () => setWish(undefined)
    return (
      <>
        <h1 tabIndex={-1}>Escrows</h1>
        <SignFlow wish={wish} onBack={close} onDone={close} />
      </>
    )
  }
  return (
    <>
      <h1 tabIndex={-1}>Escrows</h1>
      <p class="wallet-lead">
        An escrow is money locked for one coordinator, who can pay miners from it for jobs that you
        or a key of yours authorised. What is left comes back when it is closed.
      </p>
      <Loaded
        resource={opened}
        what="your escrows"
        loading={
          <p>
            <Skeleton size={16} />
          </p>
        }
      >
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No escrow yet">
              <span>This account has never locked money for jobs. You can below.</span>
            </Empty>
          ) : (
            <ul class="escrows">
              {items.map(({ hash }) => {
                const id = escrowIdOfHash(hash)
                return id === undefined ? null : (
                  <EscrowCard key={id} id={id} account={address} onWish={setWish} />
                )
              })}
            </ul>
          )
        }
      </Loaded>
      <h2 class="section-title">Open an escrow at this site</h2>
      <OpenEscrowForm account={address} onWish={setWish} />
    </>
  )
}
