/** Answers to administrators as the console reads them. What the fields mean: `core/api/schemas/admin.ts`. */
import { amount, moment } from '../explorer/wire.ts'
import {
  anything,
  flag,
  integer,
  list,
  maybe,
  object,
  oneOf,
  record,
  type Shape,
  type ShapeOf,
  text,
} from '../shared/live/shape.ts'

const count = integer(0)

/** Times of the original are UTC and do not say so. */
const legacyMoment: Shape<number> = (value, at) =>
  moment(typeof value === 'string' ? `${value}Z` : value, at)

/** A page of a list. */
export const adminPage = <T>(item: Shape<T>) =>
  object({ items: list(item), next_cursor: maybe(text), as_of: moment })

export const statsAnswer = object({ avg_miner_job_duration_ms: count })

export const statusAnswer = object({
  status: oneOf('ok', 'degraded'),
  jobs: object({ total: count, queued: count, running: count }),
  miners: object({ online: count, suspended: count, draining: count }),
  payments: record(count),
  system: object({ dispatching: flag, fault: maybe(text) }),
})

export const healthAnswer = object({
  status: oneOf('ok', 'degraded'),
  dependencies: list(object({ name: text, ok: flag, latency_ms: count, detail: text })),
})
export type Dependency = ShapeOf<typeof healthAnswer>['dependencies'][number]

export const analyticsAnswer = object({
  items: list(
    object({
      day: text,
      jobs: count,
      completed: count,
      failed: count,
      completion_tokens: count,
      charged: amount,
    }),
  ),
})
export type AnalyticsDay = ShapeOf<typeof analyticsAnswer>['items'][number]

const jobFields = {
  job_id: text,
  state: text,
  client_id: text,
  assigned_miner_id: maybe(text),
  requested_at: legacyMoment,
  model: text,
  priority: text,
  attempts: count,
  amount: maybe(amount),
  payment: maybe(text),
}
export const jobRow = object(jobFields)
export type JobRow = ShapeOf<typeof jobRow>

export const jobAnswer = object({
  ...jobFields,
  expires_at: moment,
  ended_at: maybe(moment),
  error: maybe(text),
  limit: amount,
  receipt_id: maybe(text),
  escrow: text,
})
export type Job = ShapeOf<typeof jobAnswer>

export const minerAnswer = object({
  miner_id: text,
  status: oneOf('ONLINE', 'OFFLINE', 'DRAINING', 'SUSPENDED'),
  inflight: count,
  concurrency: count,
  region: maybe(text),
  last_heartbeat: maybe(legacyMoment),
  average_job_duration_ms: count,
  jobs_completed: count,
  jobs_failed: count,
  last_receipt_id: maybe(text),
  kind: oneOf('agent', 'legacy'),
  payout: maybe(text),
  models: list(text),
  standing: oneOf('active', 'draining', 'suspended'),
  standing_reason: maybe(text),
  standing_since: maybe(moment),
})
export type Miner = ShapeOf<typeof minerAnswer>

export const heldAnswer = object({
  job_id: text,
  miner_id: text,
  reasons: list(object({ code: text, message: text })),
  amount,
  held_at: moment,
  decided_until: moment,
  decision: maybe(oneOf('released', 'refused', 'lapsed')),
  decided_at: maybe(moment),
  decided_by: maybe(text),
  why: maybe(text),
})
export type Held = ShapeOf<typeof heldAnswer>

export const userRow = object({
  address: text,
  role: oneOf('user', 'admin'),
  first_seen_at: moment,
  last_seen_at: moment,
  keys: count,
  jobs: count,
  spent: amount,
})
export type UserRow = ShapeOf<typeof userRow>

export const keyRow = object({
  key_id: text,
  owner: maybe(text),
  kind: oneOf('operator', 'key', 'console'),
  name: text,
  scopes: list(text),
  state: text,
  created_at: moment,
  expires_at: maybe(moment),
  last_used_at: maybe(moment),
  spent: amount,
})
export type KeyRow = ShapeOf<typeof keyRow>

export const revokedAnswer = object({ key_id: text, revoked_at: moment })

export const paymentRow = object({
  job_id: text,
  state: text,
  amount,
  client_id: text,
  miner_id: text,
  settle_by_slot: count,
  released_at: moment,
  reason: maybe(text),
  tx_hash: maybe(text),
  block_height: maybe(count),
})
export type PaymentRow = ShapeOf<typeof paymentRow>

export const paymentTotals = object({ totals: record(object({ count, amount })) })

export const auditRow = object({
  entry_id: count,
  at: moment,
  actor: text,
  action: text,
  target: text,
  reason: text,
  details: anything,
})
export type AuditRow = ShapeOf<typeof auditRow>

export const configAnswer = object({
  items: list(object({ name: text, set: flag, secret: flag, value: maybe(text) })),
})
export type Setting = ShapeOf<typeof configAnswer>['items'][number]

export const executedAnswer = object({ details: record(anything) })
