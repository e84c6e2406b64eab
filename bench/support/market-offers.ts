/** A site whose market lists a great many offers: rows written straight into its read model. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { marketIndex } from '../../d1/market-index.ts'
import { startSite } from '../../scripts/setup/site.ts'
import { offerOf } from '../../test/support/market-offers.ts'
import { temporaryState, testVars } from '../../test/support/site-state.ts'
import { boundTime } from './bench-site.ts'
import { say } from './report.ts'

export type MarketSite = {
  readonly url: string
  /** File of the read model, for a reader without HTTP. */
  readonly file: string
  /** Rows that the offers make: one for each, and one for each name of a model. */
  readonly rows: number
  readonly stop: () => Promise<void>
}

const offersAtOnce = 1_000

/** Starts it with `count` offers. */
export async function startMarketSite(count: number): Promise<MarketSite> {
  boundTime(600)
  const state = temporaryState()
  const vars = { ...testVars({}), RATE_LIMIT: 'off' }
  const start = () =>
    startSite({ statePath: state.path, vars, cronEveryMs: 0, onLog: () => undefined })
  try {
    const first = await start()
    await fetch(`${first.url}/api/v1/market/offers`)
    await first.stop()
    const file = databaseIn(state.path)
    say(`writing ${count} offers`)
    const rows = await fill(file, count)
    const site = await start()
    const stop = async () => {
      await site.stop()
      await state.remove()
    }
    return { url: site.url, file, rows, stop }
  } catch (error) {
    await state.remove()
    throw error
  }
}

/** As much of D1 as reading and writing the market needs, over a file. */
export function openD1(file: string) {
  const database = new DatabaseSync(file)
  const prepare = (query: string, values: readonly unknown[] = []) => ({
    bind: (...bound: unknown[]) => prepare(query, bound),
    run: () => database.prepare(query).all(...(values as never[])),
    all: async () => ({ results: database.prepare(query).all(...(values as never[])) }),
  })
  type Prepared = ReturnType<typeof prepare>
  const batch = async (statements: readonly Prepared[]) => {
    database.exec('BEGIN')
    const results = statements.map((statement) => ({ results: statement.run() }))
    database.exec('COMMIT')
    return results
  }
  type D1 = Parameters<typeof marketIndex>[0]
  return { d1: { prepare, batch } as unknown as D1, database }
}

async function fill(file: string, count: number): Promise<number> {
  const { d1, database } = openD1(file)
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -500000')
  const index = marketIndex(d1)
  for (let from = 0; from < count; from += offersAtOnce) {
    const length = Math.min(offersAtOnce, count - from)
    await index.put(
      Array.from({ length }, (_, at) => offerOf(from + at)),
      [],
    )
  }
  const found = database.prepare('SELECT count(*) AS count FROM market_rows').get()
  database.close()
  return Number(found?.['count'])
}

/** The file of the read model among those of a state. */
function databaseIn(folder: string): string {
  const found = readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith('.sqlite'))
    .find((file) => {
      const database = new DatabaseSync(file, { readOnly: true })
      try {
        const query = "SELECT 1 FROM sqlite_master WHERE name = 'market_rows'"
        return database.prepare(query).get()
      } finally {
        database.close()
      }
    })
  if (found === undefined) throw new Error('the state holds no read model')
  return found
}
