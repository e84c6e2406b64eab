/**
 * The peer of the figures: the least that can be done on this runtime. A Worker hands a socket or a
 * request to a Durable Object that sends back what it gets; no storage, no checks, no JSON.
 */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { WebSocket } from 'ws'
import { findFreePort, host } from '../../scripts/setup/port.ts'
import { runtimePid } from '../../scripts/setup/site-runtime.ts'

export type EchoPeer = {
  /** Process that runs it. */
  readonly pid: number | undefined
  /** Where requests go. */
  readonly url: string
  readonly connect: () => Promise<EchoSocket>
  readonly stop: () => Promise<void>
}

export type EchoSocket = {
  /** Sends text and resolves when it has come back. One at a time. */
  readonly echo: (text: string) => Promise<void>
  readonly close: () => void
}

const script = `
import { DurableObject } from 'cloudflare:workers'
export class Echo extends DurableObject {
  async fetch(request) {
    if (request.headers.get('upgrade') === null) return new Response(await request.text())
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }
  webSocketMessage(socket, message) { socket.send(message) }
  webSocketClose(socket, code) { socket.close(code) }
}
export default {
  fetch: (request, env) => env.ECHO.get(env.ECHO.idFromName('echo')).fetch(request),
}`

/** Starts the peer in a runtime of its own, of the same version as the site's. */
export async function startEchoPeer(): Promise<EchoPeer> {
  const [port, workerPort] = [await findFreePort(), await findFreePort()]
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      workers: [
        {
          name: 'echo',
          modules: [{ type: 'ESModule', path: 'echo.js', contents: script }],
          compatibilityDate: '2026-10-01',
          durableObjects: { ECHO: { className: 'Echo', useSQLite: true } },
          // Requests go straight to the Worker, as they do to the site that is measured.
          unsafeDirectSockets: [{ host, port: workerPort }],
        },
      ],
    }),
    host,
    port,
    cf: false,
    log: new Log(LogLevel.NONE),
    logRequests: false,
    telemetry: { enabled: false },
    unsafeLocalExplorer: false,
  })
  await miniflare.ready
  return {
    pid: runtimePid(port),
    url: `http://${host}:${workerPort}`,
    connect: () => connect(`ws://${host}:${workerPort}/`),
    stop: () => miniflare.dispose(),
  }
}

async function connect(url: string): Promise<EchoSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  let onMessage: () => void = () => undefined
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('message', () => onMessage())
  return {
    echo: (text) =>
      new Promise((resolve) => {
        onMessage = resolve
        socket.send(text)
      }),
    close: () => socket.close(),
  }
}
