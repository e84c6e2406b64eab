/**
 * `npm run simulate -- --seed N --sites 1..7 --slots K`: runs whole networks in virtual time and checks
 * after every event what must hold (core/chain/SPEC.md, SIM rules).
 *
 *   --seed N      the first seed (1)           --runs N     how many seeds from there on (1)
 *   --sites N     authorities, 1 to 7 (3)      --slots N    slots of bad weather (40)
 *   --twins N     authorities that exist twice, and so contradict themselves (0)
 *   --silent N    authorities that never say anything (0)
 *   --log         what each site's head was, event by event
 *
 * Exit code 1 when a run fails; the command that replays it is printed.
 */
import { parseArgs } from 'node:util'
import { type ClusterReport, replayCommand, runCluster } from './cluster.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1' },
    sites: { type: 'string', default: '3' },
    slots: { type: 'string', default: '40' },
    twins: { type: 'string', default: '0' },
    silent: { type: 'string', default: '0' },
    log: { type: 'boolean', default: false },
  },
})

const first = whole('seed', 0, 2 ** 32)
const runs = whole('runs', 1, 1_000_000)
const sites = whole('sites', 1, 7)
const slots = whole('slots', 1, 100_000)
const twins = whole('twins', 0, sites - 1)
const silent = whole('silent', 0, sites - 1 - twins)

let failed = 0
const total = { events: 0, blocks: 0, kills: 0, partitions: 0, reorganisations: 0, offences: 0 }
let calmSlotsMax = 0
for (let seed = first; seed < first + runs; seed++) {
  const options = { seed, sites, slots, twins, silent }
  const report = runCluster(options)
  add(report)
  if (values.log) console.log(report.log)
  if (report.faults.length === 0) continue
  failed += 1
  console.log(`seed ${seed} failed:`)
  for (const fault of report.faults.slice(0, 5)) console.log(`  ${fault}`)
  console.log(`  replay: ${replayCommand(options)} --log`)
}
console.log(
  `${runs} runs of ${sites} sites, ${failed} failed; ${total.events} messages, ${total.blocks} blocks, ` +
    `${total.reorganisations} reorganisations, ${total.kills} kills, ${total.partitions} partitions, ` +
    `${total.offences} offences seen; one final head at most ${calmSlotsMax} slots after the weather`,
)
process.exitCode = failed === 0 ? 0 : 1

function add(report: ClusterReport): void {
  total.events += report.events
  total.blocks += report.blocks
  total.kills += report.kills
  total.partitions += report.partitions
  total.reorganisations += report.reorganisations
  total.offences += report.offences.length
  calmSlotsMax = Math.max(calmSlotsMax, report.calmSlots)
}

function whole(
  name: 'seed' | 'runs' | 'sites' | 'slots' | 'twins' | 'silent',
  min: number,
  max: number,
) {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  console.error(`--${name} is a whole number from ${min} to ${max}`)
  process.exit(2)
}
