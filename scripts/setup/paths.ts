/** Where things are: the project's own folders and files, as absolute paths. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project root. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Path of something below the project root. */
export function inRoot(...parts: string[]): string {
  return join(root, ...parts)
}

/** Path of a program that a dependency brings, such as `wrangler`. */
export function binary(name: string): string {
  return inRoot('node_modules', '.bin', name)
}

/** What belongs to the local site lies here; `AITBC_LOCAL` names another folder, as tests do. */
const localPath = process.env.AITBC_LOCAL || root

/** State of the local site (what `reset` deletes), the folder that `wrangler dev` uses too. */
export const statePath = join(localPath, '.wrangler', 'state')

/** Secrets of the local site. */
export const devVarsPath = join(localPath, '.dev.vars')

/** Genesis of the local site's chain. */
export const genesisPath = join(localPath, 'genesis.json')

/** The folder where the person typed the command: what relative paths in arguments mean. */
export const callerPath = process.env.AITBC_CWD ?? process.cwd()

/** The Worker as `buildWorker` bundles it, ready for upload. */
export const workerBundlePath = inRoot('dist', 'worker')
