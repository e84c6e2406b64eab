/** The window in which a person says yes or no to a site. Always a window of its own, never the popup. */
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import '../../shared/light/jitless.ts'
import { startClock } from '../../shared/live/clock.ts'
import { Note } from '../../shared/ui/bits.tsx'
import { RadioField } from '../../shared/ui/form/choices.tsx'
import { Hash } from '../../shared/ui/hash.tsx'
import type { ApprovalView, Shown } from '../background/approvals.ts'
import { ask } from '../panel-calls.ts'
import { isShort, Preview } from './preview.tsx'
import { Risks } from './risks.tsx'
import { Unlock } from './unlock.tsx'
import { followStorage, useAnswer, wordsOf } from './use-panel.ts'
import './view.css'

function Approve() {
  const { asked, again } = useAnswer('view', {})
  if (asked.phase === 'loading') return <p class="small muted">Reading the request…</p>
  if (asked.phase === 'failed') {
    return (
      <>
        <h1 class="view-title">A site asks</h1>
        <Note title="The request cannot be shown" tone="bad">
          {asked.message} Nothing was signed.
        </Note>
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      </>
    )
  }
  if (asked.value === null) {
    return (
      <>
        <h1 class="view-title">Nothing waits</h1>
        <p class="small">You can close this window.</p>
      </>
    )
  }
  const view = asked.value
  return <Request key={`${view.origin} ${view.id}`} view={view} again={again} />
}

const titles: Record<ApprovalView['kind'], string> = {
  connect: 'Connect this site?',
  message: 'Sign a message?',
  transaction: 'Sign and send?',
}

type Props = { view: ApprovalView; again: () => void }

function Request({ view, again }: Props) {
  const { vault } = view
  const [account, setAccount] = useState(view.account)
  const [notDone, setNotDone] = useState<string>()
  const [busy, setBusy] = useState(false)
  const isArmed = useArmed(JSON.stringify([view.id, view.shown, vault.phase]))
  const chosen =
    vault.phase === 'open' && view.kind === 'connect'
      ? (vault.accounts.find(({ address }) => address === account) ?? vault.accounts[0])?.address
      : view.account
  const isReady =
    vault.phase === 'open' && (view.kind === 'connect' ? chosen !== undefined : view.shown)
  const tooLittle = view.shown?.kind === 'transaction' && isShort(view.shown.preview)
  const decide = async (approve: boolean) => {
    if (busy || (approve && (!isArmed || !isReady || tooLittle))) return
    setBusy(true)
    try {
      const { origin, id } = view
      const shown = view.shown && JSON.stringify(view.shown.preview)
      const decision = {
        origin,
        id,
        approve,
        ...(shown !== undefined && { shown }),
        ...(chosen !== undefined && { account: chosen }),
      }
      setNotDone((await ask('decide', decision)).notDone ?? undefined)
    } catch (error) {
      setNotDone(wordsOf(error))
    }
    setBusy(false)
    again()
  }
  return (
    <>
      <header class="ask-head">
        <h1 class="view-title">{titles[view.kind]}</h1>
        {view.waiting > 1 ? <span class="badge">1 of {view.waiting}</span> : null}
      </header>
      <Origin view={view} />
      {vault.phase === 'none' ? (
        <Note title="There are no keys here yet">
          Open the wallet from the toolbar and set it up. The request waits until you close this
          window.
        </Note>
      ) : vault.phase === 'locked' ? (
        <Unlock onOpen={again} />
      ) : (
        <What view={view} chosen={chosen} onChoose={setAccount} />
      )}
      {notDone === undefined ? null : (
        <Note title="Not done" tone="bad">
          {notDone}
        </Note>
      )}
      <footer class="ask-foot">
        <button type="button" class="button" onClick={() => void decide(false)}>
          Reject
        </button>
        <button
          type="button"
          class="button button-primary"
          aria-disabled={!isArmed || !isReady || tooLittle || busy}
          onClick={() => void decide(true)}
        >
          {busy ? 'Working' : view.kind === 'connect' ? 'Connect' : 'Sign'}
        </button>
        {view.waitingOfOrigin > 1 ? (
          <button
            type="button"
            class="text-button"
            onClick={() => void ask('rejectAll', { origin: view.origin }).then(again)}
          >
            Reject all {view.waitingOfOrigin} of this site
          </button>
        ) : null}
      </footer>
    </>
  )
}

/** The origin as the browser knows it, in ASCII: letters of other scripts show as `xn--…`. */
const Origin = ({ view }: { view: ApprovalView }) => (
  <section class="ask-origin" aria-label="Who asks">
    <span class="small muted">This site asks</span>
    <strong class="mono ask-site">{view.origin}</strong>
    <Risks risks={view.originRisks} />
  </section>
)

type WhatProps = {
  view: ApprovalView
  chosen: string | undefined
  onChoose: (address: string) => void
}

function What({ view, chosen, onChoose }: WhatProps) {
  const { vault, shown, network } = view
  if (view.kind === 'connect' && vault.phase === 'open') {
    return (
      <section class="stack">
        <ul class="plain-list small">
          <li>
            It will see the address of this account, and its balance and history, as anybody can.
          </li>
          <li>It may ask you to sign. Nothing is signed unless you agree in a window like this.</li>
        </ul>
        <RadioField
          name="account"
          label="Account"
          required
          value={chosen ?? ''}
          onValue={onChoose}
          choices={vault.accounts.map(({ address, name }) => ({
            value: address,
            label: name,
            hint: address,
          }))}
        />
      </section>
    )
  }
  if (view.fault !== undefined) {
    return (
      <Note title="This cannot be signed" tone="bad">
        {view.fault}
      </Note>
    )
  }
  if (!shown) return null
  return (
    <section class="stack">
      {shown.kind === 'transaction' ? (
        <Preview preview={shown.preview} />
      ) : (
        <MessageText preview={shown.preview} />
      )}
      <p class="small muted">
        On {network?.chainId}, by <Hash value={view.account ?? ''} what="address" />
      </p>
    </section>
  )
}

type MessageShown = Extract<Shown, { kind: 'message' }>['preview']

/** Risks of the origin are said above already. */
const MessageText = ({ preview }: { preview: MessageShown }) => (
  <>
    <p class="summary">{preview.title}</p>
    <Risks risks={preview.risks.filter(({ code }) => !code.startsWith('ORIGIN_'))} />
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach that */}
    <section class="message" tabIndex={0} aria-label="Message">
      {preview.text}
    </section>
    <p class="small muted">
      The signature is good for this site and chain only. It moves no money.
    </p>
  </>
)

const armedAfterMs = 600

/**
 * Whether the buttons that agree may be pressed: a moment after what they agree to came into view, and again
 * after the window was behind another. A page cannot put a window under a press that was meant for it.
 */
function useArmed(what: string): boolean {
  const [armed, setArmed] = useState<string>()
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const arm = () => {
      clearTimeout(timer)
      setArmed(undefined)
      if (!document.hidden) timer = setTimeout(() => setArmed(what), armedAfterMs)
    }
    arm()
    window.addEventListener('focus', arm)
    document.addEventListener('visibilitychange', arm)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('focus', arm)
      document.removeEventListener('visibilitychange', arm)
    }
  }, [what])
  return armed === what
}

const main = document.getElementById('main') as HTMLElement
startClock()
followStorage()
render(<Approve />, main)
main.removeAttribute('aria-busy')
