/**
 * The console key: what a session acts as when it asks for jobs, so that no key is ever in the browser. Shows
 * what is missing until it can pay, and the way to it.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type AccountKey, accountAnswer, accountKey } from '../shared/account-wire.ts'
import { Funding } from '../shared/funding.tsx'
import { chainEdge, slowEdge } from '../shared/live/chain.ts'
import { nowMs } from '../shared/live/clock.ts'
import { useResource } from '../shared/live/resource.ts'
import { sendJson } from '../shared/live/send.ts'
import { SignedIn } from '../shared/signed-in.tsx'
import { Amount } from '../shared/ui/amount.tsx'
import { Note, Progress } from '../shared/ui/bits.tsx'
import { Failed, Skeleton } from '../shared/ui/states.tsx'
import { type Trouble, TroubleNote } from '../shared/ui/trouble.tsx'

type ConsoleProps = {
  /** What stands here once it can pay. */
  children: (key: AccountKey) => ComponentChildren
}

export function Console({ children }: ConsoleProps) {
  return (
    <SignedIn to="ask a model">
      {(address) => (
        <Standing key={address} address={address}>
          {children}
        </Standing>
      )}
    </SignedIn>
  )
}

function Standing({ address, children }: ConsoleProps & { address: string }) {
  const [changed, setChanged] = useState(0)
  const found = useResource(
    '/api/v1/account',
    accountAnswer,
    `${chainEdge.value} ${slowEdge.value} ${changed}`,
  )
  const again = () => setChanged(changed + 1)
  if (found.phase === 'loading') {
    return (
      <p aria-busy="true">
        <Skeleton size={16} />
      </p>
    )
  }
  if (found.phase === 'failed') {
    return <Failed what="your account" failure={found.failure} retry={found.retry} />
  }
  const { console: key, faucet } = found.value
  if (key === undefined) return <Open faucet={faucet} onOpened={again} />
  switch (key.state) {
    case 'active':
      return <>{children(key)}</>
    case 'pending':
      return <Pending fault={key.funding?.fault} onMoved={again} />
    default:
      return (
        <>
          <Note
            title={
              key.state === 'exhausted' ? 'Your funds for jobs are used up' : 'Jobs need funds'
            }
          >
            Lock some for this site’s coordinator to pay your jobs with. It can spend what you
            authorise and no more.
            {key.funding?.fault === undefined ? '' : ` ${key.funding.fault}`}
          </Note>
          {faucet ? <Open faucet onOpened={again} /> : null}
          <div class="below">
            <Funding fundedKey={key} account={address} onLinked={again} />
          </div>
        </>
      )
  }
}

/** How often the site is asked to go on with the money. */
const pendingMs = 2_000

/** The money is on its way: each question also moves it on. */
function Pending({ fault, onMoved }: { fault: string | undefined; onMoved: () => void }) {
  const beat = Math.floor(nowMs.value / pendingMs)
  useEffect(() => {
    void sendJson('/api/v1/account/console', {}, accountKey).then((sent) => {
      if (sent.ok && sent.value.state !== 'pending') onMoved()
    })
  }, [beat])
  return (
    <div class="note" role="status">
      <Progress label="The money for your jobs is on its way to a final block" />
      <span>
        {fault === undefined ? 'This takes a few blocks.' : `It waits: ${fault}.`} Nothing needs to
        be done.
      </span>
    </div>
  )
}

/** Makes the console key; where there is a faucet, that pays too. */
function Open({ faucet, onOpened }: { faucet: boolean; onOpened: () => void }) {
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const open = async () => {
    if (busy) return
    setBusy(true)
    const sent = await sendJson('/api/v1/account/console', {}, accountKey)
    setBusy(false)
    if (sent.ok) return onOpened()
    setTrouble({
      happened: sent.error.message,
      money: 'Nothing was paid.',
      remedy: 'Try again in a while.',
    })
  }
  // Without a faucet there is nothing to decide yet: the money is asked for next.
  useEffect(() => {
    if (!faucet) void open()
  }, [])
  return (
    <div class="below">
      {trouble ? <TroubleNote trouble={trouble} /> : null}
      <div class="note">
        <strong>Begin with coins of the faucet</strong>
        <span>
          This is a development network: its faucet locks coins for your jobs, so that you can ask
          models at once. They are worth nothing elsewhere.
        </span>
        <button
          type="button"
          class="button button-primary button-small"
          aria-disabled={busy}
          onClick={() => void open()}
        >
          {busy ? 'Asking the faucet' : 'Get funds from the faucet'}
        </button>
      </div>
    </div>
  )
}

/** What is left to spend, in one line. */
export function ConsoleLine({ fundedKey: { funding } }: { fundedKey: AccountKey }) {
  return (
    <p class="small muted console-line">
      {funding?.available === undefined ? (
        'What is left for jobs is not known yet'
      ) : (
        <>
          Left for your jobs: <Amount units={funding.available} />
        </>
      )}
    </p>
  )
}
