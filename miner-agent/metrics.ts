/**
 * What the agent tells those who watch it, on the address that `--metrics-addr` names: `GET /metrics` for
 * Prometheus, and `GET /healthz`, which is 200 while the agent can take jobs and 503 with the reason while
 * it cannot. Counts, sums and the state of the process; nothing of prompts, answers or keys.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { coinsNumber } from '../core/base/amount.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { obstacle, type Standing, type Tally } from './tally.ts'

export type MetricsError = { readonly code: 'METRICS_ADDRESS'; readonly message: string }

/** What the agent says of itself, read anew for every answer. */
export type Report = { readonly tally: Tally; readonly standing: Standing }

/** Serves both paths until it is closed. */
export async function serveMetrics(
  address: { readonly host: string; readonly port: number },
  read: () => Report,
): Promise<Result<Server, MetricsError>> {
  const registry = metricsOf(read)
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (path !== '/metrics' && path !== '/healthz') return send(response, 404, 'text/plain', '')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return send(response, 405, 'text/plain', '')
    }
    if (path === '/healthz') return sendHealth(response, read())
    registry.metrics().then(
      (text) => send(response, 200, registry.contentType, text),
      () => send(response, 500, 'text/plain', 'the metrics could not be read\n'),
    )
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

function sendHealth(response: ServerResponse, { tally, standing }: Report): void {
  const why = obstacle(standing)
  const { connected, draining, models, running, waiting, unreleased } = standing
  const body = {
    status: why === undefined ? 'ok' : 'unavailable',
    ...(why === undefined ? {} : { reason: why }),
    connected,
    draining,
    models,
    jobs: { running, waiting, unreleased, completed: tally.completed },
  }
  send(response, why === undefined ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`)
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}

/** A registry of its own, so that two agents in one process do not add up. */
function metricsOf(read: () => Report): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, value: (standing: Standing) => number) =>
    new Gauge({
      name: `aitbc_miner_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value(read().standing))
      },
    })
  gauge('connected', 'Whether the site has welcomed this miner.', (now) => Number(now.connected))
  gauge('draining', 'Whether the agent takes no more jobs.', (now) => Number(now.draining))
  gauge('models', 'Models on offer.', (now) => now.models)
  gauge('jobs_running', 'Jobs being computed.', (now) => now.running)
  gauge('jobs_waiting', 'Accepted jobs that wait.', (now) => now.waiting)
  gauge('jobs_unreleased', 'Results without a release.', (now) => now.unreleased)
  gauge('jobs_held', 'Results whose payment is held.', (now) => now.held)
  gauge('unsettled_aitbc', 'Released, not settled.', (now) => coinsNumber(now.unsettledAmount))

  const sum = (name: string, help: string, value: (tally: Tally) => number) =>
    new Counter({
      name: `aitbc_miner_${name}`,
      help,
      registers: [registry],
      collect() {
        // The tally is the truth; a counter of this library can only be added to.
        this.reset()
        this.inc(value(read().tally))
      },
    })
  sum('offers_total', 'Offers that came.', (tally) => tally.offers)
  sum('accepted_total', 'Offers that were taken.', (tally) => tally.accepted)
  sum('completed_total', 'Jobs that ended with a result.', (tally) => tally.completed)
  sum('failed_total', 'Jobs that failed here.', (tally) => tally.failed)
  sum('canceled_total', 'Jobs that were canceled.', (tally) => tally.canceled)
  sum('parts_total', 'Canceled jobs whose part was signed for.', (tally) => tally.parts)
  sum('held_total', 'Results whose payment was held.', (tally) => tally.held)
  sum('released_total', 'Results that were released.', (tally) => tally.released)
  sum('settled_total', 'Payments that were proven final.', (tally) => tally.settled)
  sum('unpaid_total', 'Results that were not paid.', (tally) => tally.unpaid)
  sum('prompt_tokens_total', 'Prompt tokens of completed jobs.', (tally) => tally.promptTokens)
  sum('answer_tokens_total', 'Answer tokens delivered.', (tally) => tally.completionTokens)
  sum(
    'compute_seconds_total',
    'Time from start to end of completed jobs.',
    (tally) => tally.computeMs / 1_000,
  )
  sum('settled_aitbc_total', 'Settled before shares.', (tally) => coinsNumber(tally.settledAmount))

  const byCode = (name: string, help: string, counts: (tally: Tally) => Tally['rejected']) =>
    new Counter({
      name: `aitbc_miner_${name}`,
      help,
      labelNames: ['code'],
      registers: [registry],
      collect() {
        this.reset()
        for (const [code, times] of counts(read().tally)) this.inc({ code: labelOf(code) }, times)
      },
    })
  byCode('rejected_total', 'Offers that were not taken, by reason.', (tally) => tally.rejected)
  byCode('refused_total', 'Refusals of the site, by code.', (tally) => tally.refused)
  return registry
}

/** Codes of a site are text from elsewhere. */
const labelOf = (code: string): string => code.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64)
