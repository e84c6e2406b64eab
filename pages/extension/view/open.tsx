/** The unlocked wallet: account, activity, sites, settings. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { VaultState } from '../../shared/vault/messages.ts'
import { ask, askVault, type NetworkView, type PanelState } from '../panel-calls.ts'
import { AccountView } from './account.tsx'
import { ActivityView } from './activity.tsx'
import { SettingsView } from './settings.tsx'
import { SitesView } from './sites.tsx'

export type OpenState = Omit<PanelState, 'vault' | 'network'> & {
  readonly vault: Extract<VaultState, { phase: 'open' }>
  readonly network: NetworkView
}

const views = [
  ['account', 'Account'],
  ['activity', 'Activity'],
  ['sites', 'Sites'],
  ['settings', 'Settings'],
] as const
type View = (typeof views)[number][0]

type Props = { state: OpenState; again: () => void; isPopup: boolean }

export function Open({ state, again, isPopup }: Props) {
  const [view, setView] = useState<View>('account')
  return (
    <>
      <header class="view-head">
        <h1 class="view-title">AITBC Edge wallet</h1>
        <span class="small muted view-network" title={state.network.site}>
          {state.network.chainId}
        </span>
        <button
          type="button"
          class="button button-small"
          onClick={() => void askVault('lock', {}).then(again)}
        >
          Lock
        </button>
      </header>
      {state.waiting === 0 ? null : <Waiting count={state.waiting} />}
      <nav aria-label="Wallet">
        <ul class="tabs">
          {views.map(([name, label]) => (
            <li key={name}>
              <button
                type="button"
                class="tab"
                aria-current={view === name ? 'page' : undefined}
                onClick={() => setView(name)}
              >
                {label}
              </button>
            </li>
          ))}
        </ul>
      </nav>
      {view === 'account' ? <AccountView state={state} again={again} /> : null}
      {view === 'activity' ? <ActivityView network={state.network} /> : null}
      {view === 'sites' ? <SitesView /> : null}
      {view === 'settings' ? <SettingsView state={state} again={again} isPopup={isPopup} /> : null}
    </>
  )
}

const Waiting = ({ count }: { count: number }) => (
  <Banner>
    <span>{count === 1 ? 'A site waits for your answer.' : `${count} requests wait.`}</span>
    <button type="button" class="button button-small" onClick={() => void ask('review', {})}>
      Look at it
    </button>
  </Banner>
)

const Banner = ({ children }: { children: ComponentChildren }) => (
  <div class="stale-line" role="status">
    {children}
  </div>
)
