/**
 * `npm run bench -- gateway`: what the gateway costs beside a bare hono Worker that answers the same, what
 * the limiter adds, and how many reads of the chain a site answers in a second. docs/benchmarks.md
 * explains.
 */
import { parseArgs } from 'node:util'
import { monotonicMs } from './support/clock.ts'
import { watchCpu } from './support/cpu.ts'
import { readCases, theOriginals } from './support/gateway-reads.ts'
import { type GatewaySites, startGatewaySites } from './support/gateway-sites.ts'
import { type Case, type Measured, measureInTurn, medianRatio } from './support/in-turn.ts'
import type { LeanAnswer } from './support/lean-http.ts'
import { type Rate, rateOf } from './support/load.ts'
import { type Figure, figure, machine, printReport, say } from './support/report.ts'
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
const unknownPath = '/api/v1/no-such-thing'
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
  const reads = await readCases(site, chain)
  const cases: Case[] = [
    ...levels.map((connections) => ({
      name: `json at ${connections}`,
      connections,
      targets: {
        bare: { ...sameJson, url: bare.workerUrl, pid: bare.pid },
        gateway: { ...sameJson, url: site.workerUrl, pid: site.pid },
        gateway_limited: { ...sameJson, url: limited.workerUrl, pid: limited.pid },
      },
    })),
    {
      name: 'json by Miniflare',
      connections: oneLevel,
      targets: {
        bare: { ...sameJson, url: bare.url, pid: bare.pid },
        gateway: { ...sameJson, url: site.url, pid: site.pid },
      },
    },
    pairOf('page', page.path, (answer) =>
      answer.status === 200 && answer.body.includes('</html>') ? undefined : told(answer),
    ),
    pairOf('unknown address', unknownPath, (answer) =>
      answer.status === 404 && answer.body.includes('"NOT_FOUND"') ? undefined : told(answer),
    ),
    {
      name: 'bare object',
      connections: oneLevel,
      targets: {
        bare: { url: bare.workerUrl, pid: bare.pid, path: () => headPath, fault: faultOfStatus },
      },
    },
    ...reads.flatMap(({ name, target }) =>
      levels.map((connections) => ({
        name: `${name} at ${connections}`,
        connections,
        targets: { site: { ...target, url: site.workerUrl, pid: site.pid } },
      })),
    ),
    ...reads.map(({ name, target }) => ({
      name: `${name} by Miniflare`,
      connections: oneLevel,
      targets: { site: { ...target, url: site.url, pid: site.pid } },
    })),
  ]
  const endCpu = watchCpu({ clients: process.pid, bare: bare.pid, site: site.pid })
  const measured = await measureInTurn(cases, {
    rounds: Number(options.rounds),
    sliceMs: Number(options.slice),
  })
  const others = endCpu()['other_programs']?.cores ?? 0
  report({ measured, reads: reads.map(({ name }) => name), others, chain })

  function pairOf(name: string, path: string, fault: (answer: LeanAnswer) => string | undefined) {
    const target = { path: () => path, fault }
    return {
      name,
      connections: oneLevel,
      targets: {
        bare: { ...target, url: bare.workerUrl, pid: bare.pid },
        gateway: { ...target, url: site.workerUrl, pid: site.pid },
      },
    }
  }
}

function report(input: {
  readonly measured: Measured
  readonly reads: readonly string[]
  readonly others: number
  readonly chain: GatewaySites['chain']
}): void {
  const { measured, reads, others } = input
  const rate = (name: string, target: string): Rate => rateOf(measured.sum(name, target))
  const jsonLevels = levels.map((connections) => {
    const name = `json at ${connections}`
    const ratio = (target: string, to: string) =>
      medianRatio(measured.rounds(name, to), measured.rounds(name, target))
    return {
      connections,
      times_bare: ratio('gateway', 'bare'),
      limiter_times: ratio('gateway_limited', 'gateway'),
      bare: rate(name, 'bare'),
      gateway: rate(name, 'gateway'),
      gateway_limited: rate(name, 'gateway_limited'),
    }
  })
  const best = jsonLevels.reduce((a, b) =>
    b.gateway.requests_per_second > a.gateway.requests_per_second ? b : a,
  )
  const object = rate('bare object', 'bare')
  const pair = (name: string) => {
    const [bare, gateway] = [rate(name, 'bare'), rate(name, 'gateway')]
    const times = medianRatio(measured.rounds(name, 'bare'), measured.rounds(name, 'gateway'))
    return { times_bare: times, bare, gateway }
  }
  const byMiniflare = pair('json by Miniflare')
  const readRates = Object.fromEntries(
    reads.map((name) => [
      name,
      {
        levels: Object.fromEntries(
          levels.map((connections) => [connections, rate(`${name} at ${connections}`, 'site')]),
        ),
        by_miniflare: rate(`${name} by Miniflare`, 'site'),
      },
    ]),
  )
  const readFigure = (name: keyof typeof theOriginals): Figure => {
    const all = Object.values(readRates[name]?.levels ?? {})
    const top = all.reduce((a, b) => (b.requests_per_second > a.requests_per_second ? b : a))
    const original = theOriginals[name]
    return figure({
      name: `${name}, ${original}/s by the original`,
      unit: 'requests/s',
      value: top.requests_per_second,
      goal: { atLeast: 10 * original },
      cause: () =>
        `it takes ${top.server_cpu_us} µs of processor time a request; a bare hono Worker that answers ` +
        `a constant takes ${best.bare.server_cpu_us} µs (${best.bare.requests_per_second}/s), one that ` +
        `asks a Durable Object for a constant ${object.server_cpu_us} µs ` +
        `(${object.requests_per_second}/s); other programs use ${others} cores`,
    })
  }
  const gatewayFigure = (where: string, { times_bare, bare, gateway }: typeof byMiniflare) =>
    figure({
      name: `service time with the gateway, as many times that of a bare hono Worker, ${where}`,
      unit: '×',
      value: times_bare,
      goal: { atMost: 1.2 },
      cause: () =>
        `the gateway adds ${rounded(gateway.server_cpu_us - bare.server_cpu_us)} µs of processor time ` +
        `to ${bare.server_cpu_us} µs of a bare answer; other programs use ${others} cores`,
    })
  say('')
  const limiterUs = rounded(best.gateway_limited.server_cpu_us - best.gateway.server_cpu_us)
  say(`the limiter, as Miniflare plays it, adds ${limiterUs} µs: ${best.limiter_times} times`)
  printReport(
    {
      bench: 'gateway',
      at: new Date().toISOString(),
      machine: machine(),
      runtime: runtimeText,
      seconds: rounded((monotonicMs() - startedAt) / 1_000),
      figures: [
        gatewayFigure("at the Worker's own socket", best),
        gatewayFigure('through Miniflare', byMiniflare),
        readFigure('head of the chain'),
        readFigure('one block'),
        readFigure('range of 20 blocks'),
      ],
      details: {
        json: jsonLevels,
        json_by_miniflare: byMiniflare,
        best_connections: best.connections,
        limiter_us: limiterUs,
        limiter_times: best.limiter_times,
        page: pair('page'),
        unknown_address: pair('unknown address'),
        bare_object: object,
        reads: readRates,
        chain: input.chain,
        other_programs_cores: others,
      },
    },
    options.save,
  )
}

function faultOfStatus(answer: LeanAnswer): string | undefined {
  return answer.status === 200 ? undefined : told(answer)
}

function told({ status, body }: LeanAnswer): string {
  return `answered ${status}: ${body.toString().slice(0, 200)}`
}
