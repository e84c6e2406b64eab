/**
 * Ollama's API under `/ollama/api/`, so that its clients work unchanged: what they ask becomes jobs, paid
 * like any other. Rules: coordinator-SPEC.md, OLLAMAHTTP.
 */
import { type Context, Hono } from 'hono'
import type { ModelView } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import {
  embedView,
  type LineHead,
  loadedView,
  ollamaError,
  ollamaVersion,
  runningView,
  showView,
  tagView,
} from '../../core/api/jobs-ollama.ts'
import type { Result } from '../../core/base/result.ts'
import type { OpenAiFault } from '../../core/jobs/openai-fault.ts'
import {
  type OllamaRequest,
  ollamaShowSchema,
  specsFromOllamaChat,
  specsFromOllamaEmbed,
  specsFromOllamaEmbeddings,
  specsFromOllamaGenerate,
} from '../../core/jobs/spec-from-ollama.ts'
import type { AppContext, AppEnv } from '../context.ts'
import { ApiFailure } from '../failure.ts'
import { failureResponse } from '../gateway/errors.ts'
import { countOpen, isLimited } from '../gateway/limiter.ts'
import {
  type Answered,
  cancelAll,
  RequestFault,
  requireKey,
  startJobs,
  wholeAnswers,
} from './job-fan.ts'
import { randomSeed } from './jobs.ts'
import { mount } from './mount.ts'
import { ndjsonResponse, ollamaLines, wholeLine } from './ollama-stream.ts'
import { encodedOf } from './openai.ts'
import { readJson } from './request.ts'

/** Bodies become specifications by the very schemas of the rows, where faults become one text. */
const app = new Hono<AppEnv>().onError(ollamaFailure)

export const ollamaRoutes = mount(app, {
  ollamaVersion: version,
  ollamaTags: tags,
  ollamaPs: running,
  ollamaShow: show,
  ollamaChat: (c) => talk(c, 'chat', specsFromOllamaChat),
  ollamaGenerate: (c) => talk(c, 'generate', specsFromOllamaGenerate),
  ollamaEmbed: embed,
  ollamaEmbeddings: embeddings,
})

async function version(c: AppContext): Promise<Response> {
  await countOpen(c)
  return c.json({ version: ollamaVersion })
}

async function tags(c: AppContext): Promise<Response> {
  await countOpen(c)
  const { models } = await c.get('coordinator').site()
  return c.json({ models: models.map((each) => tagView(each, isoOf(c))) })
}

async function running(c: AppContext): Promise<Response> {
  await countOpen(c)
  const { models } = await c.get('coordinator').site()
  return c.json({ models: models.map((each) => runningView(each, isoOf(c))) })
}

async function show(c: AppContext): Promise<Response> {
  await countOpen(c)
  const body = ollamaShowSchema.safeParse(await readJson(c))
  const name = body.success ? (body.data.model ?? body.data.name) : undefined
  if (!name) throw new RequestFault(modelMissing)
  return c.json(showView(await modelOf(c, name), isoOf(c)))
}

async function talk(
  c: AppContext,
  kind: LineHead['kind'],
  read: typeof specsFromOllamaChat,
): Promise<Response> {
  const who = await requireKey(c)
  const request = await served(c, read(await readJson(c), { seed: randomSeed() }))
  const { specs, stream, model } = request
  const head = { model, kind, createdAt: isoOf(c) }
  if (specs.length === 0) {
    const line = loadedView(head)
    return stream ? ndjsonResponse(head, linesOf([line]), async () => undefined) : c.json(line)
  }
  const runs = await startJobs(c, who, { action: `POST /ollama/${kind}`, specs })
  const mayCall = specs.some(({ options }) => options !== undefined) && kind === 'chat'
  const askedMs = c.get('now')
  if (stream) {
    return ndjsonResponse(head, ollamaLines(runs, { head, mayCall, askedMs }), () =>
      cancelAll(runs),
    )
  }
  const [answer] = await wholeAnswers(runs)
  return c.json(wholeLine(answer as Answered, { head, mayCall, askedMs }))
}

async function embed(c: AppContext): Promise<Response> {
  const who = await requireKey(c)
  const request = await served(c, specsFromOllamaEmbed(await readJson(c)))
  const { specs, model } = request
  const answers = await wholeAnswers(
    await startJobs(c, who, { action: 'POST /ollama/embed', specs }),
  )
  return c.json(
    embedView({
      model,
      encoded: answers.flatMap(encodedOf),
      usages: answers.map(({ usage }) => usage),
      traces: answers.map(({ trace }) => trace),
      tookMs: Date.now() - c.get('now'),
    }),
  )
}

/** The older spelling: one text, and its vector alone. */
async function embeddings(c: AppContext): Promise<Response> {
  const who = await requireKey(c)
  const request = await served(c, specsFromOllamaEmbeddings(await readJson(c)))
  const { specs, model } = request
  const answers = await wholeAnswers(
    await startJobs(c, who, { action: 'POST /ollama/embeddings', specs }),
  )
  const { embeddings: all, aitbc } = embedView({
    model,
    encoded: answers.flatMap(encodedOf),
    usages: answers.map(({ usage }) => usage),
    traces: answers.map(({ trace }) => trace),
    tookMs: 0,
  }) as { readonly embeddings: readonly number[][]; readonly aitbc?: unknown }
  return c.json({ embedding: all[0] ?? [], ...(aitbc === undefined ? {} : { aitbc }) })
}

/** The request with its model by the name under which it is served. */
async function served(
  c: AppContext,
  read: Result<OllamaRequest, OpenAiFault>,
): Promise<OllamaRequest> {
  if (!read.ok) throw new RequestFault(read.error)
  const { name: model } = await modelOf(c, read.value.model)
  return { ...read.value, model, specs: read.value.specs.map((spec) => ({ ...spec, model })) }
}

/** A name without a tag means `:latest`, as everywhere in Ollama; the other way round it is tried too. */
async function modelOf(c: AppContext, name: string): Promise<ModelView> {
  const { models } = await c.get('coordinator').site()
  const others = name.includes(':') ? name.replace(/:latest$/, '') : `${name}:latest`
  const found =
    models.find((each) => each.name === name) ?? models.find((each) => each.name === others)
  if (found) return found
  const served = models.map((each) => each.name)
  throw new ApiFailure({
    code: 'MODEL_NOT_SERVED',
    message: `model '${name.slice(0, 128)}' not found: no miner serves it now`,
    details: { reason: served.length === 0 ? 'no_miner' : 'model', models_served: served },
  })
}

const modelMissing: OpenAiFault = {
  message: 'model is required',
  param: 'model',
  code: 'missing_required_parameter',
}

const isoOf = (c: AppContext): string => new Date(c.get('now')).toISOString()

async function* linesOf(lines: readonly unknown[]): AsyncGenerator<string, void, void> {
  for (const line of lines) yield `${JSON.stringify(line)}\n`
}

/** The one error shape of this site in Ollama's clothes; what is not foreseen is logged as ever. */
async function ollamaFailure(thrown: Error, c: Context<AppEnv>): Promise<Response> {
  if (thrown instanceof RequestFault) {
    const { status, body } = ollamaError(thrown.fault)
    return Response.json(body, { status })
  }
  const plain = failureResponse(thrown, c)
  const limited = plain.status === 401 && (await isLimited(c as AppContext))
  const error = limited
    ? ({ code: 'RATE_LIMIT_EXCEEDED' } as const)
    : ((await plain.json()) as { error: ApiError }).error
  const { status, headers, body } = ollamaError(error)
  const own = thrown instanceof ApiFailure && !limited ? thrown.headers : {}
  return Response.json(body, { status, headers: { ...headers, ...own } })
}
