/**
 * `npm run bench -- dispatch`: how long a submitted job takes to reach a miner, beside a bare socket echo
 * on the same runtime, and what it costs when one of ten miners dies. docs/benchmarks.md explains.
 */
import { parseArgs } from 'node:util'
import { runtimeText } from './support/bench-site.ts'
import { monotonicMs } from './support/clock.ts'
import { type Latency, measureLatency } from './support/dispatch-latency.ts'
import { type DeathResult, measureDeath } from './support/dying-miner.ts'
import { awaitSettlement, withJobLoad } from './support/job-load.ts'
import { figure, machine, printReport, sayTable } from './support/report.ts'
import { rounded } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Pairs of job and echo. */
    pairs: { type: 'string', default: '400' },
    /** Jobs of each of the two loads in which a miner lives or dies. */
    jobs: { type: 'string', default: '600' },
  },
})

/** Ten miners of four places, half in use: an answer of 20 tokens takes 0.4 s, a job comes each 20 ms. */
const paced = { miners: 10, concurrency: 4, pace: { tokens: 20, everyMs: 20 } }
const everyMs = 20

const startedAt = monotonicMs()
let latency: Latency | undefined
await withJobLoad({ connections: 64, miners: { miners: 8, concurrency: 64 } }, async (load) => {
  latency = await measureLatency({ ...load, http: load.site.http }, Number(options.pairs))
})
await withJobLoad({ connections: 64, miners: paced }, async (load) => {
  const death = await measureDeath(load, { jobs: Number(options.jobs), everyMs })
  report(latency as Latency, death, await awaitSettlement(load))
})

function report(
  latency: Latency,
  death: DeathResult,
  settlement: Readonly<Record<string, unknown>>,
): void {
  sayTable([
    ['one of ten miners dies', 'healthy', 'with the death'],
    ['p95 ms', death.healthy_p95_ms, death.death_p95_ms],
    ['longest ms', death.healthy_max_ms, death.death_max_ms],
    ['wasted tokens', 0, death.wasted_tokens],
    ['charged twice, in all', '', death.double_charges],
    ['unfinished, in all', '', death.unfinished],
  ])
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
        figure({
          name: 'one of ten miners dies: p95 of all jobs, as many times that of healthy miners',
          unit: '×',
          value: death.times_healthy,
          goal: { atMost: 1.2 },
          cause: () => `p95 ${death.healthy_p95_ms} ms becomes ${death.death_p95_ms} ms`,
        }),
        figure({
          name: 'jobs charged twice',
          unit: 'jobs',
          value: death.double_charges,
          goal: { atMost: 0 },
          cause: () => `of ${2 * death.jobs}`,
        }),
      ],
      details: { latency, death, settlement },
    },
    options.save,
  )
}
