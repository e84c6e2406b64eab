/**
 * The desk for administrators: reads of everything, and acts, each written down in the atomic write that
 * does it. Rules: SPEC.md, ADMIN.
 */
import type { KeyRecord } from '../../core/api/account-desk.ts'
import type { Actor, AdminAction, AdminDesk } from '../../core/api/admin-desk.ts'
import { err, ok } from '../../core/base/result.ts'
import { applyJobEvent } from '../../core/jobs/job.ts'
import type { AccountKeys, KeyRow } from './account-keys.ts'
import { cursorInvalid, numbersOf, openAdminLists } from './admin-lists.ts'
import { averageOf, durationOf, openAdminMiners } from './admin-miners.ts'
import type { ApiKeys } from './api-keys.ts'
import { openAudit } from './audit.ts'
import type { Bars } from './bars.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Held } from './held.ts'
import type { JobStore } from './job-store.ts'
import type { Miners } from './miners.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'
import type { Usage } from './usage.ts'

export type AdminDeskParts = {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly store: JobStore
  readonly dispatcher: Dispatcher
  readonly miners: Miners
  readonly bars: Bars
  readonly apiKeys: ApiKeys
  readonly accountKeys: AccountKeys
  readonly usage: Usage
  readonly held: Held
  readonly now: () => number
  readonly recordOf: (row: KeyRow) => Promise<KeyRecord>
  /** A key was revoked: a miner that works with it leaves. */
  readonly onRevoked: (keyId: string) => void
  /** Does an action that the site else does by itself; figures of what was done. */
  readonly perform: (action: AdminAction) => Promise<Record<string, string | number>>
}

/** Results from which the average duration is taken: the newest. */
const sampleMax = 1_000

export function openAdminDesk(parts: AdminDeskParts): AdminDesk {
  const { database, settings, dispatcher, accountKeys, usage, now } = parts
  const audit = openAudit(database, now)
  const admitted = new Set(
    (['client', 'miner', 'admin'] as const).flatMap((scope) =>
      settings.apiKeys[scope].map((apiKey) => parts.apiKeys.publicIdOf(apiKey, scope)),
    ),
  )
  const lists = openAdminLists({ ...parts, isAdmitted: (publicId) => admitted.has(publicId) })
  const miners = openAdminMiners({ ...parts, audit, payoutOf: parts.apiKeys.payoutOf })
  const countOf = (query: string): number => rowsOf<{ n: number }>(database, query)[0]?.n ?? 0

  const jobAnswer = (jobId: string) => {
    const job = lists.jobOf(jobId)
    return job ? ok(job) : err({ code: 'JOB_NOT_FOUND' } as const)
  }

  return {
    stats: async () => {
      const sample = rowsOf<{ life: string; attempt_id: string }>(
        database,
        `SELECT life, attempt_id FROM jobs JOIN results USING (job_id) JOIN lives USING (job_id)
         ORDER BY seq DESC LIMIT ?`,
        sampleMax,
      )
      const { queued, running } = dispatcher.counts()
      return {
        totalJobs: countOf('SELECT count(*) AS n FROM jobs'),
        queued,
        running,
        onlineMiners: [...dispatcher.live(now())].filter(({ draining }) => !draining).length,
        suspended: miners.count('suspended'),
        draining: miners.count('draining'),
        averageMs: averageOf(sample.map(({ life, attempt_id }) => durationOf(life, attempt_id))),
        payments: lists.paymentTotals(),
      }
    },

    jobs: async (page) => lists.jobs(page),
    job: async (jobId) => jobAnswer(jobId),

    cancelJob: async (by, jobId) => {
      const live = dispatcher.job(jobId)
      if (!live) return err({ code: lists.jobOf(jobId) ? 'JOB_NOT_CANCELABLE' : 'JOB_NOT_FOUND' })
      const event = { type: 'cancel', message: 'canceled by an administrator' } as const
      const step = applyJobEvent(live.life, event, now())
      if (!step.ok) return err({ code: 'JOB_NOT_CANCELABLE' })
      const details = { client: live.ask.client, before: live.life.state }
      const write = () => audit.write(by, { action: 'job.cancel', target: jobId, details })
      dispatcher.keep(live, step.value, { write })
      return jobAnswer(jobId)
    },

    prioritizeJob: async (by, jobId, priority) => {
      const live = dispatcher.job(jobId)
      if (!live) return err({ code: lists.jobOf(jobId) ? 'JOB_NOT_CANCELABLE' : 'JOB_NOT_FOUND' })
      const details = { before: live.ask.priority, priority }
      const write = () => audit.write(by, { action: 'job.prioritize', target: jobId, details })
      dispatcher.prioritize(live, priority, write)
      return jobAnswer(jobId)
    },

    miners: async (page) => miners.list(page),
    miner: async (minerId) => miners.one(minerId),
    setStanding: async (by, minerId, standing) => miners.setStanding(by, minerId, standing),

    users: async (page) => lists.users(page),
    keys: async (page) => lists.keys(page),

    revokeKey: async (by, keyId) => {
      const row = accountKeys.row(keyId)
      if (!row) return err({ code: 'KEY_NOT_FOUND' })
      const details = { owner: row.owner, kind: row.kind }
      accountKeys.revoke(keyId, by.actor, () =>
        audit.write(by, { action: 'key.revoke', target: keyId, details }),
      )
      parts.onRevoked(keyId)
      return ok(await parts.recordOf(accountKeys.row(keyId) as KeyRow))
    },

    withdrawOffer: async (by, offerId, details) => {
      // The entry is the order: the market follows the log.
      audit.write(by, { action: 'offer.withdraw', target: offerId, details })
    },

    payments: async (page) => lists.payments(page),

    held: async (page) => parts.held.list(page),
    decideHeld: async (by, jobId, decision) => {
      const action = decision === 'released' ? 'held.release' : 'held.refuse'
      const details = { reasons: parts.held.of(jobId)?.reasons.map(({ code }) => code) }
      const { actor, reason: why } = by
      return parts.held.decide({ jobId, decision, by: actor, why }, () =>
        audit.write(by, { action, target: jobId, details }),
      )
    },
    audit: async (page) => {
      const before = numbersOf(page.cursor, 1)
      if (!before) return cursorInvalid
      const { limit, action, actor } = page
      const from = before[0] ?? Number.MAX_SAFE_INTEGER
      const entries = audit.list({ limit: limit + 1, before: from, action, actor })
      const items = entries.slice(0, limit)
      const last = entries.length > limit ? items.at(-1) : undefined
      return ok({ items, next: last && String(last.entryId) })
    },

    analytics: async (from) => usage.ofSite(from),

    execute: async (by: Actor, action, target) => {
      // What is done takes its time and may be stopped: that it was asked for is written first.
      audit.write(by, { action: `execute.${action}`, target: target ?? 'site' })
      return ok(await parts.perform(action))
    },

    ping: async () => ({ jobs: countOf('SELECT count(*) AS n FROM jobs') }),
  }
}
