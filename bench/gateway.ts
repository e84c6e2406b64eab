/**
 * `npm run bench -- gateway`: what the gateway costs beside a bare hono Worker that answers the same, what
 * the limiter adds, and how many reads of the chain a site answers in a second. docs/benchmarks.md
 * explains.
 */
import { parseArgs } from 'node:util'
import { monotonicMs } from './support/clock.ts'
import { type CpuUse, watchCpu } from './support/cpu.ts'
import { type Reads, readCases } from './support/gateway-reads.ts'
import {
  at,
  besideOf,
  bestOf,
  byMiniflare,
  type GatewayResult,
  gatewayFigures,
  limitedOf,
  readRatesOf,
} from './support/gateway-report.ts'
import { type GatewaySites, startGatewaySites } from './support/gateway-sites.ts'
import { type Case, type Measured, measureInTurn } from './support/in-turn.ts'
import type { LeanAnswer } from './support/lean-http.ts'
import { rateOf, type Target } from './support/load.ts'
import { machine, printReport, say } from './support/report.ts'
import { rounded } from './support/statistics.ts'

const { values: options } = parseArgs({
  options: {
    /** Keep the report in bench/results/. */
    save: { type: 'boolean', default: false },
    /** How often everything is measured in turn. */
    rounds: { type: 'string', default: '4' },
    /** How long one of them lasts, milliseconds. */
    slice: { type: 'string', default: '200' },
    /** Connections, one number a level. */
    levels: { type: 'string', default: '1,16,64' },
  },
})

/** Connections where one level is enough. */
const oneLevel = 16
const smallJson = { path: '/rpc/test-endpoint', body: { status: 'updated_code_running' } }
const page = { path: '/', file: '/index.html' }
const headPath = '/rpc/head'

const runtimeText =
  "production bundle on workerd, loopback, state on disk; requests go to the Worker's own socket, past " +
  "Miniflare's own Worker, where a name does not say otherwise"

const smallBody = Buffer.from(JSON.stringify(smallJson.body))

/** Every request comes from another address, so that none is over the limit where there is one. */
const sameJson = {
  path: () => smallJson.path,
  headers: (number: number) => [
    `cf-connecting-ip: 10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
  ],
  fault: (answer: LeanAnswer) =>
    answer.status === 200 && answer.body.equals(smallBody) ? undefined : told(answer),
}

type Asked = Pick<Target, 'path' | 'headers' | 'fault'>

const wholePage: Asked = {
  path: () => page.path,
  fault: (answer) =>
    answer.status === 200 && answer.body.includes('</html>') ? undefined : told(answer),
}
const unknownAddress: Asked = {
  path: () => '/api/v1/no-such-thing',
  fault: (answer) =>
    answer.status === 404 && answer.body.includes('"NOT_FOUND"') ? undefined : told(answer),
}
const anyHead: Asked = {
  path: () => headPath,
  fault: (answer) => (answer.status === 200 ? undefined : told(answer)),
}

const startedAt = monotonicMs()
const levels = options.levels.split(',').map(Number)
const sites = await startGatewaySites([
  { path: smallJson.path, kind: 'json', body: smallJson.body },
  { path: page.path, kind: 'file', file: page.file },
  { path: headPath, kind: 'object', body: { height: 1, hash: `0x${'0'.repeat(64)}` } },
])
try {
  await run(sites)
} finally {
  await sites.stop()
}

async function run({ bare, site, limited, chain }: GatewaySites): Promise<void> {
  const { reads, firstReadingMs } = await readCases(site, chain)
  const [own, front] = [
    {
      bare: { url: bare.workerUrl, pid: bare.pid },
      gateway: { url: site.workerUrl, pid: site.pid },
    },
    { bare: { url: bare.url, pid: bare.pid }, gateway: { url: site.url, pid: site.pid } },
  ]
  const both = (name: string, doors: typeof own, asked: Asked): Case => ({
    name,
    connections: oneLevel,
    targets: { bare: { ...asked, ...doors.bare }, gateway: { ...asked, ...doors.gateway } },
  })
  const cases: Case[] = [
    ...levels.map((connections) => ({
      name: at('json', connections),
      connections,
      targets: {
        bare: { ...sameJson, ...own.bare },
        gateway: { ...sameJson, ...own.gateway },
        gateway_limited: { ...sameJson, url: limited.workerUrl, pid: limited.pid },
      },
    })),
    both(byMiniflare('json'), front, sameJson),
    both('page', own, wholePage),
    both('unknown address', own, unknownAddress),
    { name: 'object', connections: oneLevel, targets: { bare: { ...anyHead, ...own.bare } } },
    ...reads.flatMap(({ name, target }) =>
      levels.map((connections) => ({
        name: at(name, connections),
        connections,
        targets: { site: { ...target, ...own.gateway } },
      })),
    ),
    ...reads.map(({ name, target }) => ({
      name: byMiniflare(name),
      connections: oneLevel,
      targets: { site: { ...target, ...front.gateway } },
    })),
  ]
  const endCpu = watchCpu({
    clients: process.pid,
    bare: bare.pid,
    site: site.pid,
    limited: limited.pid,
  })
  const [rounds, sliceMs] = [Number(options.rounds), Number(options.slice)]
  const measured = await measureInTurn(cases, { rounds, sliceMs })
  const cpu = endCpu()
  report({ measured, names: reads.map(({ name }) => name), firstReadingMs, cpu, chain })
}

function report(input: {
  readonly measured: Measured
  /** Of the reads. */
  readonly names: readonly string[]
  readonly firstReadingMs: Reads['firstReadingMs']
  readonly cpu: CpuUse
  readonly chain: GatewaySites['chain']
}): void {
  const { measured, names } = input
  const json = levels.map((connections) => {
    const name = at('json', connections)
    return { connections, ...besideOf(measured, name), ...limitedOf(measured, name) }
  })
  const result: GatewayResult = {
    json,
    json_by_miniflare: besideOf(measured, byMiniflare('json')),
    bare_object: rateOf(measured.sum('object', 'bare')),
    reads: Object.fromEntries(names.map((name) => [name, readRatesOf(measured, name, levels)])),
    other_programs_cores: input.cpu['other_programs']?.cores ?? 0,
  }
  const { connections, limiter_us, limiter_times } = bestOf(json)
  say(`\nthe limiter, as Miniflare plays it, adds ${limiter_us} µs: ${limiter_times} times`)
  printReport(
    {
      bench: 'gateway',
      at: new Date().toISOString(),
      machine: machine(),
      runtime: runtimeText,
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: gatewayFigures(result),
      details: {
        ...result,
        best_connections: connections,
        limiter_us,
        limiter_times,
        page: besideOf(measured, 'page'),
        unknown_address: besideOf(measured, 'unknown address'),
        first_reading_ms: input.firstReadingMs,
        chain: input.chain,
        cpu: input.cpu,
      },
    },
    options.save,
  )
}

function told({ status, body }: LeanAnswer): string {
  return `answered ${status}: ${body.toString().slice(0, 200)}`
}
