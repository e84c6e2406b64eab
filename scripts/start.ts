/**
 * `npm start`: a whole devnet on this machine. Brings up the site with one embedded miner, runs one job,
 * shows what it proved, and stays up until a signal ends it and everything that it started.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { formatCoins } from '../core/base/amount.ts'
import { buildSite } from './setup/build.ts'
import { ensureDevVars } from './setup/dev-vars.ts'
import { ensureGenesis } from './setup/genesis.ts'
import { statePath } from './setup/paths.ts'
import { portFromEnv, requireFreePort } from './setup/port.ts'
import { type Site, startSite } from './setup/site.ts'
import type { Child } from './site/children.ts'
import {
  type JobReport,
  type LocalHome,
  openLocalHome,
  reportOf,
  startClient,
  startMiner,
  waitForMiners,
} from './site/programs.ts'

const question = 'What is the capital of France?'
const minerId = 'miner-local'
const clientId = 'client-local'
const restartPauseMs = 5_000

/** What runs now, so that one place can end it. */
const running: { site?: Site; miner?: Child; client?: Child } = {}
let ending = false
let ready = false
let minerFault: string | undefined

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void end(0))
}

try {
  await start()
} catch (error) {
  // An end that was asked for breaks whatever was under way; that is no failure.
  if (!ending) {
    console.error(`start: ${error instanceof Error ? error.message : String(error)}`)
    await end(1)
  }
}

async function start(): Promise<void> {
  const port = portFromEnv()
  await requireFreePort(port)
  holdState()
  const { vars, added } = ensureDevVars()
  if (added.length > 0) console.log(`.dev.vars: wrote ${added.join(', ')}`)
  const genesis = ensureGenesis(vars)
  if (genesis.made) console.log('genesis.json: wrote a new devnet')
  console.log('building what changed …')
  await buildSite()
  console.log('starting the site …')
  const site = await startSite({ statePath, port, vars: { ...vars, GENESIS_JSON: genesis.text } })
  running.site = site
  if (ending) return
  void site.ended.then((code) => fail(`the site ended with ${code}`))

  const home = openLocalHome(join(statePath, 'home'))
  console.log('starting a miner on the embedded engine …')
  mine(site.url, home)
  const stop = () => (ending ? 'ended' : minerFault)
  await waitForMiners(site.url, { count: 1, stop })
  console.log(`asking: ${question}`)
  const client = startClient({ home, api: site.url, id: clientId, prompt: question, onLine })
  running.client = client
  show(await reportOf(client))
  ready = true
  console.log(`ready ${site.url}`)
}

/** Runs the miner, and starts it again when it ends by itself. */
function mine(api: string, home: LocalHome): void {
  const miner = startMiner({ home, api, id: minerId })
  running.miner = miner
  void miner.ended.then(async (code) => {
    if (ending) return
    const words = `the miner ended with ${code}: ${miner.stderr.slice(-5).join('\n')}`
    if (!ready) {
      minerFault = words
      return
    }
    console.error(words)
    await pause(restartPauseMs)
    if (!ending) mine(api, home)
  })
}

function onLine(line: string, stream: 'stdout' | 'stderr'): void {
  if (stream === 'stderr') console.log(`  ${line}`)
}

function show(report: JobReport): void {
  const tokens = `${report.prompt_tokens} + ${report.completion_tokens} tokens`
  console.log(`answer   ${report.answer}`)
  console.log(`paid     ${formatCoins(BigInt(report.amount))} AITBC for ${tokens}`)
  console.log(`miner    ${report.miner}, ${report.miner_address}`)
  console.log(`receipt  ${report.receipt_id}, hash ${report.receipt_hash}`)
  console.log(`block    ${report.block_height}, hash ${report.block_hash}`)
  console.log(`settled  ${report.tx_hash}, inclusion proof verified`)
}

async function fail(message: string): Promise<void> {
  if (ending) return
  console.error(`start: ${message}`)
  await end(1)
}

/** Ends every child, the miner before the site, so that it can say goodbye. */
async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  running.client?.signal('SIGTERM')
  running.miner?.signal('SIGTERM')
  await running.client?.ended
  await running.miner?.ended
  await running.site?.stop()
  releaseState()
  process.exit(code)
}

/** Two sites on one state would spoil it: the file names the process that has it. */
function holdState(): void {
  mkdirSync(statePath, { recursive: true })
  const owner = Number(readOwner())
  if (owner > 0 && owner !== process.pid && isRunning(owner)) {
    console.error(`Process ${owner} has the local state in ${statePath} already.`)
    process.exit(1)
  }
  writeFileSync(ownerFile(), String(process.pid))
}

function releaseState(): void {
  if (Number(readOwner()) === process.pid) rmSync(ownerFile(), { force: true })
}

function ownerFile(): string {
  return join(statePath, 'start.pid')
}

function readOwner(): string {
  try {
    return readFileSync(ownerFile(), 'utf8')
  } catch {
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Another program may have the number by now: ours name their script.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('start.ts')
  } catch {
    return false
  }
}
