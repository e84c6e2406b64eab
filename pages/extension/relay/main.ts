/** The relay of one page. Speaks to the page's own window only, and takes nothing from any other. */
import { browserApi } from '../browser-api.ts'
import { pageMark, portName, type RelayNews, relayMark } from '../wire.ts'
import { createRelay } from './relay.ts'

const api = browserApi()
const { origin } = location

const relay = createRelay({
  connect: () => api.runtime.connect({ name: portName }),
  post: (message) => window.postMessage({ mark: relayMark, ...message }, origin),
  later: (act, delayMs) => setTimeout(act, delayMs),
})

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  // Frames, openers and other windows can post here too.
  if (event.source !== window || event.origin !== origin) return
  const { mark, id, method, params } = (event.data ?? {}) as Record<string, unknown>
  if (mark === pageMark) relay.fromPage({ id, method, params })
})

api.runtime.onMessage.addListener((message, sender) => {
  if (sender.id !== api.runtime.id) return undefined
  const news = message as RelayNews
  // The tab may have gone elsewhere since the background last heard of it.
  if (news.origin === origin) {
    window.postMessage({ mark: relayMark, event: news.event, data: news.data }, origin)
  }
  return undefined
})
