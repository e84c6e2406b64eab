/**
 * A line between two sites of this machine that can be cut: a TCP proxy on a port of its own, with the delay
 * of a longer way.
 */
import { connect, createServer, type Socket } from 'node:net'
import { host } from '../setup/port.ts'

export type Line = {
  /** Origin of the far site, through this line. */
  readonly url: string
  /** Breaks off what is connected and takes nothing new. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** Opens a line to a port of this machine; whatever goes through it arrives `delayMs` later. */
export async function openLine(port: number, { delayMs = 0 } = {}): Promise<Line> {
  const ends = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(port, host)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(from)
      from.on('data', (chunk) => setTimeout(() => to.writable && to.write(chunk), delayMs))
      from.on('end', () => setTimeout(() => to.end(), delayMs))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        ends.delete(from)
        setTimeout(() => to.destroy(), delayMs)
      })
    }
  })
  const breakOff = () => {
    for (const end of ends) end.destroy()
  }
  const own = await new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: 0, host }, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('a line has no port'))
      else resolve(address.port)
    })
  })
  return {
    url: `http://${host}:${own}`,
    cut: () => {
      isCut = true
      breakOff()
    },
    mend: () => {
      isCut = false
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        breakOff()
      }),
  }
}
