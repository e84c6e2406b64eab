/**
 * What administrators read: jobs, payments, users and keys of the whole site, page by page. A cursor is the
 * place of a row in the order of its list, so that nothing is skipped or repeated when rows are added.
 */
import type { KeyRecord } from '../../core/api/account-desk.ts'
import type {
  AdminJob,
  AdminPayment,
  AdminUser,
  OperatorKeyRow,
  Page,
} from '../../core/api/admin-desk.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import type { AccountKeys, KeyRow } from './account-keys.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { JobStore, PaymentRow, StoredJob } from './job-store.ts'
import { bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Usage } from './usage.ts'

export type AdminListParts = {
  readonly database: SqlDatabase
  readonly store: JobStore
  readonly dispatcher: Dispatcher
  readonly accountKeys: AccountKeys
  readonly usage: Usage
  readonly recordOf: (row: KeyRow) => Promise<KeyRecord>
  /** Whether the operator still admits a key of this public id. */
  readonly isAdmitted: (publicId: string) => boolean
}

type Listed<T> = Result<Page<T>, ApiError>

export function openAdminLists(parts: AdminListParts) {
  const { database, store, dispatcher, accountKeys, usage } = parts

  const jobOf = (jobId: string): AdminJob | undefined => {
    const stored = dispatcher.job(jobId) ?? store.load(jobId)
    return stored && adminJob(stored, store)
  }

  return {
    jobOf,

    jobs: (page: {
      readonly limit: number
      readonly cursor: string | undefined
      readonly state: string | undefined
      readonly client: string | undefined
      readonly miner: string | undefined
    }): Listed<AdminJob> => {
      const before = numbersOf(page.cursor, 1)
      if (!before) return cursorInvalid
      const rows = rowsOf<{ seq: number; job_id: string }>(
        database,
        `SELECT seq, jobs.job_id FROM jobs JOIN lives USING (job_id) WHERE seq < ?
         AND client = coalesce(?, client)
         AND (? IS NULL OR json_extract(life, '$.state') = ?)
         AND (? IS NULL OR EXISTS (SELECT 1 FROM json_each(life, '$.attempts')
           WHERE json_extract(value, '$.minerId') = ?))
         ORDER BY seq DESC LIMIT ?`,
        before[0] ?? Number.MAX_SAFE_INTEGER,
        page.client ?? null,
        page.state ?? null,
        page.state ?? null,
        page.miner ?? null,
        page.miner ?? null,
        page.limit + 1,
      )
      return pageOf(
        rows,
        page.limit,
        ({ seq }) => String(seq),
        ({ job_id: jobId }) => jobOf(jobId),
      )
    },

    payments: (page: {
      readonly limit: number
      readonly cursor: string | undefined
      readonly state: string | undefined
    }): Listed<AdminPayment> => {
      const before = numbersOf(page.cursor, 1)
      if (!before) return cursorInvalid
      const rows = rowsOf<PaymentOfJob>(
        database,
        `SELECT payments.*, seq, client, miner_id FROM jobs JOIN payments USING (job_id)
         JOIN results USING (job_id) WHERE seq < ? AND state = coalesce(?, state)
         ORDER BY seq DESC LIMIT ?`,
        before[0] ?? Number.MAX_SAFE_INTEGER,
        page.state ?? null,
        page.limit + 1,
      )
      return pageOf(rows, page.limit, ({ seq }) => String(seq), adminPayment)
    },

    /** Counts and sums of payments by state. */
    paymentTotals: (): Record<string, { readonly count: number; readonly amount: bigint }> =>
      Object.fromEntries(
        rowsOf<{ state: string; n: number; amount: string }>(
          database,
          `SELECT state, count(*) AS n, CAST(sum(amount) AS TEXT) AS amount FROM payments
           GROUP BY state`,
        ).map(({ state, n, amount }) => [state, { count: n, amount: BigInt(amount) }]),
      ),

    users: (page: {
      readonly limit: number
      readonly cursor: string | undefined
      readonly q: string | undefined
    }): Listed<AdminUser> => {
      const place = /^(\d{1,15})\.(aitbc1[a-z0-9]{1,80})$/.exec(page.cursor ?? `${farMs}.aitbc1z`)
      if (!place) return cursorInvalid
      const rows = rowsOf<{ address: string; first_seen_ms: number; seen_ms: number }>(
        database,
        `SELECT * FROM account_users WHERE (seen_ms, address) < (?, ?)
         AND instr(address, ?) = 1 ORDER BY seen_ms DESC, address DESC LIMIT ?`,
        Number(place[1]),
        place[2] as string,
        page.q ?? '',
        page.limit + 1,
      )
      const placeOf = (row: (typeof rows)[number]) => `${row.seen_ms}.${row.address}`
      return pageOf(rows, page.limit, placeOf, (row) => {
        const keys = accountKeys.ofOwner(row.address)
        const sums = clientSums(database, [row.address, ...keys.map((key) => key.key_id)])
        const live = keys.filter((key) => key.kind === 'key' && key.revoked_at_ms === null)
        return {
          address: row.address,
          firstSeenAtMs: row.first_seen_ms,
          seenAtMs: row.seen_ms,
          keys: live.length,
          ...sums,
        }
      })
    },

    keys: async (page: {
      readonly limit: number
      readonly cursor: string | undefined
      readonly q: string | undefined
    }): Promise<Listed<{ readonly of: 'account'; readonly key: KeyRecord } | OperatorKeyRow>> => {
      const place = /^(\d{1,15})\.([a-z]+_[0-9a-f]{16})$/.exec(page.cursor ?? farKey)
      if (!place) return cursorInvalid
      const rows = rowsOf<KeyPlace>(
        database,
        selectKeys,
        Number(place[1]),
        place[2] as string,
        page.q ?? '',
        page.limit + 1,
      )
      const shown = rows.slice(0, page.limit)
      const items = await Promise.all(
        shown.map(async (row) => {
          const own = row.scope === null ? accountKeys.row(row.id) : undefined
          if (own) return { of: 'account', key: await parts.recordOf(own) } as const
          const key = {
            keyId: row.id,
            scope: row.scope ?? '',
            isAdmitted: parts.isAdmitted(row.id),
            createdAtMs: row.created_at_ms,
            spent: usage.spentBy(row.id),
          }
          return { of: 'operator', key } as const
        }),
      )
      const last = rows.length > page.limit ? shown.at(-1) : undefined
      return ok({ items, next: last && `${last.created_at_ms}.${last.id}` })
    },
  }
}

/** The numbers of a cursor; none at the beginning, undefined for one that is not ours. */
export function numbersOf(cursor: string | undefined, count: number): number[] | undefined {
  if (cursor === undefined) return []
  const numbers = cursor.split('.').map((part) => (/^\d{1,15}$/.test(part) ? Number(part) : -1))
  return numbers.length === count && numbers.every((each) => each >= 0) ? numbers : undefined
}

/** The refusal of a cursor that no list here gave out. */
export const cursorInvalid = err<ApiError>({ code: 'CURSOR_INVALID' })

/** The rows of a page, of which one more was read than are shown. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  placeOf: (row: Row) => string,
  read: (row: Row) => T | undefined,
): Result<Page<T>, ApiError> {
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  const items = shown.flatMap((row) => read(row) ?? [])
  return ok({ items, next: last && placeOf(last) })
}

type PaymentOfJob = PaymentRow & {
  readonly seq: number
  readonly client: string
  readonly miner_id: string
}

type KeyPlace = {
  readonly id: string
  readonly created_at_ms: number
  /** Null of an account's key. */
  readonly scope: string | null
}

/** After every time that is told. */
const farMs = 999_999_999_999_999
const farKey = `${farMs}.z_${'0'.repeat(16)}`

const selectKeys = `SELECT * FROM (
  SELECT key_id AS id, created_at_ms, NULL AS scope, owner, name FROM account_keys
  UNION ALL SELECT public_id, created_at_ms, scope, '', '' FROM api_keys)
  WHERE (created_at_ms, id) < (?1, ?2)
  AND (?3 = '' OR instr(id, ?3) = 1 OR instr(owner, ?3) = 1 OR instr(lower(name), lower(?3)) = 1)
  ORDER BY created_at_ms DESC, id DESC LIMIT ?4`

function clientSums(
  database: SqlDatabase,
  clients: readonly string[],
): { readonly jobs: number; readonly spent: bigint } {
  const [row] = rowsOf<{ jobs: number | null; spent: string | null }>(
    database,
    `SELECT sum(jobs) AS jobs, CAST(sum(spent) AS TEXT) AS spent FROM usage_daily
     WHERE client IN (SELECT value FROM json_each(?))`,
    JSON.stringify(clients),
  )
  return { jobs: row?.jobs ?? 0, spent: BigInt(row?.spent ?? '0') }
}

function adminJob({ ask, life }: StoredJob, store: JobStore): AdminJob {
  const result = store.result(ask.jobId)
  const last = life.attempts.findLast((each) => each.state !== 'rejected')
  const minerId = result?.miner_id ?? (life.state === 'queued' ? undefined : last?.minerId)
  return {
    jobId: ask.jobId,
    state: life.state,
    client: ask.client,
    minerId,
    model: ask.spec.model,
    priority: ask.priority,
    attempts: life.attempts.filter((each) => each.state !== 'rejected').length,
    requestedAtMs: life.requestedAtMs,
    expiresAtMs: life.expiresAtMs,
    endedAtMs: life.endedAtMs,
    error: life.error?.message,
    limit: ask.limit,
    escrow: ask.authorisation.escrow,
    amount: result ? BigInt(result.amount) : undefined,
    receiptId: result?.receipt_id,
    payment: result && store.payment(ask.jobId)?.state,
  }
}

const adminPayment = (row: PaymentOfJob): AdminPayment => ({
  jobId: row.job_id,
  state: row.state,
  amount: BigInt(row.amount),
  client: row.client,
  minerId: row.miner_id,
  settleBy: row.settle_by,
  releasedAtMs: row.released_at_ms,
  reason: row.reason ?? undefined,
  txHash: row.tx_hash ? bytesOf(row.tx_hash) : undefined,
  height: row.height ?? undefined,
})
