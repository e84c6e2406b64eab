/**
 * `window.aitbcWallet` as pages of the original network know it: a thin adapter over the provider, with
 * the documented shapes. Nothing here decides or remembers anything.
 */
import { formatCoins, parseCoins } from '../../../core/base/amount.ts'
import { errorCodes } from '../wire.ts'
import { type Provider, type RequestArguments, WalletError } from './provider.ts'

export const readyEvent = 'aitbcWalletReady'

/** Names of methods as the original spelt them. */
const spellings: ReadonlyMap<string, string> = new Map([
  ['connect', 'connect'],
  ['accounts', 'accounts'],
  ['getBalance', 'getBalance'],
  ['sendTransaction', 'sendTransaction'],
  ['signMessage', 'signMessage'],
])

export type LegacyWallet = {
  readonly isAvailable: () => boolean
  readonly connect: () => Promise<{ success: true; address: string }>
  readonly getAccount: () => Promise<string | undefined>
  /** `amount` in AITBC as a number, `balance` the same exactly, in base units. */
  readonly getBalance: (
    address?: string,
  ) => Promise<{ address: string; amount: number; balance: string; symbol: 'AITBC' }>
  /** `amount` in AITBC. There is no data on this chain: anything but nothing is refused. */
  readonly sendTransaction: (
    to: string,
    amount: number | string,
    data?: unknown,
  ) => Promise<{ hash: string; status: 'pending' }>
  readonly signMessage: (message: string) => Promise<string>
  readonly request: (args: RequestArguments) => Promise<unknown>
}

export function legacyWallet(provider: Provider): LegacyWallet {
  const account = async () => firstOf(await provider.request({ method: 'aitbc_accounts' }))
  const wallet: LegacyWallet = {
    isAvailable: () => true,
    connect: async () => {
      const address = firstOf(await provider.request({ method: 'aitbc_requestAccounts' }))
      if (address === undefined) throw new WalletError(errorCodes.unauthorised, 'No account.')
      return { success: true, address }
    },
    getAccount: account,
    getBalance: async (asked) => {
      const address = asked ?? (await account())
      const params = [{ address }]
      const balance = String(await provider.request({ method: 'aitbc_getBalance', params }))
      const amount = Number(formatCoins(BigInt(balance)))
      return { address: address ?? '', amount, balance, symbol: 'AITBC' }
    },
    sendTransaction: async (to, amount, data) => {
      const units = parseCoins(String(amount))
      if (!units.ok) throw new WalletError(errorCodes.invalidParams, units.error.message)
      if (data !== undefined && data !== null && data !== '') {
        const text = 'Transfers of this chain carry no data.'
        throw new WalletError(errorCodes.invalidParams, text)
      }
      const params = [{ to, amount: units.value.toString() }]
      const hash = await provider.request({ method: 'aitbc_sendTransaction', params })
      return { hash: String(hash), status: 'pending' }
    },
    signMessage: async (message) => {
      const signed = await provider.request({ method: 'aitbc_signMessage', params: [{ message }] })
      return (signed as { signature: string }).signature
    },
    request: (args) => requestOf(wallet, provider, args),
  }
  return Object.freeze(wallet)
}

/** Old names mean the adapter's methods, with the parameters in order; all others are the provider's. */
function requestOf(
  wallet: LegacyWallet,
  provider: Provider,
  args: RequestArguments,
): Promise<unknown> {
  const list = listOf(args?.params)
  switch (spellings.get(args?.method)) {
    case 'connect':
      return wallet.connect()
    case 'accounts':
      return wallet.getAccount()
    case 'getBalance':
      return wallet.getBalance(textOf(list[0], 'address'))
    case 'sendTransaction':
      return wallet.sendTransaction(
        textOf(list[0], 'to') ?? '',
        textOf(list[1] ?? list[0], 'amount') ?? '',
        list[2],
      )
    case 'signMessage':
      return wallet.signMessage(textOf(list[0], 'message') ?? '')
    default:
      return provider.request(args)
  }
}

const listOf = (params: unknown): readonly unknown[] =>
  Array.isArray(params) ? params : params === undefined ? [] : [params]

/** A parameter as it stands, or the field of that name. */
function textOf(value: unknown, name: string): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  const field = (value as Record<string, unknown> | null | undefined)?.[name]
  return typeof field === 'string' || typeof field === 'number' ? String(field) : undefined
}

const firstOf = (accounts: unknown): string | undefined =>
  Array.isArray(accounts) && typeof accounts[0] === 'string' ? accounts[0] : undefined

/** Messages of the original's transport: old pages that speak it directly get an answer. */
export const legacyTransport = {
  request: 'AITBC_WALLET_REQUEST',
  response: 'AITBC_WALLET_RESPONSE',
} as const

/** Open requests of the old transport that one page may have. */
export const legacyOpenMax = 16

/**
 * Answers `AITBC_WALLET_REQUEST` of this very window and origin, to it alone. An id that is already open is
 * refused: two requests of one millisecond had the same id there.
 */
export function answerLegacyMessages(page: Window, wallet: LegacyWallet): void {
  const open = new Set<string | number>()
  page.addEventListener('message', (event) => {
    if (event.source !== page || event.origin !== page.location.origin) return
    const { type, id, method, params } = (event.data ?? {}) as Record<string, unknown>
    if (type !== legacyTransport.request || typeof method !== 'string') return
    if (!isLegacyId(id)) return
    const answer = (rest: object) =>
      page.postMessage({ type: legacyTransport.response, id, ...rest }, page.location.origin)
    if (open.has(id) || open.size >= legacyOpenMax) {
      answer({ error: { code: errorCodes.limitExceeded, message: 'This id is open.' } })
      return
    }
    open.add(id)
    wallet
      .request({ method, params })
      .then(
        (result) => answer({ result }),
        ({ code, message }: WalletError) => answer({ error: { code, message } }),
      )
      .finally(() => open.delete(id))
  })
}

const isLegacyId = (id: unknown): id is string | number =>
  typeof id === 'string' ? id !== '' && id.length <= 64 : Number.isSafeInteger(id)
