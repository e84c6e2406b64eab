/**
 * Running a site as a process of its own: for `npm start`, the demo, the benchmarks, and the tests
 * that kill it. One call starts it on a folder of state; starting again on that folder continues.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { buildSite } from './build.ts'
import { inRoot, root } from './paths.ts'
import { findFreePort, host } from './port.ts'
import type { FromSite, ToSite } from './site-messages.ts'

export type SiteOptions = {
  /** Folder of the state: Durable Objects and the D1 database. */
  statePath: string
  /** Secrets and variables of the Worker, `GENESIS_JSON` among them. */
  vars: Record<string, string>
  /** A free one when absent. */
  port?: number
  /** A port at which workerd hands requests to the Worker itself, past Miniflare's own: for benchmarks. */
  workerPort?: number
  /** Milliseconds between cron triggers, 60 000 as on the platform; 0 fires none by itself. */
  cronEveryMs?: number
  /** Receives what the Worker logs; without it, warnings and errors go to stderr. */
  onLog?: (level: string, message: string) => void
}

export type Site = {
  /** Where it listens, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** The site's process, which leads a process group with the runtime in it. */
  readonly pid: number
  /** Newest log lines, at most 1 000. */
  readonly log: readonly string[]
  /** Resolves with the exit code when the process has ended, in whatever way. */
  readonly ended: Promise<number>
  /** Fires the cron trigger and waits until it has run. */
  cron(): Promise<void>
  /** Ends it in the orderly way. */
  stop(): Promise<void>
  /** SIGKILL to the site's process and its runtime. Start it again on the same state. */
  kill(): Promise<void>
  /** SIGKILL to the runtime alone; resolves when it serves again, on the same port and state. */
  killRuntime(): Promise<void>
}

const logLinesMax = 1_000

/** Builds what is stale, starts a site and waits until it serves. */
export async function startSite(options: SiteOptions): Promise<Site> {
  await buildSite()
  const port = options.port ?? (await findFreePort())
  const child = spawn(process.execPath, [inRoot('scripts', 'setup', 'site-main.ts')], {
    cwd: root,
    // A group of its own: a signal from the terminal ends it through us, after the miners.
    detached: true,
    // Its stdout goes to our stderr: a command's stdout belongs to the command (demo --json).
    stdio: ['ignore', 2, 2, 'ipc'],
    env: process.env,
  })
  const link = new SiteLink(child, options.onLog ?? logToStderr)
  link.send({
    kind: 'start',
    port,
    statePath: options.statePath,
    vars: options.vars,
    cronEveryMs: options.cronEveryMs ?? 60_000,
    workerPort: options.workerPort,
  })
  await link.waitFor('ready')
  return {
    url: `http://${host}:${port}`,
    port,
    pid: child.pid as number,
    log: link.log,
    ended: link.ended,
    cron: () => link.cron(),
    stop: async () => {
      link.send({ kind: 'stop' })
      await link.ended
    },
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        process.kill(-(child.pid as number), 'SIGKILL')
      }
      await link.ended
    },
    killRuntime: () => link.killRuntime(),
  }
}

class SiteLink {
  readonly log: string[] = []
  readonly ended: Promise<number>
  readonly #child: ChildProcess
  readonly #listeners = new Set<(message: FromSite | undefined) => void>()
  #gone = false
  #runtimePid: number | undefined
  #cronId = 0

  constructor(child: ChildProcess, onLog: (level: string, message: string) => void) {
    this.#child = child
    child.on('message', (message: FromSite) => {
      if (message.kind === 'log') {
        this.log.push(`${message.level}: ${message.message}`)
        if (this.log.length > logLinesMax) this.log.shift()
        onLog(message.level, message.message)
      } else if (message.kind === 'ready' || message.kind === 'restarted') {
        this.#runtimePid = message.runtimePid
      }
      for (const listener of [...this.#listeners]) listener(message)
    })
    this.ended = new Promise((resolve) => {
      child.once('error', () => resolve(1))
      child.once('exit', (code, signal) => {
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
      })
    })
    void this.ended.then(() => {
      this.#gone = true
      for (const listener of [...this.#listeners]) listener(undefined)
    })
  }

  send(message: ToSite): void {
    if (this.#child.connected) this.#child.send(message)
  }

  /** Waits for a message of this kind that also fits; fails when the process ends before. */
  waitFor<K extends FromSite['kind']>(
    kind: K,
    fits: (message: FromSite & { kind: K }) => boolean = () => true,
  ): Promise<FromSite & { kind: K }> {
    return new Promise((resolve, reject) => {
      const listener = (message: FromSite | undefined) => {
        if (message === undefined || message.kind === 'failed') {
          this.#listeners.delete(listener)
          const reason = message?.message ?? this.log.slice(-5).join('\n')
          reject(new Error(`the site's process ended: ${reason || 'it said nothing'}`))
        } else if (message.kind === kind && fits(message as FromSite & { kind: K })) {
          this.#listeners.delete(listener)
          resolve(message as FromSite & { kind: K })
        }
      }
      if (this.#gone) listener(undefined)
      else this.#listeners.add(listener)
    })
  }

  async cron(): Promise<void> {
    const id = ++this.#cronId
    const done = this.waitFor('cron', (message) => message.id === id)
    this.send({ kind: 'cron', id })
    const { error } = await done
    if (error !== undefined) throw new Error(`the cron trigger failed: ${error}`)
  }

  async killRuntime(): Promise<void> {
    if (this.#runtimePid === undefined) throw new Error('the pid of the runtime is not known')
    const done = this.waitFor('restarted')
    process.kill(this.#runtimePid, 'SIGKILL')
    await done
  }
}

function logToStderr(level: string, message: string): void {
  if (level === 'warn' || level === 'error') console.error(message)
}
