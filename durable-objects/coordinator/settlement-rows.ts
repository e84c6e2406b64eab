/**
 * Rows of payments and batches, and what is made of them: items, fees, ends.
 */
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { assert } from '../../core/base/result.ts'
import { authorisationCoder } from '../../core/chain/authorisation.ts'
import { feeFloor, settledEntries } from '../../core/chain/fees.ts'
import type { Parameters } from '../../core/chain/genesis.ts'
import { settlementItemsMax } from '../../core/chain/limits.ts'
import type { SettlementItem } from '../../core/chain/messages/settle.ts'
import { type SettlementCode, settlementCodes } from '../../core/chain/outcome.ts'
import { releaseCoder } from '../../core/chain/release.ts'
import { type TransactionBody, transactionCoder } from '../../core/chain/transaction.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'

export type BatchRow = {
  readonly batch: number
  readonly nonce: number
  readonly valid_until: number
  readonly tx_hash: Blob
  readonly bytes: Blob
  readonly jobs: string
}

export type DueRow = {
  readonly job_id: string
  readonly authorisation: Blob
  readonly authorisation_signature: Blob
  readonly release: Blob
  readonly release_signature: Blob
}

/**
 * Enough for what the items can create: a spent authorisation each (and a claim, where genesis has rewards),
 * an account for each miner, one for the coordinator. What is offered is charged, so it is counted, not guessed.
 */
export function feeOf(
  parameters: Parameters,
  body: TransactionBody,
  items: readonly SettlementItem[],
): bigint {
  const size = transactionCoder.encode({ body, signature: new Uint8Array(64) }).length
  const miners = new Set(items.map(({ release }) => toHex(release.miner)))
  const entries = settledEntries(items.length, parameters) + miners.size + 1
  return feeFloor(parameters, { size, entries })
}

export const batchMax = Math.min(jobLimits.settlementBatchMax, settlementItemsMax)

export const openBatches = (database: SqlDatabase): BatchRow[] =>
  rowsOf<BatchRow>(database, 'SELECT * FROM batches WHERE open = 1 ORDER BY nonce')

/** Nonces of open batches, without the transactions, which are large. */
export const openNonces = (database: SqlDatabase): Set<bigint> =>
  new Set(
    rowsOf<{ nonce: number }>(database, 'SELECT nonce FROM batches WHERE open = 1').map(
      ({ nonce }) => BigInt(nonce),
    ),
  )

export const countOf = (
  database: SqlDatabase,
  query: string,
  ...bindings: SqlStorageValue[]
): number => rowsOf<{ n: number }>(database, query, ...bindings)[0]?.n ?? 0

export function itemOf(row: DueRow): SettlementItem {
  const authorisation = decodeCanonical(authorisationCoder, bytesOf(row.authorisation))
  const release = decodeCanonical(releaseCoder, bytesOf(row.release))
  assert(authorisation.ok && release.ok, 'what pays for a job is stored canonically')
  return {
    authorisation: authorisation.value,
    authorisationSignature: bytesOf(row.authorisation_signature),
    release: release.value,
    releaseSignature: bytesOf(row.release_signature),
  }
}

/** An end without a transaction of ours: paid by another one, or not payable any more. */
export function writeEnd(
  database: SqlDatabase,
  { jobId, code }: { readonly jobId: string; readonly code: EndCode },
): void {
  if (code === 'already_settled') database.sql.exec(setPaidElsewhere, jobId)
  else database.sql.exec(setUnpayable, code, jobId)
}

/** Closes a batch that will never be in a block; what of it has no end is due again. */
export function writeLost(database: SqlDatabase, batch: number): void {
  database.sql.exec('UPDATE batches SET open = 0 WHERE batch = ?', batch)
  database.sql.exec(setDue, batch)
}

export function escrowOf(database: SqlDatabase, jobId: string): Uint8Array | undefined {
  const query = 'SELECT escrow FROM jobs WHERE job_id = ?'
  const id = fromHex(rowsOf<{ escrow: string }>(database, query, jobId)[0]?.escrow ?? '', 32)
  return id.ok ? id.value : undefined
}

/**
 * Whether an outcome of an item is its last. Who signed by a clock that was ahead of the chain’s allowed a slot
 * that is too far for a moment: that is paid as soon as the chain is there.
 */
export const isEnd = (code: string): boolean => code !== 'settle_by_too_far'

export type EndCode = SettlementCode | 'unknown'

export function nameOf(code: number): EndCode {
  const entry = Object.entries(settlementCodes).find(([, number]) => number === code)
  return (entry?.[0] as SettlementCode | undefined) ?? 'unknown'
}

// Earliest deadline first: what is due longest can wait least.
export const selectDue = `SELECT payments.job_id, authorisation, authorisation_signature, release,
  release_signature FROM payments JOIN jobs USING (job_id) JOIN results USING (job_id)
  WHERE state = 'due' AND settle_by >= ? ORDER BY settle_by LIMIT ?`
export const selectExpired = "SELECT job_id FROM payments WHERE state = 'due' AND settle_by < ?"
export const setSent = `UPDATE payments SET state = 'sent', batch = ?
  WHERE job_id IN (SELECT value FROM json_each(?))`
const setDue = `UPDATE payments SET state = 'due', batch = NULL WHERE batch = ?1 AND state = 'sent'
  AND job_id IN (SELECT json_each.value FROM batches, json_each(batches.jobs) WHERE batch = ?1)`
export const setPaid = `UPDATE payments SET state = 'settled', reason = NULL, tx_hash = ?, height = ?
  WHERE job_id IN (SELECT value FROM json_each(?))`
const setPaidElsewhere =
  "UPDATE payments SET state = 'settled', reason = 'already_settled' WHERE job_id = ?"
export const setUnpayable = "UPDATE payments SET state = 'unpayable', reason = ? WHERE job_id = ?"
export const insertBatch = `INSERT INTO batches (open, nonce, valid_until, tx_hash, bytes, jobs)
  VALUES (1, ?, ?, ?, ?, ?) RETURNING batch`
/** What a miner's reputation is made of: receipts with a final payment, in the order of the chain. */
export const insertMinerReceipts = `INSERT OR IGNORE INTO miner_receipts (miner_id, height, job_id)
  SELECT miner_id, ?, job_id FROM results WHERE job_id IN (SELECT value FROM json_each(?))`
