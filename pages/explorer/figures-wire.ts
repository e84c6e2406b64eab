/** Figures of the chain, and what the site's coordinator tells everybody, as the explorer reads them. */
import {
  flag,
  integer,
  list,
  maybe,
  object,
  oneOf,
  type ShapeOf,
  text,
} from '../shared/live/shape.ts'
import { amount, moment } from './wire.ts'

const count = integer(0)

export const minerRow = object({
  address: text,
  jobs: count,
  earned: amount,
  clients: count,
  first_paid: moment,
  last_paid: moment,
  last_height: count,
})
export type MinerRow = ShapeOf<typeof minerRow>

export const minerPage = object({
  items: list(minerRow),
  as_of: object({ height: integer(-1), time: text }),
})

const onlineMiner = object({
  miner_id: text,
  address: text,
  kind: oneOf('agent', 'legacy'),
  engine: text,
  models: list(
    object({ name: text, context_tokens: count, price_prompt: amount, price_completion: amount }),
  ),
  gpus: list(object({ name: text, memory_mib: count })),
  region: maybe(text),
  concurrency: count,
  busy: count,
  draining: flag,
})
export type OnlineMiner = ShapeOf<typeof onlineMiner>

export const onlineMiners = object({ miners: list(onlineMiner), total: count })

export const publicJob = object({
  job_id: text,
  state: oneOf('queued', 'assigned', 'running', 'completed', 'failed', 'canceled', 'expired'),
  requested_at: moment,
  expires_at: moment,
  ended_at: maybe(moment),
  settlement: maybe(
    object({ job_hash: text, receipt_hash: text, transaction_hash: text, height: count }),
  ),
})
export type PublicJob = ShapeOf<typeof publicJob>

const statItem = object({
  start: moment,
  blocks: count,
  transactions: count,
  fees: amount,
  jobs: count,
  paid: amount,
  miners: count,
  clients: count,
})
export type StatItem = ShapeOf<typeof statItem>

export const statsAnswer = object({
  bucket: oneOf('hour', 'day'),
  from: moment,
  to: moment,
  items: list(statItem),
  totals: object({ blocks: count, transactions: count, receipts: count, accounts: count }),
  as_of: object({ height: integer(-1), slot: integer(-1), time: moment }),
})
export type StatsAnswer = ShapeOf<typeof statsAnswer>

/** The supply, out of the chain's status. */
export const supplyAnswer = object({
  supply: object({ genesis: amount, minted: amount, burned: amount, held: amount }),
})
