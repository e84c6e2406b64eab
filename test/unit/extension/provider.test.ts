/** Provider, discovery and the old adapter, as a page uses them. */
import { expect, test, vi } from 'vitest'
import {
  announce,
  announceEvent,
  requestEvent,
} from '../../../pages/extension/provider/discovery.ts'
import {
  answerLegacyMessages,
  legacyTransport,
  legacyWallet,
} from '../../../pages/extension/provider/legacy.ts'
import {
  createProvider,
  type Provider,
  type RequestArguments,
} from '../../../pages/extension/provider/provider.ts'
import type { PageAnswer, PageEvent, PageRequest } from '../../../pages/extension/wire.ts'
import { settle } from './world.ts'

function provided() {
  const sent: PageRequest[] = []
  let hear: (message: PageAnswer | PageEvent) => void = () => undefined
  let count = 0
  const provider = createProvider({
    send: (request) => sent.push(request),
    newId: () => `id-${count++}`,
    listen: (listener) => {
      hear = listener
    },
  })
  return { provider, sent, hear: (message: PageAnswer | PageEvent) => hear(message) }
}

test('EXT-4: a request resolves with its own answer and rejects with code, message and data', async () => {
  const { provider, sent, hear } = provided()
  const first = provider.request({ method: 'aitbc_accounts' })
  const second = provider.request({ method: 'aitbc_signMessage', params: ['x'] })
  expect(sent).toEqual([
    { id: 'id-0', method: 'aitbc_accounts', params: undefined },
    { id: 'id-1', method: 'aitbc_signMessage', params: ['x'] },
  ])
  hear({ id: 'id-1', error: { code: 4001, message: 'no', data: { a: 1 } } })
  hear({ id: 'id-0', result: ['aitbc1x'] })
  await expect(first).resolves.toEqual(['aitbc1x'])
  await expect(second).rejects.toMatchObject({ code: 4001, message: 'no', data: { a: 1 } })
})

test('EXT-4: answers that nobody asked for, and second answers, change nothing', async () => {
  const { provider, hear } = provided()
  const open = provider.request({ method: 'aitbc_accounts' })
  hear({ id: 'id-9', result: ['forged'] })
  hear({ id: '__proto__', result: ['forged'] })
  hear({ id: 'id-0', result: ['real'] })
  hear({ id: 'id-0', result: ['late'] })
  await expect(open).resolves.toEqual(['real'])
})

test('EXT-4: what is no request is refused without being sent', async () => {
  const { provider, sent } = provided()
  for (const wrong of [undefined, null, 7, {}, { method: 1 }]) {
    await expect(provider.request(wrong as unknown as RequestArguments)).rejects.toMatchObject({
      code: -32600,
    })
  }
  expect(sent).toEqual([])
})

test('EXT-4: listeners hear events, one that fails hinders none, a removed one hears nothing', () => {
  const { provider, hear } = provided()
  const complain = vi.spyOn(console, 'error').mockReturnValue(undefined)
  const heard: unknown[] = []
  const gone = (data: unknown) => heard.push(['gone', data])
  provider.on('accountsChanged', () => {
    throw new Error('of the page')
  })
  provider.on('accountsChanged', (data) => heard.push(data)).on('accountsChanged', gone)
  provider.removeListener('accountsChanged', gone)
  hear({ event: 'accountsChanged', data: ['aitbc1x'] })
  hear({ event: 'chainChanged', data: '0x1' })
  expect(heard).toEqual([['aitbc1x']])
  expect(complain).toHaveBeenCalledOnce()
  complain.mockRestore()
  expect(Object.isFrozen(provider)).toBe(true)
})

test('EXT-5: it announces at once and whenever somebody asks, always the same and frozen', () => {
  const target = new EventTarget()
  const { provider } = provided()
  const heard: { info: { uuid: string }; provider: Provider }[] = []
  target.addEventListener(announceEvent, (event) => heard.push((event as CustomEvent).detail))
  announce(target, provider, 'one')
  target.dispatchEvent(new Event(requestEvent))
  // Another wallet beside it.
  announce(target, provided().provider, 'two')
  target.dispatchEvent(new Event(requestEvent))
  expect(heard.map(({ info }) => info.uuid)).toEqual(['one', 'one', 'two', 'one', 'two'])
  expect(heard[0]?.provider).toBe(provider)
  expect(heard.every((detail) => Object.isFrozen(detail) && Object.isFrozen(detail.info))).toBe(
    true,
  )
})

const address = 'aitbc1clqm3rtn88ggfs23nvnjz2plffny0ml47dwhax'

/** A wallet over a provider that answers from a table and writes down what it was asked. */
function legacy(answers: Record<string, unknown>) {
  const asked: RequestArguments[] = []
  const provider: Provider = {
    request: async (args) => {
      asked.push(args)
      return answers[args.method]
    },
    on: () => provider,
    removeListener: () => provider,
  }
  return { wallet: legacyWallet(provider), asked }
}

test('EXT-6: the old methods have the old shapes', async () => {
  const { wallet, asked } = legacy({
    aitbc_requestAccounts: [address],
    aitbc_accounts: [address],
    aitbc_getBalance: '150000000',
    aitbc_sendTransaction: '0xab',
    aitbc_signMessage: { signature: '0xcd', publicKey: '0xef' },
  })
  expect(wallet.isAvailable()).toBe(true)
  expect(await wallet.connect()).toEqual({ success: true, address })
  expect(await wallet.getAccount()).toBe(address)
  expect(await wallet.getBalance(address)).toEqual({
    address,
    amount: 1.5,
    balance: '150000000',
    symbol: 'AITBC',
  })
  expect(await wallet.sendTransaction(address, 0.1)).toEqual({ hash: '0xab', status: 'pending' })
  expect(asked.at(-1)).toEqual({
    method: 'aitbc_sendTransaction',
    params: [{ to: address, amount: '10000000' }],
  })
  expect(await wallet.signMessage('hello')).toBe('0xcd')
})

test.each([
  ['connect', undefined, { success: true, address }],
  ['accounts', undefined, address],
  ['getBalance', [address], { address, amount: 0, balance: '0', symbol: 'AITBC' }],
  ['getBalance', { address }, { address, amount: 0, balance: '0', symbol: 'AITBC' }],
  ['sendTransaction', [address, '2'], { hash: '0xab', status: 'pending' }],
  ['sendTransaction', { to: address, amount: 2 }, { hash: '0xab', status: 'pending' }],
  ['signMessage', ['hello'], '0xcd'],
  ['signMessage', { message: 'hello' }, '0xcd'],
  ['aitbc_accounts', undefined, [address]],
])('EXT-6: request takes the old name %s with %j', async (method, params, answer) => {
  const { wallet } = legacy({
    aitbc_requestAccounts: [address],
    aitbc_accounts: [address],
    aitbc_getBalance: '0',
    aitbc_sendTransaction: '0xab',
    aitbc_signMessage: { signature: '0xcd' },
  })
  expect(await wallet.request({ method, params })).toEqual(answer)
})

test.each([0.1 + 0.2, 1e-9, 1e21, -1, Number.NaN, '1,5', ''])(
  'EXT-6: an amount of %s is refused and not rounded',
  async (amount) => {
    const { wallet, asked } = legacy({})
    await expect(wallet.sendTransaction(address, amount)).rejects.toMatchObject({ code: -32602 })
    expect(asked).toEqual([])
  },
)

test('EXT-6: data in a transfer is refused', async () => {
  const { wallet } = legacy({})
  await expect(wallet.sendTransaction(address, 1, '0x00')).rejects.toMatchObject({ code: -32602 })
})

/** A window that hears messages, with what it posted. */
function fakeWindow() {
  const listeners: ((event: unknown) => void)[] = []
  const posted: { message: Record<string, unknown>; target: string }[] = []
  const page = {
    location: { origin: 'https://old.example' },
    addEventListener: (_: string, listener: (event: unknown) => void) => listeners.push(listener),
    postMessage: (message: Record<string, unknown>, target: string) =>
      posted.push({ message, target }),
  }
  const say = (event: object) => {
    for (const listener of listeners)
      listener({ source: page, origin: page.location.origin, ...event })
  }
  return { page: page as unknown as Window, posted, say }
}

test('EXT-7: an old message of this window is answered, to this origin alone', async () => {
  const { page, posted, say } = fakeWindow()
  answerLegacyMessages(page, legacy({ aitbc_accounts: [address] }).wallet)
  say({ data: { type: legacyTransport.request, id: 1700000000000, method: 'accounts' } })
  await settle()
  expect(posted).toEqual([
    {
      message: { type: legacyTransport.response, id: 1700000000000, result: address },
      target: 'https://old.example',
    },
  ])
})

test('EXT-7: other windows, other origins, other types and ids that are none get nothing', async () => {
  const { page, posted, say } = fakeWindow()
  const { wallet, asked } = legacy({ aitbc_accounts: [address] })
  answerLegacyMessages(page, wallet)
  const data = { type: legacyTransport.request, id: 'x', method: 'accounts' }
  say({ data, source: {} })
  say({ data, source: null })
  say({ data, origin: 'https://evil.example' })
  say({ data: { ...data, type: legacyTransport.response } })
  say({ data: { ...data, id: {} } })
  say({ data: { ...data, id: 'x'.repeat(65) } })
  say({ data: { ...data, method: 7 } })
  say({ data: null })
  await settle()
  expect(posted).toEqual([])
  expect(asked).toEqual([])
})

test('EXT-7: an id that is open is refused, and free again afterwards', async () => {
  const { page, posted, say } = fakeWindow()
  const { wallet, asked } = legacy({ aitbc_accounts: [address] })
  answerLegacyMessages(page, wallet)
  const data = { type: legacyTransport.request, id: 5, method: 'accounts' }
  say({ data })
  say({ data })
  await settle()
  say({ data })
  await settle()
  expect(asked).toHaveLength(2)
  expect(posted.map(({ message }) => 'error' in message)).toEqual([true, false, false])
})
