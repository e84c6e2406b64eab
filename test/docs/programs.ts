/** Programs that snippets start: each leads a process group, so that nothing of it stays behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'

export type Running = {
  readonly stdout: () => string
  /** Both streams as they came. */
  readonly output: () => string
  /** Exit code, 128 + signal number when a signal ended it. */
  readonly ended: Promise<number>
  /** Waits until `fits` returns something; undefined when the program ends or time is up before. */
  until<T>(fits: (output: string) => T | undefined, limitMs: number): Promise<T | undefined>
  /** Asks all of its processes to end, and makes them when they do not. */
  stop(): Promise<void>
}

export type StartOptions = {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const stopGraceMs = 15_000

const groups = new Set<ChildProcess>()

// The last resort: a test runner that ends early takes its children along.
process.once('exit', () => {
  for (const child of groups) killGroup(child, 'SIGKILL')
})

/** Starts a program with this environment and no other, and no standard input. */
export function startProgram(program: string, args: string[], options: StartOptions): Running {
  const child = spawn(program, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  groups.add(child)
  let [stdout, output] = ['', '']
  let code: number | undefined
  // Ends when nobody writes any more: not the shell, nor what it started.
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const look of [...waiting]) look()
  }
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk)
    output += String(chunk)
    changed()
  })
  child.stderr.on('data', (chunk) => {
    output += String(chunk)
    changed()
  })
  const ended = new Promise<number>((resolve) => {
    const done = (result: number) => {
      code = result
      changed()
      resolve(result)
    }
    child.once('error', (error) => {
      output += error.message
      done(127)
    })
    child.once('exit', (exit, signal) => {
      // What is left in the pipes still counts, but a grandchild that holds them open is no reason
      // to wait.
      setTimeout(() => done(exit ?? 128 + (signal ? constants.signals[signal] : 0)), 50)
    })
  })
  return {
    stdout: () => stdout,
    output: () => output,
    ended,
    until: async (fits, limitMs) => {
      const { promise, resolve } = Promise.withResolvers<ReturnType<typeof fits>>()
      const look = () => {
        const found = fits(output)
        if (found !== undefined || code !== undefined) resolve(found)
      }
      const timer = setTimeout(() => resolve(undefined), limitMs)
      waiting.add(look)
      look()
      const found = await promise
      waiting.delete(look)
      clearTimeout(timer)
      return found
    },
    stop: async () => {
      killGroup(child, 'SIGTERM')
      await Promise.race([closed, pause(stopGraceMs, undefined, { ref: false })])
      // Whoever ignored the signal or was left by its parent.
      killGroup(child, 'SIGKILL')
      await ended
      groups.delete(child)
    },
  }
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // Nobody is left in the group.
  }
}
