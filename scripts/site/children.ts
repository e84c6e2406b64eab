/**
 * Programs of ours as child processes: miners that run on, clients that run once. Their output is kept and
 * handed on by lines; they end with whoever started them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { inRoot, root } from '../setup/paths.ts'

export type ChildOptions = {
  /** The program, from the project root. */
  readonly program: 'miner-agent/main.ts' | 'cli/client.ts'
  readonly args: readonly string[]
  /** On top of our own environment. */
  readonly env: Readonly<Record<string, string>>
  /** Receives each line that the child writes. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void
}

export type Child = {
  readonly pid: number
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  /** Exit code, 128 + signal number when a signal ended it; the output is complete by then. */
  readonly ended: Promise<number>
  /** Sends a signal, unless it has ended. */
  signal(name: NodeJS.Signals): void
}

/** Newest lines that are kept of each stream. */
const linesMax = 1_000

/** Starts a program. */
export function startChild(options: ChildOptions): Child {
  const child = spawn(
    process.execPath,
    [
      // Ends the child in order when we are killed so hard that we cannot.
      '--import',
      pathToFileURL(inRoot('scripts', 'setup', 'follow-parent.mjs')).href,
      inRoot(options.program),
      ...options.args,
    ],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    },
  )
  const stdout = keepLines(child, 'stdout', options.onLine)
  const stderr = keepLines(child, 'stderr', options.onLine)
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(1))
    child.once('close', (code, signal) => {
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
  return {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    ended,
    signal: (name) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(name)
    },
  }
}

function keepLines(
  child: ChildProcess,
  stream: 'stdout' | 'stderr',
  onLine: ChildOptions['onLine'],
): string[] {
  const lines: string[] = []
  const input = child[stream]
  if (input === null) return lines
  createInterface({ input }).on('line', (line) => {
    lines.push(line)
    if (lines.length > linesMax) lines.shift()
    onLine?.(line, stream)
  })
  return lines
}
