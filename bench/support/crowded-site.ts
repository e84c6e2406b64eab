/**
 * A site whose read model holds a great many transactions beside those of its own small chain: rows written
 * straight into its database, since to make and index so many blocks would take hours.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startSite } from '../../scripts/setup/site.ts'
import { temporaryState } from '../../test/support/site-state.ts'
import { boundTime } from './bench-site.ts'
import { type Content, fillChain } from './filled-chain.ts'
import { until } from './payers.ts'
import { say } from './report.ts'

export type CrowdedSite = {
  readonly url: string
  readonly headHeight: number
  /** Transactions that the database holds, the chain's own among them. */
  readonly rows: number
  readonly stop: () => Promise<void>
}

/** A million rows and their indexes take minutes on a machine that is shared. */
const secondsMax = 900
/** First position of rows that no block has. */
const firstPosition = 1_000

/** Makes a chain, lets the site index it, and adds rows up to `rows`. */
export async function startCrowdedSite(content: Content, rows: number): Promise<CrowdedSite> {
  boundTime(secondsMax)
  const state = temporaryState()
  try {
    say(`making a chain of ${content.blocks} blocks with ${content.transactions} transactions each`)
    const { vars: chainVars, headHeight } = await fillChain(state.path, content)
    const vars = { ...chainVars, RATE_LIMIT: 'off' }
    const start = () =>
      startSite({ statePath: state.path, vars, cronEveryMs: 0, onLog: () => undefined })
    const first = await start()
    try {
      await until(async () => {
        const answer = await fetch(`${first.url}/rpc/status`)
        const { indexed_height } = (await answer.json()) as { indexed_height: number }
        return indexed_height >= headHeight
      })
    } finally {
      await first.stop()
    }
    const total = addRows(databaseIn(state.path), { heights: headHeight, rows })
    const site = await start()
    const stop = async () => {
      await site.stop()
      await state.remove()
    }
    return { url: site.url, headHeight, rows: total, stop }
  } catch (error) {
    await state.remove()
    throw error
  }
}

/** The file of the read model among those of a state. */
function databaseIn(folder: string): string {
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => join(folder, name))
  const found = files.find((file) => {
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      return database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'chain_transactions'").get()
    } finally {
      database.close()
    }
  })
  if (found === undefined) throw new Error('the state holds no read model')
  return found
}

function addRows(
  file: string,
  wanted: { readonly heights: number; readonly rows: number },
): number {
  const database = new DatabaseSync(file)
  try {
    const held = database.prepare('SELECT count(*) AS count FROM chain_transactions').get()
    const model = database
      .prepare('SELECT * FROM chain_transactions WHERE kind = ? LIMIT 1')
      .get('transfer') as Record<string, string | number | null> | undefined
    if (model === undefined) throw new Error('the chain holds no transfer')
    const missing = Math.max(0, wanted.rows - Number(held?.['count']))
    say(`adding ${missing} rows to the database`)
    const names = Object.keys(model)
    const insert = database.prepare(
      `INSERT INTO chain_transactions (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    )
    // In one piece and from memory: nothing is lost that could not be made again.
    database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN')
    for (let number = 0; number < missing; number++) {
      const row = {
        ...model,
        height: 1 + (number % wanted.heights),
        position: firstPosition + Math.floor(number / wanted.heights),
        hash: randomBytes(32).toString('hex'),
      } as Record<string, string | number | null>
      insert.run(...names.map((name) => row[name] ?? null))
    }
    database.exec('COMMIT')
    database.exec(`UPDATE chain_meta SET transactions = transactions + ${missing}`)
    return Number(held?.['count']) + missing
  } finally {
    database.close()
  }
}
