import { describe, expect, test } from 'vitest'
import {
  applyJobEvent,
  createJob,
  excludedMiners,
  isDispatchable,
  type Job,
  type JobEffect,
  type JobEvent,
  jobDueAtMs,
  legacyStateOf,
  liveAttempt,
  mayFinish,
} from '../../../core/jobs/job.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import { played, queued } from './fixtures.ts'

const start = 1_000_000
const { leaseMs, graceMs, offerMs } = jobLimits
const a = { attemptId: 'a1', minerId: 'miner-a' }
const b = { attemptId: 'b1', minerId: 'miner-b' }
const c = { attemptId: 'c1', minerId: 'miner-c' }
const assign = (by: typeof a): JobEvent => ({ type: 'assign', leaseMs, ...by })
const accept = (by: typeof a): JobEvent => ({ type: 'accept', ...by })
const result = (by: typeof a): JobEvent => ({ type: 'result', ...by })
const tokens = (by: typeof a, seq: number): JobEvent => ({
  type: 'tokens',
  seq,
  count: 1,
  textBytes: 3,
  ...by,
})
const fail = (by: typeof a, retryable: boolean): JobEvent => ({
  type: 'fail',
  code: 'ENGINE',
  message: 'out of memory',
  retryable,
  ...by,
})
const tick: JobEvent = { type: 'tick' }
const cancel: JobEvent = { type: 'cancel', message: 'canceled by client' }

const step = (job: Job, event: JobEvent, atMs = start) => applyJobEvent(job, event, atMs)
function taken(job: Job, event: JobEvent, atMs = start) {
  const done = step(job, event, atMs)
  if (!done.ok) throw new Error(done.error.code)
  return done.value
}
const codeOf = (job: Job, event: JobEvent, atMs = start) => {
  const done = step(job, event, atMs)
  return done.ok ? 'taken' : done.error.code
}
const types = (effects: readonly JobEffect[]) => effects.map((effect) => effect.type)
const running = () => played(queued(), [start, assign(a)], [start, accept(a)])
const lapseAt = start + leaseMs
const lapsed = () => played(running(), [lapseAt, tick])

test.each([
  [0, 1],
  [-5, 1],
  [60, 60],
  [10 ** 9, jobLimits.ttlSecondsMax],
])('JOB-1: a time to live of %d s becomes %d s', (ttlSeconds, expected) => {
  const job = createJob({ jobId: 'x', requestedAtMs: start, ttlSeconds })
  expect(job.state).toBe('queued')
  expect(job.expiresAtMs).toBe(start + expected * 1_000)
})

test('JOB-1: states have the words of the original on the wire', () => {
  const states = ['queued', 'assigned', 'running', 'completed', 'failed', 'canceled', 'expired']
  expect(states.map((state) => legacyStateOf(state as Job['state']))).toEqual([
    'QUEUED',
    'RUNNING',
    'RUNNING',
    'COMPLETED',
    'FAILED',
    'CANCELED',
    'EXPIRED',
  ])
})

describe('JOB-2: offers', () => {
  test('JOB-2: an offer takes the job out of the queue', () => {
    const { job, effects } = taken(queued(), assign(a))
    expect(job.state).toBe('assigned')
    expect(types(effects)).toEqual(['dequeue'])
    expect(jobDueAtMs(job)).toBe(start + offerMs)
    expect(codeOf(job, assign(b))).toBe('NOT_QUEUED')
  })

  test('JOB-2: an unanswered offer lapses', () => {
    const { job, effects } = taken(taken(queued(), assign(a)).job, tick, start + offerMs)
    expect(job.state).toBe('queued')
    expect(types(effects)).toEqual(['free_miner', 'enqueue'])
  })
})

test.each([
  ['accept', accept(a)],
  ['progress', { type: 'progress', ...a } as JobEvent],
  ['tokens', tokens(a, 0)],
])('JOB-3: %s starts the attempt and renews its lease', (_, event) => {
  const job = played(queued(), [start, assign(a)], [start + 4_000, event])
  expect(job.state).toBe('running')
  expect(liveAttempt(job)?.leaseUntilMs).toBe(start + 4_000 + leaseMs)
})

describe('JOB-4: only the holder of the lease is heard', () => {
  const strangers = [
    { attemptId: 'a1', minerId: 'miner-b' },
    { attemptId: 'zz', minerId: 'miner-a' },
  ]
  const events = (by: typeof a): JobEvent[] => [
    accept(by),
    { type: 'progress', ...by },
    { type: 'reject', code: 'BUSY', message: '', ...by },
    tokens(by, 0),
    fail(by, true),
    { type: 'lost', ...by },
    result(by),
  ]
  test.each(strangers)('JOB-4: not $minerId with $attemptId', (by) => {
    for (const event of events(by)) expect(codeOf(running(), event)).toBe('LEASE_NOT_HELD')
  })

  test('JOB-4: not the miner whose lease has lapsed, except with its result', () => {
    const job = played(lapsed(), [lapseAt, assign(b)], [lapseAt, accept(b)])
    for (const event of events(a).slice(0, -1)) {
      expect(codeOf(job, event, lapseAt)).toBe('LEASE_NOT_HELD')
    }
    expect(codeOf(job, result(a), lapseAt)).toBe('taken')
  })
})

test('JOB-5: the first result completes the job and pays', () => {
  const { job, effects } = taken(running(), result(a))
  expect(job.state).toBe('completed')
  expect(job.completedBy).toBe('a1')
  expect(effects).toContainEqual({ type: 'pay', ...a, late: false })
  expect(types(effects)).not.toContain('free_hold')
  expect(jobDueAtMs(job)).toBeUndefined()
})

test('JOB-6: a second result is refused, and the finisher is told from others', () => {
  const both = played(lapsed(), [lapseAt, assign(b)], [lapseAt, accept(b)], [lapseAt, result(b)])
  const again = step(both, result(b), lapseAt)
  const other = step(both, result(a), lapseAt)
  expect(again).toMatchObject({ error: { code: 'ALREADY_COMPLETED', sameAttempt: true } })
  expect(other).toMatchObject({ error: { code: 'ALREADY_COMPLETED', sameAttempt: false } })
  expect(codeOf(both, result(c), lapseAt)).toBe('LEASE_NOT_HELD')
})

describe('JOB-7: a lapse', () => {
  test('JOB-7: returns the job to the queue and passes over the miner', () => {
    const withText = played(running(), [start, tokens(a, 0)])
    const { job, effects } = taken(withText, tick, lapseAt)
    expect(job.state).toBe('queued')
    expect(isDispatchable(job)).toBe(true)
    expect(types(effects)).toEqual(['free_miner', 'reset_stream', 'enqueue'])
    expect([...excludedMiners(job, lapseAt)]).toEqual(['miner-a'])
    expect([...excludedMiners(job, lapseAt + jobLimits.excludeMs)]).toEqual([])
  })

  test('JOB-7: voids nothing when there was no text', () => {
    expect(types(taken(running(), tick, lapseAt).effects)).toEqual(['free_miner', 'enqueue'])
  })
})

describe('JOB-8: a late result', () => {
  test('JOB-8: is taken while the job is back in the queue', () => {
    const { job, effects } = taken(lapsed(), result(a), lapseAt + graceMs - 1)
    expect(job.state).toBe('completed')
    expect(types(effects)).toEqual(['dequeue', 'pay', 'end_stream'])
    expect(effects).toContainEqual({ type: 'pay', ...a, late: true })
  })

  test('JOB-8: is taken while another works, who is told to stop', () => {
    const job = played(lapsed(), [lapseAt, assign(b)], [lapseAt, accept(b)])
    const { effects } = taken(job, result(a), lapseAt + 1)
    const stop = { type: 'cancel_attempt', ...b, reason: 'finished_elsewhere' }
    expect(effects).toContainEqual(stop)
  })

  test('JOB-8: is refused after the grace', () => {
    expect(codeOf(lapsed(), result(a), lapseAt + graceMs)).toBe('LEASE_NOT_HELD')
  })

  test('JOB-8: is told apart before the costly checks', () => {
    expect(mayFinish(lapsed(), a, lapseAt)).toMatchObject({ ok: true, value: { late: true } })
    expect(mayFinish(running(), a, start)).toMatchObject({ ok: true, value: { late: false } })
    expect(mayFinish(running(), a, lapseAt)).toMatchObject({ ok: true, value: { late: true } })
  })
})

describe('JOB-9: attempts', () => {
  test('JOB-9: failures that can be retried use them up', () => {
    const twice = played(
      running(),
      [start, fail(a, true)],
      [start, assign(b)],
      [start, fail(b, true)],
      [start, assign(c)],
    )
    const { job, effects } = taken(twice, fail(c, true))
    expect(job.state).toBe('failed')
    expect(job.error).toEqual({ code: 'JOB_FAILED', message: 'ENGINE: out of memory' })
    expect(types(effects)).toEqual(['free_miner', 'dequeue', 'free_hold', 'end_stream'])
    expect(job.attempts.map((each) => each.number)).toEqual([1, 2, 3])
  })

  test('JOB-9: the job waits for the grace of the last lapse', () => {
    const last = played(
      running(),
      [start, fail(a, true)],
      [start, assign(b)],
      [start, fail(b, true)],
      [start, assign(c)],
      [start, accept(c)],
    )
    const { job, effects } = taken(last, tick, lapseAt)
    expect(job.state).toBe('queued')
    expect(isDispatchable(job)).toBe(false)
    expect(types(effects)).toEqual(['free_miner'])
    expect(codeOf(job, assign(a), lapseAt)).toBe('NOT_QUEUED')
    expect(jobDueAtMs(job)).toBe(lapseAt + graceMs)
    expect(taken(job, result(c), lapseAt + 1).job.state).toBe('completed')
    expect(taken(job, tick, lapseAt + graceMs).job.state).toBe('failed')
  })
})

describe('JOB-10: rejections', () => {
  const reject = (by: typeof a): JobEvent => ({ type: 'reject', code: 'BUSY', message: '', ...by })

  test('JOB-10: give the attempt back and pass over the miner for a moment', () => {
    const { job, effects } = taken(taken(queued(), assign(a)).job, reject(a))
    expect(types(effects)).toEqual(['free_miner', 'enqueue'])
    expect([...excludedMiners(job, start)]).toEqual(['miner-a'])
    expect(excludedMiners(job, start + jobLimits.excludeRejectedMs).size).toBe(0)
    expect(taken(job, assign(b)).job.attempts.at(-1)?.number).toBe(1)
  })

  test('JOB-10: too many of them fail the job', () => {
    let job = queued()
    for (let i = 0; i < jobLimits.rejectionsMax; i++) {
      expect(job.state).toBe('queued')
      const by = { attemptId: `r${i}`, minerId: 'miner-a' }
      job = played(job, [start, assign(by)], [start, reject(by)])
    }
    expect(job.state).toBe('failed')
  })

  test('JOB-10: after having begun they are failures', () => {
    const { job } = taken(running(), reject(a))
    expect(job.rejections).toBe(0)
    expect(job.attempts.at(-1)?.state).toBe('failed')
    expect(taken(job, assign(b)).job.attempts.at(-1)?.number).toBe(2)
  })
})

test('JOB-11: a failure for good ends the job', () => {
  const { job, effects } = taken(running(), fail(a, false))
  expect(job.state).toBe('failed')
  expect(types(effects)).toEqual(['free_miner', 'dequeue', 'free_hold', 'end_stream'])
})

test('JOB-11: a failure that can be retried has no grace', () => {
  const { job } = taken(running(), fail(a, true))
  expect(job.state).toBe('queued')
  expect(codeOf(job, result(a))).toBe('LEASE_NOT_HELD')
})

describe('JOB-12: cancel', () => {
  test.each([
    ['queued', queued()],
    ['assigned', taken(queued(), assign(a)).job],
    ['running', running()],
    ['lapsed', lapsed()],
  ])('JOB-12: ends a job that is %s', (_, job) => {
    const done = taken(job, cancel, lapseAt)
    expect(done.job.state).toBe('canceled')
    expect(done.job.error?.message).toBe('canceled by client')
    expect(types(done.effects)).toContain('free_hold')
    for (const event of [accept(a), tokens(a, 0), fail(a, true), result(a)]) {
      expect(codeOf(done.job, event, lapseAt)).not.toBe('taken')
    }
  })

  test('JOB-12: tells whoever may still work to stop', () => {
    const { effects } = taken(lapsed(), cancel, lapseAt)
    expect(effects).toContainEqual({ type: 'cancel_attempt', ...a, reason: 'canceled' })
  })

  test('JOB-12: a result after it is refused as such', () => {
    const { job } = taken(running(), cancel)
    expect(step(job, result(a))).toMatchObject({ error: { code: 'JOB_ENDED', state: 'canceled' } })
  })

  test('JOB-12: is refused when the job has ended', () => {
    const { job } = taken(running(), result(a))
    expect(codeOf(job, cancel)).toBe('JOB_NOT_CANCELABLE')
  })
})

describe('JOB-13: expiry', () => {
  const end = queued().expiresAtMs

  test('JOB-13: by the alarm', () => {
    const { job, effects } = taken(queued(), tick, end)
    expect(job.state).toBe('expired')
    expect(job.error).toEqual({ code: 'JOB_EXPIRED', message: 'job expired' })
    expect(types(effects)).toEqual(['dequeue', 'free_hold', 'end_stream'])
  })

  test('JOB-13: by the clock, when no alarm came', () => {
    let job = running()
    for (let at = start; at < end; at += leaseMs / 2) job = played(job, [at, tokens(a, 0)])
    expect(codeOf(job, result(a), end - 1)).toBe('taken')
    expect(step(job, result(a), end)).toMatchObject({ error: { code: 'JOB_ENDED' } })
    expect(codeOf(queued(), assign(a), end)).toBe('NOT_QUEUED')
  })
})

test.each([
  ['cancel', running(), cancel, start],
  ['expiry', running(), tick, queued().expiresAtMs],
  ['failure', running(), fail(a, false), start],
])('JOB-14: an end by %s frees the hold once and pays nobody', (_, job, event, atMs) => {
  const effects = types(taken(job, event, atMs).effects)
  expect(effects.filter((type) => type === 'free_hold')).toHaveLength(1)
  expect(effects).not.toContain('pay')
})

describe('JOB-18: what was delivered when the end came from outside', () => {
  const delivered = () => played(running(), [start, tokens(a, 0)], [start, tokens(a, 1)])
  const part = { type: 'pay_part', ...a, nextSeq: 2, tokens: 2 }

  test.each([
    ['cancel', delivered(), cancel, start],
    ['expiry', delivered(), tick, queued().expiresAtMs],
  ])('JOB-18, JOB-14: %s', (_, job, event, atMs) => {
    const { effects } = taken(job, event, atMs)
    expect(effects).toContainEqual(part)
    expect(types(effects)).not.toContain('free_hold')
    // The miner is told what is paid with the cancel, so that has to be known first.
    expect(types(effects).indexOf('pay_part')).toBeLessThan(
      types(effects).indexOf('cancel_attempt'),
    )
  })

  test.each([
    ['before the first token', running(), cancel, start],
    ['in a lapsed attempt', played(delivered(), [lapseAt, tick]), cancel, lapseAt],
    ['after a failure', delivered(), fail(a, false), start],
  ])('JOB-18: nothing %s', (_, job, event, atMs) => {
    const effects = types(taken(job, event, atMs).effects)
    expect(effects).not.toContain('pay_part')
    expect(effects.filter((type) => type === 'free_hold')).toHaveLength(1)
  })
})

describe('JOB-15: token frames', () => {
  const two = () => played(running(), [start, tokens(a, 0)], [start, tokens(a, 1)])

  test('JOB-15: are counted, and repeated ones change nothing', () => {
    expect(liveAttempt(two())).toMatchObject({ nextSeq: 2, tokens: 2, textBytes: 6 })
    const repeated = taken(two(), tokens(a, 1))
    expect(repeated.effects).toEqual([])
    expect(liveAttempt(repeated.job)).toMatchObject({ nextSeq: 2, tokens: 2, textBytes: 6 })
  })

  test('JOB-15: must not leave a gap', () => {
    expect(step(two(), tokens(a, 3))).toMatchObject({ error: { code: 'SEQ_GAP', expected: 2 } })
  })

  test('JOB-15: are bounded', () => {
    const huge: JobEvent = { ...tokens(a, 2), textBytes: jobLimits.answerBytesMax } as JobEvent
    expect(codeOf(two(), huge)).toBe('ANSWER_TOO_LONG')
  })
})

test('JOB-16: a tick before anything is due changes nothing', () => {
  for (const job of [queued(), running(), lapsed()]) {
    const due = jobDueAtMs(job) as number
    expect(taken(job, tick, due - 1)).toEqual({ job, effects: [] })
    expect(taken(job, tick, due).job).not.toEqual(job)
  }
})

test('JOB-17: a miner that lost the attempt frees it at once', () => {
  const { job, effects } = taken(running(), { type: 'lost', ...a })
  expect(types(effects)).toEqual(['free_miner', 'enqueue'])
  expect(codeOf(job, result(a))).toBe('LEASE_NOT_HELD')
  expect([...excludedMiners(job, start)]).toEqual(['miner-a'])
})
