import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { err, ok } from '../../../core/base/result.ts'
import { minerFrameSchema, type ServerFrame } from '../../../core/jobs/miner-protocol.ts'
import { type Link, type LinkOptions, openLink } from '../../../miner-agent/link.ts'
import { recordingLogger } from './fixtures.ts'

const challenge: ServerFrame = {
  type: 'challenge',
  version: 1,
  nonce: '11'.repeat(32),
  site: 'localhost',
  genesis_hash: 'aa'.repeat(32),
  chain_id: 'test',
  coordinator: 'bb'.repeat(32),
}
const welcome: ServerFrame = { type: 'welcome', miner_id: 'm', heartbeat_ms: 1_000, resume: [] }
const drain = { type: 'drain' } as const

let http: Server
let sockets: WebSocketServer
let url: string
let status: number
const links: Link[] = []
beforeEach(async () => {
  status = 101
  http = createServer()
  sockets = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (status !== 101) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client))
  })
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve)
  })
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`
})
afterEach(async () => {
  for (const link of links.splice(0)) link.close()
  for (const client of sockets.clients) client.terminate()
  await new Promise((resolve) => {
    http.close(resolve)
  })
})

/** A site that challenges each socket and hands what follows to `act`. */
function serve(act: (socket: WebSocket, connection: number) => void) {
  let connections = 0
  sockets.on('connection', (socket: WebSocket) => {
    connections += 1
    const connection = connections
    socket.send(JSON.stringify(challenge))
    socket.once('message', () => act(socket, connection))
  })
  return () => connections
}

function link(changes: Partial<LinkOptions> = {}) {
  const frames: ServerFrame[] = []
  const log = recordingLogger()
  const opened = openLink({
    url,
    hello: () => ok(drain),
    onFrame: (frame) => frames.push(frame),
    onDown: () => undefined,
    log,
    random: () => 0.01,
    pingMs: 60_000,
    ...changes,
  })
  links.push(opened)
  return { opened, frames, log }
}

const send = (socket: WebSocket, frame: unknown) => socket.send(JSON.stringify(frame))

describe('the link', () => {
  test('answers the challenge, and sends only once it is welcome', async () => {
    const received: string[] = []
    serve((socket) => {
      socket.on('message', (data) => received.push(String(data)))
      send(socket, welcome)
    })
    const { opened, frames } = link()
    opened.send({ type: 'heartbeat', inflight: 1, queued: 1 })
    await vi.waitFor(() => expect(frames).toEqual([welcome]))
    opened.send({ type: 'heartbeat', inflight: 2, queued: 2 })
    await vi.waitFor(() => expect(received).toHaveLength(1))
    expect(minerFrameSchema.parse(JSON.parse(received[0] as string))).toMatchObject({ inflight: 2 })
  })

  test('speaks several frames in a message with a site that takes them, and reads several', async () => {
    const received: string[] = []
    sockets.on('connection', (socket: WebSocket) => {
      socket.send(JSON.stringify({ ...challenge, frames_max: 2 }))
      socket.once('message', () => {
        socket.on('message', (data) => received.push(String(data)))
        send(socket, [
          welcome,
          { type: 'refused', attempt_id: 'ab'.repeat(16), code: 'X', message: '' },
        ])
      })
    })
    const { opened, frames } = link()
    await vi.waitFor(() => expect(frames).toHaveLength(2))
    for (let queued = 1; queued <= 3; queued++) {
      opened.send({ type: 'heartbeat', inflight: 0, queued })
    }
    await vi.waitFor(() => expect(received).toHaveLength(2))
    const [first, second] = received.map((text) => JSON.parse(text))
    expect(first.map((frame: { queued: number }) => frame.queued)).toEqual([1, 2])
    expect(second).toMatchObject({ queued: 3 })
  })

  test('comes back after the connection breaks, however often', async () => {
    const connections = serve((socket, connection) => {
      send(socket, welcome)
      if (connection < 4) setTimeout(() => socket.terminate(), 5)
    })
    const { opened, frames } = link()
    await vi.waitFor(() => expect(frames).toHaveLength(4), { timeout: 10_000 })
    expect(connections()).toBe(4)
    expect(opened.isUp()).toBe(true)
  })

  test('pauses grow, up to their ceiling, and are drawn at random', async () => {
    status = 503
    const { log } = link({ random: () => 1, pauseMaxMs: 600 })
    await vi.waitFor(() => expect(log.lines.length).toBeGreaterThan(3), { timeout: 10_000 })
    const pauses = log.lines.map(({ fields }) => fields['again_in_ms'])
    expect(pauses.slice(0, 4)).toEqual([250, 500, 600, 600])
    expect(log.lines[0]?.fields['reason']).toBe('the site answered 503')
  })

  test.each([
    [4401, 'UNAUTHENTICATED'],
    [4409, 'REPLACED'],
    [4400, 'PROTOCOL'],
  ])('close code %i ends it for good as %s', async (code, end) => {
    serve((socket) => socket.close(code, 'because'))
    const { opened } = link()
    expect(await opened.ended).toEqual({ code: end, message: 'because' })
  })

  test('401 at the door ends it for good', async () => {
    status = 401
    expect((await link().opened.ended).code).toBe('UNAUTHENTICATED')
  })

  test('another protocol version, or a challenge that we refuse, ends it for good', async () => {
    sockets.on('connection', (socket: WebSocket) => send(socket, { ...challenge, version: 2 }))
    expect((await link().opened.ended).code).toBe('PROTOCOL')
    sockets.removeAllListeners('connection')
    serve(() => undefined)
    const refusing = link({ hello: () => err({ message: 'not this chain' }) })
    expect(await refusing.opened.ended).toEqual({ code: 'REFUSED', message: 'not this chain' })
  })

  test('a site that talks rubbish is left, and the rubbish goes nowhere', async () => {
    serve((socket) => {
      send(socket, welcome)
      for (const rubbish of ['{', '[]', '{"type":"offer"}', '{"type":"new"}', 'null']) {
        socket.send(rubbish)
      }
    })
    const { frames, log } = link({ random: () => 1 })
    await vi.waitFor(() => {
      expect(log.lines.some(({ event }) => event === 'connection lost')).toBe(true)
    })
    expect(frames).toEqual([welcome])
  })

  test('a site that stays silent to pings is left', async () => {
    const connections = serve((socket) => {
      send(socket, welcome)
      // Takes no more from the network: pings are not answered.
      socket.pause()
    })
    link({ pingMs: 20 })
    await vi.waitFor(() => expect(connections()).toBeGreaterThan(1), { timeout: 10_000 })
  })

  test('renewing shows the card anew without a pause', async () => {
    const connections = serve((socket) => send(socket, welcome))
    const { opened, frames } = link()
    await vi.waitFor(() => expect(frames).toHaveLength(1))
    opened.renew()
    await vi.waitFor(() => expect(frames).toHaveLength(2))
    expect(connections()).toBe(2)
  })
})
