/** From a submitted job to the offer at the miner, in turn with echoes of the same size. */
import type { Child } from './child.ts'
import { monotonicMs } from './clock.ts'
import { startEchoPeer } from './echo-peer.ts'
import { type HttpClient, jsonOf } from './http-client.ts'
import type { MinerFunctions } from './miner-process.ts'
import type { Payer } from './payers.ts'
import { type JobTerms, jobsPath, prepareJob } from './prepared-jobs.ts'
import { say } from './report.ts'
import { rounded, type Summary, summaryOf } from './statistics.ts'

export type LatencyParts = {
  readonly http: HttpClient
  readonly miners: Child<MinerFunctions>
  readonly payers: readonly Payer[]
  readonly terms: JobTerms
}

export type Latency = {
  /** Client's first byte out until the offer is in the miner's process. */
  readonly offer_ms: Summary
  /** Client's first byte out until its answer (201) is back. */
  readonly answer_ms: Summary
  /** There and back on a socket through a Worker and a Durable Object that do nothing else. */
  readonly echo_ms: Summary
  readonly beyond_echo_p50_ms: number
  readonly times_echo_p50: number
}

const warmUpPairs = 100

/** Measures pairs of job and echo, one at a time. */
export async function measureLatency(parts: LatencyParts, pairs: number): Promise<Latency> {
  const { http, miners, payers, terms } = parts
  say(`measuring ${pairs} jobs and ${pairs} echoes in turn`)
  const peer = await startEchoPeer()
  const socket = await peer.connect()
  const sentAt = new Map<string, number>()
  const answers: number[] = []
  const echoes: number[] = []
  try {
    await miners.call('take')
    for (let pair = -warmUpPairs; pair < pairs; pair++) {
      const payer = payers[(pair + warmUpPairs) % payers.length] as Payer
      const job = prepareJob(payer, terms)
      const from = monotonicMs()
      const answer = await http.post(jobsPath, job.body, job.headers)
      const took = monotonicMs() - from
      const jobId = String(jsonOf(answer, 201)['job_id'])
      // The next measurement begins when nothing of this job is left to do.
      const released = pair + warmUpPairs + 1
      while ((await miners.call('releases')) < released);
      const echoFrom = monotonicMs()
      await socket.echo(job.body)
      const echoTook = monotonicMs() - echoFrom
      if (pair < 0) continue
      sentAt.set(jobId, from)
      answers.push(took)
      echoes.push(echoTook)
    }
  } finally {
    socket.close()
    await peer.stop()
  }
  const saw = await miners.call('take')
  if (saw.trouble.length > 0) throw new Error(`the miners had trouble: ${saw.trouble.join('; ')}`)
  const offers = saw.offers.flatMap(([jobId, atMs]) => {
    const from = sentAt.get(jobId)
    return from === undefined ? [] : [atMs - from]
  })
  if (offers.length !== pairs) throw new Error(`${offers.length} of ${pairs} offers arrived`)
  const offer = summaryOf(offers)
  const echo = summaryOf(echoes)
  say(`offer p50 ${offer.p50} ms, p99 ${offer.p99} ms; echo p50 ${echo.p50} ms`)
  return {
    offer_ms: offer,
    answer_ms: summaryOf(answers),
    echo_ms: echo,
    beyond_echo_p50_ms: rounded(offer.p50 - echo.p50),
    times_echo_p50: rounded(offer.p50 / echo.p50),
  }
}
