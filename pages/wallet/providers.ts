/** Wallets of extensions that announce themselves on this page, in the manner of EIP-6963. */
import { signal } from '@preact/signals'

/** What an extension offers. Everything it says is a stranger's. */
export type FoundProvider = {
  readonly name: string
  readonly request: (ask: {
    readonly method: string
    readonly params?: readonly unknown[]
  }) => Promise<unknown>
}

/** Most that are listened to, and characters of a name. */
const limits = { providersMax: 8, nameChars: 40 } as const

/** Those found so far, by their `rdns`. */
export const foundProviders = signal<ReadonlyMap<string, FoundProvider>>(new Map())

let listening = false

/** Asks who is there, and listens for answers. */
export function askForProviders(): void {
  if (!listening) {
    listening = true
    window.addEventListener('aitbc:announceProvider', (event) => add((event as CustomEvent).detail))
  }
  window.dispatchEvent(new Event('aitbc:requestProvider'))
}

function add(detail: unknown): void {
  const { info, provider } = (detail ?? {}) as {
    info?: { name?: unknown; rdns?: unknown }
    provider?: { request?: unknown }
  }
  const { name, rdns } = info ?? {}
  const request = provider?.request
  const known = foundProviders.peek()
  if (typeof name !== 'string' || typeof rdns !== 'string' || typeof request !== 'function') return
  if (known.has(rdns) || known.size >= limits.providersMax) return
  const found: FoundProvider = {
    name: name.slice(0, limits.nameChars),
    request: (ask) => Promise.resolve(request.call(provider, ask)),
  }
  foundProviders.value = new Map([...known, [rdns, found]])
}
