/**
 * Chat completions, completions, embeddings and models in OpenAI's format, so that its clients work
 * unchanged. Mounted like the jobs, for `/v1/chat/completions`. Rules: coordinator-SPEC.md, CHATHTTP.
 */
import { type Context, Hono } from 'hono'
import type { ApiError } from '../../core/api/errors.ts'
import {
  type Choice,
  type CompletionHead,
  completionView,
  embeddingsView,
  openAiError,
} from '../../core/api/jobs-openai.ts'
import { openAiModelView } from '../../core/api/jobs-site.ts'
import { readEmbeddings, readToolAnswer } from '../../core/jobs/answer.ts'
import type { OpenAiFault } from '../../core/jobs/openai-fault.ts'
import {
  type OpenAiRequest,
  specsFromChat,
  specsFromEmbeddings,
  specsFromText,
} from '../../core/jobs/spec-from-openai.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { failureResponse } from '../gateway/errors.ts'
import { countOpen, isLimited } from '../gateway/limiter.ts'
import { sseResponse } from './job-events.ts'
import {
  type Answered,
  cancelAll,
  RequestFault,
  type Run,
  requireKey,
  startJobs,
  wholeAnswers,
} from './job-fan.ts'
import { randomSeed } from './jobs.ts'
import { mount } from './mount.ts'
import { openAiChunks } from './openai-stream.ts'
import { readJson } from './request.ts'

/** Bodies become specifications by the very schemas of the rows, where faults get OpenAI's words. */
const app = new Hono<AppEnv>().onError(openAiFailure)

export const openAiRoutes = mount(app, {
  createChatCompletion: chat,
  createCompletion: completions,
  createEmbeddings: embeddings,
  getModel: model,
})

async function chat(c: AppContext): Promise<Response> {
  const who = await requireKey(c)
  const read = specsFromChat(await readJson(c), { seed: randomSeed() })
  if (!read.ok) return faultResponse(read.error)
  const runs = await startJobs(c, who, { action: 'POST /chat/completions', ...read.value })
  return answer(c, runs, { request: read.value, kind: 'chat', echoes: [] })
}

async function completions(c: AppContext): Promise<Response> {
  const who = await requireKey(c)
  const read = specsFromText(await readJson(c), { seed: randomSeed() })
  if (!read.ok) return faultResponse(read.error)
  const { specs, echo } = read.value
  const runs = await startJobs(c, who, { action: 'POST /completions', ...read.value })
  const echoes = echo ? specs.map(({ messages }) => messages[0]?.content ?? '') : []
  return answer(c, runs, { request: read.value, kind: 'text', echoes })
}

async function embeddings(c: AppContext): Promise<Response> {
  const who = await requireKey(c)
  const read = specsFromEmbeddings(await readJson(c))
  if (!read.ok) return faultResponse(read.error)
  const runs = await startJobs(c, who, { action: 'POST /embeddings', ...read.value })
  const answers = await wholeAnswers(runs)
  return c.json(
    embeddingsView({
      model: runs[0]?.job.model ?? '',
      encoded: answers.flatMap(encodedOf),
      base64: read.value.base64,
      usages: answers.map(({ usage }) => usage),
      traces: answers.map(({ trace }) => trace),
    }),
  )
}

/** The vectors of an answer, as they are kept. */
export function encodedOf({ text }: Answered): readonly string[] {
  const read = readEmbeddings(text)
  if (!read.ok) throw new ApiFailure({ code: 'JOB_FAILED', message: `${read.error.message}.` })
  return read.value
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

type Asked = {
  readonly request: OpenAiRequest
  readonly kind: CompletionHead['kind']
  readonly echoes: readonly string[]
}

async function answer(
  c: AppContext,
  runs: readonly Run[],
  { request, kind, echoes }: Asked,
): Promise<Response> {
  const [first] = runs
  if (!first) throw new ApiFailure({ code: 'INTERNAL_ERROR' })
  const head: CompletionHead = {
    jobId: first.job.jobId,
    model: first.job.model,
    createdSeconds: Math.floor(first.job.requestedAtMs / 1_000),
    kind,
  }
  const mayCall = request.specs.some(({ options }) => options !== undefined) && kind === 'chat'
  if (request.stream) {
    const { includeUsage } = request
    const chunks = openAiChunks(runs, { head, includeUsage, mayCall, echoes })
    return sseResponse(chunks, () => cancelAll(runs))
  }
  const answers = await wholeAnswers(runs)
  const choices = answers.map((each, index) => choiceOf(each, echoes[index] ?? ''))
  return c.json(completionView(head, choices))
}

/** Words and calls of an answer. */
function choiceOf({ text, finish, usage, trace }: Answered, echo: string): Choice {
  if (finish !== 'tool_calls') return { text: echo + text, calls: [], finish, usage, trace }
  const read = readToolAnswer(text)
  if (!read.ok) throw new ApiFailure({ code: 'JOB_FAILED', message: `${read.error.message}.` })
  return { text: read.value.words, calls: read.value.calls, finish, usage, trace }
}

/** The one error shape of this site in OpenAI's clothes; what is not foreseen is logged as ever. */
async function openAiFailure(thrown: Error, c: Context<AppEnv>): Promise<Response> {
  if (thrown instanceof RequestFault) return faultResponse(thrown.fault)
  const plain = failureResponse(thrown, c)
  const limited = plain.status === 401 && (await isLimited(c as AppContext))
  const error = limited
    ? ({ code: 'RATE_LIMIT_EXCEEDED' } as const)
    : ((await plain.json()) as { error: ApiError }).error
  const { status, headers, body } = openAiError(error)
  const own = thrown instanceof ApiFailure && !limited ? thrown.headers : {}
  return Response.json(body, { status, headers: { ...headers, ...own } })
}

function faultResponse(fault: OpenAiFault): Response {
  const { status, body } = openAiError(fault)
  return Response.json(body, { status })
}
