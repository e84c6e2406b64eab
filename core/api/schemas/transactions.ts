/** Answers of `/rpc` about transactions and receipts, as schemas. */
import * as z from 'zod'
import type {
  PooledJson,
  SettlementJson,
  SubmittedJson,
  TransactionDetailJson,
  TransactionJson,
} from '../rpc-transactions.ts'
import {
  address,
  hash,
  hexBytes,
  legacyTime,
  legacyUnits,
  openObject,
  publicKey,
  signature,
  units,
  whole,
} from './common.ts'

const submittedFields = {
  type: z.string().describe('TRANSFER, FAUCET, ESCROW_OPEN, SETTLE …'),
  sender: address,
  nonce: whole,
  fee: legacyUnits.describe('Most that it may cost'),
  payload: openObject.describe('What it asks, by type'),
  public_key: publicKey,
  valid_until: whole.describe('Last slot in which it may be included'),
  sig: signature,
}

/** A transaction in the fields of `POST /rpc/sendTx`. */
export const submittedSchema = z.strictObject(submittedFields).meta({
  id: 'Submitted',
  description: 'A transaction as sent',
}) satisfies z.ZodType<SubmittedJson>

const transactionFields = {
  tx_hash: hash,
  block_height: whole.nullable().describe('Null while it waits'),
  sender: address,
  recipient: z.union([address, z.literal('')]).describe('Empty for kinds that have none'),
  payload: submittedSchema,
  created_at: legacyTime.nullable(),
  status: z.enum(['pending', 'included', 'final']),
  index: whole.nullable().describe('Place in the block'),
  slot: whole.nullable(),
  timestamp_ms: whole.nullable(),
  fee_charged: units.nullable(),
  outcome: z.string().nullable().describe('applied, or why it only cost its fee'),
}

/** An item of `GET /rpc/transactions`. */
export const transactionSchema = z
  .strictObject(transactionFields)
  .meta({ id: 'Transaction', description: 'A transaction' }) satisfies z.ZodType<TransactionJson>

const settlementSchema = z
  .strictObject({
    result: z.string().describe('paid, or why not'),
    escrow: hash,
    number: units.describe('Number of the authorisation'),
    miner: address,
    amount: units,
    miner_amount: units,
    coordinator_amount: units,
    receipt_hash: hash,
  })
  .meta({
    id: 'Settlement',
    description: 'One payment of a settlement',
  }) satisfies z.ZodType<SettlementJson>

/** `GET /rpc/tx/{hash}`. */
export const transactionDetailSchema = z
  .strictObject({
    ...transactionFields,
    settlements: z.array(settlementSchema),
    bytes: hexBytes.describe('The signed bytes'),
    outcome_bytes: hexBytes.nullable(),
  })
  .meta({
    id: 'TransactionDetail',
    description: 'A transaction with its bytes and what it settled',
  }) satisfies z.ZodType<TransactionDetailJson>

/** An item of `GET /rpc/mempool`, and a frame of `/rpc/ws/transactions`. */
export const pooledSchema = z
  .strictObject({
    hash,
    tx_hash: hash,
    recipient: z.union([address, z.literal('')]),
    ...submittedFields,
  })
  .meta({
    id: 'PooledTransaction',
    description: 'A transaction that waits',
  }) satisfies z.ZodType<PooledJson>

/** An item of `latest_sent` and `latest_received`. */
export const movementSchema = z
  .strictObject({
    tx_hash: hash,
    block_height: whole,
    direction: z.enum(['sent', 'received']),
    counterparty: z.union([address, z.literal('')]),
    payload: openObject,
    created_at: legacyTime,
  })
  .meta({ id: 'Movement', description: 'A transaction as one address sees it' })

const paymentFields = {
  tx_hash: hash,
  block_height: whole,
  item: whole.describe('Place in the settlement'),
  escrow: hash,
  number: units,
  authorisation: hash,
  client: address,
  coordinator: address,
  miner: address,
  amount: whole,
  miner_amount: whole,
  coordinator_amount: whole,
}

/** `GET /api/explorer/receipts`: the payment of a receipt under the explorer's names. */
export const paymentOfReceiptSchema = z
  .strictObject(paymentFields)
  .meta({ id: 'ReceiptPayment', description: 'The payment that anchored a receipt' })

/** `GET /rpc/receipts/{id}`. */
export const chainReceiptSchema = z
  .strictObject({
    receipt_id: hash.describe('Hash of the canonical receipt'),
    job_id: hash.describe('Hash of what was asked'),
    payload: paymentOfReceiptSchema,
    miner_signature: z.null().describe('Only the parties have it: /api/v1/jobs/{id}/receipt'),
    coordinator_attestations: z.array(
      z.strictObject({ coordinator: address, signature, alg: z.literal('Ed25519') }),
    ),
    minted_amount: z.null(),
    recorded_at: legacyTime,
    timestamp_ms: whole,
  })
  .meta({ id: 'ChainReceipt', description: 'A receipt as far as the chain knows it' })

/** `POST /rpc/estimateFee`. */
export const feeEstimateSchema = z
  .strictObject({
    type: z.literal('TRANSFER'),
    base_fee: whole,
    payload_bytes: whole,
    estimated_fee: whole.describe('Enough for certain, base units'),
    transaction_bytes: whole,
    fee_per_byte: whole,
    new_account_fee: whole.describe('Part of the estimate; charged for a new recipient only'),
  })
  .meta({ id: 'FeeEstimate' })
