/**
 * Miners as administrators see them, here and away, and how they let each stand.
 * Rules: SPEC.md, ADMIN.
 */
import type { Actor, AdminMiner, Page, Standing } from '../../core/api/admin-desk.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { fromHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { type Job, liveAttempt } from '../../core/jobs/job.ts'
import { isLive } from './assignment.ts'
import type { Audit } from './audit.ts'
import { type Bars, identityOf } from './bars.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Miner, Miners } from './miners.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

export type AdminMinerParts = {
  readonly database: SqlDatabase
  readonly miners: Miners
  readonly bars: Bars
  readonly dispatcher: Dispatcher
  readonly audit: Audit
  readonly payoutOf: (minerId: string) => Uint8Array | undefined
  readonly now: () => number
}

type MinerRow = {
  readonly miner_id: string
  readonly kind: 'agent' | 'legacy'
  readonly identity: string
  readonly seen_at_ms: number
}

/** Jobs of a miner that its figures are taken from: the newest. */
const sampleMax = 100

export function openAdminMiners(parts: AdminMinerParts) {
  const { database, miners, bars, dispatcher, audit, now } = parts

  const rowOf = (minerId: string): MinerRow | undefined =>
    rowsOf<MinerRow>(database, `${selectMiners} WHERE miner_id = ?`, minerId)[0]

  const barOf = (row: MinerRow) => bars.of(row.kind === 'agent' ? row.identity : row.miner_id)

  const hereOf = (minerId: string): Miner | undefined => {
    const miner = miners.get(minerId)
    return miner && isLive(miner, now()) ? miner : undefined
  }

  const viewOf = (row: MinerRow): AdminMiner => {
    const miner = hereOf(row.miner_id)
    const bar = barOf(row)
    const key = row.kind === 'agent' ? fromHex(row.identity, 32) : undefined
    return {
      minerId: row.miner_id,
      kind: row.kind,
      isOnline: miner !== undefined,
      isDraining: miner?.draining === true,
      inflight: miner?.inflight ?? 0,
      concurrency: miner?.card.concurrency ?? 0,
      region: miner?.card.region,
      seenAtMs: miner?.seenAtMs ?? row.seen_at_ms,
      models: miner?.card.models.map(({ name }) => name).filter((name) => name !== '') ?? [],
      payout: key?.ok ? addressOf(key.value) : parts.payoutOf(row.miner_id),
      ...figuresOf(database, row.miner_id),
      standing: bar?.standing ?? 'active',
      standingReason: bar?.reason,
      standingSinceMs: bar?.since_ms,
    }
  }

  const statusOf = (row: MinerRow): string => {
    const miner = hereOf(row.miner_id)
    const bar = barOf(row)
    if (bar) return bar.standing.toUpperCase()
    if (!miner) return 'OFFLINE'
    return miner.draining ? 'DRAINING' : 'ONLINE'
  }

  /** What it holds goes elsewhere. */
  const release = (minerId: string): void => {
    for (const job of [...dispatcher.all()]) {
      const attempt = liveAttempt(job.life)
      if (attempt?.minerId !== minerId) continue
      dispatcher.apply(job, { type: 'lost', attemptId: attempt.attemptId, minerId })
    }
  }

  return {
    /** How many are barred in a way. */
    count: bars.count,

    list: (page: {
      readonly limit: number
      readonly cursor: string | undefined
      readonly status: string | undefined
    }): Result<Page<AdminMiner>, ApiError> => {
      const after = page.cursor ?? ''
      const rows = rowsOf<MinerRow>(
        database,
        `${selectMiners} WHERE miner_id > ? ORDER BY miner_id`,
        after.startsWith('~') ? after.slice(1) : '',
      )
      const status = page.status?.toUpperCase()
      const fitting = rows.filter((row) => status === undefined || statusOf(row) === status)
      const shown = fitting.slice(0, page.limit)
      const last = fitting.length > page.limit ? shown.at(-1) : undefined
      return ok({ items: shown.map(viewOf), next: last && `~${last.miner_id}` })
    },

    one: (minerId: string): Result<AdminMiner, ApiError> => {
      const row = rowOf(minerId)
      return row ? ok(viewOf(row)) : err({ code: 'MINER_NOT_FOUND' })
    },

    /** Lets a miner stand so, here or away, and writes down who said it and why. */
    setStanding: (by: Actor, minerId: string, standing: Standing): Result<AdminMiner, ApiError> => {
      const row = rowOf(minerId)
      if (!row) return err({ code: 'MINER_NOT_FOUND' })
      const key = row.kind === 'agent' ? fromHex(row.identity, 32) : undefined
      const identity = identityOf(minerId, key?.ok ? key.value : undefined)
      const before = bars.of(identity)?.standing ?? 'active'
      const note = { action: actOf[standing], target: minerId, details: { before, standing } }
      if (standing === 'active') {
        database.transactionSync(() => {
          bars.writeLifted(identity)
          audit.write(by, note)
        })
        bars.lift(identity)
      } else {
        const { reason } = by
        const bar = { identity, miner_id: minerId, standing, reason, since_ms: now() }
        database.transactionSync(() => {
          bars.write(bar)
          audit.write(by, note)
        })
        bars.keep(bar)
      }
      // The same key may be here under another name.
      for (const miner of [...miners.all()]) {
        const { minerId: name } = miner.card
        if (identityOf(name, miner.publicKey) !== identity) continue
        miner.draining = standing !== 'active'
        if (standing === 'suspended') release(name)
        if (standing === 'active') dispatcher.fill(name)
      }
      return ok(viewOf(row))
    },
  }
}

const actOf = {
  active: 'miner.activate',
  draining: 'miner.drain',
  suspended: 'miner.suspend',
} as const satisfies Record<Standing, string>

const selectMiners = 'SELECT miner_id, kind, identity, seen_at_ms FROM miners'

/** From the newest results, and the newest jobs that ended without one at this miner. */
function figuresOf(
  database: SqlDatabase,
  minerId: string,
): Pick<AdminMiner, 'completed' | 'failed' | 'averageMs' | 'lastReceiptId'> {
  const [sums] = rowsOf<{ n: number }>(
    database,
    'SELECT count(*) AS n FROM results WHERE miner_id = ?',
    minerId,
  )
  const done = rowsOf<{ life: string; attempt_id: string; receipt_id: string }>(
    database,
    `SELECT life, attempt_id, receipt_id FROM results JOIN lives USING (job_id)
     WHERE miner_id = ? ORDER BY ended_at_ms DESC LIMIT ?`,
    minerId,
    sampleMax,
  )
  const [failed] = rowsOf<{ n: number }>(
    database,
    `SELECT count(*) AS n FROM (SELECT life FROM lives WHERE open = 2
     ORDER BY ended_at_ms DESC LIMIT 1000) WHERE json_extract(life, '$.state') = 'failed'
     AND json_extract(life, '$.attempts[#-1].minerId') = ?`,
    minerId,
  )
  return {
    completed: sums?.n ?? 0,
    failed: failed?.n ?? 0,
    averageMs: averageOf(done.map(({ life, attempt_id }) => durationOf(life, attempt_id))),
    lastReceiptId: done[0]?.receipt_id,
  }
}

/** How long an attempt took that brought its job's result, milliseconds. */
export function durationOf(lifeText: string, attemptId: string): number {
  const life = JSON.parse(lifeText) as Job
  const attempt = life.attempts.find((each) => each.attemptId === attemptId)
  return attempt && life.endedAtMs !== undefined ? life.endedAtMs - attempt.offeredAtMs : 0
}

/** A whole number; 0 of nothing. */
export const averageOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : Math.round(values.reduce((sum, each) => sum + each, 0) / values.length)
