/** HTTP over connections that stay open: a load generator should cost less than what it measures. */
import { Agent, type IncomingMessage, request } from 'node:http'

export type Answer = { readonly status: number; readonly text: string }

export type HttpClient = {
  readonly post: (
    path: string,
    body: string | Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>
  /**
   * Posts, and hands over each piece of the answer as it arrives. Resolves at the end of the answer.
   */
  readonly stream: (
    path: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    onPiece: (piece: Buffer) => void,
  ) => Promise<number>
  readonly close: () => void
}

/** Opens nothing yet; at most `connections` at a time. */
export function openHttp(base: string, connections: number): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(base)

  const send = (
    method: string,
    path: string,
    body: string | Uint8Array | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? 0 : Buffer.byteLength(body)
      const sent = request({
        agent,
        hostname,
        port,
        method,
        path,
        headers:
          body === undefined
            ? headers
            : { 'content-type': 'application/json', 'content-length': length, ...headers },
      })
      sent.once('response', resolve)
      sent.once('error', reject)
      sent.end(body)
    })

  const whole = async (incoming: Promise<IncomingMessage>): Promise<Answer> => {
    const message = await incoming
    const pieces: Buffer[] = []
    for await (const piece of message) pieces.push(piece as Buffer)
    return { status: message.statusCode ?? 0, text: Buffer.concat(pieces).toString() }
  }

  return {
    post: (path, body, headers = {}) => whole(send('POST', path, body, headers)),
    get: (path, headers = {}) => whole(send('GET', path, undefined, headers)),
    stream: async (path, body, headers, onPiece) => {
      const message = await send('POST', path, body, headers)
      return new Promise((resolve, reject) => {
        message.on('data', onPiece)
        message.once('end', () => resolve(message.statusCode ?? 0))
        message.once('error', reject)
      })
    },
    close: () => agent.destroy(),
  }
}

/** The answer's JSON, or an error that shows what came instead. */
export function jsonOf(answer: Answer, status = 200): Record<string, unknown> {
  if (answer.status === status) return JSON.parse(answer.text) as Record<string, unknown>
  throw new Error(`the site answered ${answer.status}: ${answer.text.slice(0, 300)}`)
}
