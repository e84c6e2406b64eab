/**
 * `npm run reset`: deletes the local site's state and its genesis; `.dev.vars` stays. The next start
 * begins a new chain. Asks first on a terminal, unless `--yes`.
 */
import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { genesisPath, statePath } from './setup/paths.ts'

const user = processOn(statePath)
if (user !== undefined) {
  console.error(`The local site runs (process ${user}). Stop it first.`)
  process.exit(1)
}
if (!process.argv.includes('--yes') && !(await confirmed())) {
  console.error('Nothing was deleted.')
  process.exit(1)
}
for (const path of [statePath, genesisPath]) {
  if (!existsSync(path)) continue
  rmSync(path, { recursive: true })
  console.log(`deleted ${path}`)
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.error('No terminal to ask on: use --yes.')
    return false
  }
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await prompt.question('Delete the local chain, its balances and all jobs? [y/N] ')
  prompt.close()
  return /^y(es)?$/i.test(answer.trim())
}

/** A process that has a file below `folder` open; undefined when there is none (or no /proc). */
function processOn(folder: string): number | undefined {
  if (!existsSync('/proc')) return undefined
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name) && hasOpen(`/proc/${name}/fd`, `${folder}/`)) return Number(name)
  }
  return undefined
}

function hasOpen(descriptors: string, prefix: string): boolean {
  try {
    return readdirSync(descriptors).some((fd) => linkOf(`${descriptors}/${fd}`).startsWith(prefix))
  } catch {
    // Another user's process, or one that has just ended.
    return false
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
