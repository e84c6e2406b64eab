/**
 * Transactions a second into the blocks of a node, whichever it is: everything is signed beforehand and sent
 * over connections that stay open, and every transaction must stand in a block at the end.
 */
import { monotonicMs } from './clock.ts'
import { type CpuUse, watchCpu } from './cpu.ts'
import { openHttp } from './http-client.ts'
import { rounded, type Summary, summaryOf } from './statistics.ts'

/** A node under load. */
export type Node = {
  readonly url: string
  readonly path: string
  /** Transactions in blocks since the node started, final where it knows finality. */
  readonly included: () => Promise<number>
  /** Whether an answer to a submission says that all of it was taken. */
  readonly isTaken: (answer: { readonly status: number; readonly text: string }) => boolean
  readonly processes: Readonly<Record<string, number>>
}

export type Load = {
  readonly connections: number
  /** Transactions in one request. */
  readonly batch: number
  readonly transactions: number
  readonly bodies: readonly string[]
}

export type Inclusion = {
  readonly connections: number
  readonly batch: number
  readonly transactions: number
  /** While there was work for every block: all blocks but the last, by the time until they were there. */
  readonly included_per_second: number
  /** By the time until all were answered. */
  readonly accepted_per_second: number
  readonly all_included_seconds: number
  readonly answer_ms: Summary
  readonly cpu: CpuUse
}

type Seen = { readonly atMs: number; readonly count: number }

const pollMs = 50
const stallMs = 20_000

/** Sends all of it, waits until all of it stands in blocks, and reports. */
export async function measureInclusion(node: Node, load: Load): Promise<Inclusion> {
  const http = openHttp(node.url, load.connections)
  const before = await node.included()
  const stopCpu = watchCpu({ ...node.processes, clients: process.pid })
  const answersMs: number[] = []
  const startedAt = monotonicMs()
  let next = 0
  const slot = async (): Promise<void> => {
    for (let body = load.bodies[next++]; body !== undefined; body = load.bodies[next++]) {
      const from = monotonicMs()
      const answer = await http.post(node.path, body)
      if (!node.isTaken(answer)) throw new Error(`refused: ${answer.text.slice(0, 300)}`)
      answersMs.push(monotonicMs() - from)
    }
  }
  try {
    const watched = watchBlocks(node, { startedAt, until: load.transactions, before })
    const sent = Promise.all(Array.from({ length: load.connections }, slot))
    const sentMs = await sent.then(() => monotonicMs() - startedAt)
    const cpu = stopCpu()
    const seen = await watched
    return {
      connections: load.connections,
      batch: load.batch,
      transactions: load.transactions,
      included_per_second: rounded(steadyRate(seen)),
      accepted_per_second: rounded((load.transactions * 1_000) / sentMs),
      all_included_seconds: rounded((seen.at(-1)?.atMs ?? 0) / 1_000),
      answer_ms: summaryOf(answersMs),
      cpu,
    }
  } finally {
    http.close()
  }
}

/** Notes when the count of included transactions rises, until all are there. */
async function watchBlocks(
  node: Node,
  wanted: { readonly startedAt: number; readonly until: number; readonly before: number },
): Promise<Seen[]> {
  const seen: Seen[] = []
  let movedAt = monotonicMs()
  for (;;) {
    const count = (await node.included()) - wanted.before
    const atMs = monotonicMs() - wanted.startedAt
    if (count > (seen.at(-1)?.count ?? 0)) {
      seen.push({ atMs, count })
      movedAt = monotonicMs()
    }
    if (count >= wanted.until) return seen
    if (monotonicMs() - movedAt > stallMs) {
      throw new Error(
        `the run does not count: ${count} of ${wanted.until} transactions are in blocks`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

/** The last block holds what was left over: where there are others, it says nothing about the rate. */
function steadyRate(seen: readonly Seen[]): number {
  const last = seen.at(-2) ?? seen.at(-1)
  return last === undefined ? 0 : (last.count * 1_000) / last.atMs
}
