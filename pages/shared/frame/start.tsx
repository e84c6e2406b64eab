/** Brings the frame of a page to life. Every entry module calls it once. */
import { render } from 'preact'
import '../styles/site.css'
import { followChain } from '../live/chain.ts'
import { startClock } from '../live/clock.ts'
import { bindPalette } from '../palette/open.ts'
import { FinalityLine } from './finality-line.tsx'
import { bindMenu } from './menu.ts'
import { NetworkIndicator, SiteFacts } from './network.tsx'
import { highlightSame } from './same.ts'
import { bindSignIn } from './sign-in.ts'
import { bindThemeSwitch } from './theme.ts'

export function startFrame(): void {
  bindThemeSwitch()
  bindMenu()
  bindPalette()
  bindSignIn()
  highlightSame()
  mount('finality-line', <FinalityLine />)
  mount('network', <NetworkIndicator />)
  const version = document.getElementById('site-facts')?.dataset['version'] ?? 'unknown'
  mount('site-facts', <SiteFacts version={version} />)
  startClock()
  followChain()
}

/** Renders into the element with this id, where the page has it. */
export function mount(id: string, view: preact.ComponentChild): void {
  const element = document.getElementById(id)
  if (!element) return
  render(view, element)
  // From here on what it shows says itself whether it is loading.
  element.removeAttribute('aria-busy')
}
