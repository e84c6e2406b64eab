/**
 * Answers about jobs, as JSON: the original's fields with the original's types, and ours beside them.
 * Amounts of ours are decimal strings of base units.
 */
import { coinsNumber } from '../base/amount.ts'
import { toHex, toHex0x } from '../base/bytes.ts'
import { formatTime } from '../base/rfc3339.ts'
import { formatLegacyTime } from '../base/time.ts'
import { legacyStateOf } from '../jobs/job.ts'
import { legacyReceiptJson } from '../jobs/legacy-receipt.ts'
import type { JobRecord, JobResult, ReceiptBundle } from './coordinator-service.ts'
import type { ApiError } from './errors.ts'

/** `JobView` of the original and what we add. */
export function jobView(job: JobRecord): Record<string, unknown> {
  return {
    job_id: job.jobId,
    state: legacyStateOf(job.state),
    assigned_miner_id: job.state === 'canceled' ? null : (job.minerId ?? null),
    requested_at: formatLegacyTime(job.requestedAtMs),
    expires_at: formatLegacyTime(job.expiresAtMs),
    error: job.error ?? null,
    // A job has one payment, and it goes by the job's id.
    payment_id: job.jobId,
    payment_status: job.paymentStatus,
    client: job.client,
    model: job.model,
    attempts: job.attempts,
    completed_at: job.completedAtMs === undefined ? null : formatLegacyTime(job.completedAtMs),
    limit: String(job.limit),
    amount: job.amount === undefined ? null : String(job.amount),
    prompt_tokens: job.promptTokens ?? null,
    completion_tokens: job.completionTokens ?? null,
    receipt_id: job.receiptId ?? null,
    receipt_hash: job.receiptHash ? toHex0x(job.receiptHash) : null,
    settlement: job.settlement
      ? {
          tx_hash: toHex0x(job.settlement.txHash),
          block_height: job.settlement.blockHeight,
          final: job.settlement.final,
        }
      : null,
    held: job.held
      ? {
          reasons: job.held.reasons,
          amount: String(job.held.amount),
          decided_until: formatTime(job.held.untilMs),
          decision: job.held.decision ?? null,
        }
      : null,
  }
}

/** `{items, total, limit, offset}` of lists. */
export const jobPageView = (
  page: { readonly items: readonly JobRecord[]; readonly total: number },
  asked: { readonly limit: number; readonly offset: number },
): Record<string, unknown> => ({ items: page.items.map(jobView), total: page.total, ...asked })

/**
 * `{result, receipt}` as text: the receipt's numbers keep the spelling that was signed. Undefined when the
 * job has neither; `endError` then says whether it ever will.
 */
export function jobResultText(result: JobResult): string | undefined {
  if (!result.result && !result.receipt) return undefined
  const receipt = result.receipt ? legacyReceiptJson(result.receipt) : 'null'
  const { job_id, state } = jobView(result.job)
  const rest = JSON.stringify({ job_id, state, result: result.result ?? null })
  return `${rest.slice(0, -1)},"receipt":${receipt}}`
}

/** Why a job without a result has none: not yet (425), or never, with what ended it. */
export function endError(job: JobRecord): ApiError {
  const message = job.error
  const details = { job_id: job.jobId, state: legacyStateOf(job.state) }
  switch (job.state) {
    case 'failed':
      return { code: 'JOB_FAILED', ...(message ? { message } : {}), details }
    case 'expired':
      return { code: 'JOB_EXPIRED', ...(message ? { message } : {}), details }
    case 'canceled':
      return { code: 'JOB_CANCELED', ...(message ? { message } : {}), details }
    default:
      return { code: 'JOB_NOT_READY', details }
  }
}

/** `JobPaymentView` of the original; undefined for a job without a payment. */
export function paymentView(job: JobRecord): Record<string, unknown> | undefined {
  if (job.limit === 0n) return undefined
  const ended = job.completedAtMs === undefined ? null : formatLegacyTime(job.completedAtMs)
  const { paymentStatus: status, settlement } = job
  return {
    job_id: job.jobId,
    payment_id: job.jobId,
    amount: coinsNumber(job.amount ?? job.limit),
    currency: 'AITBC',
    status,
    payment_method: 'aitbc_token',
    escrow_address: null,
    refund_address: null,
    created_at: formatLegacyTime(job.requestedAtMs),
    updated_at: ended ?? formatLegacyTime(job.requestedAtMs),
    released_at: status === 'released' ? ended : null,
    refunded_at: status === 'refunded' ? ended : null,
    transaction_hash: settlement ? toHex0x(settlement.txHash) : null,
    refund_transaction_hash: null,
    limit: String(job.limit),
    charged: job.amount === undefined ? null : String(job.amount),
    block_height: settlement?.blockHeight ?? null,
    final: settlement?.final ?? false,
  }
}

/** Canonical receipt with both signed statements: what a client checks against the chain. */
export function receiptBundleText(bundle: ReceiptBundle): string {
  const rest = JSON.stringify({
    canonical: toHex(bundle.canonical),
    miner_signature: bundle.minerSignature ? toHex(bundle.minerSignature) : null,
    release: toHex(bundle.release),
    release_signature: toHex(bundle.releaseSignature),
    authorisation: toHex(bundle.authorisation),
    authorisation_signature: toHex(bundle.authorisationSignature),
    legacy_text: bundle.legacyText,
  })
  return `{"legacy":${bundle.legacyText},${rest.slice(1)}`
}
