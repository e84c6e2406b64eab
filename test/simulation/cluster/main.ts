/**
 * `npm run simulate -- --seed N --sites 1..7 --slots K`: runs whole networks in virtual time and checks
 * after every event what must hold (core/chain/SPEC.md, SIM rules). `--help` says what else it takes.
 */
import { parseArgs } from 'node:util'
import { type ClusterReport, replayCommand, runCluster } from './cluster.ts'
import { rollWeather, type Weather } from './weather.ts'

const usage = `npm run simulate -- [options]
Runs whole networks in virtual time and checks after every event what must hold.

  --seed N      the first seed (1)           --runs N     how many seeds from there on (1)
  --sites N     authorities, 1 to 7 (3)      --slots N    slots of bad weather (40)
  --twins N     authorities that exist twice, and so contradict themselves (0)
  --liars N     authorities that also send forged blocks, votes and certificates (0)
  --silent N    authorities that never say anything (0)
  --weather W   weather that does not follow from the seed, as JSON: '{"kill":0.1,"leaves":true}'
  --log         what each site's head was, event by event
  --help        this text

Exit code 1 when a run fails, with the command that replays it; 2 for an option that is none.`

const values = readOptions()
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const first = whole('seed', 0, 2 ** 32)
const runs = whole('runs', 1, 1_000_000)
const sites = whole('sites', 1, 7)
const slots = whole('slots', 1, 100_000)
const twins = whole('twins', 0, sites - 1)
const liars = whole('liars', 0, sites - 1 - twins)
const silent = whole('silent', 0, sites - 1 - twins - liars)
const weather = readWeather()

let failed = 0
const total = {
  events: 0,
  blocks: 0,
  kills: 0,
  partitions: 0,
  reorganisations: 0,
  offences: 0,
  lies: 0,
}
let calmSlotsMax = 0
for (let seed = first; seed < first + runs; seed++) {
  const options = { seed, sites, slots, twins, liars, silent, weather }
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
    `${total.lies} lies, ${total.offences} offences seen; one final head at most ${calmSlotsMax} slots after the weather`,
)
process.exitCode = failed === 0 ? 0 : 1

function add(report: ClusterReport): void {
  total.events += report.events
  total.blocks += report.blocks
  total.kills += report.kills
  total.partitions += report.partitions
  total.reorganisations += report.reorganisations
  total.offences += report.offences.length
  total.lies += report.lies
  calmSlotsMax = Math.max(calmSlotsMax, report.calmSlots)
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        runs: { type: 'string', default: '1' },
        sites: { type: 'string', default: '3' },
        slots: { type: 'string', default: '40' },
        twins: { type: 'string', default: '0' },
        liars: { type: 'string', default: '0' },
        silent: { type: 'string', default: '0' },
        weather: { type: 'string', default: '{}' },
        log: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'unreadable options')
  }
}

function whole(
  name: 'seed' | 'runs' | 'sites' | 'slots' | 'twins' | 'liars' | 'silent',
  min: number,
  max: number,
) {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  return refuse(`--${name} is a whole number from ${min} to ${max}`)
}

/** As many kinds of weather as there are, each of the type that a seed would give it. */
function readWeather(): Partial<Weather> {
  const known: Record<string, unknown> = rollWeather(() => 0)
  try {
    const given = JSON.parse(values.weather) as Record<string, unknown>
    const wrong = Object.keys(given).filter((name) => typeof given[name] !== typeof known[name])
    return wrong.length > 0 ? refuse(`--weather knows no such ${wrong.join(', ')}`) : given
  } catch {
    return refuse('--weather is a JSON object')
  }
}

function refuse(why: string): never {
  console.error(`${why}\n\n${usage}`)
  process.exit(2)
}
