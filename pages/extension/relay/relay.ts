/**
 * Carries requests of one page to the background and answers back, in a world that the page's scripts cannot
 * reach. When the background dies, what is open is asked again under the same ids, so nothing is lost and
 * nothing is done twice.
 */
import type { Port } from '../browser-api.ts'
import {
  errorCodes,
  fault,
  isFault,
  type PageAnswer,
  type PageEvent,
  type PageRequest,
  readRequest,
  wireLimits,
} from '../wire.ts'

/** What the relay needs of page and browser. */
export type RelayHost = {
  /** Opens a port to the background; throws when the extension is gone. */
  readonly connect: () => Port
  /** To the page. */
  readonly post: (message: PageAnswer | PageEvent) => void
  readonly later: (act: () => void, delayMs: number) => void
}

export type Relay = {
  /** What the page said; the caller has looked who said it. */
  readonly fromPage: (message: unknown) => void
}

const retryMs = { first: 100, max: 5_000 } as const
/** Attempts without a single answer before the page is told. */
const attemptsMax = 8

export function createRelay(host: RelayHost): Relay {
  const open = new Map<string, PageRequest>()
  let port: Port | undefined
  let attempts = 0

  const settle = (answer: PageAnswer) => {
    if (open.delete(answer.id)) host.post(answer)
    if (open.size === 0) hangUp()
  }
  const hangUp = () => {
    port?.disconnect()
    port = undefined
  }
  const giveUp = () => {
    const error = fault(errorCodes.disconnected, 'The wallet does not answer. Reload the page.')
    for (const id of [...open.keys()]) settle({ id, error })
    host.post({ event: 'disconnect', data: error })
  }
  const reconnect = () => {
    port = undefined
    if (open.size === 0) return
    if (++attempts > attemptsMax) return giveUp()
    host.later(connect, Math.min(retryMs.first * 2 ** attempts, retryMs.max))
  }
  const connect = () => {
    if (port || open.size === 0) return
    try {
      const opened = host.connect()
      port = opened
      opened.onMessage.addListener((answer) => {
        attempts = 0
        settle(answer as PageAnswer)
      })
      opened.onDisconnect.addListener(() => {
        if (port === opened) reconnect()
      })
      for (const request of open.values()) opened.postMessage(request)
    } catch {
      // The extension was removed or replaced under this page.
      giveUp()
    }
  }
  return {
    fromPage: (message) => {
      const request = readRequest(message)
      if (isFault(request)) {
        const id = idOf(message)
        if (id !== undefined) host.post({ id, error: request })
        return
      }
      // A replayed id is the request that is open already.
      if (open.has(request.id)) return
      if (open.size >= wireLimits.openMax) {
        const error = fault(errorCodes.limitExceeded, 'Too many requests wait for an answer.')
        host.post({ id: request.id, error })
        return
      }
      open.set(request.id, request)
      if (port) port.postMessage(request)
      else connect()
    },
  }
}

function idOf(message: unknown): string | undefined {
  const id = (message as { id?: unknown } | null)?.id
  return typeof id === 'string' && id.length <= wireLimits.idCharsMax ? id : undefined
}
