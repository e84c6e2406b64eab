/**
 * `npm run bench -- jobs`: whole jobs a second with escrow, receipts and releases on disk, from one request
 * under way to a thousand, beside BullMQ on Redis with and without durability. docs/benchmarks.md explains.
 */
import { parseArgs } from 'node:util'
import { bareRequests } from './support/bare-requests.ts'
import { boundTime, runtimeText } from './support/bench-site.ts'
import { monotonicMs } from './support/clock.ts'
import { awaitSettlement, type JobLoad, withJobLoad } from './support/job-load.ts'
import { type LevelResult, measureLevel } from './support/job-throughput.ts'
import { signatureCost } from './support/primitives.ts'
import { measureQueue, type QueueResult } from './support/queue-peer.ts'
import { type Figure, figure, machine, printReport, sayTable } from './support/report.ts'
import { rounded } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Longest that one level of load submits, seconds. */
    seconds: { type: 'string', default: '5' },
    /** Requests under way at one time, one number a level; the last says whether anything freezes. */
    levels: { type: 'string', default: '1,16,64,256,1000' },
  },
})

/** Jobs a second for which the first level is prepared. */
const rateFirst = 600
const bareSeconds = 2
/** Longest time without any answer that is no freeze; the original stood still for half a minute. */
const freezeMs = 1_000
const originalJobsPerSecond = 39

/** Of one job at the site: request and authorisation, two receipts; release and attestation. */
const verificationsPerJob = 4
const signaturesPerJob = 2

const startedAt = monotonicMs()
const levels = options.levels.split(',').map(Number)
const seconds = Number(options.seconds)

boundTime(300)
await withJobLoad(
  { connections: Math.max(...levels), miners: { miners: 8, concurrency: 64 } },
  measure,
)

async function measure(load: JobLoad): Promise<void> {
  const results: LevelResult[] = []
  for (const concurrency of levels) {
    // Room to be twice as fast as the level before.
    const rate = Math.max(rateFirst, 2 * (results.at(-1)?.jobs_per_second ?? 0))
    const level = { concurrency, seconds, jobsMax: Math.ceil(rate * seconds) }
    results.push(await measureLevel({ ...load, http: load.site.http }, level))
  }
  const settlement = await awaitSettlement(load)
  const bare = await bareRequests({ concurrency: 64, seconds: bareSeconds })
  const peers: QueueResult[] = []
  for (const durability of ['none', 'always'] as const) {
    const result = await measureQueue({ durability, concurrency: 64, seconds })
    if (result) peers.push(result)
  }
  report({ results, settlement, bare, peers })
}

function report(measured: {
  readonly results: readonly LevelResult[]
  readonly settlement: Readonly<Record<string, unknown>>
  readonly bare: number
  readonly peers: readonly QueueResult[]
}): void {
  const { results, bare, peers } = measured
  const best = results.reduce((a, b) => (b.jobs_per_second > a.jobs_per_second ? b : a))
  const widest = results.reduce((a, b) => (b.concurrency > a.concurrency ? b : a))
  const [loose, durable] = peers
  const cost = signatureCost()
  sayLevels(results, peers)
  printReport(
    {
      bench: 'jobs',
      at: new Date().toISOString(),
      machine: machine(),
      runtime: runtimeText,
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: [
        jobsFigure(best, cost),
        figure({
          name: `longest time without an answer to anybody, ${widest.concurrency} connections`,
          unit: 'ms',
          value: widest.longest_pause_ms,
          goal: { atMost: freezeMs },
          cause: () =>
            `${widest.jobs_per_second} jobs/s at the time, answers p50 ${widest.answer_ms.p50} ms`,
        }),
      ],
      details: {
        levels: results,
        best_concurrency: best.concurrency,
        enqueued_per_second: best.enqueued_per_second,
        times_the_original: rounded(best.jobs_per_second / originalJobsPerSecond),
        settlement: measured.settlement,
        signature_ms: cost,
        bare_requests_per_second: bare,
        bare_requests_for_one_job: rounded(bare / best.jobs_per_second),
        bullmq: peers,
        share_of_bullmq: loose ? rounded(best.jobs_per_second / loose.jobs_per_second) : null,
        share_of_durable_bullmq: durable
          ? rounded(best.jobs_per_second / durable.jobs_per_second)
          : null,
        durability_costs_bullmq_times:
          loose && durable ? rounded(loose.jobs_per_second / durable.jobs_per_second) : null,
      },
    },
    options.save,
  )
}

function sayLevels(results: readonly LevelResult[], peers: readonly QueueResult[]): void {
  sayTable([
    ['connections', 'jobs/s', 'enqueued/s', 'p50 ms', 'p99 ms', 'longest pause ms', 'site ms/job'],
    ...results.map((each) => [
      each.concurrency,
      each.jobs_per_second,
      each.enqueued_per_second,
      each.answer_ms.p50,
      each.answer_ms.p99,
      each.longest_pause_ms,
      each.cpu_ms_per_job['workerd'] ?? 0,
    ]),
    ...peers.map((each) => [
      `BullMQ, fsync ${each.durability}`,
      each.jobs_per_second,
      each.enqueued_per_second,
      each.add_ms.p50,
      each.add_ms.p99,
      '',
      '',
    ]),
  ])
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
