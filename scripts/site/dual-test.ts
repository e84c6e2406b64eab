/**
 * The dual test: two miners on one GPU, two clients; a miner is killed in the middle of a job and another
 * finishes it. On two sites of which one follows the other's chain, or all of it on one.
 */
import { type DemoJob, joined, openDoom, run } from './demo-jobs.ts'
import type { DemoWorld } from './demo-world.ts'

/** Runs the scenes and returns the jobs, in the order in which they were asked. */
export async function dualTest(world: DemoWorld): Promise<DemoJob[]> {
  const { say } = world
  const doomed = openDoom(world)
  const second = world.sites.names.includes('B') ? 'B' : 'A'
  // Slow enough to be caught in the middle of an answer, and cheap enough to be asked first.
  const slow = ['--tokens-per-second', '2']
  const minerA = world.startMiner({ id: 'miner-A', site: 'A', args: slow, onLine: doomed.onLine })
  // On one site it would be asked instead of the miner that is to be killed.
  const minerB = second === 'B' ? world.startMiner({ id: 'miner-B', site: 'B' }) : undefined
  await joined(world, minerA, 1)
  if (minerB) await joined(world, minerB, 1)

  say(minerB ? 'both clients ask their sites' : 'both clients ask the site')
  const first = await Promise.all([
    run(world, { site: 'A', id: 'client-1', prompt: 'What is the capital of France?' }),
    run(world, { site: second, id: 'client-2', prompt: 'What is the capital of Italy?' }),
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
  doomed.check(rescued, 'miner-C')
  const last = await run(world, {
    site: second,
    id: 'client-2',
    prompt: 'What is the capital of Germany?',
  })
  return [...first, rescued, last]
}
