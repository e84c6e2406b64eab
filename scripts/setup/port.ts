/** The local site's port: which one, and whether it is free. */
import { createServer } from 'node:net'

/** Port of the local site when `PORT` names no other. */
export const portDefault = 18_000

/** The only address on which a local site listens. */
export const host = '127.0.0.1'

/**
 * Reads `PORT`.
 *
 * @throws Error when it is not a port number.
 */
export function portFromEnv(env: NodeJS.ProcessEnv = process.env): number {
  const text = env.PORT ?? ''
  if (text === '') return portDefault
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new Error(`PORT is not a port number: ${text}`)
}

/** Whether a server could listen on `host` at this moment. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Ends the program with exit code 1 and a message that names the port, when it is taken. */
export async function requireFreePort(port: number): Promise<void> {
  if (await isPortFree(port)) return
  console.error(`Port ${port} is taken. Set PORT to another one, or stop what listens there.`)
  process.exit(1)
}

/** A port that was free a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port: 0, host }, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') {
        reject(new Error('the server has no port'))
        return
      }
      server.close(() => resolve(address.port))
    })
  })
}
