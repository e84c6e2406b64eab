import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyJobEvent, createJob, type Job, withClock } from '../../../core/jobs/job.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'

const start = 1_790_000_000_000
const by = { attemptId: 'ab'.repeat(16), minerId: 'miner-A' }

const after = (job: Job, event: Parameters<typeof applyJobEvent>[1], nowMs: number): Job => {
  const step = applyJobEvent(job, event, nowMs)
  if (!step.ok) throw new Error(step.error.code)
  return step.value.job
}

/** A job at each point of its life, so many milliseconds after it was asked. */
const lives = (): readonly { readonly job: Job; readonly nowMs: number }[] => {
  const queued = createJob({ jobId: 'cd'.repeat(16), requestedAtMs: start, ttlSeconds: 600 })
  const assign = { type: 'assign', leaseMs: jobLimits.leaseMs, ...by } as const
  const offered = after(queued, assign, start + 10)
  const running = after(offered, { type: 'accept', ...by }, start + 20)
  const lapsed = after(running, { type: 'tick' }, start + 20 + jobLimits.leaseMs)
  return [
    { job: queued, nowMs: start },
    { job: offered, nowMs: start + 10 },
    { job: running, nowMs: start + 20 },
    { job: lapsed, nowMs: start + 20 + jobLimits.leaseMs },
  ]
}

test('JOB-19: a clock that goes forward, or stands, changes nothing', () => {
  for (const { job, nowMs } of lives()) {
    for (const ms of [0, 1, 86_400_000]) expect(withClock(job, nowMs + ms)).toBe(job)
  }
})

test('JOB-19: however far it is set back, nothing lies farther ahead than it could', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...lives()),
      fc.integer({ min: 1, max: 400 * 86_400_000 }),
      ({ job, nowMs }, backMs) => {
        const now = nowMs - backMs
        const kept = withClock(job, now)
        const { receiptSkewMsMax, legacyLeaseMs, excludeMs, graceMs } = jobLimits
        expect(kept.expiresAtMs - kept.requestedAtMs).toBe(job.expiresAtMs - job.requestedAtMs)
        expect(kept.requestedAtMs).toBeLessThanOrEqual(now + receiptSkewMsMax)
        for (const each of kept.attempts) {
          expect(each.offeredAtMs).toBeLessThanOrEqual(now)
          expect(each.leaseUntilMs).toBeLessThanOrEqual(now + legacyLeaseMs)
          expect(each.graceUntilMs ?? 0).toBeLessThanOrEqual(now + graceMs)
        }
        for (const each of kept.exclusions) {
          expect(each.untilMs).toBeLessThanOrEqual(now + excludeMs)
        }
        expect(withClock(kept, now)).toBe(kept)
        expect({ ...kept.attempts[0], ...times }).toEqual({ ...job.attempts[0], ...times })
      },
    ),
  )
})

const times = { offeredAtMs: 0, leaseUntilMs: 0, graceUntilMs: 0 }
