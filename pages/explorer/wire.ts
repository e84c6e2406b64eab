/** Rows of the site's lists as the explorer reads them. */
import { parseUnits } from '../../core/base/amount.ts'
import {
  flag,
  integer,
  maybe,
  object,
  refuse,
  type Shape,
  type ShapeOf,
  text,
} from '../shared/live/shape.ts'

export const amount: Shape<bigint> = (value, at) => {
  const parsed = parseUnits(value)
  return parsed.ok ? parsed.value : refuse(at)
}

/** Unix milliseconds, from RFC 3339. */
export const moment: Shape<number> = (value, at) => {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? refuse(at) : ms
}

const count = integer(0)

export const blockRow = object({
  height: count,
  hash: text,
  parent_hash: text,
  slot: count,
  time: moment,
  proposer: text,
  state_root: text,
  transaction_count: count,
  fees: maybe(amount),
  final: flag,
})
export type BlockRow = ShapeOf<typeof blockRow>

export const transactionRow = object({
  hash: text,
  height: count,
  position: count,
  slot: count,
  time: moment,
  kind: text,
  sender: text,
  recipient: maybe(text),
  amount: maybe(amount),
  fee: amount,
  nonce: count,
  valid_until: count,
  outcome: text,
  final: flag,
})
export type TransactionRow = ShapeOf<typeof transactionRow>

export const receiptRow = object({
  receipt_hash: text,
  job_hash: text,
  transaction_hash: text,
  height: count,
  position: count,
  item: count,
  time: moment,
  client: text,
  miner: text,
  coordinator: text,
  amount,
  miner_amount: amount,
  coordinator_amount: amount,
  escrow: text,
  number: text,
})
export type ReceiptRow = ShapeOf<typeof receiptRow>
