/** The wallet itself: the popup of the toolbar, and the same as a page with more room. */
import { render } from 'preact'
import '../../shared/light/jitless.ts'
import { startClock } from '../../shared/live/clock.ts'
import { Note } from '../../shared/ui/bits.tsx'
import { browserApi } from '../browser-api.ts'
import type { PanelState } from '../panel-calls.ts'
import { Create } from './create.tsx'
import { NetworkForm } from './network.tsx'
import { Open } from './open.tsx'
import { Unlock } from './unlock.tsx'
import { followStorage, usePanelState } from './use-panel.ts'
import './view.css'

/** A popup closes as soon as one looks elsewhere; what takes longer is done in a page. */
const isPopup = document.documentElement.dataset['shape'] === 'popup'

function Wallet() {
  const { asked, again } = usePanelState()
  if (asked.phase === 'loading') return <p class="small muted">Opening the wallet…</p>
  if (asked.phase === 'failed') {
    return (
      <>
        <Head />
        <Note title="The wallet does not open" tone="bad">
          {asked.message} Your keys are kept; close this window and open it again.
        </Note>
      </>
    )
  }
  return <Screen state={asked.value} again={again} />
}

function Screen({ state, again }: { state: PanelState; again: () => void }) {
  const { vault, network } = state
  if (vault.phase === 'none') {
    return (
      <>
        <Head />
        {isPopup ? <SetUp /> : <Create onMade={again} />}
      </>
    )
  }
  if (vault.phase === 'locked') {
    return (
      <>
        <Head />
        <h2>Locked</h2>
        <Unlock onOpen={again} />
      </>
    )
  }
  if (!network) {
    return (
      <>
        <Head />
        <h2>Choose the network</h2>
        <NetworkForm known={undefined} onTrusted={again} />
      </>
    )
  }
  return <Open state={{ ...state, vault, network }} again={again} isPopup={isPopup} />
}

const Head = () => <h1 class="view-title">AITBC Edge wallet</h1>

function SetUp() {
  const open = () => {
    void browserApi().tabs.create({ url: browserApi().runtime.getURL('wallet.html') })
    window.close()
  }
  return (
    <section class="stack">
      <p class="small">There are no keys in this browser yet.</p>
      <button type="button" class="button button-primary" onClick={open}>
        Set up the wallet
      </button>
    </section>
  )
}

const main = document.getElementById('main') as HTMLElement
startClock()
followStorage()
render(<Wallet />, main)
main.removeAttribute('aria-busy')
