/**
 * Requests and answers about figures of the chain under `/api/v1/chain/`: its miners by what they were
 * paid, and what happened by hour or day of UTC. All of final blocks only, out of the read model.
 *
 * Amounts are decimal strings of base units, times RFC 3339 UTC, addresses `aitbc1…`.
 */
import * as z from 'zod'
import { addressText, listOf, moment, paging, requestAddress, time } from './chain-lists.ts'

/** Bounds of one request for figures by time. */
export const statLimits = {
  /** A month of hours, or two years of days. */
  bucketsMax: 744,
  /** Buckets up to `to`, where `from` is not named. */
  bucketsDefault: { hour: 48, day: 30 },
} as const

/** What the list of miners can be ordered by, the greatest first. */
export const minerSorts = ['earned', 'jobs', 'last_paid'] as const
/** One of them. */
export type MinerSort = (typeof minerSorts)[number]

/** Query of `GET /api/v1/chain/miners`. */
export const minerListQuery = z.strictObject({
  ...paging,
  sort: z.enum(minerSorts).default('earned').describe('What comes first: the most, or the latest'),
  address: requestAddress.optional().describe('This miner alone'),
})

const whole = z.int().min(0)
const units = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/)

/** One miner of the list. */
export const listedMiner = z.strictObject({
  address: addressText,
  /** Paid jobs, and what the miner got for them. */
  jobs: whole,
  earned: units,
  /** Different addresses that paid. */
  clients: whole,
  first_paid: time,
  last_paid: time,
  last_height: whole.describe('Block of the latest payment'),
})
/** One miner of the list. */
export type ListedMiner = z.infer<typeof listedMiner>

/** Answer of `GET /api/v1/chain/miners`. */
export const minerListAnswer = listOf(listedMiner)

/** Most days of one miner in one answer. */
export const minerDaysMax = 31

/** Query of `GET /api/v1/chain/miners/{address}/days`. */
export const minerDaysQuery = z.strictObject({
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(minerDaysMax)
    .default(30)
    .describe('So many days of UTC, today the last'),
})

/** What an address was paid on one day of UTC, base units. */
export const minerDay = z.strictObject({
  day: z.iso.date(),
  jobs: whole.describe('Paid jobs'),
  payments: units.describe('For jobs, less the shares'),
  bookings: units.describe('For bookings by others'),
  rewards: units.describe('Protocol rewards that were claimed'),
  total: units,
})
/** What an address was paid on one day of UTC. */
export type MinerDay = z.infer<typeof minerDay>

/** Answer of `GET /api/v1/chain/miners/{address}/days`. */
export const minerDaysAnswer = z.strictObject({
  address: addressText,
  items: z.array(minerDay).max(minerDaysMax).describe('Every day, the oldest first'),
  unit: z.literal('base units'),
  next_cursor: z.null(),
  as_of: z
    .strictObject({
      indexed_from: whole.nullable().describe('First block of the books; null: none yet'),
      height: z.int().min(-1),
      time,
    })
    .describe('Newest final block that is counted, and when that was read'),
  source: z.literal('read_model'),
})
/** Answer of `GET /api/v1/chain/miners/{address}/days`. */
export type MinerDaysAnswer = z.infer<typeof minerDaysAnswer>

/** Query of `GET /api/v1/chain/stats`. */
export const statsQuery = z.strictObject({
  bucket: z.enum(['hour', 'day']).default('hour'),
  from: moment.optional().describe('The bucket of this time and later ones'),
  to: moment.optional().describe('Up to the bucket of this time; now where it is not named'),
})

/** What happened in one bucket. */
export const statItem = z.strictObject({
  start: time,
  blocks: whole,
  transactions: whole,
  fees: units,
  jobs: whole.describe('Paid jobs'),
  paid: units.describe('What clients paid for them'),
  miners: whole.describe('Different miners that were paid'),
  clients: whole.describe('Different clients that paid'),
})
/** What happened in one bucket. */
export type StatItem = z.infer<typeof statItem>

/** Answer of `GET /api/v1/chain/stats`. */
export const statsAnswer = z.strictObject({
  bucket: z.enum(['hour', 'day']),
  from: time,
  to: time.describe('End of the newest bucket that was asked for'),
  items: z
    .array(statItem)
    .max(statLimits.bucketsMax)
    .describe('Oldest first. A bucket that is not there holds no final block'),
  totals: z.strictObject({
    blocks: whole,
    transactions: whole,
    receipts: whole,
    accounts: whole.describe('Addresses that ever held or did anything'),
  }),
  as_of: z
    .strictObject({
      indexed_from: whole.describe('The first block that is counted'),
      height: z.int().min(-1),
      time,
      slot: z.int().min(-1),
    })
    .describe('Newest final block that is counted, and when that was read'),
  source: z.literal('read_model'),
})
/** Answer of `GET /api/v1/chain/stats`. */
export type StatsAnswer = z.infer<typeof statsAnswer>
