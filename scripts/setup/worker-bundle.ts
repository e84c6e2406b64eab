/** The production bundle of the Worker, made by wrangler as a deployment makes it. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { binary, inRoot, workerBundlePath } from './paths.ts'
import { run } from './run.ts'

/** What the bundle is made from. */
const inputs = [
  'core',
  'd1',
  'durable-objects',
  'workers',
  'miner-agent',
  'wrangler.toml',
  'package-lock.json',
]

/**
 * Bundles the Worker unless the bundle is newer than all that it is made from.
 *
 * @returns The folder of the bundle; its entry is `index.js`.
 */
export async function buildWorker(): Promise<string> {
  const entry = join(workerBundlePath, 'index.js')
  const builtMs = modifiedMs(entry)
  if (builtMs > 0 && inputs.every((name) => newestMs(inRoot(name)) < builtMs)) {
    return workerBundlePath
  }
  // wrangler wants the folder of pages to be there, even to bundle only the script.
  mkdirSync(inRoot('pages', 'dist'), { recursive: true })
  const fresh = `${workerBundlePath}.${process.pid}`
  const { code, output } = await run(
    binary('wrangler'),
    ['deploy', '--dry-run', '--outdir', fresh],
    { capture: true, env: { WRANGLER_SEND_METRICS: 'false', CI: '1' } },
  )
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    throw new Error(`the Worker does not build:\n${output}`)
  }
  // Whole or not at all: two programs may build at the same time.
  rmSync(workerBundlePath, { recursive: true, force: true })
  renameSync(fresh, workerBundlePath)
  return workerBundlePath
}

/** Newest modification below a path, milliseconds since 1970; 0 when there is none. */
export function newestMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  let newest = stat.mtimeMs
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue
    newest = Math.max(newest, newestMs(join(path, entry.name)))
  }
  return newest
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
