/** The relay between a page and a background that may die. */
import { expect, test } from 'vitest'
import type { Port } from '../../../pages/extension/browser-api.ts'
import { createRelay } from '../../../pages/extension/relay/relay.ts'
import type { PageAnswer, PageEvent, PageRequest } from '../../../pages/extension/wire.ts'
import { wireLimits } from '../../../pages/extension/wire.ts'

type FakePort = Port & {
  readonly got: PageRequest[]
  readonly answer: (message: PageAnswer) => void
  readonly die: () => void
  isOpen: boolean
}

function fakePort(): FakePort {
  let hear: (message: unknown) => void = () => undefined
  let onGone: () => void = () => undefined
  const port: FakePort = {
    name: 'aitbc-wallet',
    got: [],
    isOpen: true,
    postMessage: (message) => port.got.push(message as PageRequest),
    disconnect: () => {
      port.isOpen = false
    },
    onMessage: { addListener: (listener) => (hear = listener) },
    onDisconnect: { addListener: (listener) => (onGone = listener) },
    answer: (message) => hear(message),
    die: () => {
      port.isOpen = false
      onGone()
    },
  }
  return port
}

function related(connect?: () => Port) {
  const ports: FakePort[] = []
  const posted: (PageAnswer | PageEvent)[] = []
  const timers: (() => void)[] = []
  const relay = createRelay({
    connect:
      connect ??
      (() => {
        const port = fakePort()
        ports.push(port)
        return port
      }),
    post: (message) => posted.push(message),
    later: (act) => timers.push(act),
  })
  const tick = () => {
    for (const act of timers.splice(0)) act()
  }
  return { relay, ports, posted, tick }
}

const request = (id: string) => ({ id, method: 'aitbc_accounts', params: undefined })

test('EXT-8: what is open when the background dies is asked again under the same ids', () => {
  const { relay, ports, posted, tick } = related()
  relay.fromPage(request('a'))
  relay.fromPage(request('b'))
  ports[0]?.answer({ id: 'a', result: 1 })
  ports[0]?.die()
  tick()
  expect(ports[1]?.got).toEqual([request('b')])
  ports[1]?.die()
  tick()
  ports[2]?.answer({ id: 'b', result: 2 })
  expect(posted).toEqual([
    { id: 'a', result: 1 },
    { id: 'b', result: 2 },
  ])
})

test('EXT-8: each id is answered once, and the port is closed when nothing is open', () => {
  const { relay, ports, posted } = related()
  relay.fromPage(request('a'))
  relay.fromPage(request('a'))
  ports[0]?.answer({ id: 'a', result: 1 })
  ports[0]?.answer({ id: 'a', result: 2 })
  expect(ports[0]?.got).toHaveLength(1)
  expect(posted).toEqual([{ id: 'a', result: 1 }])
  expect(ports[0]?.isOpen).toBe(false)
})

test('EXT-8: a background that never comes back is told with 4900', () => {
  const { relay, ports, posted, tick } = related()
  relay.fromPage(request('a'))
  for (let attempt = 0; attempt < 20; attempt++) {
    ports.at(-1)?.die()
    tick()
  }
  expect(posted).toMatchObject([
    { id: 'a', error: { code: 4900 } },
    { event: 'disconnect', data: { code: 4900 } },
  ])
})

test('EXT-8: an extension that was removed is told with 4900', () => {
  const { relay, posted } = related(() => {
    throw new Error('Extension context invalidated.')
  })
  relay.fromPage(request('a'))
  expect(posted[0]).toMatchObject({ id: 'a', error: { code: 4900 } })
})

test('EXT-9: what is no request is refused, and what has no id is dropped', () => {
  const { relay, ports, posted } = related()
  for (const wrong of [
    null,
    'text',
    {},
    { id: 7 },
    { id: '' },
    { id: 'x'.repeat(65), method: 'm' },
  ]) {
    relay.fromPage(wrong)
  }
  expect(posted).toMatchObject([{ id: '', error: { code: -32600 } }])
  relay.fromPage({ id: 'a', method: 7 })
  relay.fromPage({ id: 'b', method: 'm'.repeat(65) })
  relay.fromPage({ id: 'c', method: 'm', params: 'text' })
  relay.fromPage({ id: 'd', method: 'm', params: ['x'.repeat(wireLimits.requestCharsMax)] })
  relay.fromPage({ id: 'e', method: 'm', params: [1n] })
  const codes = posted.slice(1).map((message) => ('error' in message ? message.error.code : 0))
  expect(codes).toEqual([-32600, -32600, -32602, -32600, -32600])
  expect(ports).toEqual([])
})

test('EXT-9: at most 32 requests of a page are open', () => {
  const { relay, ports, posted } = related()
  for (let count = 0; count < 40; count++) relay.fromPage(request(`id-${count}`))
  expect(ports[0]?.got).toHaveLength(wireLimits.openMax)
  expect(posted).toHaveLength(8)
  expect(posted[0]).toMatchObject({ id: 'id-32', error: { code: -32005 } })
})
