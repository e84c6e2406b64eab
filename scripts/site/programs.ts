/**
 * A miner and a client as local set-ups use them: on the embedded engine, with keys in a folder of their
 * own and a password that is made with it.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import { type Child, type ChildOptions, startChild } from './children.ts'

/** The model that every miner can serve. */
export const localModel = 'aitbc-tiny'

/** What `client --output json` reports of a job whose proofs held. */
const reportSchema = z.object({
  ok: z.literal(true),
  job_id: z.string(),
  client: z.string(),
  model: z.string(),
  answer: z.string(),
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  attempts: z.int(),
  miner: z.string(),
  miner_address: z.string(),
  amount: z.string(),
  receipt_id: z.string(),
  receipt_hash: z.string(),
  tx_hash: z.string(),
  block_height: z.int(),
  block_hash: z.string(),
  proof_verified: z.literal(true),
})
export type JobReport = z.infer<typeof reportSchema>

const failureSchema = z.object({
  ok: z.literal(false),
  error: z.object({ code: z.string(), message: z.string() }),
})

/** Where programs keep keys and state, and the password of the keys. */
export type LocalHome = { readonly path: string; readonly password: string }

export type LocalProgram = {
  readonly home: LocalHome
  readonly api: string
  readonly id: string
  /** Further arguments. */
  readonly args?: readonly string[]
  readonly onLine?: ChildOptions['onLine']
}

/** Opens a home folder; its password is made with it and lies beside the keys: for devnets only. */
export function openLocalHome(path: string): LocalHome {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const file = join(path, 'password')
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 })
  }
  return { path, password: readFileSync(file, 'utf8') }
}

/** Starts a miner on the embedded engine. */
export function startMiner(options: LocalProgram): Child {
  return startChild({
    program: 'miner-agent/main.ts',
    args: [
      ...['--id', options.id, '--api', options.api],
      ...['--gpu', 'none', '--engine', 'embedded', '--drain-timeout', '10s'],
      ...(options.args ?? []),
    ],
    env: environmentOf(options.home),
    ...(options.onLine && { onLine: options.onLine }),
  })
}

/** Asks one question; the proofs are checked by the client. */
export function startClient(options: LocalProgram & { readonly prompt: string }): Child {
  return startChild({
    program: 'cli/client.ts',
    args: [
      ...['--id', options.id, '--api', options.api, '--ollama-model', localModel],
      ...['--prompt', options.prompt, '--output', 'json'],
      ...(options.args ?? []),
    ],
    env: environmentOf(options.home),
    ...(options.onLine && { onLine: options.onLine }),
  })
}

/**
 * Waits for a client's report.
 *
 * @throws Error with the client's own words when it failed.
 */
export async function reportOf(client: Child): Promise<JobReport> {
  const code = await client.ended
  const last = parsed(client.stdout.at(-1) ?? '')
  const report = reportSchema.safeParse(last)
  if (code === 0 && report.success) return report.data
  const failure = failureSchema.safeParse(last)
  const reason = failure.success
    ? `${failure.data.error.message} (${failure.data.error.code})`
    : client.stderr.slice(-5).join('\n')
  throw new Error(`the client ended with ${code}: ${reason}`)
}

/** Waits until so many miners of a site are connected; fails when `stop` says why. */
export async function waitForMiners(
  api: string,
  options: { readonly count: number; readonly stop: () => string | undefined },
): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const reason = options.stop()
    if (reason !== undefined) throw new Error(reason)
    if ((await minersOnline(api)) >= options.count) return
    await pause(100)
  }
  throw new Error(`no miner connected to ${api} within a minute`)
}

async function minersOnline(api: string): Promise<number> {
  try {
    const response = await fetch(`${api}/api/v1/site`, { signal: AbortSignal.timeout(5_000) })
    const { miners_online } = (await response.json()) as { readonly miners_online?: unknown }
    return typeof miners_online === 'number' ? miners_online : 0
  } catch {
    return 0
  }
}

function environmentOf(home: LocalHome): Record<string, string> {
  return { AITBC_HOME: home.path, AITBC_KEY_PASSWORD: home.password }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
