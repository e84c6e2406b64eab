/** Writing the market's read model. What is written again stays the same. */
import type { Offer } from '../core/market/offer.ts'
import { type OfferRow, offerRows, offerSorts, sortKeyOf } from '../core/market/row.ts'

/** Prices of a model on a day of UTC. */
export type PriceDay = {
  readonly name: string
  readonly day: string
  readonly least: number
  readonly median: number
  readonly most: number
  readonly offers: number
}

/** The writer over one database. Each call is one batch: all of it or nothing. */
export function marketIndex(db: D1Database) {
  return {
    /** Puts these offers in place of what stood under their ids, and takes those away. */
    put: async (offers: readonly Offer[], gone: readonly string[]): Promise<void> => {
      const ids = JSON.stringify([...offers.map((offer) => offer.offer_id), ...gone])
      const rows = offers.flatMap(offerRows).map(columnValues)
      const bodies = offers.map((offer) => [offer.offer_id, JSON.stringify(offer)])
      await db.batch([
        db.prepare(deleteRows).bind(ids),
        db.prepare(deleteOffers).bind(ids),
        db.prepare(insertOffers).bind(JSON.stringify(bodies)),
        ...pieces(rows).map((piece) => db.prepare(insertRows).bind(piece)),
      ])
    },

    /** Takes away everything but prices of days. */
    clear: async (): Promise<void> => {
      await db.batch([
        db.prepare('DELETE FROM market_rows'),
        db.prepare('DELETE FROM market_offers'),
      ])
    },

    prices: async (days: readonly PriceDay[]): Promise<void> => {
      const values = days.map((each) => [
        each.name,
        each.day,
        each.least,
        each.median,
        each.most,
        each.offers,
      ])
      await db.prepare(insertPrices).bind(JSON.stringify(values)).run()
    },
  }
}

/** D1 takes 2 MB in a parameter. */
const rowsAtOnce = 500

function pieces(rows: readonly unknown[]): string[] {
  const found: string[] = []
  for (let at = 0; at < rows.length; at += rowsAtOnce) {
    found.push(JSON.stringify(rows.slice(at, at + rowsAtOnce)))
  }
  return found
}

/** Columns of `market_rows` and where their values come from. */
const columns: readonly (readonly [string, (row: OfferRow) => string | number | null])[] = [
  ['name', (row) => row.name],
  ['offer_id', (row) => row.offerId],
  ['online', (row) => row.online],
  ['verified', (row) => row.verified],
  ['status', (row) => row.status],
  ['kind', (row) => row.kind],
  ['engine', (row) => row.engine],
  ['region', (row) => row.region],
  ['site', (row) => row.site],
  ['miner', (row) => row.miner],
  ['provider', (row) => row.provider],
  ['models', (row) => row.models],
  ['gpus', (row) => row.gpus],
  ['arch', (row) => row.arch],
  ['cuda', (row) => row.cuda],
  ['words', (row) => row.text],
  ['vram', (row) => row.vram],
  ['price', (row) => row.price],
  ['price_prompt', (row) => row.pricePrompt],
  ['price_hour', (row) => row.priceHour],
  ['gpu_second', (row) => row.gpuSecond],
  ['gpu_count', (row) => row.gpuCount],
  ['speed', (row) => row.speed],
  ['performance', (row) => row.performance],
  ['uptime', (row) => row.uptime],
  ['reputation', (row) => row.reputation],
  ['rating', (row) => row.rating],
  ['reviews', (row) => row.reviews],
  ['context', (row) => row.context],
  ['places', (row) => row.places],
  ['free', (row) => row.free],
  ...offerSorts.map((sort) => [`order_${sort}`, (row: OfferRow) => sortKeyOf(row, sort)] as const),
]

const columnValues = (row: OfferRow) => columns.map(([, value]) => value(row))

const names = columns.map(([name]) => name)
const fieldsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => `json_extract(j.value, '$[${index}]')`).join(', ')

const deleteRows = 'DELETE FROM market_rows WHERE offer_id IN (SELECT value FROM json_each(?))'
const deleteOffers = 'DELETE FROM market_offers WHERE offer_id IN (SELECT value FROM json_each(?))'
const insertOffers = `INSERT INTO market_offers (offer_id, body) SELECT ${fieldsOf(2)} FROM json_each(?) AS j`
const insertRows = `INSERT INTO market_rows (${names.join(', ')}) SELECT ${fieldsOf(names.length)}
  FROM json_each(?) AS j`
const insertPrices = `INSERT OR REPLACE INTO market_price_days
  (name, day, least, median, most, offers) SELECT ${fieldsOf(6)} FROM json_each(?) AS j`
