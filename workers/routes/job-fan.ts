/**
 * Several jobs for one request: all of them are started or none, read side by side, and canceled together
 * when one fails or the reader leaves. A job that was done before that is paid, and no other. Jobs of a
 * request that names itself (`Idempotency-Key`) go on: whoever sends it again gets their answers.
 */

import type { JobRecord } from '../../core/api/coordinator-service.ts'
import type { Idempotency, Routing } from '../../core/api/dispatch.ts'
import { type ApiError, type ErrorCode, errorCodes } from '../../core/api/errors.ts'
import type { JobTrace, Usage } from '../../core/api/jobs-openai.ts'
import type { ApiKeyPrincipal } from '../../core/auth/principal.ts'
import { ttlSecondsMaxOf } from '../../core/jobs/check-authorisation.ts'
import { featuresNeeded } from '../../core/jobs/job-options.ts'
import { payloadOfSpec } from '../../core/jobs/job-request.ts'
import type { JobSpec } from '../../core/jobs/job-spec.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { featuresUnstated, type ModelFeature } from '../../core/jobs/model-features.ts'
import type { OpenAiFault } from '../../core/jobs/openai-fault.ts'
import { requirePrincipal } from '../auth.ts'
import type { AppContext } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { idempotencyOf } from './idempotency.ts'
import { type JobEventLine, type JobEvents, openJobEvents } from './job-events.ts'
import { nearOf } from './jobs.ts'

/** A job that has been taken, its events, and the way to say that nobody waits for it any more. */
export type Run = {
  readonly job: JobRecord
  readonly events: JobEvents['events']
  /** Nobody reads it any more: cancels the job unless it has ended or is to be asked for again. Never fails. */
  readonly leave: () => Promise<void>
  /** Cancels the job unless it has ended. Never fails. */
  readonly cancel: () => Promise<void>
}

/** An answer as its job ended. */
export type Answered = {
  readonly text: string
  readonly finish: string
  readonly usage: Usage
  readonly trace: JobTrace
}

/** A request that names what cannot be: answered with its field, in the shape of the route. */
export class RequestFault extends Error {
  readonly fault: OpenAiFault

  constructor(fault: OpenAiFault) {
    super(fault.message)
    this.fault = fault
  }
}

/** Who calls with a client's key; 403 for a signed request, which authorises no job here. */
export async function requireKey(c: AppContext): Promise<ApiKeyPrincipal> {
  const who = await requirePrincipal(c, 'client')
  if (who.kind === 'api_key') return who
  throw new ApiFailure({
    code: 'AUTHORIZATION_ERROR',
    message:
      'This route wants an API key: a signed client sends its authorisation to /api/v1/jobs.',
  })
}

/** What is asked for. `action` names the route, whatever its spelling. */
export type AskedJobs = {
  readonly action: string
  readonly specs: readonly JobSpec[]
  readonly routing?: Routing | undefined
  /** Most that each job may cost, base units; absent lets the site choose. */
  readonly limit?: bigint | undefined
}

/** Starts a job for each specification. A refusal cancels those before it, and is thrown. */
export async function startJobs(
  c: AppContext,
  who: ApiKeyPrincipal,
  ask: AskedJobs,
): Promise<readonly Run[]> {
  const { authorisationLifeSlots } = c.get('config').genesis.parameters
  const ttlMax = ttlSecondsMaxOf(Number(authorisationLifeSlots))
  const named = await idempotencyOf(c, ask.action)
  const near = nearOf(c)
  const runs: Run[] = []
  const release = holdOpen(c)
  try {
    for (const [index, spec] of ask.specs.entries()) {
      const idempotency = named && nameOf(named, index)
      const started = await c.get('coordinator').runJob(who, {
        payload: payloadOfSpec(spec),
        constraints: {},
        spec,
        ttlSeconds: Math.min(jobLimits.ttlSecondsDefault, ttlMax),
        limit: ask.limit,
        authorisation: undefined,
        ...(ask.routing === undefined ? {} : { routing: ask.routing }),
        ...(near === undefined ? {} : { near }),
        ...(idempotency === undefined ? {} : { idempotency }),
      })
      if (!started.ok) throw await refusal(c, spec, started.error)
      const { job, stream } = started.value
      const isKept = idempotency !== undefined
      runs.push(openRun(c, who, { job, opened: openJobEvents(stream), isKept }))
    }
    return runs
  } catch (error) {
    await Promise.all(runs.map(({ cancel }) => cancel()))
    throw error
  } finally {
    release()
  }
}

/** Nobody reads any of them any more. */
export const cancelAll = async (runs: readonly Run[]): Promise<void> => {
  await Promise.all(runs.map(({ leave }) => leave()))
}

/** The jobs of one request have its key, told apart by what no key holds: a blank. */
const nameOf = ({ key, fingerprint }: Idempotency, index: number): Idempotency => ({
  key: index === 0 ? key : `${key} ${index}`,
  fingerprint,
})

/** Keeps a request alive: else the platform ends that of a caller who left before it says that he did. */
function holdOpen(c: AppContext): () => void {
  let release: () => void = () => undefined
  c.executionCtx.waitUntil(
    new Promise<void>((resolve) => {
      release = resolve
    }),
  )
  return release
}

/**
 * A reader that leaves is noticed by the request's signal, whatever is being sent, and the coordinator is
 * told in so many words: the end of a stream between objects shows there with the next event only.
 */
function openRun(
  c: AppContext,
  who: ApiKeyPrincipal,
  opening: { readonly job: JobRecord; readonly opened: JobEvents; readonly isKept: boolean },
): Run {
  const { job, opened, isKept } = opening
  const { signal } = c.req.raw
  let isOver = false
  const release = holdOpen(c)
  const end = () => {
    isOver = true
    signal?.removeEventListener('abort', onAbort)
    release()
  }
  const stop = async (tell: () => Promise<unknown>): Promise<void> => {
    if (isOver) return
    isOver = true
    // A job that ended a moment ago is not canceled, and one of a lost coordinator comes to its end.
    await Promise.all([tell().catch(() => undefined), opened.cancel()])
    end()
  }
  const cancel = () => stop(async () => c.get('coordinator').cancelJob(who, job.jobId))
  const leave = isKept ? () => stop(async () => undefined) : cancel
  const onAbort = () => void leave()
  signal?.addEventListener('abort', onAbort)
  // He may have left while the job was being taken.
  if (signal?.aborted) onAbort()
  async function* watched(): JobEvents['events'] {
    for await (const event of opened.events) {
      if (event.type === 'end') end()
      yield event
    }
  }
  return { job, events: watched(), leave, cancel }
}

/** All answers, whole and in order. The first failure cancels the others and is thrown. */
export async function wholeAnswers(runs: readonly Run[]): Promise<readonly Answered[]> {
  const done: Answered[] = []
  try {
    return await Promise.all(
      runs.map(async (run) => {
        const answer = await wholeAnswer(run)
        done.push(answer)
        return answer
      }),
    )
  } catch (error) {
    await cancelAll(runs)
    throw withCharged(error, done)
  }
}

/** The text of the last attempt, when the job has ended well. */
async function wholeAnswer({ job, events }: Run): Promise<Answered> {
  let text = ''
  let minerId: string | undefined
  for await (const event of events) {
    if (event.type === 'reset') text = ''
    if (event.type === 'text') text += event.text ?? ''
    minerId = event.miner_id ?? minerId
    if (event.type !== 'end') continue
    const error = endErrorOf(event)
    if (error) throw new ApiFailure(error)
    return { text, ...endOf(event, job, minerId) }
  }
  throw new ApiFailure({ code: 'COORDINATOR_UNAVAILABLE' })
}

/** How a job that went well ended. */
export function endOf(
  event: JobEventLine,
  job: JobRecord,
  minerId: string | undefined,
): Omit<Answered, 'text'> {
  const amount = BigInt(event.amount ?? 0)
  return {
    finish: event.finish ?? 'stop',
    usage: {
      promptTokens: event.prompt_tokens ?? 0,
      completionTokens: event.completion_tokens ?? 0,
      amount,
    },
    trace: {
      jobId: job.jobId,
      receiptId: event.receipt_id,
      minerId: minerId ?? job.minerId,
      amount,
      isHeld: event.held !== undefined,
    },
  }
}

/** Why a job ended without an answer; undefined when it completed. */
export function endErrorOf(event: JobEventLine): ApiError | undefined {
  if (event.state === 'completed') return undefined
  const { code, message } = event.error ?? {}
  const known = errorCodes.find((each) => each === code)
  const fallback: ErrorCode =
    event.state === 'expired'
      ? 'JOB_EXPIRED'
      : event.state === 'canceled'
        ? 'JOB_CANCELED'
        : 'JOB_FAILED'
  return { code: known ?? fallback, ...(message ? { message } : {}) }
}

/** Events of several jobs as they come, each with the number of its job. */
export async function* eventsOf(
  runs: readonly Run[],
): AsyncGenerator<
  { readonly index: number; readonly event: JobEventLine | undefined },
  void,
  void
> {
  type Next = { readonly index: number; readonly next: IteratorResult<JobEventLine, void> }
  const waiting = new Map<number, Promise<Next>>()
  const ask = (index: number, { events }: Run) => {
    const next = events.next().then((next) => ({ index, next }))
    // The loop may have ended before this one fails.
    next.catch(() => undefined)
    waiting.set(index, next)
  }
  for (const [index, run] of runs.entries()) ask(index, run)
  while (waiting.size > 0) {
    const { index, next } = await Promise.race(waiting.values())
    waiting.delete(index)
    const run = runs[index]
    if (next.done || !run) {
      // It was cut off: whoever reads it decides what that means.
      yield { index, event: undefined }
      continue
    }
    if (next.value.type !== 'end') ask(index, run)
    yield { index, event: next.value }
  }
}

/** A job that nobody can serve for want of a feature is a request that names the wrong field. */
async function refusal(c: AppContext, spec: JobSpec, error: ApiError): Promise<Error> {
  const { reasons } = (error.details ?? {}) as { readonly reasons?: unknown }
  const isFeature = Array.isArray(reasons) && reasons.includes('features')
  if (error.code !== 'NOT_SERVABLE' || !isFeature) return new ApiFailure(error)
  const { models } = await c.get('coordinator').site()
  const served = models.find(({ name }) => name === spec.model)?.features ?? featuresUnstated
  const lacks = featuresNeeded(spec).find((each) => !served.includes(each)) ?? 'chat'
  return new RequestFault({
    message: `No miner serves ${spec.model} with ${featureWords[lacks]} now.${featureAdvice[lacks] ?? ''}`,
    param: featureParams[lacks],
    code: 'unsupported_feature',
    details: error.details,
  })
}

const featureWords = {
  chat: 'chats',
  completion: 'completions of plain text',
  tools: 'tools',
  forced_calls: 'calls that are forced',
  json: 'JSON mode',
  embeddings: 'embeddings',
} as const

/** What else to do than to take another model. */
const featureAdvice: Partial<Record<ModelFeature, string>> = {
  forced_calls: ' Use tool_choice auto, or a model that lists forced_calls.',
}

const featureParams = {
  chat: 'model',
  completion: 'model',
  tools: 'tools',
  forced_calls: 'tool_choice',
  json: 'response_format',
  embeddings: 'model',
} as const

/** The error of one of several jobs, with those that had been done, and so paid, before it. */
function withCharged(error: unknown, done: readonly Answered[]): unknown {
  if (!(error instanceof ApiFailure) || done.length === 0) return error
  const charged = done.map(({ trace }) => ({
    job_id: trace.jobId,
    receipt_id: trace.receiptId ?? null,
    amount: String(trace.amount),
  }))
  const { code, message, details } = error.error
  const more = typeof details === 'object' && details !== null ? details : {}
  return new ApiFailure({ code, ...(message ? { message } : {}), details: { ...more, charged } })
}
