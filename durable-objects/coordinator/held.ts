/**
 * Held results: answers that were delivered and whose payment waits for a decision. No release is signed
 * before somebody has decided for it, so that nobody can be paid; the amount stays promised until then.
 * When nobody decides while the payer's permission can still reach the chain, nothing is paid.
 */
import type { HeldDecision, HeldResult, HoldReason } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { assert, err, ok, type Result } from '../../core/base/result.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import { releaseCoder } from '../../core/chain/release.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import type { Funds } from './funds.ts'
import type { JobStore, ResultRow } from './job-store.ts'
import { signRelease } from './release-signature.ts'
import { bytesOf, rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'

export type HeldParts = {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly store: JobStore
  readonly funds: Funds
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
  /** A payment has become due. */
  readonly onDue: () => void
  /** Tells the miner, if it is here. */
  readonly onDecided: (row: ResultRow) => void
}

export type Held = ReturnType<typeof openHeld>

type HeldRow = {
  readonly job_id: string
  readonly miner_id: string
  readonly reasons: string
  readonly amount: number
  readonly held_at_ms: number
  readonly until_ms: number
  readonly decision: HeldResult['decision'] | null
  readonly decided_at_ms: number | null
  readonly decided_by: string | null
  readonly why: string | null
}

/** Takes up what waits on disk. */
export function openHeld(parts: HeldParts) {
  const { database, settings, store, funds, now } = parts
  const row = (jobId: string): HeldRow | undefined =>
    rowsOf<HeldRow>(database, 'SELECT * FROM held WHERE job_id = ?', jobId)[0]

  /** Earliest moment at which something lapses. */
  let nextMs = rowsOf<{ n: number | null }>(database, selectNext)[0]?.n ?? undefined
  const wake = (): void => {
    if (nextMs !== undefined) parts.wakeAt(nextMs)
  }

  const settle = (
    held: HeldRow,
    decision: NonNullable<HeldResult['decision']>,
    of: By,
    write?: () => void,
  ): void => {
    const { job_id: jobId } = held
    const nowMs = now()
    database.transactionSync(() => {
      write?.()
      database.sql.exec(setDecision, decision, nowMs, of.by ?? null, of.why ?? null, jobId)
      if (decision === 'released') {
        const release = releaseOf(store, jobId)
        const signature = signRelease(settings, release)
        database.sql.exec(
          'UPDATE results SET release_signature = ? WHERE job_id = ?',
          signature,
          jobId,
        )
        const state = held.amount === 0 ? 'settled' : 'due'
        database.sql.exec(setPayment, state, nowMs, jobId)
      } else {
        database.sql.exec(setRefused, decision, jobId)
      }
    })
    if (decision !== 'released' || held.amount === 0) funds.discharge(jobId)
    else parts.onDue()
    const result = store.result(jobId)
    if (result) parts.onDecided(result)
  }

  wake()
  return {
    /** The last moment for a decision, of a permission with this settle-by slot. */
    untilMs: (settleBy: number): number =>
      Math.max(now(), settings.genesisTimeMs + (settleBy - jobLimits.settleMarginSlots) * slotMs),

    /** Notes why a result is held. Inside the caller's atomic write, which also writes the result. */
    write: (
      result: Pick<ResultRow, 'job_id' | 'miner_id' | 'amount'>,
      reasons: readonly HoldReason[],
      untilMs: number,
    ): void => {
      const text = JSON.stringify(reasons)
      const { job_id, miner_id, amount } = result
      database.sql.exec(insertHeld, job_id, miner_id, text, amount, now(), untilMs)
    },

    /** After the write. */
    entered: (untilMs: number): void => {
      nextMs = Math.min(nextMs ?? untilMs, untilMs)
      wake()
    },

    /** Whether nothing stands, or stood, in the way of a payment. */
    isPayable: (jobId: string): boolean => {
      const found = row(jobId)
      return found === undefined || found.decision === 'released'
    },

    of: (jobId: string): HeldResult | undefined => {
      const found = row(jobId)
      return found && viewOf(found)
    },

    /** Held results of one miner, or of all: those that wait, or the newest of all. */
    list: (page: {
      readonly minerId?: string | undefined
      readonly onlyOpen: boolean
      readonly limit: number
    }): HeldResult[] => {
      const open = page.onlyOpen ? ' AND decision IS NULL' : ''
      const rows =
        page.minerId === undefined
          ? rowsOf<HeldRow>(database, `${selectHeld} WHERE 1 = 1${open}${newest}`, page.limit)
          : rowsOf<HeldRow>(
              database,
              `${selectHeld} WHERE miner_id = ?${open}${newest}`,
              page.minerId,
              page.limit,
            )
      return rows.map(viewOf)
    },

    /**
     * Decides; to decide the same again changes nothing and is no error. `write` is done in the same
     * atomic write, and only when this call decides.
     */
    decide: (
      { jobId, decision, by, why }: HeldDecision,
      write?: () => void,
    ): Result<HeldResult, ApiError> => {
      const found = row(jobId)
      if (!found) return err({ code: 'HELD_NOT_FOUND' })
      if (found.decision === null) {
        // The alarm may be late; the clock is not.
        const isLate = found.until_ms <= now()
        if (isLate) settle(found, 'lapsed', {})
        else settle(found, decision, { by, why }, write)
      }
      const decided = row(jobId)
      assert(decided, 'what was decided is on the disk')
      return decided.decision === decision
        ? ok(viewOf(decided))
        : err({ code: 'HELD_DECIDED', details: { decision: decided.decision } })
    },

    /** Ends what nobody decided in time. */
    tick: (): void => {
      if (nextMs === undefined) return
      if (nextMs <= now()) {
        for (const late of rowsOf<HeldRow>(database, selectLate, now())) settle(late, 'lapsed', {})
        nextMs = rowsOf<{ n: number | null }>(database, selectNext)[0]?.n ?? undefined
      }
      wake()
    },
  }
}

type By = { readonly by?: string; readonly why?: string }

function releaseOf(store: JobStore, jobId: string) {
  const result = store.result(jobId)
  const release = result && decodeCanonical(releaseCoder, bytesOf(result.release))
  assert(release?.ok, 'a held result is stored with its release')
  return release.value
}

const viewOf = (row: HeldRow): HeldResult => ({
  jobId: row.job_id,
  minerId: row.miner_id,
  reasons: JSON.parse(row.reasons) as HoldReason[],
  amount: BigInt(row.amount),
  heldAtMs: row.held_at_ms,
  untilMs: row.until_ms,
  decision: row.decision ?? undefined,
  decidedAtMs: row.decided_at_ms ?? undefined,
  decidedBy: row.decided_by ?? undefined,
  why: row.why ?? undefined,
})

const selectHeld = 'SELECT * FROM held'
const newest = ' ORDER BY held_at_ms DESC, job_id LIMIT ?'
const selectNext = 'SELECT min(until_ms) AS n FROM held WHERE decision IS NULL'
const selectLate = 'SELECT * FROM held WHERE decision IS NULL AND until_ms <= ?'
const insertHeld = `INSERT INTO held (job_id, miner_id, reasons, amount, held_at_ms, until_ms)
  VALUES (?, ?, ?, ?, ?, ?)`
const setDecision = `UPDATE held SET decision = ?, decided_at_ms = ?, decided_by = ?, why = ?
  WHERE job_id = ?`
const setPayment = 'UPDATE payments SET state = ?, released_at_ms = ? WHERE job_id = ?'
const setRefused = "UPDATE payments SET state = 'refused', reason = ? WHERE job_id = ?"
