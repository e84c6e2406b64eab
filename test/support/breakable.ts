/** A way to a site whose connections break when a test says so. */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

export type Breakable = {
  readonly url: string
  /** Breaks the next connection that an answer comes back on, before its first byte is passed on. */
  breakNext(): void
  /** Breaks all that are open. */
  breakAll(): void
  /** Connections so far, and how many of them `breakNext` broke. */
  connections(): number
  broken(): number
  close(): Promise<void>
}

/** Listens on the loopback address. */
export async function startBreakable(target: string): Promise<Breakable> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let connections = 0
  let due = 0
  let broken = 0
  const server = createServer((near) => {
    connections += 1
    const far = connect(Number(port), hostname)
    const sockets = [near, far]
    const end = () => {
      for (const each of sockets) {
        each.destroy()
        open.delete(each)
      }
    }
    for (const each of sockets) {
      open.add(each)
      each.on('error', end).on('close', end)
    }
    near.pipe(far)
    far.on('data', (bytes) => {
      if (due === 0) return near.write(bytes)
      due -= 1
      broken += 1
      end()
      return false
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const breakAll = () => {
    for (const each of open) each.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakNext: () => {
      due += 1
    },
    breakAll,
    connections: () => connections,
    broken: () => broken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        breakAll()
      }),
  }
}
