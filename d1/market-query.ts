/**
 * Offers out of the read model: the query language as SQL, pages by place and never by offset. A test
 * compares every answer with what core/market/query.ts says of the same rows. Rules: QUERY-5.
 */
import { marketLimits } from '../core/market/limits.ts'
import type { CompareSign, MarketQuery, Term } from '../core/market/query.ts'
import type { OfferSort, RowPlace } from '../core/market/row.ts'
import type { Fragment } from './chain-lists.ts'

/** A page of offers, as JSON text each, and the place of the last one where there are more. */
export type OfferRows = { readonly bodies: readonly string[]; readonly next: RowPlace | undefined }

/** Counts of what the offers are that a query finds. */
export type FacetRows = {
  readonly counts: readonly {
    readonly facet: string
    readonly value: string
    readonly count: number
  }[]
  readonly counted: number
  /** Whether those were all that match. */
  readonly isComplete: boolean
  readonly price: { readonly least: number; readonly most: number } | undefined
  readonly vram: { readonly least: number; readonly most: number } | undefined
}

/** Prices by day, and how many offers have a price between. */
export type PriceRows = {
  readonly days: readonly {
    readonly day: string
    readonly least: number
    readonly median: number
    readonly most: number
    readonly offers: number
  }[]
  readonly histogram: readonly {
    readonly from: number
    readonly to: number
    readonly count: number
  }[]
}

/** The market's queries over one database. */
export function marketQueries(db: D1Database) {
  const all = async <T>({ text, values }: Fragment): Promise<T[]> => {
    const { results } = await db
      .prepare(text)
      .bind(...values)
      .all<T>()
    return results
  }
  return {
    offers: async (
      query: MarketQuery,
      page: { readonly place: RowPlace | undefined; readonly limit: number },
    ): Promise<OfferRows> => {
      const rows = await all<{ body: string; key: number; offerId: string }>(
        offersFragment(query, page),
      )
      const shown = rows.slice(0, page.limit)
      const last = rows.length > page.limit ? shown.at(-1) : undefined
      return {
        bodies: shown.map((row) => row.body),
        next: last && { key: last.key, offerId: last.offerId },
      }
    },

    facets: async (query: MarketQuery): Promise<FacetRows> => {
      type Row = { facet: string; value: string; count: number; other: number }
      const found = await db.batch<Row>(
        facetsFragments(query).map(({ text, values }) => db.prepare(text).bind(...values)),
      )
      const rows = found.flatMap(({ results }) => results)
      const counted = rows.find((row) => row.facet === 'price')?.count ?? 0
      const spanOf = (facet: string) => {
        const row = rows.find((each) => each.facet === facet)
        return row && row.value !== null ? { least: Number(row.value), most: row.other } : undefined
      }
      return {
        counts: rows.filter((row) => !['price', 'vram'].includes(row.facet)),
        counted,
        isComplete: counted < marketLimits.facetOffersMax,
        price: spanOf('price'),
        vram: spanOf('vram'),
      }
    },

    prices: async (asked: {
      readonly name: string
      readonly fromDay: string
    }): Promise<PriceRows> => {
      const days = await all<PriceRows['days'][number]>({
        text: `SELECT day, least, median, most, offers FROM market_price_days
          WHERE name = ? AND day >= ? ORDER BY day`,
        values: [asked.name, asked.fromDay],
      })
      return { days, histogram: await histogram(all, asked.name) }
    },

    /** Announcements of final blocks after a place, oldest first. */
    announcements: (after: { readonly height: number; readonly position: number }, limit: number) =>
      all<{
        height: number
        position: number
        txHash: string
        sender: string
        topic: number
        body: string
      }>({
        text: `SELECT height, position, tx_hash AS txHash, sender, topic, body FROM announcements
          WHERE (height, position) > (?, ?) ORDER BY height, position LIMIT ?`,
        values: [after.height, after.position, limit],
      }),

    /** Figures of the whole list. */
    figures: async () => {
      const [row] = await all<{
        offers: number
        online: number
        verified: number
        sites: number
        places: number
        free: number
        cheapest: number | null
        models: number
      }>({ text: selectFigures, values: [] })
      return row
    },
  }
}

/** SQL of a page of offers; asks for one row more, which says whether there are any. */
export function offersFragment(
  query: MarketQuery,
  page: { readonly place: RowPlace | undefined; readonly limit: number },
): Fragment {
  const column = orderColumn(query.sort)
  const found = conditionsOf(query)
  const { place } = page
  const beyond: Fragment[] = place
    ? [{ text: `(${column}, offer_id) > (?, ?)`, values: [place.key, place.offerId] }]
    : []
  const conditions = [
    ...found,
    ...beyond,
    ...query.terms.flatMap((term) => endOf(term, query.sort)),
  ]
  return {
    text:
      `SELECT o.body AS body, r.key AS "key", r.offer_id AS offerId FROM (SELECT offer_id, ` +
      `${column} AS key FROM ${tableOf(query)} WHERE ${conditions.map(({ text }) => text).join(' AND ')} ` +
      `ORDER BY ${column}, offer_id LIMIT ?) AS r JOIN market_offers AS o ON o.offer_id = r.offer_id ` +
      'ORDER BY r.key, r.offer_id',
    values: [...conditions.flatMap(({ values }) => values), page.limit + 1],
  }
}

/**
 * Where an order may stop: a bound of the very figure that it is ordered by, said of the order's key too,
 * so that the search ends there instead of walking on to the last offer.
 */
function endOf(term: Term, sort: OfferSort): Fragment[] {
  if (term.type !== 'number') return []
  const column = orderColumn(sort)
  if (term.column === rising[sort] && (term.sign === '<' || term.sign === '<=')) {
    return [{ text: `${column} <= ?`, values: [term.value] }]
  }
  if (term.column === falling[sort] && (term.sign === '>' || term.sign === '>=')) {
    return [{ text: `${column} <= ?`, values: [-term.value] }]
  }
  return []
}

type NumberColumn = Extract<Term, { type: 'number' }>['column']

/** Figures of which the least comes first, and those of which the greatest does. */
const rising: Partial<Record<OfferSort, NumberColumn>> = {
  price: 'price',
  price_hour: 'priceHour',
  gpu_second: 'gpuSecond',
}
const falling: Partial<Record<OfferSort, NumberColumn>> = {
  price_performance: 'performance',
  speed: 'speed',
  reputation: 'reputation',
  rating: 'rating',
  uptime: 'uptime',
  vram: 'vram',
}

/** The planner would rather walk a whole order: it does not know that a miner has few offers. */
const tableOf = (query: MarketQuery): string =>
  query.terms.some(
    (term) =>
      term.type === 'text' &&
      term.column === 'miner' &&
      term.sign === '=' &&
      term.values.length === 1,
  )
    ? 'market_rows INDEXED BY market_rows_miner'
    : 'market_rows'

/**
 * Looks at a bounded number of offers, and counts them in several ways: two statements, since D1 takes no
 * compound of more than five.
 */
function facetsFragments(query: MarketQuery): readonly Fragment[] {
  const conditions = conditionsOf(query)
  const count = (name: string) =>
    `SELECT * FROM (SELECT '${name}' AS facet, ${name} AS value, count(*) AS count, 0 AS other ` +
    `FROM m WHERE ${name} <> '' GROUP BY ${name} ORDER BY count(*) DESC, ${name} ` +
    `LIMIT ${marketLimits.facetValuesMax})`
  // Least and greatest of what is known, and how many offers there are.
  const span = (column: string) =>
    `SELECT '${column}' AS facet, min(${column}) AS value, count(*) AS count, ` +
    `max(${column}) AS other FROM m`
  // The first GPU stands for all: an offer counts once.
  const firstOf = (list: string) => `substr(${list}, 2, instr(substr(${list}, 2), char(10)) - 1)`
  const gpus =
    "SELECT * FROM (SELECT 'gpu_count' AS facet, gpu_count AS value, count(*) AS count, 0 AS other " +
    `FROM m WHERE gpu_count > 0 GROUP BY gpu_count ORDER BY gpu_count LIMIT ${marketLimits.facetValuesMax})`
  const models =
    `SELECT * FROM (SELECT 'model' AS facet, r.name AS value, count(*) AS count, 0 AS other ` +
    "FROM m CROSS JOIN market_rows AS r ON r.offer_id = m.offer_id WHERE r.name <> '' " +
    `GROUP BY r.name ORDER BY count(*) DESC, r.name LIMIT ${marketLimits.facetValuesMax})`
  const among =
    `WITH m AS MATERIALIZED (SELECT offer_id, region, engine, status, ${firstOf('gpus')} AS gpu, ` +
    `${firstOf('arch')} AS arch, ` +
    `${firstOf('cuda')} AS cuda, gpu_count, price, vram ` +
    `FROM market_rows WHERE ${conditions.map(({ text }) => text).join(' AND ')} LIMIT ?) `
  const values = [...conditions.flatMap((each) => each.values), marketLimits.facetOffersMax]
  return [
    [span('price'), ...['region', 'engine', 'status', 'gpu'].map(count)],
    [models, gpus, count('cuda'), count('arch'), span('vram')],
  ].map((parts) => ({ text: among + parts.join(' UNION ALL '), values }))
}

async function histogram(
  all: <T>(fragment: Fragment) => Promise<T[]>,
  name: string,
): Promise<PriceRows['histogram']> {
  const priced = 'FROM market_rows WHERE name = ? AND online = 1 AND price IS NOT NULL'
  const [span] = await all<{ least: number | null; most: number | null }>({
    text: `SELECT min(price) AS least, max(price) AS most ${priced}`,
    values: [name],
  })
  if (!span || span.least === null || span.most === null) return []
  const { least, most } = span
  const width = Math.max(1, Math.ceil((most - least + 1) / marketLimits.histogramBuckets))
  const rows = await all<{ bucket: number; count: number }>({
    text: `SELECT CAST((price - ?) / ? AS INTEGER) AS bucket, count(*) AS count ${priced}
      GROUP BY bucket ORDER BY bucket`,
    values: [least, width, name],
  })
  return rows.map(({ bucket, count }) => ({
    from: least + bucket * width,
    to: least + (bucket + 1) * width - 1,
    count,
  }))
}

const conditionsOf = (query: MarketQuery): Fragment[] => [
  { text: 'name = ?', values: [query.focus ?? ''] },
  ...query.words.map((word) => ({ text: 'instr(words, ?) > 0', values: [word] })),
  ...query.terms.map(conditionOf),
]

function conditionOf(term: Term): Fragment {
  switch (term.type) {
    case 'flag':
      return { text: `${term.column} = ?`, values: [term.value] }
    case 'number':
      return {
        text: `${numberColumns[term.column]} ${sqlSigns[term.sign]} ?`,
        values: [term.value],
      }
    case 'text':
      return anyOf(term.sign === '!=', term.values, (value) => {
        if (term.sign === '~') return { text: `instr(${term.column}, ?) > 0`, values: [value] }
        if (term.column !== 'region') return { text: `${term.column} = ?`, values: [value] }
        // Whatever begins with `eu-`: the character after the hyphen in order is the full stop.
        return {
          text: '(region = ? OR (region >= ? AND region < ?))',
          values: [value, `${value}-`, `${value}.`],
        }
      })
    case 'list':
      return anyOf(term.sign === '!=', term.values, (value) => ({
        text: `instr(${term.column}, ?) > 0`,
        values: [term.sign === '~' ? value : `\n${value}\n`],
      }))
    default:
      return term satisfies never
  }
}

function anyOf(
  isNegated: boolean,
  values: readonly string[],
  condition: (value: string) => Fragment,
): Fragment {
  const parts = values.map(condition)
  return {
    text: `${isNegated ? 'NOT ' : ''}(${parts.map(({ text }) => text).join(' OR ')})`,
    values: parts.flatMap((part) => part.values),
  }
}

const sqlSigns: Readonly<Record<CompareSign, string>> = {
  '=': '=',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

const numberColumns: Readonly<Record<Extract<Term, { type: 'number' }>['column'], string>> = {
  vram: 'vram',
  price: 'price',
  pricePrompt: 'price_prompt',
  priceHour: 'price_hour',
  gpuSecond: 'gpu_second',
  gpuCount: 'gpu_count',
  speed: 'speed',
  performance: 'performance',
  uptime: 'uptime',
  reputation: 'reputation',
  rating: 'rating',
  reviews: 'reviews',
  context: 'context',
  places: 'places',
  free: 'free',
}

const orderColumn = (sort: OfferSort): string => `order_${sort}`

const selectFigures = `SELECT count(*) AS offers, coalesce(sum(online), 0) AS online,
  coalesce(sum(verified), 0) AS verified, count(DISTINCT site) AS sites,
  coalesce(sum(places * online), 0) AS places, coalesce(sum(free * online), 0) AS free,
  min(CASE WHEN online = 1 THEN price END) AS cheapest,
  (SELECT count(DISTINCT name) FROM market_rows WHERE name <> '') AS models
  FROM market_rows WHERE name = ''`
