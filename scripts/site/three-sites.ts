/**
 * Three sites on one chain, each with a miner and a client: while a job is rescued from a killed miner, a site
 * is killed too and its miner takes its pay to another one; then a site is cut off, goes on alone, and comes
 * back to the chain of the others.
 */
import { waitFor } from './agreement.ts'
import { type DemoJob, joined, openDoom, run } from './demo-jobs.ts'
import type { DemoMiner, DemoWorld } from './demo-world.ts'

/** Runs the scenes and returns the jobs, in the order in which they were asked. */
export async function threeSites(world: DemoWorld): Promise<DemoJob[]> {
  const doomed = openDoom(world)
  const outage = openOutage(world)
  const slow = ['--tokens-per-second', '2']
  const minerA = world.startMiner({ id: 'miner-A', site: 'A', args: slow, onLine: doomed.onLine })
  const minerB = world.startMiner({
    id: 'miner-B',
    site: 'B',
    args: ['--rpc', world.sites.url('C'), '--settle-after', '1s'],
    onLine: outage.onLine,
  })
  const minerC = world.startMiner({ id: 'miner-C', site: 'C' })
  const minerD = world.startMiner({ id: 'miner-D', site: 'A', args: ['--price-out', '0.04'] })
  await Promise.all([
    joined(world, minerA, 2),
    joined(world, minerB, 1),
    joined(world, minerC, 1),
    joined(world, minerD, 2),
  ])
  doomed.arm(minerA)
  const first = await killed(world, minerB, outage)
  doomed.check(first[0] as DemoJob, 'miner-D')
  return [...first, ...(await cutOff(world))]
}

/** A site is killed while its miner holds a release that nobody has settled. */
async function killed(world: DemoWorld, minerB: DemoMiner, outage: Outage): Promise<DemoJob[]> {
  const { sites, say } = world
  say('three clients ask their sites; client-2 opens its escrow for site B through site A')
  outage.arm(minerB)
  const comeBack = outage.settled.then(async () => {
    say(`site B starts again on what it had on the disk`)
    await sites.restart('B')
    say(`site B serves again`)
  })
  const asked = Promise.all([
    run(world, { site: 'A', id: 'client-1', prompt: 'What is the capital of Spain?' }),
    run(world, {
      site: 'B',
      id: 'client-2',
      prompt: 'What is the capital of Italy?',
      args: ['--rpc', sites.url('A')],
    }),
    run(world, { site: 'C', id: 'client-3', prompt: 'What is the capital of Germany?' }),
  ])
  // A client that fails says more than a restart that is then waited for in vain.
  await Promise.race([comeBack, asked])
  const jobs = await asked
  await comeBack
  const { final_height } = await waitFor(sites, 'A', { what: 'an answer', holds: () => true })
  await waitFor(sites, 'B', {
    what: `block ${final_height}`,
    holds: (standing) => standing.final_height >= final_height,
  })
  say('site B has caught up')
  return jobs
}

/** Site C loses its lines to the others; both sides go on, and only the majority finalizes. */
async function cutOff(world: DemoWorld): Promise<DemoJob[]> {
  const { sites, say } = world
  say('site C is cut off from the others')
  sites.cut()
  const before = await waitFor(sites, 'C', { what: 'an answer', holds: () => true })
  const alone = run(world, { site: 'C', id: 'client-3', prompt: 'What is the capital of Japan?' })
  const together = run(world, {
    site: 'A',
    id: 'client-1',
    prompt: 'What is the capital of France?',
  })
  const failed = Promise.race([alone, together]).then(() => new Promise<never>(() => undefined))
  const branched = waitFor(sites, 'C', {
    what: 'a block of its own',
    holds: (standing) => standing.height > Math.max(standing.final_height, before.height),
  })
  const { height, final_height } = await Promise.race([branched, failed])
  say(`site C makes blocks alone: ${height} high, final up to ${final_height}`)
  const paid = await together
  say(`block ${paid.block_height} is final without site C; the line is mended`)
  sites.mend()
  return [paid, await alone]
}

type Outage = ReturnType<typeof openOutage>

/** Kills site B as soon as its miner holds a release; the miner then settles through site C by itself. */
function openOutage(world: DemoWorld) {
  let victim: DemoMiner | undefined
  let dead: Promise<void> | undefined
  let onSettled: () => void = () => undefined
  const settled = new Promise<void>((resolve) => {
    onSettled = resolve
  })
  return {
    arm: (miner: DemoMiner) => {
      victim = miner
    },
    /** When the miner has sent its settlement. */
    settled: settled.then(() => dead),
    onLine: (line: string) => {
      if (victim === undefined) return
      if (dead === undefined && line.includes('"event":"released"')) {
        dead = world.sites.kill('B')
        world.say(`killed site B right after it had released the pay of ${victim.id}`)
      } else if (dead && line.includes('"event":"settling releases ourselves"')) {
        world.say(`${victim.id} settles through site C`)
        onSettled()
      } else if (dead && line.includes('"event":"settled"')) {
        onSettled()
      }
    },
  }
}
