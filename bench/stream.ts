/**
 * `npm run bench -- stream`: what the whole path adds to an engine, from a client's request in OpenAI's
 * format over site and agent and back: to the first token, to each of 100 streams × 20 tokens a second, and
 * among a crowd of 1 000 streams. docs/benchmarks.md explains.
 */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { AgentFunctions, EngineAlone, Load } from './support/agent-process.ts'
import { type BenchSite, runtimeText, startBenchSite } from './support/bench-site.ts'
import { type ReadAnswer, readChat } from './support/chat-stream.ts'
import { startChild } from './support/child.ts'
import { monotonicMs } from './support/clock.ts'
import { type CpuUse, watchCpu } from './support/cpu.ts'
import { jsonOf } from './support/http-client.ts'
import { pacedEchoes } from './support/paced-echoes.ts'
import { until } from './support/payers.ts'
import { figure, machine, printReport, say } from './support/report.ts'
import { rounded, summaryOf } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** Requests for one token each, one at a time. */
    firsts: { type: 'string', default: '200' },
    streams: { type: 'string', default: '100' },
    /** Tokens a second of each stream. */
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '8' },
    /** Streams of the crowd, and tokens a second of each. */
    crowd: { type: 'string', default: '1000' },
    'crowd-rate': { type: 'string', default: '3' },
  },
})

const agentConcurrency = 64
/** Open streams of one API key: below what a site takes of one client. */
const streamsPerKey = 200
const warmUpFirsts = 50
/** The same load without the path, shorter: it varies little. */
const aloneSeconds = 2
const crowdAloneTokens = 6
/** Longest time over which the streams of a load begin. */
const spreadMsMax = 3_000

const startedAt = monotonicMs()
const everyMs = 1_000 / Number(options.rate)
const load: Load = {
  streams: Number(options.streams),
  tokens: Math.ceil(Number(options.seconds) * Number(options.rate)),
  everyMs,
}
const crowd: Load = {
  streams: Number(options.crowd),
  tokens: Math.ceil(Number(options.seconds) * Number(options['crowd-rate'])),
  everyMs: 1_000 / Number(options['crowd-rate']),
}
const apiKeys = Array.from(
  { length: Math.ceil(crowd.streams / streamsPerKey) },
  (_, index) => `bench_client_${index}_${randomBytes(16).toString('hex')}`,
)
const site = await startBenchSite(Math.max(load.streams, crowd.streams), {
  CLIENT_API_KEYS: JSON.stringify(apiKeys),
})
const agents = startChild<AgentFunctions>('./agent-process.ts')
try {
  await run(site)
  await agents.call('disconnect')
} finally {
  await agents.stop()
  await site.stop()
}

async function run({ http, url }: BenchSite): Promise<void> {
  const agentCount = Math.ceil(Math.max(load.streams, crowd.streams) / agentConcurrency)
  await agents.call('connect', { api: url, agents: agentCount, concurrency: agentConcurrency })
  await agents.call('pace', everyMs)
  await until(async () => {
    const { miners_online } = jsonOf(await http.get('/api/v1/site'))
    return miners_online === agentCount
  })
  say('first request of each API key: the site funds its escrow, and that becomes final')
  for (const key of site.apiKeys) {
    await until(() => readChat(http, { apiKey: key, tokens: 1 }).then(() => true, nothingYet))
  }

  const firsts = Number(options.firsts)
  const aloneTokens = aloneSeconds * Number(options.rate)
  const alone = await agents.call('alone', { ...load, tokens: aloneTokens, firsts })
  const echo = await pacedEchoes({ sockets: load.streams, everyMs, seconds: aloneSeconds })

  const pathFirsts = await firstTokens(site, firsts)
  const measured = await relay(site, load)
  const crowdAlone = await agents.call('alone', { ...crowd, tokens: crowdAloneTokens, firsts: 0 })
  await agents.call('pace', crowd.everyMs)
  const crowded = await relay(site, crowd)
  report({ alone, echo, firsts: pathFirsts, measured, crowdAlone, crowded })
}

/** Time to the first token of requests one at a time, milliseconds. */
async function firstTokens({ http, apiKey }: BenchSite, count: number): Promise<number[]> {
  say(`time to the first token, ${count} requests one at a time`)
  const tookMs: number[] = []
  for (let number = -warmUpFirsts; number < count; number++) {
    const { requestedAtMs, tokens } = await readChat(http, { apiKey, tokens: 1 })
    const [first] = tokens
    if (!first) throw new Error('an answer came without a token')
    if (number >= 0) tookMs.push(first.readAtMs - requestedAtMs)
  }
  return tookMs
}

type Relayed = {
  readonly load: Load
  readonly answers: readonly ReadAnswer[]
  readonly cpu: CpuUse
}

/** Starts all streams, spread over ten pauses between tokens, and reads them to their ends. */
async function relay({ http, apiKeys: keys, pids }: BenchSite, given: Load): Promise<Relayed> {
  say(`${given.streams} streams of ${given.tokens} tokens, one each ${rounded(given.everyMs)} ms`)
  const endCpu = watchCpu({ ...pids, clients: process.pid, agents: agents.pid })
  const spreadMs = Math.min(given.everyMs * 10, spreadMsMax)
  const answers = await Promise.all(
    Array.from({ length: given.streams }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, (index * spreadMs) / given.streams))
      const apiKey = keys[index % keys.length] as string
      return readChat(http, { apiKey, tokens: given.tokens })
    }),
  )
  return { load: given, answers, cpu: endCpu() }
}

/** What was read while all streams ran: after the last had begun and before the first had ended. */
function steadyOf({ load: { streams, tokens: each }, answers }: Relayed) {
  const read = answers.flatMap(({ tokens }) => tokens)
  if (read.length !== streams * each) {
    throw new Error(`${read.length} of ${streams * each} tokens arrived`)
  }
  const from = Math.max(...answers.map(({ tokens }) => tokens[0]?.readAtMs ?? 0))
  const to = Math.min(...answers.map(({ tokens }) => tokens.at(-1)?.sentAtMs ?? 0))
  if (to <= from) throw new Error(`${streams} streams never ran at one time`)
  const steady = read.filter(({ sentAtMs }) => sentAtMs >= from && sentAtMs <= to)
  return {
    path: summaryOf(steady.map(({ sentAtMs, readAtMs }) => readAtMs - sentAtMs)),
    relayed: rounded((steady.length * 1_000) / (to - from)),
  }
}

function coresText(cpu: CpuUse): string {
  return Object.entries(cpu)
    .map(([name, { cores }]) => `${name} ${cores}`)
    .join(', ')
}

type Measured = {
  readonly alone: EngineAlone
  readonly echo: readonly number[]
  readonly firsts: readonly number[]
  readonly measured: Relayed
  readonly crowdAlone: EngineAlone
  readonly crowded: Relayed
}

function report({ alone, echo, firsts, measured, crowdAlone, crowded }: Measured): void {
  const { answers, cpu } = measured
  const expected = load.streams * load.tokens
  const { path, relayed } = steadyOf(measured)
  const engine = summaryOf(alone.laterMs)
  const first = summaryOf(firsts)
  const engineFirst = summaryOf(alone.firstMs)
  const crowdPath = steadyOf(crowded)
  const crowdEngine = summaryOf(crowdAlone.laterMs)
  printReport(
    {
      bench: 'stream',
      at: new Date().toISOString(),
      machine: machine(),
      runtime: runtimeText,
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: [
        figure({
          name: 'time to the first token that the path adds to the engine, p50',
          unit: 'ms',
          value: rounded(first.p50 - engineFirst.p50),
          goal: { atMost: 15 },
          cause: () => `the whole path takes ${first.p50} ms, the engine ${engineFirst.p50} ms`,
        }),
        figure({
          name: `latency that the path adds to a token, ${load.streams} streams, p50`,
          unit: 'ms',
          value: rounded(path.p50 - engine.p50),
          goal: { atMost: 1 },
          cause: () => `cores in use at ${relayed} tokens/s: ${coresText(cpu)}`,
        }),
      ],
      details: {
        first_token_ms: first,
        first_token_engine_alone_ms: engineFirst,
        first_token_among_streams_ms: summaryOf(
          answers.map(({ requestedAtMs, tokens }) => (tokens[0]?.readAtMs ?? 0) - requestedAtMs),
        ),
        token_ms: path,
        token_engine_alone_ms: engine,
        token_bare_echo_there_and_back_ms: summaryOf(echo),
        tokens_per_second: relayed,
        streams: load.streams,
        crowd: {
          streams: crowd.streams,
          tokens_per_second: crowdPath.relayed,
          asked_tokens_per_second: rounded((crowd.streams * 1_000) / crowd.everyMs),
          token_ms: crowdPath.path,
          token_engine_alone_ms: crowdEngine,
          added_p50_ms: rounded(crowdPath.path.p50 - crowdEngine.p50),
          first_token_ms: summaryOf(
            crowded.answers.map(
              ({ requestedAtMs, tokens }) => (tokens[0]?.readAtMs ?? 0) - requestedAtMs,
            ),
          ),
          cpu: crowded.cpu,
        },
        cpu,
        cpu_ms_per_token: Object.fromEntries(
          Object.entries(cpu).map(([name, use]) => [name, rounded(use.cpuMs / expected)]),
        ),
      },
    },
    options.save,
  )
}

/** Shows why a first request was not answered, and lets it be asked again. */
function nothingYet(error: Error): false {
  say(`  not yet: ${error.message.slice(0, 200)}`)
  return false
}
