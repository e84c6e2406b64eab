/**
 * A process that runs seeds until one fails: `node … '{"run":{…},"from":1,"seeds":20}'`. Prints how many it
 * took and what was wrong, as JSON.
 */
import { runCluster } from './cluster.ts'
import type { ClusterOptions } from './sites.ts'

type Request = {
  readonly run: Omit<ClusterOptions, 'seed'>
  readonly seeds: number
  readonly first?: number
}

const { run, seeds, first } = JSON.parse(process.argv[2] ?? '') as Request
let answer: { readonly seed: number; readonly fault: string } | undefined
const order = Array.from({ length: seeds }, (_, n) => n + 1)
for (const seed of first === undefined ? order : [first, ...order]) {
  const [fault] = runCluster({ ...run, seed }).faults
  if (fault === undefined) continue
  answer = { seed, fault }
  break
}
console.log(JSON.stringify(answer ?? {}))
