/** Whole jobs a second: submit, offer, accept, result with signed receipts, release. */
import type { Child } from './child.ts'
import { monotonicMs } from './clock.ts'
import { type CpuUse, watchCpu } from './cpu.ts'
import { type Answer, type HttpClient, jsonOf } from './http-client.ts'
import type { MinerFunctions, MinersSaw } from './miner-process.ts'
import type { Payer } from './payers.ts'
import {
  type JobTerms,
  jobsPath,
  type PreparedJob,
  prepareJob,
  signedGet,
} from './prepared-jobs.ts'
import { say } from './report.ts'
import { rounded, type Summary, summaryOf } from './statistics.ts'

export type ThroughputParts = {
  readonly http: HttpClient
  readonly miners: Child<MinerFunctions>
  readonly payers: readonly Payer[]
  readonly terms: JobTerms
  /** Processes whose use of the processors is reported. */
  readonly processes: Readonly<Record<string, number>>
}

export type Level = {
  /** Submissions under way at one time. */
  readonly concurrency: number
  /** Longest time of submitting. */
  readonly seconds: number
  /** Jobs that are prepared; the level ends earlier when they are used up. */
  readonly jobsMax: number
}

export type LevelResult = {
  readonly concurrency: number
  /** Released jobs by the time from the first submission to the last release. */
  readonly jobs_per_second: number
  readonly submitted: number
  readonly enqueued_per_second: number
  readonly released: number
  /** Submissions that were refused, by code. */
  readonly refused: Readonly<Record<string, number>>
  readonly seconds: number
  /** From the last answer to a submission until the last release. */
  readonly drain_seconds: number
  readonly answer_ms: Summary
  /** Longest time in which no submission was answered. */
  readonly longest_pause_ms: number
  readonly settled_meanwhile: number
  readonly cpu: CpuUse
  readonly cpu_ms_per_job: Readonly<Record<string, number>>
}

/** Jobs that one payer may have open on the chain: below the bound on holds of an escrow. */
const jobsPerPayerMax = 1_000n
const stallMs = 5_000
const pollMs = 20
const checkedJobs = 20

/** One level of load. Its jobs are signed before the clock starts. */
export async function measureLevel(parts: ThroughputParts, level: Level): Promise<LevelResult> {
  const { miners, processes } = parts
  const jobs = prepareJobs(parts, level.jobsMax)
  say(`${level.concurrency} submissions at a time, ${jobs.length} jobs prepared`)
  await miners.call('take')
  const endCpu = watchCpu(processes)
  const startedAt = monotonicMs()
  const run = await submitAll(parts.http, jobs, level)
  await allReleased(miners, run.jobIds.length)
  const cpu = endCpu()
  const saw = await miners.call('take')
  const seconds = (saw.lastReleaseAtMs - startedAt) / 1_000
  await check(parts, run, saw)
  const result: LevelResult = {
    concurrency: level.concurrency,
    jobs_per_second: rounded(saw.releases / seconds),
    submitted: run.answersMs.length,
    enqueued_per_second: rounded((run.jobIds.length * 1_000) / (run.endedAtMs - startedAt)),
    released: saw.releases,
    refused: run.refused,
    seconds: rounded(seconds),
    drain_seconds: rounded((saw.lastReleaseAtMs - run.endedAtMs) / 1_000),
    answer_ms: summaryOf(run.answersMs),
    longest_pause_ms: rounded(run.longestPauseMs),
    settled_meanwhile: saw.settled,
    cpu,
    cpu_ms_per_job: Object.fromEntries(
      Object.entries(cpu).map(([name, use]) => [name, rounded(use.cpuMs / saw.releases)]),
    ),
  }
  say(
    `  ${result.jobs_per_second} jobs/s, answer p50 ${result.answer_ms.p50} ms, ` +
      `cores ${Object.entries(cpu)
        .map(([name, { cores }]) => `${name} ${cores}`)
        .join(', ')}`,
  )
  return result
}

type OwnJob = PreparedJob & { readonly payer: Payer }

function prepareJobs({ payers, terms }: ThroughputParts, wanted: number): OwnJob[] {
  const jobs: OwnJob[] = []
  while (jobs.length < wanted) {
    const before = jobs.length
    for (const payer of payers) {
      if (payer.nextNumber > jobsPerPayerMax || jobs.length >= wanted) continue
      jobs.push({ ...prepareJob(payer, terms), payer })
    }
    if (jobs.length === before) break
  }
  return jobs
}

type Run = {
  readonly jobIds: readonly { readonly jobId: string; readonly payer: Payer }[]
  readonly answersMs: readonly number[]
  readonly refused: Readonly<Record<string, number>>
  readonly longestPauseMs: number
  readonly endedAtMs: number
}

/** Each slot sends its next job when the last one was answered. */
async function submitAll(http: HttpClient, jobs: readonly OwnJob[], level: Level): Promise<Run> {
  const end = monotonicMs() + level.seconds * 1_000
  const jobIds: Run['jobIds'][number][] = []
  const answersMs: number[] = []
  const refused: Record<string, number> = {}
  let next = 0
  let answeredAtMs = monotonicMs()
  let longestPauseMs = 0
  const slot = async (): Promise<void> => {
    for (;;) {
      const job = jobs[next]
      const from = monotonicMs()
      if (job === undefined || from > end) return
      next += 1
      const answer = await http.post(jobsPath, job.body, job.headers)
      const now = monotonicMs()
      answersMs.push(now - from)
      longestPauseMs = Math.max(longestPauseMs, now - answeredAtMs)
      answeredAtMs = now
      if (answer.status === 201) jobIds.push({ jobId: jobIdOf(answer), payer: job.payer })
      else refused[codeOf(answer)] = (refused[codeOf(answer)] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: level.concurrency }, slot))
  return { jobIds, answersMs, refused, longestPauseMs, endedAtMs: monotonicMs() }
}

async function allReleased(miners: Child<MinerFunctions>, count: number): Promise<void> {
  let seen = -1
  let movedAt = monotonicMs()
  for (;;) {
    const released = await miners.call('releases')
    if (released >= count) return
    if (released !== seen) movedAt = monotonicMs()
    else if (monotonicMs() - movedAt > stallMs) return
    seen = released
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

/** A figure counts only when every job really ended as it should. */
async function check(parts: ThroughputParts, run: Run, saw: MinersSaw): Promise<void> {
  const faults: string[] = [...saw.trouble]
  if (saw.releases !== run.jobIds.length) {
    faults.push(`${saw.releases} of ${run.jobIds.length} jobs were released`)
  }
  if (saw.validReleases !== saw.releases) {
    faults.push(`${saw.validReleases} of ${saw.releases} releases are signed as they should be`)
  }
  const step = Math.max(1, Math.floor(run.jobIds.length / checkedJobs))
  for (let at = 0; at < run.jobIds.length; at += step) {
    const { jobId, payer } = run.jobIds[at] as Run['jobIds'][number]
    const path = `${jobsPath}/${jobId}`
    const job = jsonOf(await parts.http.get(path, signedGet(payer, parts.terms, path)))
    if (job['state'] !== 'COMPLETED') faults.push(`job ${jobId} is ${String(job['state'])}`)
  }
  if (faults.length > 0) throw new Error(`the run does not count: ${faults.slice(0, 5).join('; ')}`)
}

/** The answer is our own: its first field is found faster than all of it is read. */
const jobIdOf = ({ text }: Answer): string => /"job_id":"([0-9a-f]{32})"/.exec(text)?.[1] ?? ''

function codeOf({ status, text }: Answer): string {
  return /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? `HTTP_${status}`
}
