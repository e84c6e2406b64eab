/** The production bundle of the Worker, made by wrangler as a deployment makes it, and its settings. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { binary, inRoot, workerBundlePath } from './paths.ts'
import { run } from './run.ts'
import { settingsPath } from './worker-settings.ts'

/** What the bundle is made from. */
const inputs = [
  'core',
  'd1',
  'durable-objects',
  'workers',
  'miner-agent',
  'wrangler.toml',
  'scripts/setup/write-settings.ts',
  'package-lock.json',
]

/**
 * Bundles the Worker unless the bundle is newer than all that it is made from.
 *
 * @returns The folder of the bundle; its entry is `index.js`.
 */
export async function buildWorker(): Promise<string> {
  const builtMs = modifiedMs(settingsPath(workerBundlePath))
  if (builtMs > 0 && inputs.every((name) => newestMs(inRoot(name)) < builtMs)) {
    return workerBundlePath
  }
  // wrangler wants the folder of pages to be there, even to bundle only the script.
  mkdirSync(inRoot('pages', 'dist'), { recursive: true })
  const fresh = `${workerBundlePath}.${process.pid}`
  const steps = [
    [binary('wrangler'), 'deploy', '--dry-run', '--outdir', fresh],
    [process.execPath, inRoot('scripts', 'setup', 'write-settings.ts'), fresh],
  ] as const
  for (const [program, ...args] of steps) {
    const env = { WRANGLER_SEND_METRICS: 'false', CI: '1' }
    const { code, output } = await run(program, args, { capture: true, env })
    if (code === 0) continue
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
