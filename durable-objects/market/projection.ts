/** The market's read model: offers that changed, and the prices of the day. Behind, it catches up. */
import { hasPassed } from '../../core/base/time.ts'
import type { Offer } from '../../core/market/offer.ts'
import { modelNamesOf } from '../../core/market/offer.ts'
import { rowsOf } from '../coordinator/schema.ts'
import { marketPolicy } from './limits.ts'
import type { MarketHost, PriceDayRow } from './ports.ts'

export function openProjection(host: MarketHost) {
  const { database, readModel, now } = host
  let pricesAtMs = 0

  const prices = async (): Promise<void> => {
    const nowMs = now()
    if (!hasPassed(marketPolicy.figuresMs, pricesAtMs, nowMs)) return
    const byName = new Map<string, number[]>()
    for (const { body } of rowsOf<{ body: string }>(database, selectOnline)) {
      const offer = JSON.parse(body) as Offer
      const own = new Map<string, number>()
      for (const model of offer.models) {
        const price = Number(model.price_completion)
        for (const name of ['', ...modelNamesOf(model.name)]) {
          own.set(name, Math.min(own.get(name) ?? price, price))
        }
      }
      for (const [name, price] of own) byName.set(name, [...(byName.get(name) ?? []), price])
    }
    const day = new Date(nowMs).toISOString().slice(0, 10)
    const days = [...byName].map(([name, found]): PriceDayRow => {
      const sorted = found.sort((a, b) => a - b)
      const at = (index: number) => sorted[index] ?? 0
      return {
        name,
        day,
        least: at(0),
        median: at(Math.floor((sorted.length - 1) / 2)),
        most: at(sorted.length - 1),
        offers: sorted.length,
      }
    })
    if (days.length > 0) await readModel.prices(days)
    pricesAtMs = nowMs
  }

  return {
    /** Brings some of what changed; what changes meanwhile has another version, and comes later. */
    tick: async (): Promise<void> => {
      const rows = rowsOf<{ offer_id: string; body: string; version: number }>(
        database,
        selectDirty,
        marketPolicy.projectAtOnce,
      )
      const gone = rowsOf<{ offer_id: string }>(database, 'SELECT offer_id FROM gone LIMIT 100')
      if (rows.length + gone.length > 0) {
        const offers = rows.map((row) => JSON.parse(row.body) as Offer)
        await readModel.put(
          offers,
          gone.map((row) => row.offer_id),
        )
        database.transactionSync(() => {
          for (const row of rows) {
            database.sql.exec(setProjected, row.version, row.offer_id)
          }
          for (const row of gone) {
            database.sql.exec('DELETE FROM gone WHERE offer_id = ?', row.offer_id)
          }
        })
        if (rows.length === marketPolicy.projectAtOnce) host.wakeAt(now())
      }
      await prices()
    },
    /** Whether the read model lags. */
    isBehind: (): boolean => rowsOf(database, selectDirty, 1).length > 0,
  }
}

const selectOnline = "SELECT body FROM offers WHERE status = 'online'"
const selectDirty = `SELECT offer_id, body, version FROM offers INDEXED BY offers_dirty
  WHERE version > projected LIMIT ?`
const setProjected = 'UPDATE offers SET projected = ? WHERE offer_id = ?'
