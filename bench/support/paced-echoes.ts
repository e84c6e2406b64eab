/** The runtime's floor under the same load: as many sockets, as many messages a second, bare echoes. */
import { monotonicMs } from './clock.ts'
import { startEchoPeer } from './echo-peer.ts'

export type EchoLoad = {
  readonly sockets: number
  readonly everyMs: number
  readonly seconds: number
}

/** A frame with a few characters of text, as long as a token's. */
const message = JSON.stringify({
  type: 'tokens',
  attempt_id: '0'.repeat(32),
  seq: 100,
  text: '100000000000 ',
  count: 1,
})

/** There-and-back times in milliseconds. */
export async function pacedEchoes({ sockets, everyMs, seconds }: EchoLoad): Promise<number[]> {
  const peer = await startEchoPeer()
  try {
    const open = await Promise.all(Array.from({ length: sockets }, () => peer.connect()))
    const tookMs: number[] = []
    const startedAt = monotonicMs()
    await Promise.all(
      open.map(async (socket, index) => {
        let dueAt = startedAt + (index * everyMs) / sockets
        while (dueAt < startedAt + seconds * 1_000) {
          const dueInMs = Math.max(0, dueAt - monotonicMs())
          await new Promise((resolve) => setTimeout(resolve, dueInMs))
          const from = monotonicMs()
          await socket.echo(message)
          tookMs.push(monotonicMs() - from)
          dueAt += everyMs
        }
        socket.close()
      }),
    )
    return tookMs
  } finally {
    await peer.stop()
  }
}
