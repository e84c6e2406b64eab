/**
 * A process that runs seeds until one fails: `node … '{"run":{…},"from":1,"seeds":20}'`. Prints how many it
 * took and what was wrong, as JSON.
 */
import { runCluster } from './cluster.ts'
import type { ClusterOptions } from './sites.ts'

type Request = {
  readonly run: Omit<ClusterOptions, 'seed'>
  readonly seeds: number
}

const { run, seeds } = JSON.parse(process.argv[2] ?? '') as Request
let answer: { readonly seed: number; readonly fault: string } | undefined
for (let seed = 1; seed <= seeds && !answer; seed++) {
  const [fault] = runCluster({ ...run, seed }).faults
  if (fault !== undefined) answer = { seed, fault }
}
console.log(JSON.stringify(answer ?? {}))
