/**
 * `npm run bench -- finality`: slots from submission to final with three sites, in virtual time over many
 * seeds and with three real sites; and what a light client pays for a proof. docs/benchmarks.md explains.
 */
import { parseArgs } from 'node:util'
import { slotMs } from '../core/chain/genesis.ts'
import { monotonicMs } from './support/clock.ts'
import { runGoodWeather } from './support/good-weather.ts'
import { measureProofs } from './support/proof-cost.ts'
import { realFinality } from './support/real-finality.ts'
import { figure, machine, printReport, say } from './support/report.ts'
import { rounded, summaryOf } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Networks in virtual time, and slots of each. */
    seeds: { type: 'string', default: '20' },
    slots: { type: 'string', default: '100' },
    /** Transfers at real sites, and the mean time between two; 0 leaves real sites out. */
    transactions: { type: 'string', default: '200' },
    every: { type: 'string', default: '180' },
    /** Accounts of the state that proofs are about. */
    accounts: { type: 'string', default: '100000' },
  },
})

const siteCount = 3
const delayMs = { min: 20, max: 150 }
const everySlots = 0.7

const startedAt = monotonicMs()
const virtual = inVirtualTime()
const real = await withRealSites()
const proofs = measureProofs(Number(options.accounts))
printReport(
  {
    bench: 'finality',
    at: new Date().toISOString(),
    machine: machine(),
    runtime:
      'virtual time: engines of the simulator; real: three production bundles on workerd, loopback, state on disk',
    seconds: rounded((monotonicMs() - startedAt) / 1_000),
    figures: [
      figure({
        name: 'submission to final with three sites, virtual time, median',
        unit: 'slots',
        value: virtual.slots.p50,
        goal: { atMost: 1 },
        cause: () => `the 99th percentile is ${virtual.slots.p99}`,
      }),
      ...(real
        ? [
            figure({
              name: 'submission to final with three real sites, median',
              unit: 'slots',
              value: real.slots.p50,
              goal: { atMost: 1 },
              cause: () =>
                `three runtimes on one machine used ${JSON.stringify(coresOf(real.cpu))} cores`,
            }),
          ]
        : []),
    ],
    details: {
      slot_ms: slotMs,
      virtual,
      real: real ?? 'left out',
      proofs,
    },
  },
  options.save,
)

function inVirtualTime() {
  const slots: number[] = []
  let open = 0
  for (let seed = 1; seed <= Number(options.seeds); seed++) {
    const done = runGoodWeather({
      seed,
      sites: siteCount,
      slots: Number(options.slots),
      delayMs,
      everySlots,
    })
    slots.push(...done.slots)
    open += done.open
  }
  if (open > 0) throw new Error(`the run does not count: ${open} transactions never became final`)
  const summary = summaryOf(slots)
  say(`virtual time: p50 ${summary.p50} slots, p99 ${summary.p99}, of ${summary.count}`)
  return { seeds: Number(options.seeds), delay_ms: delayMs, slots: summary }
}

async function withRealSites() {
  const transactions = Number(options.transactions)
  if (transactions === 0) return undefined
  say('starting three sites')
  const done = await realFinality({ transactions, everyMs: Number(options.every) })
  if (done.open > 0 || done.accused) {
    throw new Error(`the run does not count: ${done.open} not final, accusations ${done.accused}`)
  }
  const summary = summaryOf(done.slots)
  say(`real sites: p50 ${summary.p50} slots, p99 ${summary.p99}, of ${summary.count}`)
  return { transactions, slots: summary, cpu: done.cpu }
}

function coresOf(cpu: Readonly<Record<string, { readonly cores: number }>>) {
  return Object.fromEntries(Object.entries(cpu).map(([name, { cores }]) => [name, cores]))
}
