/** Bare requests a second through a Worker and a Durable Object: the ceiling of runtime and generator. */
import { monotonicMs } from './clock.ts'
import { startEchoPeer } from './echo-peer.ts'
import { openHttp } from './http-client.ts'
import { say } from './report.ts'
import { rounded } from './statistics.ts'

/** As long as a submitted job. */
const body = JSON.stringify({ spec: '0'.repeat(900) })

/** Posts from so many slots for so long, each when its last answer is there. */
export async function bareRequests(load: {
  readonly concurrency: number
  readonly seconds: number
}): Promise<number> {
  const peer = await startEchoPeer()
  const http = openHttp(peer.url, load.concurrency)
  let answered = 0
  const slot = async (until: number): Promise<void> => {
    while (monotonicMs() < until) {
      const { status } = await http.post('/', body)
      if (status !== 200) throw new Error(`the peer answered ${status}`)
      answered += 1
    }
  }
  try {
    const startedAt = monotonicMs()
    const until = startedAt + load.seconds * 1_000
    await Promise.all(Array.from({ length: load.concurrency }, () => slot(until)))
    const rate = rounded((answered * 1_000) / (monotonicMs() - startedAt))
    say(`  ${rate} bare requests/s`)
    return rate
  } finally {
    http.close()
    await peer.stop()
  }
}
