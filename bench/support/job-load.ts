/** What benchmarks of jobs begin with: a site, scripted miners, payers whose escrows are final. */
import { type BenchSite, startBenchSite } from './bench-site.ts'
import { type Child, startChild } from './child.ts'
import { monotonicMs } from './clock.ts'
import { jsonOf } from './http-client.ts'
import type { MinerFunctions } from './miner-process.ts'
import { makePayers, type Payer, readChain } from './payers.ts'
import type { JobTerms } from './prepared-jobs.ts'
import { say } from './report.ts'

export type JobLoad = {
  readonly site: BenchSite
  readonly miners: Child<MinerFunctions>
  readonly payers: readonly Payer[]
  readonly terms: JobTerms
  /** Processes whose use of the processors is reported. */
  readonly processes: Readonly<Record<string, number>>
}

/** The miners of a load: how many sockets, how many jobs each, and the pace of their engine. */
export type LoadMiners = {
  readonly miners: number
  readonly concurrency: number
  /** Tokens of an answer, and the time between two of them; without it, answers come at once. */
  readonly pace?: { readonly tokens: number; readonly everyMs: number }
}

const model = 'bench-instant'
const price = { promptPer1000: 1_000_000n, completionPer1000: 3_000_000n }
const payerCount = 28
const settleWaitMs = 10_000

/** Runs `measure` over a fresh site with at most `connections` requests at a time, and ends it all. */
export async function withJobLoad(
  given: { readonly connections: number; readonly miners: LoadMiners },
  measure: (load: JobLoad) => Promise<void>,
): Promise<void> {
  const site = await startBenchSite(given.connections)
  const miners = startChild<MinerFunctions>('./miner-process.ts')
  try {
    const { http, socketUrl, pids } = site
    say(`locking the funds of ${payerCount} payers, and waiting until that is final`)
    const payers = await makePayers(http, payerCount)
    await miners.call('connect', {
      ...given.miners,
      url: socketUrl,
      model,
      pricePrompt: price.promptPer1000,
      priceCompletion: price.completionPer1000,
    })
    const { host } = new URL(socketUrl)
    const maxTokens = Math.max(16, given.miners.pace?.tokens ?? 0)
    const terms = { host, chain: await readChain(http), model, price, maxTokens }
    const processes = { ...pids, clients: process.pid, miners: miners.pid }
    await measure({ site, miners, payers, terms, processes })
  } finally {
    await miners.stop()
    await site.stop()
  }
}

/** How many of all jobs are paid on the chain, finally, a short while after the last. */
export async function awaitSettlement({ site, miners }: JobLoad) {
  const from = monotonicMs()
  let totals = await miners.call('totals')
  while (totals.settled < totals.released && monotonicMs() - from < settleWaitMs) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    totals = await miners.call('totals')
  }
  const { fault } = jsonOf(await site.http.get('/api/v1/site'))
  return { ...totals, waited_seconds: (monotonicMs() - from) / 1_000, fault }
}
