/**
 * The provider that pages see, in the manner of EIP-1193. It runs among the page's own scripts, so it
 * decides nothing: it words requests and hands on answers.
 */
import {
  type EventName,
  errorCodes,
  type PageAnswer,
  type PageEvent,
  type PageRequest,
} from '../wire.ts'

/** How the provider reaches its relay. */
export type ProviderHost = {
  readonly send: (request: PageRequest) => void
  readonly listen: (hear: (message: PageAnswer | PageEvent) => void) => void
  /** 128 random bits as text: what else runs in the page cannot guess an id that is open. */
  readonly newId: () => string
}

/** What `request` rejects with. */
export class WalletError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.name = 'WalletError'
    this.code = code
    this.data = data
  }
}

export type RequestArguments = { readonly method: string; readonly params?: unknown }
export type Listener = (data: unknown) => void

export type Provider = {
  readonly request: (args: RequestArguments) => Promise<unknown>
  readonly on: (event: EventName, listener: Listener) => Provider
  readonly removeListener: (event: EventName, listener: Listener) => Provider
}

type Open = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }

export function createProvider(host: ProviderHost): Provider {
  // Without a prototype: no page can put entries in from outside.
  const open = new Map<string, Open>()
  const listeners = new Map<string, Set<Listener>>()
  host.listen((message) => {
    if ('event' in message) return emit(listeners, message)
    const waiting = open.get(message.id)
    if (!waiting) return
    open.delete(message.id)
    if ('error' in message) {
      const { code, message: text, data } = message.error
      waiting.reject(new WalletError(code, text, data))
    } else waiting.resolve(message.result)
  })
  const provider: Provider = {
    request: (args) =>
      new Promise((resolve, reject) => {
        if (typeof args !== 'object' || args === null || typeof args.method !== 'string') {
          const text = 'request wants { method, params }'
          reject(new WalletError(errorCodes.invalidRequest, text))
          return
        }
        const id = host.newId()
        open.set(id, { resolve, reject })
        try {
          host.send({ id, method: args.method, params: args.params })
        } catch (error) {
          open.delete(id)
          reject(new WalletError(errorCodes.invalidParams, String(error)))
        }
      }),
    on: (event, listener) => {
      const known = listeners.get(event) ?? new Set()
      listeners.set(event, known.add(listener))
      return provider
    },
    removeListener: (event, listener) => {
      listeners.get(event)?.delete(listener)
      return provider
    },
  }
  return Object.freeze(provider)
}

function emit(listeners: ReadonlyMap<string, Set<Listener>>, { event, data }: PageEvent): void {
  for (const listener of [...(listeners.get(event) ?? [])]) {
    try {
      listener(data)
    } catch (error) {
      // A listener of the page that fails is the page's business, and no other's.
      console.error(error)
    }
  }
}
