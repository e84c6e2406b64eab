/** Chooses what to show by the vault's state and the address, and keeps title and focus in step. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { here, navigate, query } from '../shared/list/url-state.ts'
import { Skeleton } from '../shared/ui/states.tsx'
import { Tabs } from '../shared/ui/tabs.tsx'
import { askVault, followVault, vaultState } from '../shared/vault/client.ts'
import { AccountBar } from './account-bar.tsx'
import { isLater, LaterView } from './later-views.tsx'
import { makesWallet, titleOf, viewOf, type WalletView, walletViews } from './routes.ts'
import { Unlock } from './unlock.tsx'
import { Welcome } from './welcome.tsx'

export function Wallet() {
  const [fault, setFault] = useState('')
  useEffect(() => {
    void followVault().then((error) => setFault(error?.message ?? ''))
    // A tab that slept may have missed that the vault is locked.
    const look = () => {
      if (!document.hidden) void askVault('state', {})
    }
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  const view = viewOf(here.value.pathname)
  const phase = vaultState.value?.phase
  if (fault !== '') return <Unusable reason={fault} />
  if (phase === undefined) {
    return (
      <div aria-busy="true">
        <h1>{titleOf(view)}</h1>
        <p class="wallet-lead">
          <Skeleton size={16} />
        </p>
      </div>
    )
  }
  return <Shown view={view} phase={phase} />
}

type ShownProps = { view: WalletView; phase: 'none' | 'locked' | 'open' }

function Shown({ view, phase }: ShownProps) {
  const screen = screenOf(view, phase)
  const first = useRef(true)
  useEffect(() => {
    document.title = `${screen === 'welcome' || screen === 'unlock' ? 'Wallet' : titleOf(view)} · AITBC`
    if (first.current) {
      first.current = false
      return
    }
    window.scrollTo(0, 0)
    document.querySelector<HTMLElement>('#wallet h1')?.focus({ preventScroll: true })
  }, [screen, view])
  // Where a wallet is made, one who has one has no business.
  useEffect(() => {
    if (phase !== 'open' || !makesWallet(view)) return
    const onward = query('return')
    const next = onward === '' ? '' : `sign-in?return=${encodeURIComponent(onward)}`
    navigate(`/wallet/${next}`, { replace: true })
  }, [phase, view])
  if (screen === 'welcome') return <Welcome />
  if (screen === 'create' || screen === 'import') return <LaterView view={screen} />
  if (screen === 'unlock') return <Unlock />
  return (
    <>
      <Tabs
        name="Wallet"
        tabs={tabs}
        current={walletViews.find((each) => each.view === view)?.path}
      />
      <AccountBar />
      <div key={view}>{isLater(view) ? <LaterView view={view} /> : <Unknown />}</div>
    </>
  )
}

function screenOf(view: WalletView, phase: ShownProps['phase']) {
  if (phase === 'open') return 'open'
  if (phase === 'locked') return 'unlock'
  return view === 'create' || view === 'import' ? view : 'welcome'
}

const tabs = walletViews.flatMap(({ path, tab }) =>
  tab === undefined ? [] : [{ href: path, label: tab }],
)

function Unknown() {
  return (
    <>
      <h1 tabIndex={-1}>No such page in the wallet</h1>
      <p class="wallet-lead">
        The address leads nowhere. Your keys and money are as they were.{' '}
        <a href="/wallet/">Go to the overview</a>.
      </p>
    </>
  )
}

function Unusable({ reason }: { reason: string }) {
  return (
    <>
      <h1 tabIndex={-1}>The wallet cannot start in this browser</h1>
      <div class="note note-failed" role="alert">
        <strong>{reason}</strong>
        <span>
          Nothing was changed. Private windows and strict settings can forbid the storage that the
          wallet needs; another window or browser may do.
        </span>
      </div>
    </>
  )
}
