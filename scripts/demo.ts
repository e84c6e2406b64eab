/**
 * `npm run demo`: the network on this machine, on fresh temporary state. Clients ask, miners answer and are
 * paid, one is killed in the middle of a job and another finishes it; every payment is proven and every
 * balance added up. With `--sites 3`, three authorities; one site is killed too, and one cut off. `--help`.
 */
import { parseArgs } from 'node:util'
import { formatCoins } from '../core/base/amount.ts'
import { buildSite } from './setup/build.ts'
import { isPortFree } from './setup/port.ts'
import { type Agreement, waitForAgreement } from './site/agreement.ts'
import type { DemoJob } from './site/demo-jobs.ts'
import type { SiteCount, SiteName } from './site/demo-sites.ts'
import { openDemoWorld } from './site/demo-world.ts'
import { dualTest } from './site/dual-test.ts'
import { addUp, type Tally } from './site/ledger.ts'
import { threeSites } from './site/three-sites.ts'

const usage = `Usage: npm run demo -- [options]

  --sites N      1: everything at one site
                 2: site B follows the chain of site A (the default)
                 3: sites A, B and C agree on one chain; B is killed and comes back, C is cut off for
                    a while, and in the end all have the same final head
  --json         the result as one line of JSON on stdout, everything else on stderr
  --port-a PORT, --port-b PORT, --port-c PORT
                 where the sites listen (18000, 18001, 18002)
  --help         show this

Exit code 0: every job was paid with a valid proof, all money is accounted for and the sites agree.`

/** What the demo has shown. Agreement is told of sites that each keep the chain. */
type Shown = {
  readonly jobs: readonly DemoJob[]
  readonly tally: Tally
  readonly agreement: Agreement | undefined
  /** Whether every site proves the same balances. */
  readonly isSame: boolean
}

const options = readOptions()
// With --json, stdout belongs to the result.
const say = (line: string) => (options.json ? console.error(line) : console.log(line))
let endWorld: () => Promise<void> = async () => undefined
let interrupted = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted) return
    interrupted = true
    void endWorld().then(() => process.exit(130))
  })
}

try {
  const shown = await demo()
  await endWorld()
  finish(shown)
} catch (error) {
  if (!interrupted) {
    const message = error instanceof Error ? error.message : String(error)
    await endWorld()
    if (options.json) console.log(JSON.stringify({ ok: false, error: message }))
    else console.error(`demo: ${message}`)
    process.exitCode = 1
  }
}

async function demo(): Promise<Shown> {
  const ports = [options.ports.A, options.ports.B, options.ports.C].slice(0, options.count)
  for (const port of ports) {
    if (await isPortFree(port)) continue
    throw new Error(
      `port ${port} is taken; use --port-a, --port-b and --port-c, or stop what listens there`,
    )
  }
  await buildSite()
  const world = await openDemoWorld({
    count: options.count,
    ports: options.ports,
    say,
    onOpen: (end) => {
      endWorld = end
    },
  })
  const { sites } = world
  const jobs = await (options.count === 3 ? threeSites(world) : dualTest(world))
  if (options.count === 3) say('waiting until all sites have one final head')
  const agreement = options.count === 3 ? await waitForAgreement(sites) : undefined
  say('adding up every balance, each with its proof')
  const asked = agreement?.agreed ? sites.names : (['A'] as const)
  const tallies: Tally[] = []
  for (const name of asked) {
    const { genesis } = sites
    tallies.push(await addUp(sites.url(name), { genesis, holders: world.holders() }))
  }
  const [tally] = tallies
  if (tally === undefined) throw new Error('invariant broken: the demo has a site')
  const isSame = tallies.every((other) => isSameTally(other, tally))
  // What it took to add up may have seen another heartbeat: the last word is told.
  const last = agreement?.agreed ? await waitForAgreement(sites) : agreement
  return { jobs, tally, agreement: last, isSame }
}

function isSameTally(one: Tally, other: Tally): boolean {
  return (
    one.minted === other.minted &&
    one.burned === other.burned &&
    one.balances.every(({ amount }, index) => amount === other.balances[index]?.amount)
  )
}

function finish({ jobs, tally, agreement, isSame }: Shown): void {
  const { minted, burned, sumOfBalances } = tally
  const conserved = minted - burned === sumOfBalances && isSame
  for (const { name, amount } of tally.balances) {
    say(`${formatCoins(amount).padStart(20)}  ${name}`)
  }
  say(
    `${formatCoins(sumOfBalances).padStart(20)}  together; minted less burned is the same: ${conserved}`,
  )
  for (const site of agreement?.sites ?? []) {
    say(`${site.name}: block ${site.height}, final ${site.finalized}, ${site.head_hash}`)
  }
  if (agreement) say(`one head and one state: ${agreement.agreed}; reorgs: ${agreement.reorgs}`)
  const faults = [
    ...(minted - burned === sumOfBalances ? [] : ['the balances do not add up to what was minted']),
    ...(isSame ? [] : ['the sites prove different balances']),
    ...(agreement?.agreed === false ? ['the sites do not agree'] : []),
  ]
  const ok = faults.length === 0
  if (!ok) process.exitCode = 1
  if (!options.json) {
    if (ok) say('ok')
    else console.error(`demo: ${faults.join('; ')}`)
    return
  }
  const supply = {
    minted: String(minted),
    burned: String(burned),
    sum_of_balances: String(sumOfBalances),
  }
  const error = ok ? {} : { error: faults.join('; ') }
  console.log(JSON.stringify({ ok, jobs, supply, conserved, ...agreement, ...error }))
}

type Options = {
  readonly json: boolean
  readonly count: SiteCount
  readonly ports: Readonly<Record<SiteName, number>>
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        sites: { type: 'string', default: '2' },
        'port-a': { type: 'string', default: '18000' },
        'port-b': { type: 'string', default: '18001' },
        'port-c': { type: 'string', default: '18002' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    if (!/^[123]$/.test(values.sites)) throw new Error('--sites is 1, 2 or 3')
    const ports = {
      A: Number(values['port-a']),
      B: Number(values['port-b']),
      C: Number(values['port-c']),
    }
    const count = Number(values.sites) as SiteCount
    const used = [ports.A, ports.B, ports.C].slice(0, count)
    const fits = used.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)
    if (!fits || new Set(used).size < count) {
      throw new Error('--port-a, --port-b and --port-c are different port numbers')
    }
    return { json: values.json, count, ports }
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
    console.error('(npm run demo -- --help lists the options)')
    process.exit(2)
  }
}
