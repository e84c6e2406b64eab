/**
 * `npm run bench -- dispatch`: how long a submitted job takes to reach a miner, beside a bare socket echo
 * on the same runtime, and how many whole jobs a site carries in a second. docs/benchmarks.md explains.
 */
import { parseArgs } from 'node:util'
import { bareRequests } from './support/bare-requests.ts'
import { type BenchSite, runtimeText, startBenchSite } from './support/bench-site.ts'
import { startChild } from './support/child.ts'
import { monotonicMs } from './support/clock.ts'
import { measureLatency } from './support/dispatch-latency.ts'
import { jsonOf } from './support/http-client.ts'
import { type Level, type LevelResult, measureLevel } from './support/job-throughput.ts'
import type { MinerFunctions } from './support/miner-process.ts'
import { makePayers, readChain } from './support/payers.ts'
import { signatureCost } from './support/primitives.ts'
import { type Figure, figure, machine, printReport, say } from './support/report.ts'
import { rounded } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Pairs of job and echo. */
    pairs: { type: 'string', default: '400' },
    /** Longest that one level of load submits, seconds. */
    seconds: { type: 'string', default: '5' },
    /** Requests under way at one time, one number a level. */
    levels: { type: 'string', default: '1,16,64,256' },
  },
})

const model = 'bench-instant'
const price = { promptPer1000: 1_000_000n, completionPer1000: 3_000_000n }
const minerSockets = 8
const minerConcurrency = 64
const payerCount = 28
/** Jobs a second for which the first level is prepared. */
const rateFirst = 600
const bareSeconds = 2
const settleWaitMs = 10_000

/** Of one job at the site: request and authorisation, two receipts; release and attestation. */
const verificationsPerJob = 4
const signaturesPerJob = 2

const startedAt = monotonicMs()
const levels = options.levels.split(',').map(Number)
const site = await startBenchSite(Math.max(...levels))
const miners = startChild<MinerFunctions>('./miner-process.ts')
try {
  await run(site)
} finally {
  await miners.stop()
  await site.stop()
}

async function run({ http, socketUrl, pids }: BenchSite): Promise<void> {
  say(`locking the funds of ${payerCount} payers, and waiting until that is final`)
  const payers = await makePayers(http, payerCount)
  await miners.call('connect', {
    url: socketUrl,
    miners: minerSockets,
    model,
    concurrency: minerConcurrency,
    pricePrompt: price.promptPer1000,
    priceCompletion: price.completionPer1000,
  })
  const { host } = new URL(socketUrl)
  const terms = { host, chain: await readChain(http), model, price, maxTokens: 16 }
  const latency = await measureLatency({ http, miners, payers, terms }, Number(options.pairs))
  const processes = { ...pids, clients: process.pid, miners: miners.pid }
  const results: LevelResult[] = []
  for (const concurrency of levels) {
    // Room to be twice as fast as the level before.
    const rate = Math.max(rateFirst, 2 * (results.at(-1)?.jobs_per_second ?? 0))
    const seconds = Number(options.seconds)
    const level: Level = { concurrency, seconds, jobsMax: Math.ceil(rate * seconds) }
    results.push(await measureLevel({ http, miners, payers, terms, processes }, level))
  }
  const settlement = await awaitSettlement(site)
  const bare = await bareRequests({ concurrency: 64, seconds: bareSeconds })
  const best = results.reduce((a, b) => (b.jobs_per_second > a.jobs_per_second ? b : a))
  const cost = signatureCost()
  printReport(
    {
      bench: 'dispatch',
      at: new Date().toISOString(),
      machine: machine(),
      runtime: runtimeText,
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: [
        figure({
          name: 'job submitted until its miner has the offer, beyond a bare socket echo, p50',
          unit: 'ms',
          value: latency.beyond_echo_p50_ms,
          goal: { atMost: 5 },
          cause: () =>
            `the echo takes ${latency.echo_ms.p50} ms, the offer ${latency.offer_ms.p50} ms`,
        }),
        jobsFigure(best, cost),
      ],
      details: {
        latency,
        levels: results,
        best_concurrency: best.concurrency,
        settlement,
        signature_ms: cost,
        bare_requests_per_second: bare,
        bare_requests_for_one_job: rounded(bare / best.jobs_per_second),
      },
    },
    options.save,
  )
}

/** How many of all jobs are paid on the chain, finally, a short while after the last. */
async function awaitSettlement({ http }: BenchSite): Promise<Readonly<Record<string, unknown>>> {
  const from = monotonicMs()
  let totals = await miners.call('totals')
  while (totals.settled < totals.released && monotonicMs() - from < settleWaitMs) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    totals = await miners.call('totals')
  }
  const { fault } = jsonOf(await http.get('/api/v1/site'))
  return { ...totals, waited_seconds: rounded((monotonicMs() - from) / 1_000), fault }
}

function jobsFigure(best: LevelResult, cost: ReturnType<typeof signatureCost>): Figure {
  const signing = cost.verifyMs * verificationsPerJob + cost.signMs * signaturesPerJob
  return figure({
    name: 'whole jobs, from submission to signed release',
    unit: 'jobs/s',
    value: best.jobs_per_second,
    goal: { atLeast: 1_000 },
    cause: () =>
      `with ${best.concurrency} requests under way the runtime's one process uses ` +
      `${best.cpu['workerd']?.cores ?? 0} cores, ${best.cpu_ms_per_job['workerd'] ?? 0} ms a job, ` +
      `about ${rounded(signing)} ms of it signatures; clients use ` +
      `${best.cpu['clients']?.cores ?? 0}, miners ${best.cpu['miners']?.cores ?? 0}, other programs ` +
      `${best.cpu['other_programs']?.cores ?? 0} cores`,
  })
}
