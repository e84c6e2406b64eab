/** What the scenes of the demo share: miners that join and are killed, and clients whose jobs are reported. */

import type { SiteName } from './demo-sites.ts'
import type { DemoMiner, DemoWorld } from './demo-world.ts'
import { type JobReport, reportOf, waitForMiners } from './programs.ts'

/** One job of the last line of `--json`. */
export type DemoJob = {
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

/** Asks once, and returns what the client has proven. */
export async function run(
  world: DemoWorld,
  input: Parameters<DemoWorld['startClient']>[0],
): Promise<DemoJob> {
  const report = await reportOf(world.startClient(input))
  world.say(`  ${input.id} at ${input.site}: ${report.answer}`)
  return jobOf(input.site, report)
}

/** Waits until a miner serves its site, as one of `count`. */
export async function joined(world: DemoWorld, miner: DemoMiner, count: number): Promise<void> {
  let gone: string | undefined
  void miner.child.ended.then((code) => {
    const words = miner.child.stderr.slice(-3).join('\n')
    gone = `${miner.id} ended with ${code}: ${words}`
  })
  await waitForMiners(world.sites.url(miner.site), { count, stop: () => gone })
  world.say(`${miner.id} serves site ${miner.site}`)
}

/** Kills a miner, so that it can do nothing more, right after the first token of its next job. */
export function openDoom(world: DemoWorld) {
  let victim: DemoMiner | undefined
  let killed = false
  return {
    arm: (miner: DemoMiner) => {
      victim = miner
    },
    onLine: (line: string) => {
      if (victim === undefined || killed || !line.includes('"event":"first token"')) return
      killed = true
      victim.child.signal('SIGKILL')
      world.say(`killed ${victim.id} in the middle of its answer`)
    },
    /** @throws Error unless the job was begun by the victim and finished by `rescuer`. */
    check: (job: DemoJob, rescuer: string) => {
      if (!killed) throw new Error('the miner answered before it could be killed')
      if (job.attempts === 2 && job.miner === rescuer) return
      throw new Error(`the job took ${job.attempts} attempts and ended at ${job.miner}`)
    },
  }
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
