/** Requests from several connections for a slice of time, and what they cost each process. */
import { monotonicMs } from './clock.ts'
import { cpuMs } from './cpu.ts'
import { type LeanAnswer, type LeanConnection, openLean, requestBytes } from './lean-http.ts'
import { rounded } from './statistics.ts'

/** What is asked, and of whom. */
export type Target = {
  readonly url: string
  /** The process that answers. */
  readonly pid: number
  /** Path of the n-th request. */
  readonly path: (number: number) => string
  /** Header lines of the n-th request. */
  readonly headers?: (number: number) => readonly string[]
  /** Says what is wrong with an answer; undefined when it is right. Every answer is checked. */
  readonly fault: (answer: LeanAnswer, path: string) => string | undefined
}

/** Sums over slices. */
export type Spent = {
  readonly requests: number
  readonly seconds: number
  readonly serverCpuMs: number
  readonly clientCpuMs: number
}

export const nothingSpent: Spent = { requests: 0, seconds: 0, serverCpuMs: 0, clientCpuMs: 0 }

/** Each connection asks, checks and asks again until the slice is over. */
export async function loadSlice(
  target: Target,
  load: { readonly connections: number; readonly ms: number; readonly from: number },
): Promise<Spent> {
  const { host } = new URL(target.url)
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => openLean(target.url)),
  )
  const client = process.cpuUsage()
  const serverFrom = cpuMs(target.pid)
  const startedAt = monotonicMs()
  const until = startedAt + load.ms
  let requests = 0
  const slot = async (connection: LeanConnection): Promise<void> => {
    while (monotonicMs() < until) {
      const number = load.from + requests
      requests += 1
      const path = target.path(number)
      const bytes = requestBytes(path, host, target.headers?.(number))
      const fault = target.fault(await connection.ask(bytes), path)
      if (fault !== undefined) throw new Error(`${target.url}${path}: ${fault}`)
    }
  }
  try {
    await Promise.all(connections.map(slot))
  } finally {
    for (const connection of connections) connection.close()
  }
  const spent = process.cpuUsage(client)
  return {
    requests,
    seconds: (monotonicMs() - startedAt) / 1_000,
    serverCpuMs: cpuMs(target.pid) - serverFrom,
    clientCpuMs: (spent.user + spent.system) / 1_000,
  }
}

/** Both slices together. */
export const plus = (a: Spent, b: Spent): Spent => ({
  requests: a.requests + b.requests,
  seconds: a.seconds + b.seconds,
  serverCpuMs: a.serverCpuMs + b.serverCpuMs,
  clientCpuMs: a.clientCpuMs + b.clientCpuMs,
})

/** What slices say. */
export type Rate = {
  readonly requests: number
  readonly requests_per_second: number
  /** Processor time of the answering process, microseconds a request. */
  readonly server_cpu_us: number
  readonly client_cpu_us: number
  /** Cores in use meanwhile. */
  readonly server_cores: number
  readonly client_cores: number
}

export const rateOf = (spent: Spent): Rate => ({
  requests: spent.requests,
  requests_per_second: rounded(spent.requests / spent.seconds),
  server_cpu_us: rounded((spent.serverCpuMs * 1_000) / spent.requests),
  client_cpu_us: rounded((spent.clientCpuMs * 1_000) / spent.requests),
  server_cores: rounded(spent.serverCpuMs / 1_000 / spent.seconds),
  client_cores: rounded(spent.clientCpuMs / 1_000 / spent.seconds),
})
