/**
 * A site inside the test's own process: the production bundle on workerd with its migrations
 * applied. It starts in half a second and gives access to what a process of its own hides: the
 * database, eviction of Durable Objects, their storage. To kill one hard, see `site.ts`.
 */
import type { Miniflare } from 'miniflare'
import { buildSite } from '../../scripts/setup/build.ts'
import { findFreePort, host } from '../../scripts/setup/port.ts'
import { fireCron, startRuntime, workerName } from '../../scripts/setup/site-runtime.ts'
import { type SiteStateOptions, temporaryState, testVars } from './site-state.ts'

/** A Durable Object, by the name of its class and its own name or id. */
export type ObjectRef = { className: string } & ({ name: string } | { id: string })

export type Row = Record<string, unknown>

export type Harness = {
  /** Where it listens, without a slash at the end; the same after a restart. */
  readonly url: string
  /** The Worker's variables, secrets among them. */
  readonly vars: Readonly<Record<string, string>>
  /** What the Worker logged, newest last. */
  readonly log: readonly string[]
  /** Requests a path of the site over HTTP; redirects are not followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Runs one SQL query on the D1 database. */
  sql(query: string, ...values: unknown[]): Promise<Row[]>
  /** Runs one SQL query inside a Durable Object. */
  objectSql(object: ObjectRef, query: string, ...values: unknown[]): Promise<Row[]>
  /** Drops a Durable Object from memory; its storage stays. Sockets hibernate, or close. */
  evict(object: ObjectRef, webSockets?: 'close' | 'hibernate'): Promise<void>
  /** Names of the objects of a class that have storage. */
  objectIds(className: string): Promise<string[]>
  /** Fires the cron trigger and waits until it has run. */
  cron(): Promise<void>
  /** Makes every query of the read model fail, until `restoreDatabase`. */
  breakDatabase(): Promise<void>
  restoreDatabase(): Promise<void>
  /** Ends the runtime and starts it again on the same state, with these variables changed. */
  restart(vars?: Record<string, string | undefined>): Promise<void>
  /** Ends the runtime and removes the state. */
  dispose(): Promise<void>
}

/** Starts a site for a test. Dispose of it, or use `await using`. */
export async function startHarness(
  options: SiteStateOptions = {},
): Promise<Harness & AsyncDisposable> {
  await buildSite()
  const state = temporaryState()
  const port = await findFreePort()
  const log: string[] = []
  let vars = testVars(options)
  const start = () =>
    startRuntime({
      port,
      statePath: state.path,
      vars,
      inspect: true,
      onLog: (level, message) => void log.push(`${level}: ${message}`),
    })
  let miniflare = await start()
  const dispose = async () => {
    await miniflare.dispose()
    await state.remove()
  }
  return {
    url: `http://${host}:${port}`,
    get vars() {
      return vars
    },
    log,
    fetch: (path, init) => fetch(`http://${host}:${port}${path}`, { redirect: 'manual', ...init }),
    sql: (query, ...values) => databaseSql(miniflare, query, values),
    objectSql: async ({ className, ...object }, query, ...values) => {
      const storage = await miniflare.unsafeGetDurableObjectStorage(workerName, className, object)
      return (await storage.exec(query, ...(values as never[]))) as Row[]
    },
    evict: ({ className, ...object }, webSockets = 'hibernate') =>
      miniflare.unsafeEvictDurableObject(workerName, className, { ...object, webSockets }),
    objectIds: (className) => miniflare.listDurableObjectIds(className, workerName),
    cron: () => fireCron(miniflare),
    breakDatabase: () => renameTables(miniflare, { from: '', to: hiddenPrefix }),
    restoreDatabase: () => renameTables(miniflare, { from: hiddenPrefix, to: '' }),
    restart: async (changes = {}) => {
      await miniflare.dispose()
      vars = Object.fromEntries(
        Object.entries({ ...vars, ...changes }).filter(
          (entry): entry is [string, string] => entry[1] !== undefined,
        ),
      )
      miniflare = await start()
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  }
}

const hiddenPrefix = 'away_'

async function databaseSql(miniflare: Miniflare, query: string, values: unknown[]): Promise<Row[]> {
  const database = await miniflare.getD1Database('DB')
  const { results } = await database
    .prepare(query)
    .bind(...values)
    .all()
  return results as Row[]
}

// Without its tables the database answers every query with an error, as it does when it is down.
async function renameTables(miniflare: Miniflare, prefix: { from: string; to: string }) {
  const names = (await databaseSql(miniflare, tablesQuery, [])).map(({ name }) => String(name))
  const database = await miniflare.getD1Database('DB')
  const renames = names
    .filter((name) => name.startsWith(hiddenPrefix) === (prefix.from === hiddenPrefix))
    .map((name) => {
      const target = `${prefix.to}${name.slice(prefix.from.length)}`
      return database.prepare(`ALTER TABLE "${name}" RENAME TO "${target}"`)
    })
  if (renames.length > 0) await database.batch(renames)
}

const tablesQuery =
  "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' " +
  "AND name NOT LIKE '_cf_%' AND name <> 'd1_migrations'"
