import { ok, type Result, unreachable } from '../../core/base/result.ts'
import {
  applyJobEvent,
  isDispatchable,
  isTerminal,
  type JobEffect,
  type JobError,
  type JobEvent,
  type JobStep,
  jobDueAtMs,
  liveAttempt,
  withClock,
} from '../../core/jobs/job.ts'
import { termsNow } from '../../core/jobs/matching.ts'
import { assigned, endEventOf, stateEventOf, withLease, withResumeTime } from './assignment.ts'
import { openBoard } from './board.ts'
import type { Claims } from './claims.ts'
import type { Funds } from './funds.ts'
import { openJobIndex } from './job-index.ts'
import { type Ask, type JobStore, type LiveJob, noText } from './job-store.ts'
import { append, hasSavedText, markSaved, takeLateText, utf8Length, writeOpen } from './job-text.ts'
import { coordinatorLimits } from './limits.ts'
import type { Miner, Miners } from './miners.ts'
import type { Partials } from './partials.ts'
import { openPlacement } from './placement.ts'
import { openProgress } from './progress.ts'
import { openQueue, wantedOf } from './queue.ts'
import { openRecentJobs } from './recent-jobs.ts'
import type { SqlDatabase } from './schema.ts'
import type { MinerStanding } from './standing.ts'
import type { StreamEvent, Streams } from './streams.ts'
import type { Webhooks } from './webhooks.ts'

/** What the dispatcher works with. */
export type DispatcherParts = {
  readonly database: SqlDatabase
  readonly store: JobStore
  readonly miners: Miners
  readonly streams: Streams
  readonly funds: Funds
  readonly standing: MinerStanding
  readonly webhooks: Webhooks
  readonly partials: Partials
  readonly claims: Claims
  /** Unix milliseconds. */
  readonly now: () => number
  /** Makes sure that `tick` is called at this time or a little later. */
  readonly wakeAt: (dueAtMs: number) => void
  /** Whether the final head is new enough to dispatch against. */
  readonly mayDispatch: (nowMs: number) => boolean
  /** Tells miners. */
  readonly sendOffer: (miner: Miner, job: LiveJob) => void
  readonly sendCancel: (minerId: string, attemptId: string, reason: string) => void
}

export type Dispatcher = ReturnType<typeof openDispatcher>

/** Rebuilds the dispatcher from the jobs on disk that have not ended. */
export function openDispatcher(parts: DispatcherParts) {
  const { database, store, miners, streams, funds, standing, claims, partials, now } = parts
  const jobs = openJobIndex()
  const queue = openQueue(standing, claims)
  const recent = openRecentJobs()
  const progress = openProgress(database, store)
  const placement = openPlacement({ ...parts, queue, assign: (job, miner) => assign(job, miner) })

  /**
   * Keeps a step: writes it together with `also.write`, then carries out what follows from it.
   * `also.finale` is what readers get at the end of a job that has a result.
   */
  const keep = (
    job: LiveJob,
    step: JobStep,
    also: {
      readonly write?: () => void
      readonly finale?: readonly StreamEvent[]
      /** What ended says nothing of the miner. */
      readonly isBlameless?: boolean
    } = {},
  ): void => {
    const before = job.life
    const next: LiveJob = { ...job, life: step.job }
    const part = partials.wanted(job, step.effects, now())
    database.transactionSync(() => {
      if (part) {
        partials.write(next, part)
      } else if (isTerminal(step.job.state)) {
        store.saveLife(next)
        if (hasSavedText(job)) store.dropTexts(job.ask.jobId)
      } else {
        writeOpen(store, next)
      }
      if (isTerminal(step.job.state)) parts.webhooks.write(next)
      also.write?.()
    })
    job.life = step.job
    if (part) partials.enter(job, part)
    progress.forget(job)
    if (isTerminal(step.job.state)) jobs.leave(job)
    else markSaved(job)
    judge(standing, { before, job, isBlameless: also.isBlameless ?? false })
    for (const effect of step.effects) perform(job, effect, also.finale)
    wake(job)
    if (isDispatchable(job.life)) placement.soon({ job })
  }

  const free = (effect: { readonly minerId: string; readonly attemptId: string }): void => {
    miners.free(effect.minerId, effect.attemptId, now())
    claims.leave(effect.attemptId)
    placement.soon({ minerId: effect.minerId })
  }

  const perform = (
    job: LiveJob,
    effect: JobEffect,
    finale: readonly StreamEvent[] = [endEventOf(job.life)],
  ): void => {
    const { jobId } = job.ask
    switch (effect.type) {
      case 'enqueue':
        queue.add(job)
        if (streams.isRead(jobId)) streams.send(jobId, { type: 'state', state: 'queued' })
        return
      case 'dequeue':
        queue.remove(job)
        return
      case 'cancel_attempt':
        parts.sendCancel(effect.minerId, effect.attemptId, effect.reason)
        free(effect)
        return
      case 'free_miner':
        free(effect)
        return
      case 'reset_stream':
        streams.send(jobId, { type: 'reset' })
        return
      case 'free_hold':
        funds.free(jobId)
        return
      case 'pay_part':
        if (!partials.of(effect.attemptId)) funds.free(jobId)
        return
      case 'end_stream':
        for (const event of finale) streams.send(jobId, event)
        return
      case 'append':
      case 'pay':
        // Their data came with the event: whoever applied it deals with them.
        return
      default:
        unreachable(effect)
    }
  }

  const wake = (job: LiveJob): void => {
    const due = jobDueAtMs(job.life)
    if (due !== undefined) parts.wakeAt(due)
    if (job.life.state !== 'queued') return
    for (const { untilMs } of job.life.exclusions) if (untilMs > now()) parts.wakeAt(untilMs)
  }

  const agreedWith = (job: LiveJob, { card }: Miner) => termsNow(card, wantedOf(job), standing)

  const assign = (job: LiveJob, miner: Miner): boolean => {
    const step = assigned(job, miner, now(), agreedWith(job, miner))
    if (!step) return false
    keep(job, step.step)
    queue.served(job, miner)
    told(job, miner, step.attemptId)
    return true
  }

  /** After an assignment has been written: load, index, and the offer itself. */
  const told = (job: LiveJob, miner: Miner, attemptId: string): void => {
    jobs.enterAttempt(attemptId, job)
    job.texts.set(attemptId, noText())
    miners.take(miner, attemptId, now())
    const { jobId, size } = job.ask
    claims.enter(attemptId, job.terms.get(attemptId)?.claim, size.maxTokens)
    standing.assigned(miner.card.minerId, attemptId)
    recent.taken(jobId, miner.card.minerId)
    if (streams.isRead(jobId)) streams.send(jobId, stateEventOf(job.life))
    parts.sendOffer(miner, job)
  }

  const apply = (job: LiveJob, event: JobEvent): Result<null, JobError> => {
    const step = applyJobEvent(job.life, event, now())
    if (!step.ok) return step
    // A miner that says that a job cannot be done at all may well be right.
    keep(job, step.value, { isBlameless: event.type === 'fail' && !event.retryable })
    return ok(null)
  }

  const restore = (): void => {
    for (const job of store.loadOpen()) {
      job.life = withResumeTime(withClock(job.life, now()), now())
      jobs.enter(job)
      if (isDispatchable(job.life)) queue.add(job)
      wake(job)
    }
    claims.restore(jobs.all())
    // After a restart the age of the final head is not known yet.
    if (queue.size() > 0) placement.starve()
  }

  /** What follows from taking a job, once that is written. */
  const entered = (job: LiveJob, first: ReturnType<typeof firstStep>): void => {
    jobs.enter(job)
    recent.add(job)
    wake(job)
    if (first) told(job, first.chosen, first.attemptId)
    else queue.add(job)
  }

  const firstStep = (job: LiveJob) => {
    const chosen = placement.choose(job)
    const first = chosen && assigned(job, chosen, now(), agreedWith(job, chosen))
    if (first) job.life = first.step.job
    return first && { chosen, attemptId: first.attemptId }
  }

  restore()
  return {
    ...openBoard({ ...parts, jobs, queue, recent, placement }),
    /** The job of an attempt, by the clock as it is now: its miner is heard before the next tick. */
    byAttempt: (attemptId: string): LiveJob | undefined => {
      const job = jobs.byAttempt(attemptId)
      if (job) job.life = withClock(job.life, now())
      return job
    },
    flush: progress.flush,
    fill: placement.fill,
    apply,
    keep,

    /**
     * Takes jobs whose funds are held, with what `write` adds, and offers them in the same breath. The
     * first goes out with the write; the others find their miners right after it, for each place that is
     * given away changes who is free.
     */
    submit: (taken: readonly LiveJob[], write?: () => void): void => {
      const [lead] = taken
      const first = taken.length === 1 && lead ? firstStep(lead) : undefined
      database.transactionSync(() => {
        for (const job of taken) store.insert(job)
        write?.()
      })
      for (const job of taken) {
        entered(job, first)
        if (taken.length > 1) placement.soon({ job })
      }
    },

    /** Takes a piece of an answer. Text of a lapsed attempt is kept for a late result, not shown. */
    tokens: (
      job: LiveJob,
      frame: { attemptId: string; minerId: string; seq: number; text: string; count: number },
    ): Result<null, JobError> => {
      const textBytes = utf8Length(frame.text)
      const { attemptId, minerId, seq, count, text } = frame
      const step = applyJobEvent(
        job.life,
        { type: 'tokens', attemptId, minerId, seq, count, textBytes },
        now(),
      )
      if (!step.ok) return takeLateText(job, { ...frame, textBytes }) ? ok(null) : step
      const isNew = step.value.effects.some((effect) => effect.type === 'append')
      const wasRunning = job.life.state === 'running'
      job.life = step.value.job
      if (!isNew) return ok(null)
      append(job, attemptId, { seq, text, count, textBytes })
      standing.texted(attemptId, count)
      const { jobId } = job.ask
      if (streams.isRead(jobId)) {
        if (!wasRunning) streams.send(jobId, stateEventOf(job.life))
        streams.send(jobId, { type: 'text', text, tokens: count })
      }
      progress.remember(job)
      return ok(null)
    },

    /** Renews a lease; the first renewal accepts the offer. */
    renew: (
      job: LiveJob,
      by: { attemptId: string; minerId: string },
      type: 'accept' | 'progress',
    ): Result<null, JobError> => {
      const step = applyJobEvent(job.life, { type, ...by }, now())
      if (!step.ok) return step
      const wasRunning = job.life.state === 'running'
      job.life = step.value.job
      const { jobId } = job.ask
      if (!wasRunning && streams.isRead(jobId)) streams.send(jobId, stateEventOf(job.life))
      progress.remember(job)
      return ok(null)
    },

    /** Gives an open job another priority, in one atomic write with `write`. */
    prioritize: (job: LiveJob, priority: Ask['priority'], write: () => void): void => {
      const ask: Ask = { ...job.ask, priority }
      database.transactionSync(() => {
        store.saveAsk(ask)
        write()
      })
      const isQueued = job.life.state === 'queued'
      if (isQueued) queue.remove(job)
      jobs.leave(job)
      job.ask = ask
      jobs.enter(job)
      if (isQueued) queue.add(job)
    },

    /** Shortens the leases of a miner that has gone: what it does not resume soon goes elsewhere. */
    gone: (minerId: string): void => {
      const until = now() + coordinatorLimits.resumeMs
      for (const job of jobs.all()) {
        const attempt = liveAttempt(job.life)
        if (attempt?.minerId !== minerId || attempt.leaseUntilMs <= until) continue
        job.life = withLease(job.life, until)
        progress.remember(job)
        wake(job)
      }
    },

    /** Does what is due by the clock. */
    tick: (): void => {
      const nowMs = now()
      // In turn, not job by job: whose turn it is, the queue knows.
      for (const minerId of claims.ended()) placement.fill(minerId)
      if (placement.isFedAgain())
        for (const { card } of [...miners.all()]) placement.fill(card.minerId)
      if (queue.size() > 0) for (const minerId of standing.triable()) placement.fill(minerId)
      for (const job of [...jobs.all()]) {
        job.life = withClock(job.life, nowMs)
        const due = jobDueAtMs(job.life)
        if (due !== undefined && due <= nowMs) apply(job, { type: 'tick' })
        // Nothing else makes a job placeable by time alone.
        else if (job.life.exclusions.length > 0) placement.place(job)
        wake(job)
      }
    },
  }
}

/** What the attempts that ended in a step say of their miners. */
function judge(
  standing: MinerStanding,
  step: {
    readonly before: LiveJob['life']
    readonly job: LiveJob
    readonly isBlameless: boolean
  },
): void {
  const { before, job, isBlameless } = step
  for (const [at, attempt] of job.life.attempts.entries()) {
    const isOver = attempt.state !== 'offered' && attempt.state !== 'running'
    if (before.attempts[at]?.state === attempt.state || !isOver) continue
    standing.ended(attempt, job.ask.spec.model, isBlameless)
  }
}
