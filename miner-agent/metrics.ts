/**
 * What the agent has done, for Prometheus: `GET /metrics` on the address that `--metrics-addr` names, in
 * the text format 0.0.4. Counts and sums only; nothing of prompts, answers or keys.
 */
import { createServer, type Server } from 'node:http'
import { unitsPerCoin } from '../core/base/amount.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import type { Standing, Tally } from './tally.ts'

export type MetricsError = { readonly code: 'METRICS_ADDRESS'; readonly message: string }

/** Serves metrics until it is closed. */
export async function serveMetrics(
  address: { readonly host: string; readonly port: number },
  read: () => { readonly tally: Tally; readonly standing: Standing },
): Promise<Result<Server, MetricsError>> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end()
      return
    }
    const { tally, standing } = read()
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    response.end(metricsText(tally, standing))
  })
  return await new Promise((resolve) => {
    server.once('error', (error) => {
      resolve(err({ code: 'METRICS_ADDRESS', message: `--metrics-addr: ${error.message}` }))
    })
    server.listen(address.port, address.host, () => {
      // Metrics alone keep no agent alive.
      server.unref()
      resolve(ok(server))
    })
  })
}

/** Writes the metrics. */
export function metricsText(tally: Tally, standing: Standing): string {
  const coins = (units: bigint) => Number(units) / Number(unitsPerCoin)
  const lines: string[] = []
  const add = (name: string, kind: 'counter' | 'gauge', help: string, value: number) => {
    const full = `aitbc_miner_${name}`
    lines.push(`# HELP ${full} ${help}`, `# TYPE ${full} ${kind}`, `${full} ${value}`)
  }
  const byCode = (name: string, help: string, counts: ReadonlyMap<string, number>) => {
    const full = `aitbc_miner_${name}`
    lines.push(`# HELP ${full} ${help}`, `# TYPE ${full} counter`)
    for (const [code, times] of counts) lines.push(`${full}{code="${labelOf(code)}"} ${times}`)
  }
  add('connected', 'gauge', 'Whether the site has welcomed this miner.', standing.connected ? 1 : 0)
  add('models', 'gauge', 'Models on offer.', standing.models)
  add('jobs_running', 'gauge', 'Jobs being computed.', standing.running)
  add('jobs_waiting', 'gauge', 'Accepted jobs that wait.', standing.waiting)
  add('jobs_unreleased', 'gauge', 'Results without a release.', standing.unreleased)
  add('unsettled_aitbc', 'gauge', 'Released, not settled.', coins(standing.unsettledAmount))
  add('offers_total', 'counter', 'Offers that came.', tally.offers)
  add('accepted_total', 'counter', 'Offers that were taken.', tally.accepted)
  add('completed_total', 'counter', 'Jobs that ended with a result.', tally.completed)
  add('failed_total', 'counter', 'Jobs that failed here.', tally.failed)
  add('canceled_total', 'counter', 'Jobs that were canceled.', tally.canceled)
  add('released_total', 'counter', 'Results that were released.', tally.released)
  add('settled_total', 'counter', 'Payments that were proven final.', tally.settled)
  add('unpaid_total', 'counter', 'Results that were not paid.', tally.unpaid)
  add('prompt_tokens_total', 'counter', 'Prompt tokens of completed jobs.', tally.promptTokens)
  add('answer_tokens_total', 'counter', 'Answer tokens delivered.', tally.completionTokens)
  add('settled_aitbc_total', 'counter', 'Settled before shares.', coins(tally.settledAmount))
  byCode('rejected_total', 'Offers that were not taken, by reason.', tally.rejected)
  byCode('refused_total', 'Refusals of the site, by code.', tally.refused)
  return `${lines.join('\n')}\n`
}

/** Codes of a site are text from elsewhere. */
function labelOf(code: string): string {
  return code.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64)
}
