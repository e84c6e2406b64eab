/** One of ten miners dies in mid-work: what its jobs wait, what is wasted, and that nobody pays twice. */
import { monotonicMs } from './clock.ts'
import type { JobLoad } from './job-load.ts'
import { jobsPath, type PreparedJob, prepareJob } from './prepared-jobs.ts'
import { say } from './report.ts'
import { quantile, rounded } from './statistics.ts'

export type DeathResult = {
  readonly jobs: number
  readonly healthy_p95_ms: number
  readonly death_p95_ms: number
  readonly times_healthy: number
  readonly healthy_max_ms: number
  readonly death_max_ms: number
  /** Tokens that the dead miner had sent of answers that others gave. */
  readonly wasted_tokens: number
  readonly double_charges: number
  readonly unfinished: number
}

const drainMs = 60_000

/** Two equal loads, one job each `everyMs`; in the second one, the first miner dies half way. */
export async function measureDeath(
  load: JobLoad,
  { jobs, everyMs }: { readonly jobs: number; readonly everyMs: number },
): Promise<DeathResult> {
  say(`${jobs} jobs, one each ${everyMs} ms, with all miners`)
  const healthy = await run(load, { jobs, everyMs })
  say('the same, and one miner dies half way')
  const death = await run(load, { jobs, everyMs, dies: true })
  const healthyP95 = quantile(healthy.tookMs, 0.95)
  const deathP95 = quantile(death.tookMs, 0.95)
  return {
    jobs,
    healthy_p95_ms: rounded(healthyP95),
    death_p95_ms: rounded(deathP95),
    times_healthy: rounded(deathP95 / healthyP95),
    healthy_max_ms: rounded(healthy.tookMs.at(-1) ?? 0),
    death_max_ms: rounded(death.tookMs.at(-1) ?? 0),
    wasted_tokens: death.wasted,
    double_charges: healthy.doubles + death.doubles,
    unfinished: healthy.unfinished + death.unfinished,
  }
}

type Run = {
  /** From the submission to the release, sorted. */
  readonly tookMs: readonly number[]
  readonly wasted: number
  readonly doubles: number
  readonly unfinished: number
}

async function run(
  { site, miners, payers, terms }: JobLoad,
  given: { readonly jobs: number; readonly everyMs: number; readonly dies?: boolean },
): Promise<Run> {
  const prepared = Array.from({ length: given.jobs }, (_, number) =>
    prepareJob(payers[number % payers.length] as (typeof payers)[number], terms),
  )
  await miners.call('take')
  const sentAt = new Map<string, number>()
  const startedAt = monotonicMs()
  let wasted = 0
  const submit = async (job: PreparedJob): Promise<void> => {
    const from = monotonicMs()
    const { status, text } = await site.http.post(jobsPath, job.body, job.headers)
    if (status !== 201) throw new Error(`a job was answered with ${status}: ${text.slice(0, 300)}`)
    sentAt.set((JSON.parse(text) as { job_id: string }).job_id, from)
  }
  const submitted: Promise<void>[] = []
  for (const [number, job] of prepared.entries()) {
    const dueInMs = startedAt + number * given.everyMs - monotonicMs()
    if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs))
    if (given.dies && number === given.jobs >> 1) wasted = await miners.call('die', 0)
    submitted.push(submit(job))
  }
  await Promise.all(submitted)
  const end = monotonicMs() + drainMs
  while ((await miners.call('releases')) < given.jobs && monotonicMs() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { releasedJobs, trouble } = await miners.call('take')
  if (trouble.length > 0) throw new Error(`the miners had trouble: ${trouble.join('; ')}`)
  const firsts = new Map<string, number>()
  for (const { jobId, atMs } of releasedJobs) if (!firsts.has(jobId)) firsts.set(jobId, atMs)
  const tookMs = [...firsts].map(([jobId, atMs]) => atMs - (sentAt.get(jobId) ?? atMs))
  return {
    tookMs: tookMs.sort((a, b) => a - b),
    wasted,
    doubles: releasedJobs.length - firsts.size,
    unfinished: given.jobs - firsts.size,
  }
}
