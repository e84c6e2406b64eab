/**
 * GET requests over sockets that stay open, with as little work a request as can be: `node:http` costs
 * about as much for one as the runtime needs to answer it, and a load generator that is the narrower of
 * the two measures itself. It reads what one server sends here (lengths and chunks), nothing else.
 */
import { connect, type Socket } from 'node:net'

export type LeanAnswer = { readonly status: number; readonly body: Buffer }

export type LeanConnection = {
  /** Sends bytes made by `requestBytes` and resolves with the whole answer. One at a time. */
  readonly ask: (request: Buffer) => Promise<LeanAnswer>
  readonly close: () => void
}

/** A GET request as it goes over the wire; headers as lines of `name: value`. */
export function requestBytes(path: string, host: string, headers: readonly string[] = []): Buffer {
  const lines = [`GET ${path} HTTP/1.1`, `host: ${host}`, ...headers, '', '']
  return Buffer.from(lines.join('\r\n'), 'latin1')
}

/** Opens one connection to `http://host:port`. */
export async function openLean(url: string): Promise<LeanConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return connectionOver(socket)
}

function connectionOver(socket: Socket): LeanConnection {
  let waiting:
    | { readonly resolve: (answer: LeanAnswer) => void; readonly reject: (error: Error) => void }
    | undefined
  let received: Buffer = Buffer.alloc(0)
  const fail = (error: Error) => {
    waiting?.reject(error)
    waiting = undefined
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed a connection')))
  socket.on('data', (piece: Buffer) => {
    received = received.length === 0 ? piece : Buffer.concat([received, piece])
    const answer = answerIn(received)
    if (!answer) return
    received = Buffer.alloc(0)
    const asked = waiting
    waiting = undefined
    asked?.resolve(answer)
  })
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

const headEnd = Buffer.from('\r\n\r\n')

/** The answer when all of it is there. One request at a time: nothing follows it. */
function answerIn(bytes: Buffer): LeanAnswer | undefined {
  const end = bytes.indexOf(headEnd)
  if (end === -1) return undefined
  const head = bytes.toString('latin1', 0, end)
  const status = Number(head.slice(9, 12))
  const rest = bytes.subarray(end + headEnd.length)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) {
    return rest.length < Number(length) ? undefined : { status, body: rest }
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, body: Buffer.alloc(0) }
  const body = chunksIn(rest)
  return body && { status, body }
}

function chunksIn(bytes: Buffer): Buffer | undefined {
  const pieces: Buffer[] = []
  let at = 0
  for (;;) {
    const line = bytes.indexOf('\r\n', at, 'latin1')
    if (line === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    const from = line + 2
    // Each piece, the last and empty one too, is followed by an end of line.
    if (bytes.length < from + size + 2) return undefined
    if (size === 0) return Buffer.concat(pieces)
    pieces.push(bytes.subarray(from, from + size))
    at = from + size + 2
  }
}
