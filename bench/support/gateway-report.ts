/** Figures of the gateway's benchmark, out of what was measured in turn. */
import { theOriginals } from './gateway-reads.ts'
import { type Measured, medianRatio } from './in-turn.ts'
import { type Rate, rateOf } from './load.ts'
import { type Figure, figure } from './report.ts'
import { rounded } from './statistics.ts'

/** The gateway beside its peer, under one load. */
export type Beside = {
  /** Service time as many times the peer's: median over rounds. */
  readonly times_bare: number
  /** The same of processor time. */
  readonly cpu_times_bare: number
  readonly bare: Rate
  readonly gateway: Rate
}

/** The gateway with its limiter beside itself without. */
export type Limited = {
  readonly limiter_times: number
  readonly limiter_us: number
  readonly gateway_limited: Rate
}

export type JsonLevel = Beside & Limited & { readonly connections: number }

/** Requests a second of one read, at several numbers of connections and through Miniflare. */
export type ReadRates = {
  readonly levels: Readonly<Record<number, Rate>>
  readonly by_miniflare: Rate
}

/** What the figures need to know. */
export type GatewayResult = {
  readonly json: readonly JsonLevel[]
  readonly json_by_miniflare: Beside
  readonly bare_object: Rate
  readonly reads: Readonly<Record<string, ReadRates>>
  readonly other_programs_cores: number
}

/** The name of a case at a number of connections. */
export const at = (name: string, connections: number): string => `${name} at ${connections}`
/** The name of a case that goes through Miniflare's own Worker. */
export const byMiniflare = (name: string): string => `${name} by Miniflare`

/** A case with the targets `bare` and `gateway`. */
export function besideOf(measured: Measured, name: string): Beside {
  const [bare, gateway] = ['bare', 'gateway'].map((target) => rateOf(measured.sum(name, target)))
  if (!bare || !gateway) throw new Error('invariant broken: two targets give two rates')
  return {
    times_bare: medianRatio(measured.rounds(name, 'bare'), measured.rounds(name, 'gateway')),
    cpu_times_bare: rounded(gateway.server_cpu_us / bare.server_cpu_us),
    bare,
    gateway,
  }
}

/** A case that has a target `gateway_limited` too. */
export function limitedOf(measured: Measured, name: string): Limited {
  const [off, on] = [measured.rounds(name, 'gateway'), measured.rounds(name, 'gateway_limited')]
  const rate = rateOf(measured.sum(name, 'gateway_limited'))
  const without = rateOf(measured.sum(name, 'gateway'))
  return {
    limiter_times: medianRatio(off, on),
    limiter_us: rounded(rate.server_cpu_us - without.server_cpu_us),
    gateway_limited: rate,
  }
}

/** One read at all numbers of connections. */
export const readRatesOf = (
  measured: Measured,
  name: string,
  levels: readonly number[],
): ReadRates => ({
  levels: Object.fromEntries(
    levels.map((connections) => [connections, rateOf(measured.sum(at(name, connections), 'site'))]),
  ),
  by_miniflare: rateOf(measured.sum(byMiniflare(name), 'site')),
})

/** The level at which the peer does best, so that the comparison is not with a peer that waits. */
export const bestOf = (levels: readonly JsonLevel[]): JsonLevel =>
  levels.reduce((a, b) => (b.bare.requests_per_second > a.bare.requests_per_second ? b : a))

/** All figures, in the order in which they are shown. */
export function gatewayFigures(result: GatewayResult): Figure[] {
  const best = bestOf(result.json)
  const others = `other programs use ${result.other_programs_cores} cores`
  const beside = (where: string, { times_bare, cpu_times_bare, bare, gateway }: Beside) =>
    figure({
      name: `service time with the gateway, as many times that of a bare hono Worker, ${where}`,
      unit: '×',
      value: times_bare,
      goal: { atMost: 1.2 },
      cause: () =>
        `the gateway adds ${rounded(gateway.server_cpu_us - bare.server_cpu_us)} µs of processor ` +
        `time to the ${bare.server_cpu_us} µs of a bare answer (${cpu_times_bare} times); ${others}`,
    })
  const read = (name: keyof typeof theOriginals) => {
    const rates = Object.values(result.reads[name]?.levels ?? {})
    const top = rates.reduce((a, b) => (b.requests_per_second > a.requests_per_second ? b : a))
    return figure({
      name: `${name}, ${theOriginals[name]}/s by the original`,
      unit: 'requests/s',
      value: top.requests_per_second,
      goal: { atLeast: 10 * theOriginals[name] },
      cause: () =>
        `it takes ${top.server_cpu_us} µs of processor time a request; a bare hono Worker that ` +
        `answers a constant takes ${best.bare.server_cpu_us} µs ` +
        `(${best.bare.requests_per_second}/s), one that asks a Durable Object for a constant ` +
        `${result.bare_object.server_cpu_us} µs (${result.bare_object.requests_per_second}/s); ` +
        others,
    })
  }
  return [
    beside("at the Worker's own socket", best),
    beside('through Miniflare', result.json_by_miniflare),
    read('head of the chain'),
    read('one block'),
    read('range of 20 blocks'),
  ]
}
