/**
 * The agent's own folder, `$AITBC_HOME` (default `~/.aitbc`): readable by its owner alone, and written so
 * that a reader finds the old or the new file, never half of one.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** Where the agent keeps what must outlive it. */
export function aitbcHome(env: NodeJS.ProcessEnv): string {
  const chosen = env.AITBC_HOME ?? ''
  return chosen === '' ? join(homedir(), '.aitbc') : resolve(env.AITBC_CWD ?? '.', chosen)
}

/** Where a miner of this name keeps its key, and its journal of releases. */
export const minerFiles = (home: string, minerId: string) => ({
  key: join(home, 'miners', minerId, 'key.json'),
  journal: join(home, 'releases', `${minerId}.ndjson`),
})

/** Makes a folder of mode 0700, with its parents. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

/**
 * Writes a file of mode 0600 whole or not at all; it is on the disk when this returns. A link leads to what
 * is written, wherever that lies.
 */
export function writePrivateFile(path: string, text: string): void {
  write(existsSync(path) ? realpathSync(path) : path, text, renameSync)
}

/** The same for a file that is new: false where there is one already, whoever was faster. */
export function createPrivateFile(path: string, text: string): boolean {
  try {
    write(path, text, (temporary, to) => {
      linkSync(temporary, to)
      rmSync(temporary)
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function write(path: string, text: string, place: (temporary: string, to: string) => void): void {
  makePrivateFolder(dirname(path))
  const temporary = `${path}.${process.pid}.new`
  try {
    const file = openSync(temporary, 'w', 0o600)
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    place(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  // Without this, a crash may lose the name of the file although its content is safe.
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
