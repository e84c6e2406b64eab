/**
 * Shapes of the answers that the pages read. Unknown fields are ignored; a missing or mistyped one is
 * shown as an error instead of being guessed.
 */
import * as z from 'zod/mini'
import { parseUnits } from '../../../core/base/amount.ts'

const height = z.int().check(z.minimum(-1))
const hash = z.string()

/** Base units as `bigint`, from a decimal string or a legacy JSON integer. */
export const amount = z.pipe(
  z.union([z.string(), z.number()]),
  z.transform((input: string | number, context) => {
    const parsed = parseUnits(input)
    if (parsed.ok) return parsed.value
    context.issues.push({ code: 'custom', message: parsed.error.message, input })
    return z.NEVER
  }),
)

export const chainStatus = z.object({
  chain_id: z.string(),
  genesis_hash: hash,
  slot: z.int(),
  slot_ms: z.int().check(z.positive()),
  genesis_time_ms: z.int(),
  head_height: height,
  final_height: height,
  indexed_height: height,
  heartbeat_slots: z.optional(z.int().check(z.positive())),
})
export type ChainStatus = z.infer<typeof chainStatus>

export const blockSummary = z.object({
  height,
  hash,
  parent_hash: hash,
  proposer: z.string(),
  slot: z.int(),
  tx_count: z.int(),
  final: z.boolean(),
})
export type BlockSummary = z.infer<typeof blockSummary>

export const blockList = z.object({ blocks: z.array(blockSummary), total: z.int() })

export const transactionSummary = z.object({
  tx_hash: hash,
  kind: z.string(),
  sender: z.string(),
  recipient: z.nullish(z.string()),
  amount: z.nullish(amount),
  fee: amount,
  status: z.string(),
})
export type TransactionSummary = z.infer<typeof transactionSummary>

export const block = z.extend(blockSummary, {
  state_root: hash,
  tx_root: z.optional(hash),
  transactions: z.array(transactionSummary),
})
export type Block = z.infer<typeof block>

export const settlement = z.object({
  code: z.string(),
  escrow: z.string(),
  miner: z.string(),
  amount,
  miner_amount: amount,
  coordinator_amount: amount,
  receipt_hash: z.string(),
})
export type Settlement = z.infer<typeof settlement>

export const transaction = z.object({
  tx_hash: hash,
  block_height: z.nullish(height),
  sender: z.string(),
  recipient: z.nullish(z.string()),
  payload: z.looseObject({ kind: z.string() }),
  created_at: z.nullish(z.string()),
  status: z.enum(['pending', 'applied', 'failed']),
  code: z.nullish(z.string()),
  fee: amount,
  nonce: z.union([z.int(), z.string()]),
  final: z.boolean(),
  outcome: z.nullish(z.object({ settlements: z.optional(z.array(settlement)) })),
})
export type Transaction = z.infer<typeof transaction>

const listedTransaction = z.object({
  tx_hash: hash,
  block_height: z.nullish(height),
  sender: z.string(),
  recipient: z.nullish(z.string()),
  payload: z.looseObject({ kind: z.string() }),
})
export type ListedTransaction = z.infer<typeof listedTransaction>

export const transactionList = z.object({
  transactions: z.array(listedTransaction),
  total: z.int(),
})

export const receipt = z.object({
  receipt_id: z.string(),
  job_id: z.string(),
  miner: z.string(),
  client: z.string(),
  amount,
  tx_hash: z.nullish(hash),
  block_height: z.nullish(height),
  recorded_at: z.nullish(z.string()),
})
export type Receipt = z.infer<typeof receipt>

/** For pages that want only how many there are. */
export const transactionCount = z.object({ total: z.int() })
export const receiptCount = transactionCount

export const receiptList = z.object({ receipts: z.array(receipt), total: z.int() })

const movement = z.object({
  tx_hash: hash,
  block_height: z.nullish(height),
  direction: z.string(),
  counterparty: z.nullish(z.string()),
  payload: z.nullish(z.unknown()),
})
export type Movement = z.infer<typeof movement>

export const address = z.object({
  address: z.string(),
  balance: amount,
  nonce: z.union([z.int(), z.string()]),
  total_transactions_sent: z.int(),
  total_transactions_received: z.int(),
  latest_sent: z.array(movement),
  latest_received: z.array(movement),
})
export type Address = z.infer<typeof address>

export const site = z.object({
  name: z.string(),
  version: z.string(),
  chain_id: z.string(),
  network: z.string(),
  notice: z.nullish(z.string()),
})

export const modelList = z.object({ data: z.array(z.object({ id: z.string() })) })

const probe = z.object({ ok: z.boolean(), detail: z.string() })

export const health = z.object({ status: z.string(), checks: z.record(z.string(), probe) })
