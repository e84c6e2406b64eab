/**
 * Life cycle of a job: a reducer (job, event, now) → (job, effects). It decides who may finish, when a
 * lease lapses and what ends a job; the host stores the job and carries out the effects in one atomic
 * write. Rules: SPEC.md, JOB. Plain data only, so that a job is kept as JSON.
 *
 * Long because the life cycle is one subject: every transition has to be read against every other.
 */
import { max, min } from '../base/int.ts'
import { err, ok, type Result, unreachable } from '../base/result.ts'
import { jobLimits } from './limits.ts'

/** Where a job stands; the last four are for good. */
export type JobState =
  | 'queued'
  | 'assigned'
  | 'running'
  | 'completed'
  | 'failed'
  | 'canceled'
  | 'expired'

/** `offered` and `running` are live; `lapsed` may still finish within the grace. */
export type AttemptState =
  | 'offered'
  | 'running'
  | 'lapsed'
  | 'rejected'
  | 'failed'
  | 'canceled'
  | 'completed'

/** One try of one miner. */
export type Attempt = {
  /** 32 hex digits, drawn by the host. */
  readonly attemptId: string
  /** 1-based; counts attempts that ran. A rejected offer gives its number back. */
  readonly number: number
  readonly minerId: string
  readonly state: AttemptState
  readonly offeredAtMs: number
  readonly leaseMs: number
  /** Lapses when the clock reaches this without progress. */
  readonly leaseUntilMs: number
  /** When a late result stops being taken; only for `lapsed`. */
  readonly graceUntilMs: number | undefined
  /** Token frames and tokens taken so far, and their text in UTF-8 bytes. */
  readonly nextSeq: number
  readonly tokens: number
  readonly textBytes: number
}

/** A miner that is passed over for this job until then. */
export type Exclusion = { readonly minerId: string; readonly untilMs: number }

/** A job as far as its life goes: what it asks and who pays is kept beside it. */
export type Job = {
  readonly jobId: string
  readonly state: JobState
  readonly requestedAtMs: number
  readonly expiresAtMs: number
  readonly endedAtMs: number | undefined
  /** In order of time. At most one is live; it is the last. */
  readonly attempts: readonly Attempt[]
  readonly rejections: number
  readonly exclusions: readonly Exclusion[]
  /** Who took part in the answer: set once, by the first result that is taken. */
  readonly completedBy: string | undefined
  /** Legacy text such as `job expired`, and the public code. */
  readonly error: { readonly code: JobEndCode; readonly message: string } | undefined
}

/** Public code of an end without a result. */
export type JobEndCode = 'JOB_FAILED' | 'JOB_EXPIRED' | 'JOB_CANCELED'

/** Who speaks for an attempt. Both must fit, or the event is refused. */
type ByMiner = { readonly attemptId: string; readonly minerId: string }

/** What happens to a job. */
export type JobEvent =
  /** The host has chosen a miner: it is offered the job. `leaseMs` from limits, by kind of miner. */
  | ({ readonly type: 'assign'; readonly leaseMs: number } & ByMiner)
  | ({ readonly type: 'accept' } & ByMiner)
  | ({ readonly type: 'reject'; readonly code: string; readonly message: string } & ByMiner)
  | ({
      readonly type: 'tokens'
      readonly seq: number
      readonly count: number
      readonly textBytes: number
    } & ByMiner)
  | ({ readonly type: 'progress' } & ByMiner)
  /** A result that passed `acceptResult` or `acceptLegacyResult`. */
  | ({ readonly type: 'result' } & ByMiner)
  | ({
      readonly type: 'fail'
      readonly code: string
      readonly message: string
      readonly retryable: boolean
    } & ByMiner)
  /** The miner is known to have lost the attempt (resume without it): lapses at once, without grace. */
  | ({ readonly type: 'lost' } & ByMiner)
  | { readonly type: 'cancel'; readonly message: string }
  /** Whatever is due by the clock: lapse, end of the grace, expiry. Harmless when nothing is. */
  | { readonly type: 'tick' }

/** What the host has to do, in order, in the same atomic write. */
export type JobEffect =
  /** Back into the queue, in its old place (it keeps `requestedAtMs`). */
  | { readonly type: 'enqueue' }
  /** Out of the queue, if it is there. */
  | { readonly type: 'dequeue' }
  /** Send `cancel` to the miner of this attempt and take it off its load, if it still counts there. */
  | {
      readonly type: 'cancel_attempt'
      readonly attemptId: string
      readonly minerId: string
      readonly reason: 'canceled' | 'expired' | 'failed' | 'finished_elsewhere'
    }
  /** Take the attempt off the miner's load; nothing is sent. */
  | { readonly type: 'free_miner'; readonly attemptId: string; readonly minerId: string }
  /** Text so far is void for readers: a new attempt starts over. */
  | { readonly type: 'reset_stream' }
  /** Append to the answer's stream. */
  | { readonly type: 'append'; readonly attemptId: string }
  /** Sign the release, turn the hold into a debt, queue the settlement. Emitted at most once a job. */
  | {
      readonly type: 'pay'
      readonly attemptId: string
      readonly minerId: string
      readonly late: boolean
    }
  /** Free the hold on the escrow. Emitted at most once a job, never together with `pay` or `pay_part`. */
  | { readonly type: 'free_hold' }
  /**
   * The job was canceled or expired while this attempt delivered: keep the hold, and pay what was
   * delivered once the miner has signed for it; free the hold when it does not. Stands in the place of
   * `free_hold`, before the `cancel_attempt` of the same attempt.
   */
  | {
      readonly type: 'pay_part'
      readonly attemptId: string
      readonly minerId: string
      /** Token frames and tokens that were taken: the miner is paid for these and no others. */
      readonly nextSeq: number
      readonly tokens: number
    }
  /** End the readers' streams. */
  | { readonly type: 'end_stream'; readonly state: JobState }

/** Why an event is refused. */
export type JobError =
  | { readonly code: 'LEASE_NOT_HELD'; readonly message: string }
  /** `sameAttempt`: the caller finished it itself (a repeated frame): send its release again. */
  | { readonly code: 'ALREADY_COMPLETED'; readonly sameAttempt: boolean; readonly message: string }
  | { readonly code: 'JOB_ENDED'; readonly state: JobState; readonly message: string }
  | { readonly code: 'JOB_NOT_CANCELABLE'; readonly message: string }
  | { readonly code: 'NOT_QUEUED'; readonly message: string }
  | { readonly code: 'SEQ_GAP'; readonly expected: number; readonly message: string }
  | { readonly code: 'ANSWER_TOO_LONG'; readonly message: string }

/** What became of a job by one event. */
export type JobStep = { readonly job: Job; readonly effects: readonly JobEffect[] }

/** A new job in the queue. `ttlSeconds` is clamped into the limits, as the original does. */
export function createJob(input: {
  readonly jobId: string
  readonly requestedAtMs: number
  readonly ttlSeconds: number
}): Job {
  const ttl = min(max(input.ttlSeconds, jobLimits.ttlSecondsMin), jobLimits.ttlSecondsMax)
  return {
    jobId: input.jobId,
    state: 'queued',
    requestedAtMs: input.requestedAtMs,
    expiresAtMs: input.requestedAtMs + ttl * 1_000,
    endedAtMs: undefined,
    attempts: [],
    rejections: 0,
    exclusions: [],
    completedBy: undefined,
    error: undefined,
  }
}

/** Applies one event. An error leaves the job as it was; the host must not store anything then. */
export function applyJobEvent(job: Job, event: JobEvent, nowMs: number): Result<JobStep, JobError> {
  switch (event.type) {
    case 'assign':
      return assign(job, event, nowMs)
    case 'cancel':
      return isTerminal(job.state)
        ? err({ code: 'JOB_NOT_CANCELABLE', message: `the job is ${job.state}` })
        : ok(end(job, 'canceled', { code: 'JOB_CANCELED', message: event.message }, nowMs))
    case 'tick':
      return ok(tick(job, nowMs))
    case 'result':
      return finish(job, event, nowMs)
    case 'accept':
    case 'reject':
    case 'tokens':
    case 'progress':
    case 'fail':
    case 'lost':
      return byLeaseholder(job, event, nowMs)
    default:
      return unreachable(event)
  }
}

/** Whether a result of this attempt would be taken now: ask before the costly checks of the result. */
export function mayFinish(
  job: Job,
  by: { readonly attemptId: string; readonly minerId: string },
  nowMs: number,
): Result<{ readonly attempt: Attempt; readonly late: boolean }, JobError> {
  const attempt = job.attempts.find((each) => each.attemptId === by.attemptId)
  if (!attempt || attempt.minerId !== by.minerId) return notHeld()
  if (job.state === 'completed') {
    const sameAttempt = job.completedBy === by.attemptId
    return err({ code: 'ALREADY_COMPLETED', sameAttempt, message: 'the job is completed' })
  }
  if (isTerminal(job.state)) return ended(job)
  // The clock alone may have ended the job or the grace; no alarm is needed for that to hold.
  if (nowMs >= job.expiresAtMs) return ended({ ...job, state: 'expired' })
  if (isLive(attempt)) return ok({ attempt, late: nowMs >= attempt.leaseUntilMs })
  const inGrace = attempt.graceUntilMs !== undefined && nowMs < attempt.graceUntilMs
  return attempt.state === 'lapsed' && inGrace ? ok({ attempt, late: true }) : notHeld()
}

/** When `tick` has something to do; undefined for a job that has ended. */
export function jobDueAtMs(job: Job): number | undefined {
  if (isTerminal(job.state)) return undefined
  const live = liveAttempt(job)
  if (live) return min(live.leaseUntilMs, job.expiresAtMs)
  const waiting = isExhausted(job) ? lastGrace(job) : undefined
  return waiting === undefined ? job.expiresAtMs : min(waiting, job.expiresAtMs)
}

/**
 * The same job after the clock was set back: nothing of it lies farther ahead than it could from now on, so
 * that a miner that is gone, or a job that nobody serves, is not waited for until the clock has caught up.
 */
export function withClock(job: Job, nowMs: number): Job {
  const last = job.attempts.at(-1)
  // Miners sign for this time, and their receipts may be a little ahead.
  const isAsked = job.requestedAtMs <= nowMs + jobLimits.receiptSkewMsMax
  const isOffered = last === undefined || last.offeredAtMs <= nowMs
  const latestMs = nowMs + jobLimits.excludeMs
  if (isAsked && isOffered && job.exclusions.every(({ untilMs }) => untilMs <= latestMs)) return job
  return {
    ...job,
    ...(!isAsked && {
      requestedAtMs: nowMs,
      expiresAtMs: nowMs + job.expiresAtMs - job.requestedAtMs,
    }),
    attempts: job.attempts.map((each) => ({
      ...each,
      offeredAtMs: min(each.offeredAtMs, nowMs),
      leaseUntilMs: min(each.leaseUntilMs, nowMs + each.leaseMs),
      graceUntilMs: each.graceUntilMs && min(each.graceUntilMs, nowMs + jobLimits.graceMs),
    })),
    exclusions: job.exclusions.map((each) => ({ ...each, untilMs: min(each.untilMs, latestMs) })),
  }
}

/** The attempt that holds the lease. */
export const liveAttempt = (job: Job): Attempt | undefined => {
  const last = job.attempts.at(-1)
  return last && isLive(last) ? last : undefined
}

/** Whether the job waits for a miner: queued, with attempts left. */
export const isDispatchable = (job: Job): boolean => job.state === 'queued' && !isExhausted(job)

/** Miners to pass over at this time. */
export const excludedMiners = (job: Job, nowMs: number): ReadonlySet<string> =>
  new Set(job.exclusions.filter((each) => nowMs < each.untilMs).map((each) => each.minerId))

/** Whether nothing can happen to a job any more. */
export const isTerminal = (state: JobState): boolean =>
  state === 'completed' || state === 'failed' || state === 'canceled' || state === 'expired'

/** The original's five words and ours: an assigned job was RUNNING there. */
export const legacyStateOf = (
  state: JobState,
): 'QUEUED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'EXPIRED' => legacyStates[state]

const legacyStates = {
  queued: 'QUEUED',
  assigned: 'RUNNING',
  running: 'RUNNING',
  completed: 'COMPLETED',
  failed: 'FAILED',
  canceled: 'CANCELED',
  expired: 'EXPIRED',
} as const

/** Attempts that count against the limit. */
export const attemptsUsed = (job: Job): number =>
  job.attempts.filter((each) => each.state !== 'rejected').length

function assign(
  job: Job,
  event: Extract<JobEvent, { type: 'assign' }>,
  nowMs: number,
): Result<JobStep, JobError> {
  if (!isDispatchable(job)) return err({ code: 'NOT_QUEUED', message: `the job is ${job.state}` })
  if (nowMs >= job.expiresAtMs) return err({ code: 'NOT_QUEUED', message: 'the job has expired' })
  const attempt: Attempt = {
    attemptId: event.attemptId,
    number: attemptsUsed(job) + 1,
    minerId: event.minerId,
    state: 'offered',
    offeredAtMs: nowMs,
    leaseMs: event.leaseMs,
    leaseUntilMs: nowMs + jobLimits.offerMs,
    graceUntilMs: undefined,
    nextSeq: 0,
    tokens: 0,
    textBytes: 0,
  }
  const next: Job = { ...job, state: 'assigned', attempts: [...job.attempts, attempt] }
  return ok({ job: next, effects: [{ type: 'dequeue' }] })
}

type LeaseholderEvent = Extract<
  JobEvent,
  { type: 'accept' | 'reject' | 'tokens' | 'progress' | 'fail' | 'lost' }
>

function byLeaseholder(
  job: Job,
  event: LeaseholderEvent,
  nowMs: number,
): Result<JobStep, JobError> {
  if (isTerminal(job.state)) return ended(job)
  const attempt = liveAttempt(job)
  if (attempt?.attemptId !== event.attemptId || attempt.minerId !== event.minerId) return notHeld()
  switch (event.type) {
    case 'accept':
    case 'progress':
      return ok({ job: renew(job, attempt, nowMs), effects: [] })
    case 'tokens':
      return takeTokens(job, attempt, event, nowMs)
    case 'reject':
      return ok(rejected(job, attempt, event, nowMs))
    case 'fail':
      return ok(failed(job, attempt, event, nowMs))
    case 'lost':
      return ok(
        retry(job, { ...attempt, state: 'failed' }, nowMs, {
          effect: { type: 'free_miner', attemptId: attempt.attemptId, minerId: attempt.minerId },
          message: 'the miner lost the attempt',
        }),
      )
    default:
      return unreachable(event)
  }
}

/** Progress of any kind accepts the offer and renews the lease. */
function renew(job: Job, attempt: Attempt, nowMs: number): Job {
  const running: Attempt = { ...attempt, state: 'running', leaseUntilMs: nowMs + attempt.leaseMs }
  return { ...replace(job, running), state: 'running' }
}

function takeTokens(
  job: Job,
  attempt: Attempt,
  event: Extract<JobEvent, { type: 'tokens' }>,
  nowMs: number,
): Result<JobStep, JobError> {
  if (event.seq < attempt.nextSeq) return ok({ job, effects: [] })
  if (event.seq > attempt.nextSeq) {
    const message = `expected token frame ${attempt.nextSeq}, got ${event.seq}`
    return err({ code: 'SEQ_GAP', expected: attempt.nextSeq, message })
  }
  const textBytes = attempt.textBytes + event.textBytes
  if (textBytes > jobLimits.answerBytesMax) {
    return err({ code: 'ANSWER_TOO_LONG', message: 'the answer is longer than this site carries' })
  }
  const grown: Attempt = {
    ...attempt,
    nextSeq: event.seq + 1,
    tokens: attempt.tokens + event.count,
    textBytes,
  }
  const effects: readonly JobEffect[] = [{ type: 'append', attemptId: attempt.attemptId }]
  return ok({ job: renew(job, grown, nowMs), effects })
}

function rejected(
  job: Job,
  attempt: Attempt,
  event: Extract<JobEvent, { type: 'reject' }>,
  nowMs: number,
): JobStep {
  const { minerId, attemptId } = attempt
  // Whoever has begun cannot say no any more: that is a failed attempt, and counts.
  if (attempt.state === 'running') {
    return failed(job, attempt, { ...event, type: 'fail', retryable: true }, nowMs)
  }
  const rejections = job.rejections + 1
  const next = {
    ...exclude(
      replace(job, { ...attempt, state: 'rejected' }),
      minerId,
      nowMs + jobLimits.excludeRejectedMs,
    ),
    rejections,
  }
  const free: JobEffect = { type: 'free_miner', attemptId, minerId }
  if (rejections >= jobLimits.rejectionsMax) {
    return after(free, endAs(next, `rejected ${rejections} times: ${event.code}`, nowMs))
  }
  return { job: { ...next, state: 'queued' }, effects: [free, { type: 'enqueue' }] }
}

function failed(
  job: Job,
  attempt: Attempt,
  event: Extract<JobEvent, { type: 'fail' }>,
  nowMs: number,
): JobStep {
  const { minerId, attemptId } = attempt
  const free: JobEffect = { type: 'free_miner', attemptId, minerId }
  const message = `${event.code}: ${event.message}`
  const over: Attempt = { ...attempt, state: 'failed' }
  if (!event.retryable) return after(free, endAs(replace(job, over), message, nowMs))
  return retry(job, over, nowMs, { effect: free, message })
}

/** Back to the queue without the miner that had it, or the end when attempts are used up. */
function retry(
  job: Job,
  over: Attempt,
  nowMs: number,
  how: { readonly effect: JobEffect; readonly message: string },
): JobStep {
  const next = exclude(replace(job, over), over.minerId, nowMs + jobLimits.excludeMs)
  const reset: readonly JobEffect[] = over.textBytes > 0 ? [{ type: 'reset_stream' }] : []
  const waits = lastGrace(next)
  const graceRuns = waits !== undefined && nowMs < waits
  if (isExhausted(next) && !graceRuns) return after(how.effect, endAs(next, how.message, nowMs))
  // With the attempts used up, only a late result can still come: the job waits, out of the queue.
  const enqueue: readonly JobEffect[] = isExhausted(next) ? [] : [{ type: 'enqueue' }]
  return { job: { ...next, state: 'queued' }, effects: [how.effect, ...reset, ...enqueue] }
}

function tick(job: Job, nowMs: number): JobStep {
  if (isTerminal(job.state)) return { job, effects: [] }
  if (nowMs >= job.expiresAtMs) {
    return end(job, 'expired', { code: 'JOB_EXPIRED', message: 'job expired' }, nowMs)
  }
  const live = liveAttempt(job)
  if (live && nowMs >= live.leaseUntilMs) return lapse(job, live, nowMs)
  const waits = lastGrace(job)
  if (!live && isExhausted(job) && (waits === undefined || nowMs >= waits)) {
    return endAs(job, 'no miner finished in time', nowMs)
  }
  return { job, effects: [] }
}

function lapse(job: Job, live: Attempt, nowMs: number): JobStep {
  const { attemptId, minerId } = live
  // Counted even when the offer was never answered, for it may have run. Not told to stop: its result
  // would still be taken.
  const graceUntilMs = live.leaseUntilMs + jobLimits.graceMs
  return retry(job, { ...live, state: 'lapsed', graceUntilMs }, nowMs, {
    effect: { type: 'free_miner', attemptId, minerId },
    message: 'no miner finished in time',
  })
}

/** Compare and set: the first result that may finish takes the job, and only it. */
function finish(job: Job, event: ByMiner, nowMs: number): Result<JobStep, JobError> {
  const may = mayFinish(job, event, nowMs)
  if (!may.ok) return may
  const { attempt, late } = may.value
  const { attemptId, minerId } = attempt
  const effects: JobEffect[] = [{ type: 'dequeue' }]
  const next = stopOthers(replace(job, { ...attempt, state: 'completed' }), 'finished_elsewhere')
  effects.push(...next.effects)
  // A lapsed attempt was taken off its miner's load when it lapsed.
  if (isLive(attempt)) effects.push({ type: 'free_miner', attemptId, minerId })
  effects.push({ type: 'pay', attemptId, minerId, late })
  effects.push({ type: 'end_stream', state: 'completed' })
  const done: Job = {
    ...next.job,
    state: 'completed',
    completedBy: attemptId,
    endedAtMs: nowMs,
    error: undefined,
  }
  return ok({ job: done, effects })
}

const endAs = (job: Job, message: string, nowMs: number): JobStep =>
  end(job, 'failed', { code: 'JOB_FAILED', message }, nowMs)

/**
 * Ends a job without a result: whoever works on it is told, the hold is freed. Where the end came from
 * outside while an answer was being delivered, what was delivered is paid.
 */
function end(
  job: Job,
  state: 'failed' | 'canceled' | 'expired',
  error: NonNullable<Job['error']>,
  nowMs: number,
): JobStep {
  const stopped = stopOthers(job, state)
  const part = state === 'failed' ? undefined : partOf(job)
  const free: readonly JobEffect[] = part ? [] : [{ type: 'free_hold' }]
  return {
    job: { ...stopped.job, state, error, endedAtMs: nowMs },
    effects: [
      { type: 'dequeue' },
      ...(part ? [part] : []),
      ...stopped.effects,
      ...free,
      { type: 'end_stream', state },
    ],
  }
}

/** What the live attempt has delivered; text of a lapsed one was taken back from its readers. */
function partOf(job: Job): JobEffect | undefined {
  const live = liveAttempt(job)
  if (!live || live.tokens === 0) return undefined
  const { attemptId, minerId, nextSeq, tokens } = live
  return { type: 'pay_part', attemptId, minerId, nextSeq, tokens }
}

/** Tells every miner that may still work on the job, leased or late, to stop. */
function stopOthers(
  job: Job,
  reason: Extract<JobEffect, { type: 'cancel_attempt' }>['reason'],
): JobStep {
  const stops = (each: Attempt) => isLive(each) || each.state === 'lapsed'
  return {
    job: {
      ...job,
      attempts: job.attempts.map((each) => (stops(each) ? { ...each, state: 'canceled' } : each)),
    },
    effects: job.attempts.filter(stops).map(({ attemptId, minerId }) => ({
      type: 'cancel_attempt',
      attemptId,
      minerId,
      reason,
    })),
  }
}

const after = (first: JobEffect, step: JobStep): JobStep => ({
  job: step.job,
  effects: [first, ...step.effects],
})

const isLive = (attempt: Attempt): boolean =>
  attempt.state === 'offered' || attempt.state === 'running'

const isExhausted = (job: Job): boolean => attemptsUsed(job) >= jobLimits.attemptsMax

/** The latest moment at which a lapsed attempt may still bring its result. */
function lastGrace(job: Job): number | undefined {
  let latest: number | undefined
  for (const { graceUntilMs } of job.attempts) {
    if (graceUntilMs !== undefined) latest = max(latest ?? 0, graceUntilMs)
  }
  return latest
}

function replace(job: Job, attempt: Attempt): Job {
  const attempts = job.attempts.map((each) =>
    each.attemptId === attempt.attemptId ? attempt : each,
  )
  return { ...job, attempts }
}

function exclude(job: Job, minerId: string, untilMs: number): Job {
  const others = job.exclusions.filter((each) => each.minerId !== minerId)
  return { ...job, exclusions: [...others, { minerId, untilMs }] }
}

const notHeld = (): Result<never, JobError> =>
  err({ code: 'LEASE_NOT_HELD', message: 'this attempt is not leased to this miner' })

const ended = (job: Job): Result<never, JobError> =>
  err({ code: 'JOB_ENDED', state: job.state, message: `the job is ${job.state}` })
