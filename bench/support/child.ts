/**
 * A second process of a benchmark, so that what plays the miners does not share the event loop of what
 * plays the clients. One side calls functions of the other by name.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

type Call = { readonly id: number; readonly name: string; readonly input: unknown }
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string }

/** Functions that a child offers: plain data in, plain data out. */
export type Functions = Readonly<Record<string, (input: never) => unknown>>

/** The same functions as the parent sees them. */
export type Child<F extends Functions> = {
  readonly pid: number
  readonly call: <N extends keyof F & string>(
    name: N,
    ...input: Parameters<F[N]>
  ) => Promise<Awaited<ReturnType<F[N]>>>
  readonly stop: () => Promise<void>
}

/** Starts a program of this folder, such as `miner-process.ts`. */
export function startChild<F extends Functions>(file: string): Child<F> {
  const process_ = fork(fileURLToPath(new URL(file, import.meta.url)), {
    serialization: 'advanced',
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = waitingCalls(process_)
  let lastId = 0
  return {
    pid: process_.pid as number,
    call: (name, ...[input]) =>
      new Promise((resolve, reject) => {
        lastId += 1
        waiting.set(lastId, { resolve: resolve as (value: unknown) => void, reject })
        process_.send({ id: lastId, name, input } satisfies Call)
      }),
    stop: () =>
      new Promise((resolve) => {
        process_.once('exit', () => resolve())
        // The child ends when its parent is gone, whichever way that happens.
        process_.disconnect()
      }),
  }
}

/** The child's side: answers calls until the parent goes away. */
export function serveParent(functions: Functions): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', ({ id, name, input }: Call) => {
    void (async () => {
      const answer: Answer = await Promise.resolve()
        .then(() => functions[name]?.(input as never))
        .then(
          (value) => ({ id, value }),
          (error: unknown) => ({ id, error: error instanceof Error ? error.message : 'failed' }),
        )
      process.send?.(answer)
    })()
  })
}

type Waiting = {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

function waitingCalls(child: ChildProcess): Map<number, Waiting> {
  const waiting = new Map<number, Waiting>()
  child.on('message', ({ id, value, error }: Answer) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(new Error(error))
  })
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the child process ended'))
    waiting.clear()
  })
  return waiting
}
