/** `/api/v1/chain`: figures of the chain, its miners and its hours and days. */
import {
  type ListedMiner,
  type MinerDay,
  type MinerDaysAnswer,
  minerSorts,
  type StatsAnswer,
  statLimits,
} from '../../core/api/chain-figures.ts'
import type { Place } from '../../core/api/list-cursor.ts'
import { slotTimeMs } from '../../core/api/rpc-views.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { dayMs } from '../../core/base/time.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import { chainFigures } from '../../d1/chain-figure-queries.ts'
import { bucketMs, type MinerRow } from '../../d1/chain-figures.ts'
import { readListPage } from '../chain-pages.ts'
import type { AppContext } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { cursorFailure, cursorOf, listAnswer } from './chain-list-answer.ts'
import type { Asked } from './mount.ts'
import { genesisTimeMs } from './rpc-blocks.ts'
import { fromDatabase, readLookup } from './rpc-input.ts'

/** `GET /miners`: who was paid in final blocks, by what they earned. */
export async function miners(c: AppContext, asked: Asked<'pageMiners'>): Promise<Response> {
  const { limit, cursor: cursorText, sort, address } = asked.query(c)
  const timeMs = genesisTimeMs(c)
  const order = minerSorts.indexOf(sort)
  const cursor = cursorOf('miners', cursorText)
  // A place in another order says nothing about this one.
  if (cursor && cursor.place[0] !== order) throw cursorFailure()
  const figures = chainFigures(c.env.DB)
  const page = await readListPage(
    {
      stored: ({ place, ...ask }) =>
        fromDatabase(figures.miners({ ...ask, place: place?.slice(1) }, { sort, address })),
      placeOf: (row: MinerRow): Place => [order, figureOf(row)[sort], row.id],
    },
    { cursor, range: {}, limit },
  )
  const items = page.items.map((row) => minerOfRow(row, timeMs))
  return listAnswer(c, 'miners', { ...page, items })
}

const figureOf = ({ earned, jobs, lastHeight }: MinerRow) => ({
  earned,
  jobs,
  last_paid: lastHeight,
})

const minerOfRow = (row: MinerRow, genesisMs: number): ListedMiner => ({
  address: row.address,
  jobs: row.jobs,
  earned: String(row.earned),
  clients: row.clients,
  first_paid: formatTime(slotTimeMs(genesisMs, row.firstSlot)),
  last_paid: formatTime(slotTimeMs(genesisMs, row.lastSlot)),
  last_height: row.lastHeight,
})

/** `GET /miners/{address}/days`: what it was paid, day by day. An address of the original was paid nothing. */
export async function minerDays(c: AppContext, asked: Asked<'readMinerDays'>): Promise<Response> {
  const { days } = asked.query(c)
  const { text: address } = readLookup(asked.texts(c).address)
  const genesisMs = genesisTimeMs(c)
  const today = Math.floor(c.get('now') / dayMs)
  const first = today - days + 1
  const fromSlot = Math.max(0, Math.ceil((first * dayMs - genesisMs) / slotMs))
  const found = await fromDatabase(
    chainFigures(c.env.DB).minerDays({ address, fromSlot, genesisMs, slotMs }),
  )
  const amountOf = (day: number, reason: string | null): number =>
    found.rows.find((row) => row.day === day && row.reason === reason)?.amount ?? 0
  const dayOf = (day: number): MinerDay => {
    const [payments = 0, bookings = 0, rewards = 0] = ['payment', 'booking', 'reward'].map(
      (reason) => amountOf(day, reason),
    )
    return {
      day: formatTime(day * dayMs).slice(0, 10),
      jobs: amountOf(day, null),
      payments: String(payments),
      bookings: String(bookings),
      rewards: String(rewards),
      total: String(payments + bookings + rewards),
    }
  }
  const answer: MinerDaysAnswer = {
    address,
    items: Array.from({ length: days }, (_, index) => dayOf(first + index)),
    unit: 'base units',
    next_cursor: null,
    as_of: {
      indexed_from: found.ledgerFrom,
      height: found.height,
      time: formatTime(c.get('now')),
    },
    source: 'read_model',
  }
  return c.json(answer)
}

/** `GET /stats`: what happened by hour or day. */
export async function stats(c: AppContext, asked: Asked<'readStats'>): Promise<Response> {
  const { bucket, from, to } = asked.query(c)
  const stepMs = bucketMs[bucket]
  const startOf = (ms: number) => Math.floor(ms / stepMs) * stepMs
  const toMs = startOf(to === undefined ? c.get('now') : Date.parse(to)) + stepMs
  const fromMs =
    from === undefined
      ? toMs - statLimits.bucketsDefault[bucket] * stepMs
      : startOf(Date.parse(from))
  const count = (toMs - fromMs) / stepMs
  if (count < 1 || count > statLimits.bucketsMax) {
    const message =
      count < 1
        ? 'from lies after to'
        : `at most ${statLimits.bucketsMax} of them in one answer; this would be ${count}`
    throw new ApiFailure({ code: 'RANGE_INVALID', message })
  }
  const found = await fromDatabase(chainFigures(c.env.DB).stats({ bucket, fromMs, toMs }))
  const { totals } = found
  const answer: StatsAnswer = {
    bucket,
    from: formatTime(fromMs),
    to: formatTime(toMs),
    items: found.rows.map(({ start, fees, paid, ...counts }) => ({
      start: formatTime(start),
      ...counts,
      fees: String(fees),
      paid: String(paid),
    })),
    totals: {
      blocks: totals ? totals.indexedHeight - totals.indexedFrom + 1 : 0,
      transactions: totals?.transactions ?? 0,
      receipts: totals?.settlements ?? 0,
      accounts: totals?.accounts ?? 0,
    },
    as_of: {
      indexed_from: totals?.indexedFrom ?? 0,
      height: totals?.indexedHeight ?? -1,
      slot: totals?.indexedSlot ?? -1,
      time: formatTime(c.get('now')),
    },
    source: 'read_model',
  }
  return c.json(answer)
}
