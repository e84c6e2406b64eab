/** Administration as it is answered: from what the coordinator's desk says to the shapes of the endpoints. */
import type * as z from 'zod'
import { userIdOf } from '../auth/principal.ts'
import { toHex0x } from '../base/bytes.ts'
import { formatTime } from '../base/rfc3339.ts'
import { formatLegacyTime } from '../base/time.ts'
import { formatAddress } from '../crypto/address.ts'
import type { KeyRecord } from './account-desk.ts'
import type {
  AdminJob,
  AdminMiner,
  AdminPayment,
  AdminUser,
  AnalyticsRow,
  AuditEntry,
  OperatorKeyRow,
} from './admin-desk.ts'
import type {
  adminJobSchema,
  adminJobsSchema,
  adminKeysSchema,
  adminMinerSchema,
  adminPaymentsSchema,
  adminUsersSchema,
  analyticsSchema,
  auditSchema,
} from './schemas/admin.ts'

type Item<T extends z.ZodType<{ items: readonly unknown[] }>> = z.infer<T>['items'][number]

/** A row of the list of jobs: the original's five fields and ours. */
export const adminJobRow = (job: AdminJob): Item<typeof adminJobsSchema> => ({
  job_id: job.jobId,
  state: job.state.toUpperCase(),
  client_id: job.client,
  assigned_miner_id: job.minerId ?? null,
  requested_at: formatLegacyTime(job.requestedAtMs),
  model: job.model,
  priority: job.priority,
  attempts: job.attempts,
  amount: job.amount === undefined ? null : String(job.amount),
  payment: job.payment ?? null,
})

/** One job. */
export const adminJobView = (job: AdminJob): z.infer<typeof adminJobSchema> => ({
  ...adminJobRow(job),
  expires_at: formatTime(job.expiresAtMs),
  ended_at: timeOrNull(job.endedAtMs),
  error: job.error ?? null,
  limit: String(job.limit),
  receipt_id: job.receiptId ?? null,
  escrow: toHex0x(job.escrow),
})

/** One miner, in the original's fields and ours. */
export const adminMinerView = (miner: AdminMiner): z.infer<typeof adminMinerSchema> => ({
  miner_id: miner.minerId,
  status: minerStatus(miner),
  inflight: miner.inflight,
  concurrency: miner.concurrency,
  region: miner.region ?? null,
  last_heartbeat: miner.seenAtMs === undefined ? null : formatLegacyTime(miner.seenAtMs),
  average_job_duration_ms: miner.averageMs,
  jobs_completed: miner.completed,
  jobs_failed: miner.failed,
  last_receipt_id: miner.lastReceiptId ?? null,
  kind: miner.kind,
  payout: miner.payout ? formatAddress(miner.payout) : null,
  models: [...miner.models],
  standing: miner.standing,
  standing_reason: miner.standingReason ?? null,
  standing_since: timeOrNull(miner.standingSinceMs),
})

function minerStatus(miner: AdminMiner): z.infer<typeof adminMinerSchema>['status'] {
  if (miner.standing === 'suspended') return 'SUSPENDED'
  if (miner.standing === 'draining') return 'DRAINING'
  if (!miner.isOnline) return 'OFFLINE'
  return miner.isDraining ? 'DRAINING' : 'ONLINE'
}

/** A payment. */
export const adminPaymentRow = (row: AdminPayment): Item<typeof adminPaymentsSchema> => ({
  job_id: row.jobId,
  state: row.state,
  amount: String(row.amount),
  client_id: row.client,
  miner_id: row.minerId,
  settle_by_slot: row.settleBy,
  released_at: formatTime(row.releasedAtMs),
  reason: row.reason ?? null,
  tx_hash: row.txHash ? toHex0x(row.txHash) : null,
  block_height: row.height ?? null,
})

/** An account, with the role that it has. */
export const adminUserRow = (
  user: AdminUser,
  about: { readonly genesisHash: Uint8Array; readonly isAdmin: boolean },
): Item<typeof adminUsersSchema> => ({
  address: user.address,
  user_id: userIdOf(about.genesisHash, user.address),
  role: about.isAdmin ? 'admin' : 'user',
  first_seen_at: formatTime(user.firstSeenAtMs),
  last_seen_at: formatTime(user.seenAtMs),
  keys: user.keys,
  jobs: user.jobs,
  spent: String(user.spent),
})

/** A key of whatever kind, without anything secret. */
export function adminKeyRow(
  row: { readonly of: 'account'; readonly key: KeyRecord } | OperatorKeyRow,
): Item<typeof adminKeysSchema> {
  if (row.of === 'operator') {
    const { key } = row
    return {
      key_id: key.keyId,
      owner: null,
      kind: 'operator',
      name: '',
      scopes: [key.scope],
      state: key.isAdmitted ? 'admitted' : 'removed',
      created_at: formatTime(key.createdAtMs),
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
      spent: String(key.spent),
    }
  }
  const { key } = row
  return {
    key_id: key.keyId,
    owner: key.owner,
    kind: key.kind,
    name: key.name,
    scopes: [...key.scopes],
    state: key.state,
    created_at: formatTime(key.createdAtMs),
    expires_at: timeOrNull(key.expiresAtMs),
    revoked_at: timeOrNull(key.revokedAtMs),
    last_used_at: timeOrNull(key.usedAtMs),
    spent: String(key.spent),
  }
}

/** An act. */
export const auditRow = (entry: AuditEntry): Item<typeof auditSchema> => ({
  entry_id: entry.entryId,
  at: formatTime(entry.atMs),
  actor: entry.actor,
  action: entry.action,
  target: entry.target,
  reason: entry.reason,
  details: entry.details,
})

/** Jobs of a day. */
export const analyticsDay = (row: AnalyticsRow): Item<typeof analyticsSchema> => ({
  day: row.name,
  jobs: row.jobs,
  completed: row.completed,
  failed: row.jobs - row.completed,
  prompt_tokens: row.promptTokens,
  completion_tokens: row.completionTokens,
  charged: String(row.charged),
})

const timeOrNull = (ms: number | undefined): string | null =>
  ms === undefined ? null : formatTime(ms)
