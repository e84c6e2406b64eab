/** The process of the miner agents: the real agent, with an engine that only keeps time. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nativeSigner } from '../../durable-objects/coordinator/native-signer.ts'
import { type AgentConfig, parseConfig } from '../../miner-agent/config.ts'
import type { Host } from '../../miner-agent/host.ts'
import { openJournal } from '../../miner-agent/journal.ts'
import { createLogger } from '../../miner-agent/log.ts'
import { readCard, type Session, startSession } from '../../miner-agent/session.ts'
import { serveParent } from './child.ts'
import { monotonicMs } from './clock.ts'
import { scriptedEngine, scriptedModel, stampsIn } from './scripted-engine.ts'

/** Functions of this process. */
export type AgentFunctions = {
  readonly connect: (input: {
    readonly api: string
    readonly agents: number
    readonly concurrency: number
  }) => Promise<void>
  /** Time between two tokens of every answer from now on, milliseconds. */
  readonly pace: (everyMs: number) => void
  /** The engine alone, in this process, under the same load. */
  readonly alone: (input: Load & { readonly firsts: number }) => Promise<EngineAlone>
  readonly disconnect: () => Promise<void>
}

export type Load = {
  readonly streams: number
  readonly tokens: number
  readonly everyMs: number
}

export type EngineAlone = {
  /** Time to the first token, one answer at a time; milliseconds. */
  readonly firstMs: readonly number[]
  /** Age of each later token when its reader has it, all streams at a time; milliseconds. */
  readonly laterMs: readonly number[]
}

const home = mkdtempSync(join(tmpdir(), 'aitbc-bench-agents-'))
process.on('exit', () => rmSync(home, { recursive: true, force: true }))
const sessions: Session[] = []
let pacedMs = 0
const log = createLogger({
  format: 'text',
  level: 'warn',
  write: (line) => void process.stderr.write(line),
  nowMs: Date.now,
})

const functions: AgentFunctions = {
  connect: async ({ api, agents, concurrency }) => {
    for (let number = 1; number <= agents; number++) {
      const minerId = `bench-agent-${number}`
      const config = configOf(minerId, api, concurrency)
      const host: Host = {
        home,
        gpu: undefined,
        engine: scriptedEngine(() => pacedMs),
        signer: nativeSigner(new Uint8Array(randomBytes(32))),
        apiKey: undefined,
        journal: await openJournal(join(home, 'releases', `${minerId}.ndjson`)),
      }
      const card = await readCard(config, host, log)
      sessions.push(startSession({ config, host, card, log }))
    }
  },
  pace: (everyMs) => {
    pacedMs = everyMs
  },
  alone: async (load) => {
    const firstMs: number[] = []
    for (let number = 0; number < load.firsts; number++) {
      firstMs.push((await readEngine({ ...load, tokens: 1 })).firstMs)
    }
    const read = await Promise.all(Array.from({ length: load.streams }, () => readEngine(load)))
    return { firstMs, laterMs: read.flatMap(({ laterMs }) => laterMs) }
  },
  disconnect: async () => {
    for (const session of sessions) session.abort()
    await Promise.all(sessions.map(({ ended }) => ended))
  },
}

serveParent(functions)

function configOf(minerId: string, api: string, concurrency: number): AgentConfig {
  const config = parseConfig(
    [
      ...['--id', minerId, '--api', api, '--gpu', 'none'],
      ...['--concurrency', String(concurrency), '--queue', String(concurrency)],
      // As much as a benchmark asks for, released or not.
      ...['--unreleased-max', '100', '--unsettled-max', '1000'],
    ],
    process.env,
  )
  if (!config.ok) throw new Error(config.error.message)
  return config.value
}

/** One answer read beside its engine: time to the first token, and the age of each later one. */
async function readEngine({ tokens, everyMs }: Load): Promise<{
  firstMs: number
  laterMs: number[]
}> {
  const startedAt = monotonicMs()
  const laterMs: number[] = []
  let firstMs: number | undefined
  const request = { model: scriptedModel, messages: [], maxTokens: tokens }
  const answer = scriptedEngine(() => everyMs).generate(request, {
    signal: AbortSignal.timeout(60_000),
  })
  for await (const { text } of answer) {
    const now = monotonicMs()
    if (firstMs === undefined) firstMs = now - startedAt
    else for (const stamp of stampsIn(text)) laterMs.push(now - stamp)
  }
  return { firstMs: firstMs ?? 0, laterMs }
}
