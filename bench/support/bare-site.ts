/**
 * The peer of the gateway: a bare hono Worker that answers the same, bundled and run in the same way, with
 * the same pages. It checks nothing, limits nothing and sets no header of its own.
 */
import { build } from 'esbuild'
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type V4WorkerOptions,
} from 'miniflare'
import { inRoot } from '../../scripts/setup/paths.ts'
import { findFreePort, host } from '../../scripts/setup/port.ts'
import { runtimePid } from '../../scripts/setup/site-runtime.ts'

export type BareSite = {
  readonly url: string
  /** The Worker's own socket. */
  readonly workerUrl: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** An address that it answers: by `c.json`, by `c.html`, with what an object returns, with a file of the pages. */
export type BareRoute =
  | { readonly path: string; readonly kind: 'json' | 'html' | 'object'; readonly body: unknown }
  | { readonly path: string; readonly kind: 'file'; readonly file: string }

/** Starts it with these routes; anything else is 404 in JSON. */
export async function startBareSite(routes: readonly BareRoute[]): Promise<BareSite> {
  const [port, workerPort] = [await findFreePort(), await findFreePort()]
  const worker = {
    name: 'bare',
    modules: [{ type: 'ESModule', path: 'index.js', contents: await bundle(routes) }],
    compatibilityDate: '2026-10-01',
    // As in wrangler.toml: the Worker goes first, and asks for files by their names.
    assets: {
      directory: inRoot('pages', 'dist'),
      binding: 'ASSETS',
      routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
      assetConfig: { html_handling: 'none', not_found_handling: 'none' },
    },
    durableObjects: { OBJECT: { className: 'Constant', useSQLite: true } },
    unsafeDirectSockets: [{ host, port: workerPort }],
  } as V4WorkerOptions
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({ workers: [worker] }),
    host,
    port,
    cf: false,
    log: new Log(LogLevel.NONE),
    logRequests: false,
    telemetry: { enabled: false },
    unsafeLocalExplorer: false,
  })
  await miniflare.ready
  const pid = runtimePid(port)
  if (pid === undefined) throw new Error('the bare site has no process')
  return {
    url: `http://${host}:${port}`,
    workerUrl: `http://${host}:${workerPort}`,
    pid,
    stop: () => miniflare.dispose(),
  }
}

async function bundle(routes: readonly BareRoute[]): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: sourceOf(routes), resolveDir: inRoot() },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:workers'],
    // What wrangler asks of its bundler.
    conditions: ['workerd', 'worker', 'browser'],
  })
  return outputFiles[0]?.text ?? ''
}

const sourceOf = (routes: readonly BareRoute[]): string => `
import { DurableObject } from 'cloudflare:workers'
import { Hono } from 'hono'
const bodies = ${JSON.stringify(Object.fromEntries(objectBodies(routes)))}
export class Constant extends DurableObject {
  async answer(path) { return bodies[path] }
}
const app = new Hono()
${routes.map(lineOf).join('\n')}
app.notFound((c) => c.json({ error: { code: 'NOT_FOUND' } }, 404))
export default app`

const objectBodies = (routes: readonly BareRoute[]) =>
  routes.flatMap((route) => (route.kind === 'object' ? [[route.path, route.body] as const] : []))

function lineOf(route: BareRoute): string {
  const path = JSON.stringify(route.path)
  if (route.kind === 'file') {
    const file = JSON.stringify(route.file)
    return `app.get(${path}, (c) => c.env.ASSETS.fetch(new URL(${file}, c.req.url)))`
  }
  if (route.kind === 'object') {
    const stub = "c.env.OBJECT.get(c.env.OBJECT.idFromName('one'))"
    return `app.get(${path}, async (c) => c.json(await ${stub}.answer(${path})))`
  }
  return `app.get(${path}, (c) => c.${route.kind}(${JSON.stringify(route.body)}))`
}
