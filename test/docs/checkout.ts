/** A copy of the project as a person has it after the first build: nothing of the local site in it. */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inRoot, root } from '../../scripts/setup/paths.ts'

export type Checkout = {
  /** The project's copy. */
  readonly path: string
  /** Makes a folder beside it, such as a home. */
  folder(name: string): string
  remove(): void
}

/** Copies what git knows or would take, and what is built. */
export function makeCheckout(): Checkout {
  const base = mkdtempSync(join(tmpdir(), 'aitbc-docs-'))
  const path = join(base, 'aitbc-edge')
  const listed = execFileSync('git', ['ls-files', '-coz', '--exclude-standard'], { cwd: root })
  for (const name of listed.toString().split('\0')) {
    if (name === '' || name === 'node_modules' || !existsSync(inRoot(name))) continue
    mkdirSync(dirname(join(path, name)), { recursive: true })
    copyFileSync(inRoot(name), join(path, name))
  }
  for (const name of ['dist', join('pages', 'dist')]) {
    cpSync(inRoot(name), join(path, name), { recursive: true })
  }
  symlinkSync(inRoot('node_modules'), join(path, 'node_modules'))
  return {
    path,
    folder: (name) => {
      const folder = join(base, name)
      mkdirSync(folder, { recursive: true })
      return folder
    },
    remove: () => rmSync(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  }
}
