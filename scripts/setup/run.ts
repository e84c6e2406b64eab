/** Running another program to its end, as every script here does it. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { root } from './paths.ts'

/** How a program ended: its exit code (128 + signal number when a signal ended it) and output. */
export type Ended = { code: number; output: string }

export type RunOptions = {
  /** Variables on top of our own environment. */
  env?: Record<string, string>
  /** Collect stdout and stderr instead of passing them through. */
  capture?: boolean
  /** Text for the program's standard input; without it, it has none when captured. */
  input?: string
  /** Working folder; the project root when absent. */
  cwd?: string
}

/** Runs a program until it ends; passes our termination signals on to it. */
export function run(program: string, args: string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const output = options.capture ? 'pipe' : 'inherit'
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: [
        options.input !== undefined ? 'pipe' : options.capture ? 'ignore' : 'inherit',
        output,
        output,
      ],
    })
    const chunks: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stdin?.end(options.input)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    const pass = (signal: NodeJS.Signals) => child.kill(signal)
    for (const signal of signals) process.on(signal, pass)
    const done = () => {
      for (const signal of signals) process.off(signal, pass)
    }
    child.once('error', (error) => {
      done()
      reject(error)
    })
    child.once('close', (code, signal) => {
      done()
      const number = signal ? 128 + constants.signals[signal] : (code ?? 1)
      resolve({ code: number, output: Buffer.concat(chunks).toString() })
    })
  })
}
