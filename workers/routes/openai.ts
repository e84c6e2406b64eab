/**
 * Chat completions and models in OpenAI's format, so that its clients work unchanged. Mounted like the
 * jobs, for `/v1/chat/completions`. Rules: coordinator-SPEC.md, CHATHTTP.
 */
import { type Context, Hono } from 'hono'
import type { JobRecord, Principal } from '../../core/api/coordinator-service.ts'
import { type ApiError, type ErrorCode, errorCodes } from '../../core/api/errors.ts'
import {
  type CompletionHead,
  chunkView,
  completionView,
  openAiError,
  type Usage,
  usageChunkView,
} from '../../core/api/jobs-openai.ts'
import { openAiModelView } from '../../core/api/jobs-site.ts'
import { ttlSecondsMaxOf } from '../../core/jobs/check-authorisation.ts'
import { payloadOfSpec } from '../../core/jobs/job-request.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import {
  type OpenAiFault,
  type OpenAiRequest,
  specFromOpenAi,
} from '../../core/jobs/spec-from-openai.ts'
import {
  emptySplice,
  isSpliceWhole,
  spliceReset,
  spliceText,
} from '../../core/jobs/stream-splice.ts'
import { requirePrincipal } from '../auth.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { failureResponse } from '../gateway/errors.ts'
import { countOpen, isLimited } from '../gateway/limiter.ts'
import {
  type JobEventLine,
  type JobEvents,
  openJobEvents,
  sseEvent,
  sseResponse,
} from './job-events.ts'
import { randomSeed } from './jobs.ts'
import { orThrow, readJson } from './request.ts'

export const openAiRoutes = new Hono<AppEnv>()
  .onError(openAiFailure)
  .post('/chat/completions', complete)
  .get('/models/:name{.+}', model)

async function complete(c: AppContext): Promise<Response> {
  const who = await requirePrincipal(c, 'client')
  const read = specFromOpenAi(await readJson(c), { seed: randomSeed() })
  if (!read.ok) return faultResponse(read.error)
  const { job, opened } = await start(c, who, read.value)
  const head: CompletionHead = {
    jobId: job.jobId,
    model: job.model,
    createdSeconds: Math.floor(job.requestedAtMs / 1_000),
  }
  if (!read.value.stream) return wholeAnswer(c, head, opened)
  return streamedAnswer(head, opened, read.value.includeUsage)
}

/** `GET /models/{name}`: names may hold slashes and colons. */
async function model(c: AppContext): Promise<Response> {
  await countOpen(c)
  const name = decodeURIComponent(c.req.param('name') ?? '')
  const { models } = await c.get('coordinator').site()
  const found = models.find((each) => each.name === name)
  if (!found) {
    const message = `No miner serves ${name} now.`
    throw new ApiFailure({ code: 'MODEL_NOT_SERVED', message })
  }
  return c.json(openAiModelView(found))
}

async function start(
  c: AppContext,
  who: Principal,
  request: OpenAiRequest,
): Promise<{ readonly job: JobRecord; readonly opened: JobEvents }> {
  if (who.kind === 'account') {
    throw new ApiFailure({
      code: 'AUTHORIZATION_ERROR',
      message:
        'This route wants an API key: a signed client sends its authorisation to /api/v1/jobs.',
    })
  }
  const { authorisationLifeSlots } = c.get('config').genesis.parameters
  const ttlMax = ttlSecondsMaxOf(Number(authorisationLifeSlots))
  const started = await c.get('coordinator').runJob(who, {
    payload: payloadOfSpec(request.spec),
    constraints: {},
    spec: request.spec,
    ttlSeconds: Math.min(jobLimits.ttlSecondsDefault, ttlMax),
    limit: undefined,
    authorisation: undefined,
  })
  const { job, stream } = orThrow(started)
  return { job, opened: openJobEvents(stream) }
}

/** `stream: false`: the text of the last attempt, when the job has ended well. */
async function wholeAnswer(
  c: AppContext,
  head: CompletionHead,
  { events, cancel }: JobEvents,
): Promise<Response> {
  const { signal } = c.req.raw
  const leave = () => void cancel()
  signal?.addEventListener('abort', leave)
  // Held open: else the platform ends the request of a caller who left before it says that he did.
  let release: () => void = () => undefined
  c.executionCtx.waitUntil(
    new Promise<void>((resolve) => {
      release = resolve
    }),
  )
  try {
    let text = ''
    for await (const event of events) {
      if (event.type === 'reset') text = ''
      if (event.type === 'text') text += event.text ?? ''
      if (event.type !== 'end') continue
      const error = endErrorOf(event)
      if (error) throw new ApiFailure(error)
      const answer = { text, finish: event.finish ?? 'stop', usage: usageOf(event) }
      return c.json(completionView(head, answer))
    }
    throw new ApiFailure({ code: 'COORDINATOR_UNAVAILABLE' })
  } finally {
    signal?.removeEventListener('abort', leave)
    release()
  }
}

function streamedAnswer(
  head: CompletionHead,
  { events, cancel }: JobEvents,
  includeUsage: boolean,
): Response {
  return sseResponse(chunks(head, events, includeUsage), cancel)
}

/** Role, text, finish, usage, `[DONE]`; or an error event, after which nothing follows. */
async function* chunks(
  head: CompletionHead,
  events: JobEvents['events'],
  includeUsage: boolean,
): AsyncGenerator<string, void, void> {
  const chunk = (delta: Readonly<Record<string, string>>, finish: string | null) =>
    sseEvent(chunkView(head, { delta, finish, includeUsage }))
  yield chunk({ role: 'assistant', content: '' }, null)
  let splice = emptySplice
  try {
    for await (const event of events) {
      if (event.type === 'reset') splice = spliceReset(splice)
      if (event.type === 'text') {
        const step = spliceText(splice, event.text ?? '')
        // Leaving the loop cancels the job: half an answer that cannot go on is not paid.
        if (!step.ok) return yield sseEvent(openAiError(interrupted).body)
        splice = step.splice
        if (step.send !== '') yield chunk({ content: step.send }, null)
      }
      if (event.type !== 'end') continue
      const error = endErrorOf(event) ?? (isSpliceWhole(splice) ? undefined : interrupted)
      if (error) return yield sseEvent(openAiError(error).body)
      yield chunk({}, event.finish ?? 'stop')
      if (includeUsage) yield sseEvent(usageChunkView(head, usageOf(event)))
      return yield 'data: [DONE]\n\n'
    }
  } catch {
    // The coordinator went away in the middle: said below, like a stream that just stops.
  }
  yield sseEvent(openAiError({ code: 'COORDINATOR_UNAVAILABLE' }).body)
}

const interrupted: ApiError = {
  code: 'JOB_FAILED',
  message: 'The miner was lost in mid-answer and the next one answers differently; ask again.',
}

const usageOf = (event: JobEventLine): Usage => ({
  promptTokens: event.prompt_tokens ?? 0,
  completionTokens: event.completion_tokens ?? 0,
})

/** Why a job ended without an answer; undefined when it completed. */
function endErrorOf(event: JobEventLine): ApiError | undefined {
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

/** The one error shape of this site in OpenAI's clothes; what is not foreseen is logged as ever. */
async function openAiFailure(thrown: Error, c: Context<AppEnv>): Promise<Response> {
  const plain = failureResponse(thrown, c)
  if (plain.status === 401 && (await isLimited(c as AppContext))) {
    return Response.json(openAiError({ code: 'RATE_LIMIT_EXCEEDED' }).body, {
      status: 429,
      headers: { 'retry-after': '60' },
    })
  }
  const { error } = (await plain.json()) as { error: ApiError }
  const { status, body } = openAiError(error)
  const headers = thrown instanceof ApiFailure ? thrown.headers : {}
  return Response.json(body, { status, headers })
}

function faultResponse(fault: OpenAiFault): Response {
  const { status, body } = openAiError(fault)
  return Response.json(body, { status })
}
