/** Discovery in the manner of EIP-6963, under names of our own: wallets announce, pages choose. */
import type { Provider } from './provider.ts'

export const announceEvent = 'aitbc:announceProvider'
export const requestEvent = 'aitbc:requestProvider'

/** Who announces. `uuid` is new with each page; `rdns` is the same for ever. */
export type ProviderInfo = {
  readonly uuid: string
  readonly name: string
  readonly icon: string
  readonly rdns: string
}

/** Three slots, the last not yet final: the sign of the network. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><path fill="#1c9182" d="M1 3h4v14H1zM8 8h4v9H8z"/><path fill="none" stroke="#1c9182" stroke-width="1.5" d="M15.75 3.75h2.5v12.5h-2.5z"/></svg>',
)}`

/** Announces the provider now, and again whenever a page asks who is there. */
export function announce(target: EventTarget, provider: Provider, uuid: string): void {
  const info: ProviderInfo = Object.freeze({
    uuid,
    name: 'AITBC Edge wallet',
    icon,
    rdns: 'edge.aitbc.wallet',
  })
  const detail = Object.freeze({ info, provider })
  const say = () => {
    target.dispatchEvent(new CustomEvent(announceEvent, { detail }))
  }
  target.addEventListener(requestEvent, say)
  say()
}
