/**
 * Reputations as matching reads them: computed when somebody asks, from the receipts on this disk whose
 * payment is final, and kept for a while. Lists of the same receipts, for everybody to compute them anew.
 */
import type { MinerReceipt } from '../../core/api/coordinator-service.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { assert } from '../../core/base/result.ts'
import { hasPassed } from '../../core/base/time.ts'
import { type Receipt, receiptCoder } from '../../core/chain/receipt.ts'
import { type Reputation, reputationOf, reputationTerms } from '../../core/market/reputation.ts'
import { coordinatorLimits } from './limits.ts'
import { type Blob, bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'

/** Where a receipt stands in the list of its miner: newest first. */
export type ReceiptPlace = { readonly height: number; readonly jobId: string }

type Row = {
  readonly height: number
  readonly job_id: string
  readonly canonical: Blob
  readonly receipt_hash: Blob
  readonly miner_signature: Blob | null
  readonly tx_hash: Blob
}

/** What of a receipt a reputation is computed from, and where it stands. */
type Counted = Parameters<typeof reputationOf>[0][number] & { readonly height: number }

type Known = {
  readonly reputation: Reputation
  readonly atMs: number
  readonly counted: readonly Counted[]
  /** Lowest height of payments that have become final since. */
  staleFrom: number | undefined
}

/** Reputations over the receipts on disk. */
export function openReputations(parts: {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly now: () => number
}) {
  const { database, settings, now } = parts
  // What of a payment does not come back to a miner that pays itself.
  const { coordinatorShareBps, market } = settings.genesis.parameters
  // A reward gives a part of what was burned back to the miner.
  const burnedBps = market ? Math.floor((market.burnBps * (10_000 - market.rewardBps)) / 10_000) : 0
  const costBps = coordinatorShareBps + burnedBps
  const known = new Map<string, Known>()

  const rows = (minerId: string, before: ReceiptPlace | undefined, limit: number): Row[] =>
    before
      ? rowsOf<Row>(
          database,
          `${selectReceipts} AND (miner_receipts.height < ? OR
           (miner_receipts.height = ? AND miner_receipts.job_id < ?)) ${newest}`,
          minerId,
          before.height,
          before.height,
          before.jobId,
          limit,
        )
      : rowsOf<Row>(database, `${selectReceipts} ${newest}`, minerId, limit)

  /** The newest receipts, newest first; of `before` those below a height are not read again. */
  const countedFrom = (
    minerId: string,
    from: number,
    before: readonly Counted[],
  ): readonly Counted[] => {
    const most = reputationTerms.receiptsMax
    const query = `${selectReceipts} AND miner_receipts.height >= ? ${newest}`
    const fresh = rowsOf<Row>(database, query, minerId, from, most).map(countedOf)
    return [...fresh, ...before.filter(({ height }) => height < from)].slice(0, most)
  }

  const compute = (minerId: string, from: number, before: readonly Counted[]): Known => {
    const atMs = now()
    const counted = countedFrom(minerId, from, before)
    const reputation = reputationOf(counted, { asOfMs: atMs, costBps })
    const computed = { reputation, atMs, counted, staleFrom: undefined }
    if (known.size >= coordinatorLimits.reputationsKeptMax) known.clear()
    known.set(minerId, computed)
    return computed
  }

  const read = (minerId: string): Known => {
    const before = known.get(minerId)
    const isOld = !before || hasPassed(coordinatorLimits.reputationKeptMs, before.atMs, now())
    if (isOld) return compute(minerId, 0, [])
    const { staleFrom } = before
    return staleFrom === undefined ? before : compute(minerId, staleFrom, before.counted)
  }

  return {
    costBps,

    /** The reputation at `atMs`: now, or a little earlier. */
    read,

    /** From 0 to 1, for matching; undefined for a miner without a receipt that counts. */
    scoreOf: (minerId: string): number | undefined => {
      const { reputation } = read(minerId)
      return reputation.receipts === 0 ? undefined : reputation.scoreMilli / 1_000
    },

    /** A payment is final: whose it is will be computed anew. */
    settled: (minerId: string, height: number): void => {
      const before = known.get(minerId)
      if (before) before.staleFrom = Math.min(before.staleFrom ?? height, height)
    },

    /** Receipts of a miner with a final payment, newest first, from a place on. */
    receipts: (
      minerId: string,
      page: { readonly before: ReceiptPlace | undefined; readonly limit: number },
    ): MinerReceipt[] =>
      rows(minerId, page.before, page.limit).map((row) => ({
        jobId: row.job_id,
        receipt: receiptOf(row),
        canonical: bytesOf(row.canonical),
        receiptHash: bytesOf(row.receipt_hash),
        minerSignature: row.miner_signature === null ? undefined : bytesOf(row.miner_signature),
        txHash: bytesOf(row.tx_hash),
        height: row.height,
      })),
  }
}

export type Reputations = ReturnType<typeof openReputations>

function countedOf(row: Row): Counted {
  const receipt = receiptOf(row)
  return {
    ...receipt,
    startedAtMs: Number(receipt.startedAtMs),
    completedAtMs: Number(receipt.completedAtMs),
    isSigned: row.miner_signature !== null,
    height: row.height,
  }
}

function receiptOf(row: Row): Receipt {
  const receipt = decodeCanonical(receiptCoder, bytesOf(row.canonical))
  assert(receipt.ok, 'receipts are stored canonically')
  return receipt.value
}

const selectReceipts = `SELECT miner_receipts.height AS height, miner_receipts.job_id AS job_id,
  canonical, receipt_hash, miner_signature, tx_hash FROM miner_receipts
  JOIN results USING (job_id) JOIN payments USING (job_id)
  WHERE miner_receipts.miner_id = ? AND tx_hash IS NOT NULL`
const newest = 'ORDER BY miner_receipts.height DESC, miner_receipts.job_id DESC LIMIT ?'
