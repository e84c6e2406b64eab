/**
 * `npm run demo [-- --json]`: the dual test. Two sites on one chain, two miners on one GPU, two clients; a
 * miner is killed in the middle of a job and another finishes it; every payment is proven and every
 * balance added up. Fresh temporary state each time; ports by `--port-a` and `--port-b`.
 */
import { parseArgs } from 'node:util'
import { formatCoins } from '../core/base/amount.ts'
import { buildSite } from './setup/build.ts'
import { isPortFree } from './setup/port.ts'
import { type DemoMiner, type DemoWorld, openDemoWorld, type SiteName } from './site/demo-world.ts'
import { addUp, type Tally } from './site/ledger.ts'
import { type JobReport, reportOf, waitForMiners } from './site/programs.ts'

/** One job of the last line of `--json`. */
type DemoJob = {
  readonly site: SiteName
  readonly client: string
  readonly job_id: string
  readonly miner: string
  readonly model: string
  readonly tokens: number
  readonly attempts: number
  readonly state: 'COMPLETED'
  readonly receipt_id: string
  readonly tx_hash: string
  readonly block_height: number
  readonly proof_verified: true
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
  const { jobs, tally } = await demo()
  await endWorld()
  finish(jobs, tally)
} catch (error) {
  if (!interrupted) {
    const message = error instanceof Error ? error.message : String(error)
    await endWorld()
    if (options.json) console.log(JSON.stringify({ ok: false, error: message }))
    else console.error(`demo: ${message}`)
    process.exitCode = 1
  }
}

async function demo(): Promise<{ jobs: readonly DemoJob[]; tally: Tally }> {
  for (const port of Object.values(options.ports)) {
    if (await isPortFree(port)) continue
    throw new Error(`port ${port} is taken; use --port-a and --port-b, or stop what listens there`)
  }
  await buildSite()
  const world = await openDemoWorld({
    ports: options.ports,
    say,
    onOpen: (end) => {
      endWorld = end
    },
  })
  const doomed = openDoom()
  // Slow enough to be caught in the middle of an answer, and cheap enough to be asked first.
  const slow = ['--tokens-per-second', '2']
  const minerA = world.startMiner({ id: 'miner-A', site: 'A', args: slow, onLine: doomed.onLine })
  const minerB = world.startMiner({ id: 'miner-B', site: 'B' })
  await joined(world, minerA, 1)
  await joined(world, minerB, 1)

  say('both clients ask their sites')
  const first = await Promise.all([
    run(world, { site: 'A', id: 'client-1', prompt: 'What is the capital of France?' }),
    run(world, { site: 'B', id: 'client-2', prompt: 'What is the capital of Italy?' }),
  ])

  say('another miner joins site A, dearer than miner-A')
  const minerC = world.startMiner({ id: 'miner-C', site: 'A', args: ['--price-out', '0.04'] })
  await joined(world, minerC, 2)
  doomed.arm(minerA)
  const rescued = await run(world, {
    site: 'A',
    id: 'client-1',
    prompt: 'What is the capital of Spain?',
  })
  if (!doomed.done()) throw new Error('miner-A answered before it could be killed')
  if (rescued.attempts !== 2 || rescued.miner !== 'miner-C') {
    throw new Error(`the job took ${rescued.attempts} attempts and ended at ${rescued.miner}`)
  }
  const last = await run(world, {
    site: 'B',
    id: 'client-2',
    prompt: 'What is the capital of Germany?',
  })
  say('adding up every balance, each with its proof')
  const tally = await addUp(world.url('A'), { genesis: world.genesis, holders: world.holders() })
  return { jobs: [...first, rescued, last], tally }
}

async function run(
  world: DemoWorld,
  input: { readonly site: SiteName; readonly id: string; readonly prompt: string },
): Promise<DemoJob> {
  const report = await reportOf(world.startClient(input))
  say(`  ${input.id} at ${input.site}: ${report.answer}`)
  return jobOf(input.site, report)
}

function jobOf(site: SiteName, report: JobReport): DemoJob {
  return {
    site,
    client: report.client,
    job_id: report.job_id,
    miner: report.miner,
    model: report.model,
    tokens: report.completion_tokens,
    attempts: report.attempts,
    // The client reports only jobs that were completed, paid and proven.
    state: 'COMPLETED',
    receipt_id: report.receipt_id,
    tx_hash: report.tx_hash,
    block_height: report.block_height,
    proof_verified: report.proof_verified,
  }
}

async function joined(world: DemoWorld, miner: DemoMiner, count: number): Promise<void> {
  let gone: string | undefined
  void miner.child.ended.then((code) => {
    const words = miner.child.stderr.slice(-3).join('\n')
    gone = `${miner.id} ended with ${code}: ${words}`
  })
  await waitForMiners(world.url(miner.site), { count, stop: () => gone })
  say(`${miner.id} serves site ${miner.site}`)
}

/** Kills a miner, so that it can do nothing more, right after the first token of its next job. */
function openDoom() {
  let victim: DemoMiner | undefined
  let killed = false
  return {
    arm: (miner: DemoMiner) => {
      victim = miner
    },
    done: () => killed,
    onLine: (line: string) => {
      if (victim === undefined || killed || !line.includes('"first token"')) return
      killed = true
      victim.child.signal('SIGKILL')
      say(`killed ${victim.id} in the middle of its answer`)
    },
  }
}

function finish(jobs: readonly DemoJob[], tally: Tally): void {
  const { minted, burned, sumOfBalances } = tally
  const conserved = minted - burned === sumOfBalances
  for (const { name, amount } of tally.balances) {
    say(`${formatCoins(amount).padStart(20)}  ${name}`)
  }
  say(
    `${formatCoins(sumOfBalances).padStart(20)}  together; minted less burned is the same: ${conserved}`,
  )
  if (!conserved) process.exitCode = 1
  if (!options.json) {
    if (conserved) say('ok')
    else console.error('demo: the balances do not add up to what was minted')
    return
  }
  const supply = {
    minted: String(minted),
    burned: String(burned),
    sum_of_balances: String(sumOfBalances),
  }
  const error = conserved ? {} : { error: 'the balances do not add up to what was minted' }
  console.log(JSON.stringify({ ok: conserved, jobs, supply, conserved, ...error }))
}

function readOptions(): { json: boolean; ports: Record<SiteName, number> } {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        'port-a': { type: 'string', default: '18000' },
        'port-b': { type: 'string', default: '18001' },
      },
    })
    const ports = { A: Number(values['port-a']), B: Number(values['port-b']) }
    const fits = (port: number) => Number.isInteger(port) && port > 0 && port < 65_536
    if (fits(ports.A) && fits(ports.B) && ports.A !== ports.B) return { json: values.json, ports }
    console.error('demo: --port-a and --port-b are two different port numbers')
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  }
  process.exit(2)
}
