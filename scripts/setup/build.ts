/** Building what a site serves: the pages, the miner as one file, the Worker. Only what is stale. */
import { existsSync, statSync } from 'node:fs'
import { inRoot } from './paths.ts'
import { run } from './run.ts'
import { buildWorker, newestMs } from './worker-bundle.ts'

/** Set by a program that has just built everything for the programs that it starts. */
const builtFlag = 'AITBC_BUILT'

const pagesMark = inRoot('pages', 'dist', 'csp-hashes.json')
const pagesInputs = [
  'pages',
  'docs',
  'bench/results',
  'core',
  'miner-agent',
  'scripts/build.ts',
  'package-lock.json',
]

let building: Promise<void> | undefined

/** Builds what is stale; once a process, however many ask. */
export function buildSite(): Promise<void> {
  if (process.env[builtFlag] === '1') return Promise.resolve()
  building ??= buildStale().then(() => {
    // Whoever we start uses this build, even if a source file changes meanwhile.
    process.env[builtFlag] = '1'
  })
  return building
}

async function buildStale(): Promise<void> {
  if (isStale(pagesMark, pagesInputs)) {
    // A process of its own: the page builder is heavy, and a running site has no use for it.
    const builder = inRoot('scripts', 'build.ts')
    const { code, output } = await run(
      process.execPath,
      ['--import', 'tsx', builder, '--pages-only'],
      { capture: true },
    )
    if (code !== 0) throw new Error(`the pages do not build:\n${output}`)
  }
  await buildWorker()
}

function isStale(mark: string, inputs: string[]): boolean {
  if (!existsSync(mark)) return true
  const builtMs = statSync(mark).mtimeMs
  return inputs.some((name) => newestMs(inRoot(...name.split('/'))) >= builtMs)
}

/** Where the pages serve the miner agent as one file, with its model beside it: `/agent/`. */
export const agentDist = inRoot('pages', 'dist', 'agent')
