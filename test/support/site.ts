/**
 * A site as a process of its own, over real HTTP: for browser tests, for whole programs that talk
 * to it, and for tests that kill it (`kill`, `killRuntime`) and go on with the same state.
 */
import { type Site, startSite } from '../../scripts/setup/site.ts'
import { type SiteStateOptions, temporaryState, testVars } from './site-state.ts'

export type TestSite = {
  /** The running process; a new one after `restart`. */
  readonly site: Site
  /** Where it listens, without a slash at the end; the same after a restart. */
  readonly url: string
  /** The Worker's variables, secrets among them. */
  readonly vars: Readonly<Record<string, string>>
  /** Folder of the state. */
  readonly statePath: string
  /** Ends the process if it still runs, hard or in order, and starts it again on the same state. */
  restart(how?: 'kill' | 'stop'): Promise<void>
  /** Ends the process and removes the state. */
  dispose(): Promise<void>
}

export type TestSiteOptions = SiteStateOptions & {
  /** Milliseconds between cron triggers; without it they come only when asked for. */
  cronEveryMs?: number
  port?: number
  /** A port at which the Worker itself listens too, past Miniflare's own Workers: for benchmarks. */
  workerPort?: number
}

/** Starts a site for a test. Dispose of it, or use `await using`. */
export async function startTestSite(
  options: TestSiteOptions = {},
): Promise<TestSite & AsyncDisposable> {
  const state = temporaryState()
  const vars = testVars(options)
  const start = (port?: number) =>
    startSite({
      statePath: state.path,
      vars,
      cronEveryMs: options.cronEveryMs ?? 0,
      onLog: () => undefined,
      ...(port !== undefined && { port }),
      ...(options.workerPort !== undefined && { workerPort: options.workerPort }),
    })
  let site = await start(options.port)
  const dispose = async () => {
    await site.stop()
    await state.remove()
  }
  return {
    get site() {
      return site
    },
    url: site.url,
    vars,
    statePath: state.path,
    restart: async (how = 'kill') => {
      await site[how]()
      site = await start(site.port)
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}
