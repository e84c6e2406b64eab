/** Signs what another page of this site asked for, and leads back there. */
import { useEffect, useState } from 'preact/hooks'
import { answerWish, type SignWish, wishWaiting } from '../shared/hand-over.ts'
import { useResource } from '../shared/live/resource.ts'
import { Empty, Skeleton } from '../shared/ui/states.tsx'
import { accounts, choose } from './chosen.ts'
import { placeToReturn } from './return-to.ts'
import { SignFlow } from './sign-flow.tsx'
import { siteAnswer } from './wire.ts'

export function Sign() {
  const [wish] = useState(wishWaiting)
  if (!wish) {
    return (
      <>
        <h1 tabIndex={-1}>Nothing to sign</h1>
        <Empty title="No page of this tab has asked for a signature">
          <span>A wish is kept for the tab that made it, until it is signed or declined.</span>
          <a class="button button-small" href="/marketplace/">
            To the marketplace
          </a>
        </Empty>
      </>
    )
  }
  return (
    <>
      <h1 tabIndex={-1}>Sign for {wish.of}</h1>
      <Wished wish={wish} />
    </>
  )
}

function Wished({ wish }: { wish: SignWish }) {
  const { id, account, message, deliver, back } = wish
  const site = useResource('/api/v1/site', siteAnswer)
  const isOwn = accounts.value.some(({ address }) => address === account)
  useEffect(() => {
    if (isOwn) choose(account)
  }, [isOwn, account])
  const goBack = () => location.assign(placeToReturn(back))
  const decline = () => {
    answerWish({ id, outcome: 'declined' })
    goBack()
  }
  if (!isOwn) {
    return (
      <>
        <div class="note note-caution" role="alert">
          <strong>The account is not in this wallet</strong>
          <span>
            You are signed in as <code class="break">{account}</code>, and only that account can
            sign this. Bring it into this wallet, or sign in with an account that is in it.
          </span>
        </div>
        <div class="form-foot">
          <button type="button" class="button" onClick={decline}>
            Go back
          </button>
          <a class="button" href="/wallet/sign-in">
            Sign in with another account
          </a>
        </div>
      </>
    )
  }
  const finish = (signed: { readonly bytes: string; readonly hash: string }) => {
    answerWish({ id, outcome: 'signed', bytes: signed.bytes, hash: signed.hash })
    if (deliver === 'give') goBack()
  }
  // Who the coordinator is decides what the review warns of.
  if (site.phase === 'loading') {
    return (
      <p aria-busy="true">
        <Skeleton size={16} />
      </p>
    )
  }
  return (
    <SignFlow
      wish={{
        account,
        message,
        coordinator: site.phase === 'ready' ? site.value.coordinator : undefined,
      }}
      deliver={deliver}
      onSigned={finish}
      onBack={decline}
      onDone={goBack}
    />
  )
}
