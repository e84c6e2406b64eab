/** Runs in the page before its scripts: provider, announcement, and the old adapter where it is free. */
import { type PageAnswer, type PageEvent, pageMark, relayMark } from '../wire.ts'
import { announce } from './discovery.ts'
import { answerLegacyMessages, legacyWallet, readyEvent } from './legacy.ts'
import { createProvider } from './provider.ts'

// Taken before the page runs, which may put others in their place.
const { origin } = location
const post = window.postMessage.bind(window)
const newId = () => crypto.randomUUID()

const provider = createProvider({
  send: (request) => post({ mark: pageMark, ...request }, origin),
  newId,
  listen: (hear) =>
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (event.source !== window || event.origin !== origin) return
      const { mark, ...message } = (event.data ?? {}) as Record<string, unknown>
      if (mark === relayMark) hear(message as PageAnswer | PageEvent)
    }),
})

announce(window, provider, newId())

const wallet = legacyWallet(provider)
// Who was here first stays: another wallet's object is not ours to replace.
if (!('aitbcWallet' in window)) {
  Object.defineProperty(window, 'aitbcWallet', { value: wallet, configurable: true })
  answerLegacyMessages(window, wallet)
  const ready = () => document.dispatchEvent(new Event(readyEvent, { bubbles: true }))
  // Pages listen as soon as their scripts run; for those that ask later the object is there.
  ready()
  document.addEventListener('DOMContentLoaded', ready, { once: true })
}
