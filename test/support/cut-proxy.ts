/** A TCP proxy that a test can cut and mend: the line between two sites. */
import { connect, createServer, type Socket } from 'node:net'

export type CutProxy = {
  readonly url: string
  /** Breaks off what is connected and takes nothing new. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** Opens a line to a port of this machine. */
export async function openCutProxy(port: number): Promise<CutProxy> {
  const open = new Set<Socket>()
  let isCut = false
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    if (isCut) {
      socket.destroy()
      return
    }
    const onward = connect(port, '127.0.0.1')
    onward.on('error', () => socket.destroy())
    onward.on('close', () => socket.destroy())
    socket.on('close', () => {
      onward.destroy()
      open.delete(socket)
    })
    open.add(socket)
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut: () => {
      isCut = true
      for (const socket of open) socket.destroy()
    },
    mend: () => {
      isCut = false
    },
    close: () =>
      new Promise((done) => {
        for (const socket of open) socket.destroy()
        server.close(() => done())
      }),
  }
}
