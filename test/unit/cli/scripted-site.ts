/** A site that answers as a test says: for what goes wrong between a client and a real one. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export type ScriptedSite = {
  readonly url: URL
  /** Targets that were asked for, in order. */
  readonly targets: readonly string[]
  close(): Promise<void>
}

/** Starts a server whose answers come from `handler`. */
export async function startScriptedSite(handler: Handler): Promise<ScriptedSite> {
  const targets: string[] = []
  const server: Server = createServer((request, response) => {
    targets.push(`${request.method} ${request.url}`)
    handler(request, response)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    targets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers with JSON. */
export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
