/** Whole programs as a person starts them, with their output, for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { inRoot, root } from '../../scripts/setup/paths.ts'

export type Program = {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Exit code, 128 + signal number when a signal ended it. */
  readonly ended: Promise<number>
  /** Waits until its output (either stream) fits; fails when it ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>
}

/** Runs a Node program with arguments. Its environment is ours with `env` on top. */
export function startProgram(
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>
    readonly cwd?: string
    /** Text for standard input; none when absent. */
    readonly input?: string
  } = {},
): Program {
  const child = spawn(process.execPath, [...args], {
    cwd: options.cwd ?? root,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  })
  let [stdout, stderr] = ['', '']
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of [...listeners]) listener()
  }
  child.stdout?.on('data', (chunk) => {
    stdout += String(chunk)
    changed()
  })
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk)
    changed()
  })
  child.stdin?.end(options.input)
  let gone = false
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code, signal) => {
      gone = true
      changed()
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(stderr) ?? pattern.exec(stdout)
        if (found === null && !gone) return
        listeners.delete(look)
        if (found !== null) resolve(found)
        else reject(new Error(`it ended without ${pattern}:\n${stdout}\n${stderr}`))
      }
      listeners.add(look)
      look()
    })
  return { child, stdout: () => stdout, stderr: () => stderr, ended, until }
}

/** Arguments that run one of our TypeScript programs, on the Node that tests run on. */
export const typescript = (program: string): string[] => [inRoot(program)]

/** The password is one that a program takes for a new key. */
export const environmentOf = (home: string): Record<string, string> => ({
  AITBC_HOME: home,
  AITBC_KEY_PASSWORD: 'a password that programs take',
})
