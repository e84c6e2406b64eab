/**
 * The dispatcher: carries every job from submission to its end. Core decides (job.ts, matching.ts); here
 * each decision is written in one atomic write, and only then told to miners and readers. When a write
 * fails, memory is as it was and nothing has been told.
 */
import { randomBytes } from 'node:crypto'
import type { ApiError } from '../../core/api/errors.ts'
import { toHex } from '../../core/base/bytes.ts'
import { err, ok, type Result, unreachable } from '../../core/base/result.ts'
import {
  applyJobEvent,
  excludedMiners,
  isDispatchable,
  isTerminal,
  type Job,
  type JobEffect,
  type JobError,
  type JobEvent,
  type JobStep,
  jobDueAtMs,
  liveAttempt,
} from '../../core/jobs/job.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { admit, chooseMiner, offerOf } from '../../core/jobs/matching.ts'
import type { TokenPrice } from '../../core/jobs/pricing.ts'
import type { Funds } from './funds.ts'
import { type AttemptText, type JobStore, type LiveJob, noText } from './job-store.ts'
import { coordinatorLimits } from './limits.ts'
import type { Miner, Miners } from './miners.ts'
import { openQueue, wantedOf } from './queue.ts'
import type { SqlDatabase } from './schema.ts'
import type { StreamEvent, Streams } from './streams.ts'

/** What the dispatcher works with. */
export type DispatcherParts = {
  readonly database: SqlDatabase
  readonly store: JobStore
  readonly miners: Miners
  readonly streams: Streams
  readonly funds: Funds
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
  const { database, store, miners, streams, funds, now } = parts
  const jobs = new Map<string, LiveJob>()
  const byAttempt = new Map<string, LiveJob>()
  const openByClient = new Map<string, number>()
  const queue = openQueue()
  const dirty = new Set<LiveJob>()
  /** Whether jobs were not placed because the final head was too old. */
  let isStarved = false
  const waiting = new Set<LiveJob>()
  const freed = new Set<string>()
  let isPlacing = false
  let flushTimer: ReturnType<typeof setTimeout> | undefined

  /** Writes progress that was only remembered so far. */
  const flush = (): void => {
    clearTimeout(flushTimer)
    flushTimer = undefined
    if (dirty.size === 0) return
    database.transactionSync(() => {
      for (const job of dirty) writeOpen(store, job)
    })
    for (const job of dirty) markSaved(job)
    dirty.clear()
  }

  const remember = (job: LiveJob): void => {
    job.isDirty = true
    dirty.add(job)
    flushTimer ??= setTimeout(() => {
      flushTimer = undefined
      try {
        flush()
      } catch (error) {
        // The next piece of progress tries again; what is lost meanwhile is sent again by the miner.
        console.error(JSON.stringify({ msg: 'progress not written', error: String(error) }))
      }
    }, coordinatorLimits.flushMs)
  }

  const enter = (job: LiveJob): void => {
    const { jobId, client } = job.ask
    jobs.set(jobId, job)
    openByClient.set(client, (openByClient.get(client) ?? 0) + 1)
    for (const { attemptId } of job.life.attempts) byAttempt.set(attemptId, job)
  }

  const leave = (job: LiveJob): void => {
    const { jobId, client } = job.ask
    if (!jobs.delete(jobId)) return
    dirty.delete(job)
    const left = (openByClient.get(client) ?? 1) - 1
    if (left === 0) openByClient.delete(client)
    else openByClient.set(client, left)
    for (const { attemptId } of job.life.attempts) byAttempt.delete(attemptId)
  }

  /** Miners that may be offered a job at this moment. */
  const reachable = (nowMs: number): Miner[] => {
    const found: Miner[] = []
    for (const miner of miners.all()) if (isReachable(miner, nowMs)) found.push(miner)
    return found
  }

  /** Miners that count as live for admission: a poll of a miner of the original comes again. */
  const live = (nowMs: number): Miner[] => {
    const found: Miner[] = []
    for (const miner of miners.all()) if (isLive(miner, nowMs)) found.push(miner)
    return found
  }

  /**
   * Gives freed places and waiting jobs to each other, right after the event that freed them has been
   * dealt with. A write that fails here is tried again later: the event itself has been kept.
   */
  const placeSoon = (what: { job?: LiveJob; minerId?: string }): void => {
    if (what.job) waiting.add(what.job)
    if (what.minerId !== undefined) freed.add(what.minerId)
    if (isPlacing) return
    isPlacing = true
    queueMicrotask(() => {
      isPlacing = false
      const jobsToPlace = [...waiting]
      const minersToFill = [...freed]
      waiting.clear()
      freed.clear()
      try {
        for (const job of jobsToPlace) place(job)
        for (const minerId of minersToFill) fill(minerId)
      } catch (error) {
        console.error(JSON.stringify({ msg: 'jobs not placed', error: String(error) }))
        isStarved = true
        parts.wakeAt(now() + coordinatorLimits.retryMs)
      }
    })
  }

  /**
   * Keeps a step: writes it together with `also.write`, then carries out what follows from it.
   * `also.finale` is what readers get at the end of a job that has a result.
   */
  const keep = (
    job: LiveJob,
    step: JobStep,
    also: { readonly write?: () => void; readonly finale?: readonly StreamEvent[] } = {},
  ): void => {
    const next: LiveJob = { ...job, life: step.job }
    database.transactionSync(() => {
      if (isTerminal(step.job.state)) {
        store.saveLife(next)
        if (hasSavedText(job)) store.dropTexts(job.ask.jobId)
      } else {
        writeOpen(store, next)
      }
      also.write?.()
    })
    job.life = step.job
    if (isTerminal(step.job.state)) leave(job)
    else {
      dirty.delete(job)
      markSaved(job)
    }
    for (const effect of step.effects) perform(job, effect, also.finale)
    wake(job)
    if (isDispatchable(job.life)) placeSoon({ job })
  }

  const free = (effect: { readonly minerId: string; readonly attemptId: string }): void => {
    miners.free(effect.minerId, effect.attemptId, now())
    placeSoon({ minerId: effect.minerId })
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

  /** Offers a waiting job to the best miner that has a free place. */
  const place = (job: LiveJob): void => {
    const nowMs = now()
    if (!isDispatchable(job.life)) return
    if (!parts.mayDispatch(nowMs)) {
      isStarved = true
      return
    }
    const excluded = excludedMiners(job.life, nowMs)
    const chosen = chooseMiner(reachable(nowMs), wantedOf(job), excluded) as Miner | undefined
    if (chosen) assign(job, chosen)
  }

  /** Gives a miner with free places the oldest jobs that fit. */
  const fill = (minerId: string): void => {
    const nowMs = now()
    const miner = miners.get(minerId)
    if (!miner) return
    if (!parts.mayDispatch(nowMs)) {
      isStarved ||= queue.size() > 0
      return
    }
    while (isReachable(miner, nowMs)) {
      const job = queue.oldestFor(miner, nowMs)
      if (!job || !assign(job, miner)) return
    }
  }

  const assign = (job: LiveJob, miner: Miner): boolean => {
    const step = assigned(job, miner, now())
    if (!step) return false
    keep(job, step.step)
    told(job, miner, step.attemptId)
    return true
  }

  /** After an assignment has been written: load, index, and the offer itself. */
  const told = (job: LiveJob, miner: Miner, attemptId: string): void => {
    byAttempt.set(attemptId, job)
    job.texts.set(attemptId, noText())
    miners.take(miner, attemptId, now())
    const { jobId } = job.ask
    if (streams.isRead(jobId)) streams.send(jobId, stateEventOf(job.life))
    parts.sendOffer(miner, job)
  }

  const apply = (job: LiveJob, event: JobEvent): Result<null, JobError> => {
    const step = applyJobEvent(job.life, event, now())
    if (!step.ok) return step
    keep(job, step.value)
    return ok(null)
  }

  for (const job of store.loadOpen()) {
    job.life = withResumeTime(job.life, now())
    enter(job)
    if (isDispatchable(job.life)) queue.add(job)
    wake(job)
  }
  // After a restart the age of the final head is not known yet.
  isStarved = queue.size() > 0

  return {
    job: (jobId: string): LiveJob | undefined => jobs.get(jobId),
    byAttempt: (attemptId: string): LiveJob | undefined => byAttempt.get(attemptId),
    all: (): IterableIterator<LiveJob> => jobs.values(),
    live,
    counts: () => ({ queued: queue.size(), running: jobs.size - queue.size() }),
    flush,
    fill,
    apply,
    keep,

    /** Whether one more job of this client, in this state of the queue, is taken. */
    hasRoom: (client: string): Result<null, ApiError> => {
      if ((openByClient.get(client) ?? 0) >= jobLimits.openJobsPerClientMax) {
        const message = `${jobLimits.openJobsPerClientMax} jobs of this client are open already.`
        return err({ code: 'QUOTA_EXCEEDED', message })
      }
      return queue.size() >= jobLimits.queueMax ? err({ code: 'QUEUE_FULL' }) : ok(null)
    },

    admit: (wanted: Parameters<typeof admit>[1]) => admit(live(now()), wanted),

    /** Takes a job whose funds are held, and offers it in the same breath. */
    submit: (job: LiveJob): void => {
      const nowMs = now()
      const chosen = parts.mayDispatch(nowMs)
        ? (chooseMiner(reachable(nowMs), wantedOf(job), new Set()) as Miner | undefined)
        : undefined
      const first = chosen && assigned(job, chosen, nowMs)
      if (first) job.life = first.step.job
      database.transactionSync(() => store.insert(job))
      enter(job)
      wake(job)
      if (chosen && first) {
        told(job, chosen, first.attemptId)
        return
      }
      if (!parts.mayDispatch(nowMs)) isStarved = true
      queue.add(job)
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
      const { jobId } = job.ask
      if (streams.isRead(jobId)) {
        if (!wasRunning) streams.send(jobId, stateEventOf(job.life))
        streams.send(jobId, { type: 'text', text, tokens: count })
      }
      remember(job)
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
      remember(job)
      return ok(null)
    },

    /** Shortens the leases of a miner that has gone: what it does not resume soon goes elsewhere. */
    gone: (minerId: string): void => {
      const until = now() + coordinatorLimits.resumeMs
      for (const job of jobs.values()) {
        const attempt = liveAttempt(job.life)
        if (attempt?.minerId !== minerId || attempt.leaseUntilMs <= until) continue
        job.life = withLease(job.life, until)
        remember(job)
        wake(job)
      }
    },

    /** Does what is due by the clock. */
    tick: (): void => {
      const nowMs = now()
      const isFedAgain = isStarved && parts.mayDispatch(nowMs)
      if (isFedAgain) isStarved = false
      for (const job of [...jobs.values()]) {
        const due = jobDueAtMs(job.life)
        if (due !== undefined && due <= nowMs) apply(job, { type: 'tick' })
        // Nothing else makes a job placeable by time alone.
        else if (isFedAgain || job.life.exclusions.length > 0) place(job)
        wake(job)
      }
    },
  }
}

/** Whether a miner may be handed a job right now. */
function isReachable(miner: Miner, nowMs: number): boolean {
  if (miner.card.kind === 'legacy') return miner.poll !== undefined
  return miner.socket !== undefined && isLive(miner, nowMs)
}

/** Whether a miner counts as here. */
export function isLive(miner: Miner, nowMs: number): boolean {
  const silentMsMax =
    miner.card.kind === 'legacy' ? jobLimits.legacyLeaseMs : coordinatorLimits.minerSilentMsMax
  return nowMs - miner.seenAtMs < silentMsMax
}

/** A job given to a miner, as a step; undefined when the job does not wait any more. */
function assigned(
  job: LiveJob,
  miner: Miner,
  nowMs: number,
): { readonly step: JobStep; readonly attemptId: string } | undefined {
  const attemptId = toHex(new Uint8Array(randomBytes(16)))
  const { minerId, kind } = miner.card
  const isLegacy = kind === 'legacy'
  const leaseMs = isLegacy ? jobLimits.legacyLeaseMs : jobLimits.leaseMs
  const step = applyJobEvent(job.life, { type: 'assign', attemptId, minerId, leaseMs }, nowMs)
  const price = offerOf(miner.card, job.ask.spec.model)?.price
  if (!step.ok || !price) return undefined
  job.terms.set(attemptId, price satisfies TokenPrice)
  if (!isLegacy) return { step: step.value, attemptId }
  // A poll is an offer and its acceptance in one.
  const accepted = applyJobEvent(step.value.job, { type: 'accept', attemptId, minerId }, nowMs)
  if (!accepted.ok) return undefined
  const effects = [...step.value.effects, ...accepted.value.effects]
  return { step: { job: accepted.value.job, effects }, attemptId }
}

function writeOpen(store: JobStore, job: LiveJob): void {
  store.saveLife(job)
  for (const [attemptId, text] of job.texts) store.saveText(job.ask.jobId, attemptId, text)
}

function markSaved(job: LiveJob): void {
  for (const text of job.texts.values()) {
    // One piece is as good as many, and shorter to keep.
    text.pieces = text.pieces.length === 0 ? [] : [text.pieces.join('')]
    text.saved = text.pieces.length
  }
  job.isDirty = false
}

const hasSavedText = (job: LiveJob): boolean =>
  [...job.texts.values()].some((text) => text.saved > 0)

function append(
  job: LiveJob,
  attemptId: string,
  piece: { seq: number; text: string; count: number; textBytes: number },
): void {
  const text: AttemptText = job.texts.get(attemptId) ?? noText()
  job.texts.set(attemptId, text)
  text.pieces.push(piece.text)
  text.nextSeq = piece.seq + 1
  text.tokens += piece.count
  text.bytes += piece.textBytes
}

/** Text of an attempt that lapsed and may still finish. */
function takeLateText(
  job: LiveJob,
  frame: {
    attemptId: string
    minerId: string
    seq: number
    text: string
    count: number
    textBytes: number
  },
): boolean {
  const { attemptId, minerId, seq, textBytes } = frame
  const attempt = job.life.attempts.find((each) => each.attemptId === attemptId)
  if (attempt?.state !== 'lapsed' || attempt.minerId !== minerId) return false
  const text = job.texts.get(attemptId) ?? noText()
  if (seq < text.nextSeq) return true
  if (seq > text.nextSeq || text.bytes + textBytes > jobLimits.answerBytesMax) return false
  append(job, attemptId, frame)
  return true
}

/** After a restart a miner needs a moment to come back, whatever its lease said. */
const withResumeTime = (life: Job, nowMs: number): Job => {
  const attempt = liveAttempt(life)
  const until = nowMs + coordinatorLimits.resumeMs
  return attempt && attempt.leaseUntilMs < until ? withLease(life, until) : life
}

const withLease = (life: Job, leaseUntilMs: number): Job => {
  const attempt = liveAttempt(life)
  const attempts = life.attempts.map((each) =>
    each.attemptId === attempt?.attemptId ? { ...each, leaseUntilMs } : each,
  )
  return { ...life, attempts }
}

/** The state of a job, for readers. */
export function stateEventOf(life: Job): StreamEvent {
  const attempt = liveAttempt(life)
  const who = attempt && { miner_id: attempt.minerId, attempt: attempt.number }
  return { type: 'state', state: life.state, ...who }
}

/** The end of a job without a result, for readers. */
export function endEventOf(life: Job): StreamEvent {
  return { type: 'end', state: life.state, ...(life.error && { error: life.error }) }
}

const encoder = new TextEncoder()
const utf8Length = (text: string): number => encoder.encode(text).length
