/** The bounds of the streams, with sockets that keep count instead of a network. */
import { beforeAll, expect, test, vi } from 'vitest'
import type { BlockSummary } from '../../../core/api/rpc-views.ts'
import { chainNodeLimits } from '../../../durable-objects/chain/limits.ts'
import { answerClose, openStreams, refuseMessage } from '../../../durable-objects/chain/streams.ts'

type FakeSocket = WebSocket & { sent: number; closedWith: number | undefined; pingedMs: number }

function fakeSocket(): FakeSocket {
  const socket = {
    sent: 0,
    closedWith: undefined as number | undefined,
    pingedMs: 0,
    send: () => {
      socket.sent += 1
    },
    close: (code: number) => {
      if (code === 1005 || code === 1006) throw new Error('code must not be sent')
      socket.closedWith = code
    },
  }
  return socket as unknown as FakeSocket
}

function fakeState(sockets: FakeSocket[]) {
  return {
    setWebSocketAutoResponse: () => undefined,
    getWebSockets: () => sockets.filter(({ closedWith }) => closedWith === undefined),
    getWebSocketAutoResponseTimestamp: ({ pingedMs }: FakeSocket) =>
      pingedMs === 0 ? null : new Date(pingedMs),
  } as unknown as Parameters<typeof openStreams>[0]
}

const block: BlockSummary = {
  height: 1,
  slot: 1,
  hash: new Uint8Array(32),
  parent: new Uint8Array(32),
  stateRoot: new Uint8Array(32),
  proposer: new Uint8Array(32),
  transactionCount: 0,
  final: true,
}

beforeAll(() => {
  vi.stubGlobal('WebSocketRequestResponsePair', class {})
})

test('HOST-9: a listener that never says ping is closed, one that does is kept', () => {
  const [silent, alive] = [fakeSocket(), fakeSocket()]
  const streams = openStreams(fakeState([silent, alive]), 0)
  const many = Array.from({ length: 1_000 }, () => block)
  for (let round = 1; round < 60; round++) {
    alive.pingedMs = round
    streams.sendBlocks(many)
  }
  expect(silent.closedWith).toBe(1013)
  expect(alive.closedWith).toBeUndefined()
  expect(alive.sent).toBe(59_000)
  expect(silent.sent * 300).toBeLessThan(chainNodeLimits.unacknowledgedCharsMax)
})

test('HOST-9: one dead socket keeps no frame from the others', () => {
  const [dead, alive] = [fakeSocket(), fakeSocket()]
  dead.send = () => {
    throw new Error('gone')
  }
  openStreams(fakeState([dead, alive]), 0).sendBlocks([block, block])
  expect(alive.sent).toBe(2)
})

test('HOST-9: closes are answered with a code that may be sent', () => {
  for (const [code, answer] of [
    [1000, 1000],
    [1001, 1001],
    [1005, 1000],
    [1006, 1000],
    [4000, 4000],
  ] as const) {
    const socket = fakeSocket()
    answerClose(socket, code)
    expect(socket.closedWith).toBe(answer)
  }
  const speaking = fakeSocket()
  refuseMessage(speaking)
  expect(speaking.closedWith).toBe(1003)
})
