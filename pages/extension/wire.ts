/**
 * What page, relay, background and the extension's own windows say to each other: plain data. What comes
 * from a page is read as unknown and checked; only the browser's word counts for who sent it.
 */

/** Marks of our messages on a page's window, and the name of the relay's port. */
export const pageMark = 'aitbc-wallet/page'
export const relayMark = 'aitbc-wallet/relay'
export const portName = 'aitbc-wallet'

/** Bounds on what a page may ask. */
export const wireLimits = {
  /** Characters of a request as JSON. */
  requestCharsMax: 65_536,
  /** Requests of one page that wait for an answer. */
  openMax: 32,
  idCharsMax: 64,
  methodCharsMax: 64,
} as const

/** Codes of EIP-1193 and JSON-RPC. */
export const errorCodes = {
  rejected: 4001,
  unauthorised: 4100,
  unsupported: 4200,
  disconnected: 4900,
  chainDisconnected: 4901,
  invalidRequest: -32600,
  invalidParams: -32602,
  internal: -32603,
  limitExceeded: -32005,
} as const

export type WalletFault = {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** One call of a page. `id` is of its own choosing: the same id is the same request, however often it comes. */
export type PageRequest = {
  readonly id: string
  readonly method: string
  readonly params: unknown
}

export type PageAnswer =
  | { readonly id: string; readonly result: unknown }
  | { readonly id: string; readonly error: WalletFault }

export type EventName = 'connect' | 'disconnect' | 'accountsChanged' | 'chainChanged' | 'message'

/** News for pages of one origin. */
export type PageEvent = { readonly event: EventName; readonly data: unknown }

/** From the background to the relay of a tab, which looks whether the page is still of this origin. */
export type RelayNews = PageEvent & { readonly origin: string }

export const fault = (code: number, message: string, data?: unknown): WalletFault =>
  data === undefined ? { code, message } : { code, message, data }

/** Reads what claims to be a request; says what is wrong with it. */
export function readRequest(value: unknown): PageRequest | WalletFault {
  const invalid = (what: string) => fault(errorCodes.invalidRequest, what)
  if (typeof value !== 'object' || value === null) return invalid('A request is an object.')
  const { id, method, params } = value as Record<string, unknown>
  if (typeof id !== 'string' || id === '' || id.length > wireLimits.idCharsMax) {
    return invalid('A request has an id.')
  }
  if (typeof method !== 'string' || method === '' || method.length > wireLimits.methodCharsMax) {
    return invalid('A request names a method.')
  }
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return fault(errorCodes.invalidParams, 'Parameters are a list or an object.')
  }
  if (charsOf(params) > wireLimits.requestCharsMax) {
    return invalid(`A request has at most ${wireLimits.requestCharsMax} characters.`)
  }
  return { id, method, params }
}

export const isFault = (value: object): value is WalletFault => 'code' in value

/** Length as JSON; what is no JSON is longer than anything allowed. */
function charsOf(value: unknown): number {
  try {
    return (JSON.stringify(value) ?? '').length
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
