/**
 * Shapes of the answers that the pages read. Unknown fields are ignored; a missing or mistyped one is
 * shown as an error instead of being guessed.
 */
import { parseUnits } from '../../../core/base/amount.ts'
import {
  anything,
  either,
  flag,
  integer,
  list,
  maybe,
  object,
  oneOf,
  record,
  refuse,
  type Shape,
  type ShapeOf,
  text,
} from './shape.ts'

const height = integer(-1)
const count = integer(0)

/** Base units as `bigint`, from a decimal string or a legacy JSON integer. */
const amount: Shape<bigint> = (value, at) => {
  const parsed = parseUnits(value)
  return parsed.ok ? parsed.value : refuse(at)
}

export const chainStatus = object({
  chain_id: text,
  genesis_hash: text,
  slot: integer(-1),
  slot_ms: integer(1),
  genesis_time_ms: count,
  head_height: height,
  final_height: height,
  indexed_height: height,
  genesis: object({ parameters: object({ heartbeat_slots: integer(1) }) }),
  authorities: list(object({ public_key: text, name: text })),
})
export type ChainStatus = ShapeOf<typeof chainStatus>

const blockFields = {
  height,
  hash: text,
  parent_hash: text,
  proposer: text,
  slot: count,
  tx_count: count,
  final: flag,
}
export const blockSummary = object(blockFields)
export type BlockSummary = ShapeOf<typeof blockSummary>

export const blockList = object({ blocks: list(blockSummary), total: count })

export const block = object({
  ...blockFields,
  state_root: text,
  transactions: list(text),
})
export type Block = ShapeOf<typeof block>

export const settlement = object({
  result: text,
  miner: text,
  amount,
  miner_amount: amount,
  coordinator_amount: amount,
  receipt_hash: text,
})
export type Settlement = ShapeOf<typeof settlement>

/** What was signed; the fields of `payload` differ by `type`. */
const submitted = object({
  type: text,
  nonce: count,
  fee: amount,
  valid_until: count,
  payload: record(anything),
})

const listedTransactionFields = {
  tx_hash: text,
  block_height: maybe(height),
  timestamp_ms: maybe(count),
  sender: text,
  recipient: text,
  payload: submitted,
  status: oneOf('pending', 'included', 'final'),
  fee_charged: maybe(amount),
  outcome: maybe(text),
}
export const listedTransaction = object(listedTransactionFields)
export type ListedTransaction = ShapeOf<typeof listedTransaction>

export const transactionList = object({ transactions: list(listedTransaction), total: count })

export const transaction = object({
  ...listedTransactionFields,
  settlements: list(settlement),
})
export type Transaction = ShapeOf<typeof transaction>

/** A settled receipt: its hash, and what was paid for it. */
export const receipt = object({
  receipt_id: text,
  job_id: text,
  payload: object({
    tx_hash: text,
    block_height: count,
    client: text,
    coordinator: text,
    miner: text,
    amount,
    miner_amount: amount,
    coordinator_amount: amount,
  }),
  timestamp_ms: count,
})
export type Receipt = ShapeOf<typeof receipt>

export const receiptList = object({ receipts: list(receipt), total: count })

/** For pages that want only how many there are. */
export const listTotal = object({ total: count })

export const address = object({
  address: text,
  balance: amount,
  nonce: either(count, text),
  total_transactions_sent: count,
  total_transactions_received: count,
})

/** Prices in base units for 1 000 tokens, the cheapest that is on offer. */
const model = object({ id: text, price_prompt: amount, price_completion: amount })
export type Model = ShapeOf<typeof model>

export const modelList = object({ data: list(model), notice: maybe(text) })

/** What the site's coordinator does at the moment. */
export const siteState = object({ miners_online: count, queued: count, running: count })
export type SiteState = ShapeOf<typeof siteState>

export const health = object({
  status: text,
  checks: record(object({ ok: flag, detail: text })),
})
