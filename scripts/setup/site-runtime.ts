/**
 * One site inside this process: the production bundle on workerd, with its state in a folder.
 *
 * Miniflare is used without wrangler's dev server, whose proxy answers a fraction of the requests,
 * reads `.dev.vars` by itself and forgets its state when a test wants it to last.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type V4WorkerOptions,
} from 'miniflare'
import { migrateLocal } from './migrations.ts'
import { inRoot, root, workerBundlePath } from './paths.ts'
import { host } from './port.ts'
import { copyPages } from './served-pages.ts'
import { readSettings } from './worker-settings.ts'

export type RuntimeOptions = {
  port: number
  /** Folder of the state; made when absent. */
  statePath: string
  /** Secrets and variables; they come on top of `[vars]` in wrangler.toml. */
  vars: Record<string, string>
  /** Receives what the Worker logs, a line or more a call. */
  onLog: (level: string, message: string) => void
  /** A port at which workerd hands requests to the Worker itself, past Miniflare's own and the assets'. */
  workerPort?: number | undefined
  /** Allows SQL inside Durable Objects from outside, for tests. */
  inspect?: boolean
  /** Called when a runtime that crashed serves again. */
  onRestart?: () => void
}

/** Name of the Worker inside Miniflare, and of the script that holds its Durable Objects. */
export const workerName = 'aitbc-edge'

/**
 * Starts the runtime, brings the read model's tables up to date, and returns when it serves. The
 * bundle must have been built (`buildSite`).
 */
export async function startRuntime(options: RuntimeOptions): Promise<Miniflare> {
  const { options: settings, vars, assets, databases } = readSettings(workerBundlePath)
  const worker = {
    ...settings,
    rootPath: root,
    assets: { ...assets, directory: copyPages(inRoot(assets.directory), options.statePath) },
    name: workerName,
    modules: modulesOf(workerBundlePath),
    modulesRoot: workerBundlePath,
    // Nothing from .dev.vars: a site gets what its caller gives.
    bindings: { ...vars, ...options.vars },
    ...(options.workerPort !== undefined && {
      unsafeDirectSockets: [{ host, port: options.workerPort }],
    }),
  } as V4WorkerOptions
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({ workers: [worker] }),
    host,
    port: options.port,
    cf: false,
    log: new RuntimeLog(options.onLog),
    logRequests: false,
    // The same layout as `wrangler dev`, so that both may serve one state in turn.
    resourcePersistencePath: join(options.statePath, 'v3'),
    telemetry: { enabled: false },
    unsafeLocalExplorer: false,
    unsafeInspectDurableObjects: options.inspect ?? false,
    handleStructuredLogs: ({ level, message }) => options.onLog(level, message),
    unsafeHandleRuntimeRestart: () => options.onRestart?.(),
  })
  try {
    await miniflare.ready
    for (const { binding, migrations } of databases) {
      await migrateLocal(await miniflare.getD1Database(binding), migrations)
    }
  } catch (error) {
    await miniflare.dispose()
    throw error
  }
  return miniflare
}

/** Fires the cron trigger, as the platform does each minute and no local runtime does by itself. */
export async function fireCron(miniflare: Miniflare): Promise<void> {
  const worker = await miniflare.getWorker(workerName)
  await worker.scheduled({ cron: '* * * * *', scheduledTime: new Date() })
}

/** The process that serves a port for Miniflare, which does not tell; undefined when there is none. */
export function runtimePid(port: number): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
      if (command.includes(`\0--socket-addr=entry=${host}:${port}\0`)) return Number(name)
    } catch {
      // The process ended while we looked.
    }
  }
  return undefined
}

// wrangler copies what the script imports (WebAssembly, data) beside it.
function modulesOf(bundle: string): V4WorkerOptions['modules'] {
  const kinds = {
    '.js': 'ESModule',
    '.mjs': 'ESModule',
    '.wasm': 'CompiledWasm',
    '.bin': 'Data',
    '.gguf': 'Data',
    '.html': 'Text',
    '.sql': 'Text',
    '.txt': 'Text',
  } as const
  const names = readdirSync(bundle).filter((name) => extname(name) in kinds)
  const ordered = ['index.js', ...names.filter((name) => name !== 'index.js')]
  return ordered.map((name) => ({
    type: kinds[extname(name) as keyof typeof kinds],
    path: join(bundle, name),
    contents: readFileSync(join(bundle, name)),
  }))
}

class RuntimeLog extends Log {
  readonly #onLog: RuntimeOptions['onLog']

  constructor(onLog: RuntimeOptions['onLog']) {
    super(LogLevel.WARN)
    this.#onLog = onLog
  }

  override logWithLevel(level: LogLevel, message: string): void {
    if (level <= LogLevel.WARN) this.#onLog(level <= LogLevel.ERROR ? 'error' : 'warn', message)
  }
}
