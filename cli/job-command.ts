/**
 * `client submit`, `batch-submit`, `estimate` and `why`: jobs by an API key, for scripts. What was asked for
 * is sent again under one idempotency key, so that a retry never makes a second job.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type CallInput, createClient, type Send } from '../core/api/client.ts'
import { endpoints } from '../core/api/endpoints/table.ts'
import { formatCoins } from '../core/base/amount.ts'
import { jobLimits } from '../core/jobs/limits.ts'
import { readCsv } from './csv.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { JobOptions, Source } from './job-options.ts'
import { isPassing } from './patience.ts'
import { faultOf, takenOf } from './site-client.ts'

type Options<Action> = Extract<JobOptions, { readonly jobAction: Action }>
type Json = Readonly<Record<string, unknown>>
/** The site checks what a person or a file says: here it is any JSON. */
type Body = NonNullable<CallInput<'submitJob'>['body']>

const timeoutMs = 20_000
const pollMs = 500

/** Does what the command line says and prints it; throws a `ClientFault` where it cannot. */
export async function runJobs(
  options: JobOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const site = siteOf(options, env, signal)
  switch (options.jobAction) {
    case 'submit':
      return await submit(site, options, env)
    case 'batch-submit':
      return await submitBatches(site, options, env, signal)
    case 'estimate':
      return await estimate(site, options, env)
    case 'why':
      return await why(site, options)
  }
}

type Site = ReturnType<typeof siteOf>

function siteOf(options: JobOptions, env: NodeJS.ProcessEnv, signal: AbortSignal) {
  const { api, retries, retryDelayMs } = options
  const apiKey = env['AITBC_API_KEY']
  const isOpen = options.jobAction === 'why' && options.minerId !== undefined
  if (!apiKey && !isOpen) {
    const message = 'AITBC_API_KEY is not set: these commands call with an API key'
    throw new ClientFault(exitCodes.auth, 'API_KEY_MISSING', message)
  }
  const send =
    (idempotencyKey?: string): Send =>
    async ({ method, target, body }) => {
      const response = await fetch(new URL(target, api), {
        method,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: {
          accept: 'application/json',
          ...(apiKey && { 'x-api-key': apiKey }),
          ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }).catch((error: unknown) => {
        throw faultOf(error, api, signal)
      })
      const requestId = response.headers.get('x-request-id') ?? undefined
      const json = await response.json().catch(() => undefined)
      return { status: response.status, json, requestId }
    }
  return {
    call: createClient(endpoints, send()),
    keyed: (key: string) => createClient(endpoints, send(key)),
    /** Again, as often as was said, while the reason may pass. */
    patiently: async <T>(action: () => Promise<T>): Promise<T> => {
      for (let left = retries; ; left -= 1) {
        try {
          return await action()
        } catch (error) {
          if (left <= 0 || !(error instanceof ClientFault) || !isPassing(error)) throw error
          await pause(retryDelayMs, undefined, { signal })
        }
      }
    },
    pause: (ms: number) => pause(ms, undefined, { signal }),
  }
}

async function submit(
  site: Site,
  options: Options<'submit' | 'estimate'>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const body = bodyOf(options, env)
  const key = options.idempotencyKey ?? randomUUID()
  const job = await site.patiently(async () =>
    takenOf(await site.keyed(key)('submitJob', { body })),
  )
  if (!options.wait) {
    show(options, job, `${job.job_id} ${job.state}`)
    return
  }
  const deadlineMs = Date.parse(`${job.expires_at}Z`) - Date.parse(`${job.requested_at}Z`)
  const params = { id: job.job_id }
  for (let waitedMs = 0; waitedMs <= deadlineMs + timeoutMs; waitedMs += pollMs) {
    const seen = takenOf(await site.call('getJob', { params }))
    if (seen.state !== 'QUEUED' && seen.state !== 'RUNNING') {
      // A job that ended without a result is refused here with the reason.
      const ended = takenOf(await site.call('getJobResult', { params }))
      const { result } = ended
      show(options, ended, String(result?.['output'] ?? JSON.stringify(result)))
      return
    }
    await site.pause(pollMs)
  }
  throw new ClientFault(exitCodes.timeout, 'TIMEOUT', `${job.job_id} has not ended in time`)
}

async function submitBatches(
  site: Site,
  options: Options<'batch-submit'>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const text = textOf({ file: options.file }, env)
  const rows = options.format === 'csv' ? csvRows(text) : jsonRows(text)
  const jobs = rows.map(jobOf)
  if (jobs.length === 0) throw unreadable('there is no job in it')
  for (let from = 0; from < jobs.length && !signal.aborted; from += jobLimits.batchMax) {
    if (from > 0) await site.pause(options.delayMs)
    const body = { jobs: jobs.slice(from, from + jobLimits.batchMax) }
    const call = site.keyed(randomUUID())
    const { items } = await site.patiently(async () => takenOf(await call('submitBatch', { body })))
    for (const { index, job } of items) {
      show(options, { index: from + index, job }, `${job.job_id} ${job.state}`)
    }
  }
}

async function estimate(
  site: Site,
  options: Options<'submit' | 'estimate'>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const body = bodyOf(options, env)
  const found = await site.patiently(async () => takenOf(await site.call('estimateJob', { body })))
  const { price, refusal } = found
  const seconds = (ms: number | null) => (ms === null ? 'not measured yet' : `${ms / 1_000} s`)
  const lines = refusal
    ? [`${refusal.code}: ${refusal.message}`]
    : [
        `model     ${found.model}`,
        `miners    ${found.miners}, ${found.free_places} free places`,
        `position  ${found.queue_position}`,
        `begins in ${seconds(found.start_ms)}`,
        `ends in   ${seconds(found.end_ms)} at most`,
        ...(price ? [`costs     ${coins(price.least)} to ${coins(price.cheapest)} AITBC`] : []),
      ]
  show(options, found, lines.join('\n'))
}

async function why(site: Site, options: Options<'why'>): Promise<void> {
  const { jobId, minerId } = options
  const found =
    minerId === undefined
      ? takenOf(await site.call('explainJob', { params: { id: String(jobId) } }))
      : takenOf(await site.call('explainMiner', { params: { id: minerId } }))
  show(options, found, textOfFields(found))
}

/** One field a line, what is in it as JSON where it is no plain value. */
const textOfFields = (value: Json): string =>
  Object.entries(value)
    .map(([name, field]) => {
      const isPlain = typeof field === 'string' || typeof field === 'number'
      return `${name} ${isPlain ? field : JSON.stringify(field)}`
    })
    .join('\n')

function show(options: Pick<JobOptions, 'output'>, value: unknown, text: string): void {
  process.stdout.write(`${options.output === 'json' ? JSON.stringify(value) : text}\n`)
}

const coins = (units: string): string => formatCoins(BigInt(units))

function bodyOf(options: Options<'submit' | 'estimate'>, env: NodeJS.ProcessEnv): Body {
  const prompt = textOf(options.question, env)
  // What is undefined leaves with the JSON.
  return JSON.parse(
    JSON.stringify({ ...options.body, payload: { ...options.payload, prompt } }),
  ) as Body
}

function textOf(source: Source, env: NodeJS.ProcessEnv): string {
  if ('text' in source) return source.text
  try {
    const path = source.file === '-' ? 0 : resolve(env['AITBC_CWD'] ?? '.', source.file)
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw unreadable(`${source.file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function csvRows(text: string): readonly unknown[] {
  try {
    return readCsv(text)
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error))
  }
}

function jsonRows(text: string): readonly unknown[] {
  try {
    const read = JSON.parse(text) as unknown
    const rows = Array.isArray(read) ? read : (read as { jobs?: unknown } | null)?.jobs
    if (Array.isArray(rows)) return rows
  } catch {
    // Said below, like JSON of another shape.
  }
  throw unreadable('it is no JSON list of jobs')
}

/** A body of `POST /jobs`, or the fields of a payload alone. */
function jobOf(row: unknown): Body {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw unreadable('it holds something that is no job')
  }
  const fields = row as Json
  if (fields['payload'] !== undefined || fields['spec'] !== undefined) return fields as Body
  const { priority, ttl_seconds: ttl, max_tokens: maxTokens, ...payload } = fields
  const numbered = (value: unknown) => (typeof value === 'string' ? Number(value) : value)
  return JSON.parse(
    JSON.stringify({
      payload: {
        type: 'inference',
        ...payload,
        ...(maxTokens !== undefined && { parameters: { max_tokens: numbered(maxTokens) } }),
      },
      priority,
      ttl_seconds: numbered(ttl),
    }),
  ) as Body
}

const unreadable = (message: string): ClientFault =>
  new ClientFault(exitCodes.usage, 'FILE_UNREADABLE', message)
