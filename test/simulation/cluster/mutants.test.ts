/**
 * The checks of the simulator, checked: faults are put into the code one at a time (mutants.ts), and the
 * simulation must find each. Every mutant is a bundle of its own in a process of its own.
 */
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { inRoot } from '../../../scripts/setup/paths.ts'
import { bundleMutant, type Mutant, mutants } from './mutants.ts'

const folder = inRoot('.cache', 'mutants')
mkdirSync(folder, { recursive: true })
const run = promisify(execFile)

/** What the first bad seed shows, if there is one. */
async function findFault(
  mutant: Mutant | undefined,
  request: Pick<Mutant, 'run' | 'seeds'>,
): Promise<{ readonly seed?: number; readonly fault?: string }> {
  const name = mutant?.name.replaceAll(/[^a-z]+/g, '-') ?? 'none'
  const bundle = `${folder}/${name}.mjs`
  await bundleMutant(bundle, mutant)
  const { run: network, seeds } = request
  const { stdout } = await run(process.execPath, [bundle, JSON.stringify({ run: network, seeds })])
  return JSON.parse(stdout)
}

/** The networks of the table, each once: without a fault they must be clean. */
const networks = [...new Set(mutants.map((mutant) => JSON.stringify(mutant.run)))]
const controlSeeds = 12

describe.concurrent('SIM-6', () => {
  test.each(mutants)('SIM-6: $name: found', async (mutant) => {
    const { fault } = await findFault(mutant, mutant)
    expect(fault).toMatch(mutant.found)
  })

  test.each(networks)('SIM-6: without a fault nothing is found in %s', async (network) => {
    const request = { run: JSON.parse(network), seeds: controlSeeds }
    expect(await findFault(undefined, request)).toEqual({})
  })
})
