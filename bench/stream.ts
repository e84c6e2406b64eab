/**
 * `npm run bench -- stream`: what the whole path adds to an engine, from a client's request in OpenAI's
 * format over site and agent and back: to the first token, and to each of 100 streams × 20 tokens a
 * second. docs/benchmarks.md explains.
 */
import { parseArgs } from 'node:util'
import type { AgentFunctions, EngineAlone, Load } from './support/agent-process.ts'
import { type BenchSite, runtimeText, startBenchSite } from './support/bench-site.ts'
import { type ReadAnswer, readChat } from './support/chat-stream.ts'
import { startChild } from './support/child.ts'
import { monotonicMs } from './support/clock.ts'
import { watchCpu } from './support/cpu.ts'
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
  },
})

const agentCount = 2
const agentConcurrency = 64
const warmUpFirsts = 50
/** The same load without the path, shorter: it varies little. */
const aloneSeconds = 2

const startedAt = monotonicMs()
const everyMs = 1_000 / Number(options.rate)
const load: Load = {
  streams: Number(options.streams),
  tokens: Math.ceil(Number(options.seconds) * Number(options.rate)),
  everyMs,
}
const site = await startBenchSite(load.streams)
const agents = startChild<AgentFunctions>('./agent-process.ts')
try {
  await run(site)
  await agents.call('disconnect')
} finally {
  await agents.stop()
  await site.stop()
}

async function run({ http, url, apiKey, pids }: BenchSite): Promise<void> {
  const concurrency = agentConcurrency
  await agents.call('connect', { api: url, agents: agentCount, concurrency, everyMs })
  await until(async () => {
    const { miners_online } = jsonOf(await http.get('/api/v1/site'))
    return miners_online === agentCount
  })
  say('first request of the API key: the site funds its escrow, and that becomes final')
  await until(() => readChat(http, { apiKey, tokens: 1 }).then(() => true, nothingYet))

  const firsts = Number(options.firsts)
  const aloneTokens = aloneSeconds * Number(options.rate)
  const alone = await agents.call('alone', { ...load, tokens: aloneTokens, firsts })
  const echo = await pacedEchoes({ sockets: load.streams, everyMs, seconds: aloneSeconds })

  const pathFirsts = await firstTokens(site, firsts)
  const endCpu = watchCpu({ ...pids, clients: process.pid, agents: agents.pid })
  const answers = await streams(site)
  const cpu = endCpu()
  report({ alone, echo, firsts: pathFirsts, answers, cpu })
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

/** Starts all streams, spread over one pause between tokens, and reads them to their ends. */
async function streams({ http, apiKey }: BenchSite): Promise<ReadAnswer[]> {
  say(`${load.streams} streams of ${load.tokens} tokens, one each ${everyMs} ms`)
  return Promise.all(
    Array.from({ length: load.streams }, async (_, index) => {
      const afterMs = (index * everyMs * 10) / load.streams
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      return readChat(http, { apiKey, tokens: load.tokens })
    }),
  )
}

type Measured = {
  readonly alone: EngineAlone
  readonly echo: readonly number[]
  readonly firsts: readonly number[]
  readonly answers: readonly ReadAnswer[]
  readonly cpu: ReturnType<ReturnType<typeof watchCpu>>
}

function report({ alone, echo, firsts, answers, cpu }: Measured): void {
  const read = answers.flatMap(({ tokens }) => tokens)
  const expected = load.streams * load.tokens
  if (read.length !== expected) throw new Error(`${read.length} of ${expected} tokens arrived`)
  // While all streams run: after the last has begun and before the first has ended.
  const from = Math.max(...answers.map(({ tokens }) => tokens[0]?.readAtMs ?? 0))
  const to = Math.min(...answers.map(({ tokens }) => tokens.at(-1)?.sentAtMs ?? 0))
  const steady = read.filter(({ sentAtMs }) => sentAtMs >= from && sentAtMs <= to)
  const path = summaryOf(steady.map(({ sentAtMs, readAtMs }) => readAtMs - sentAtMs))
  const engine = summaryOf(alone.laterMs)
  const first = summaryOf(firsts)
  const engineFirst = summaryOf(alone.firstMs)
  const relayed = rounded((steady.length * 1_000) / (to - from))
  const cpuText = Object.entries(cpu)
    .map(([name, { cores }]) => `${name} ${cores}`)
    .join(', ')
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
          cause: () => `cores in use at ${relayed} tokens/s: ${cpuText}`,
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
