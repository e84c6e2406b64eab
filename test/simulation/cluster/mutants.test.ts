/**
 * The checks of the simulator, checked: faults are put into the code one at a time (mutants.ts), and the
 * simulation must find each. Every mutant is a bundle of its own in a process of its own.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleMutant, type Mutant, mutants } from './mutants.ts'

const folder = mkdtempSync(join(tmpdir(), 'aitbc-mutants-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = promisify(execFile)

/** Makes a bundle; returns its path. */
async function bundled(mutant: Mutant | undefined): Promise<string> {
  const name = mutant?.name.replaceAll(/[^a-z]+/g, '-') ?? 'none'
  const bundle = `${folder}/${name}.mjs`
  await bundleMutant(bundle, mutant)
  return bundle
}

/** What the first bad seed shows, if there is one. */
async function findFault(
  bundle: string,
  { run: network, seeds, first }: Pick<Mutant, 'run' | 'seeds' | 'first'>,
): Promise<{ readonly seed?: number; readonly fault?: string }> {
  const request = JSON.stringify({ run: network, seeds, first })
  const { stdout } = await run(process.execPath, [bundle, request])
  return JSON.parse(stdout)
}

/** The networks of the table, each once: without a fault they must be clean. */
const networks = [...new Set(mutants.map((mutant) => JSON.stringify(mutant.run)))]
const controlSeeds = 12

describe.concurrent('SIM-6', () => {
  let faultless: string
  // One for all networks: none may read it while another writes it.
  beforeAll(async () => {
    faultless = await bundled(undefined)
  })

  test.each(mutants)('SIM-6: $name: found', async (mutant) => {
    const { fault } = await findFault(await bundled(mutant), mutant)
    expect(fault).toMatch(mutant.found)
  })

  test.each(networks)('SIM-6: without a fault nothing is found in %s', async (network) => {
    const request = { run: JSON.parse(network), seeds: controlSeeds }
    expect(await findFault(faultless, request)).toEqual({})
  })
})
