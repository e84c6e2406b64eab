/** The process of the scripted miners: keeps what it saw and tells it when asked, never in between. */
import { serveParent } from './child.ts'
import { monotonicMs } from './clock.ts'
import { type MinerSetup, openScriptedMiner, type ScriptedMiner } from './scripted-miner.ts'

/** What the miners saw since they were last asked. Moments in `monotonicMs`. */
export type MinersSaw = {
  /** Job id and the moment of its offer. */
  readonly offers: readonly (readonly [string, number])[]
  readonly releases: number
  /** Releases whose signature holds: checked when asked, so that it costs no measured time. */
  readonly validReleases: number
  readonly lastReleaseAtMs: number
  /** In the order of their releases: a job that is here twice was paid twice. */
  readonly releasedJobs: readonly { readonly jobId: string; readonly atMs: number }[]
  /** Payments that have become final. */
  readonly settled: number
  readonly trouble: readonly string[]
}

/** Functions of this process. */
export type MinerFunctions = {
  readonly connect: (
    input: Omit<MinerSetup, 'minerId'> & { readonly miners: number },
  ) => Promise<void>
  /** Releases since the last `take`, without ending the count. */
  readonly releases: () => number
  readonly take: () => MinersSaw
  /** Ends the miner of this number, from 0, without a word; the tokens that it leaves without a result. */
  readonly die: (miner: number) => number
  /** Of all jobs since the start: how many were released, and how many of these are paid. */
  readonly totals: () => { readonly released: number; readonly settled: number }
}

const troubleMax = 20

let offers: [string, number][] = []
let trouble: string[] = []
let releases: (() => boolean)[] = []
let releasedJobs: { jobId: string; atMs: number }[] = []
let lastReleaseAtMs = 0
let settled = 0
const totals = { released: 0, settled: 0 }
const miners: ScriptedMiner[] = []

const functions: MinerFunctions = {
  connect: async ({ miners: count, ...setup }) => {
    for (let number = 1; number <= count; number++) {
      const minerId = `bench-miner-${number}`
      miners.push(
        await openScriptedMiner(
          { ...setup, minerId },
          {
            onOffer: ({ job_id }, atMs) => void offers.push([job_id, atMs]),
            onRelease: (atMs, holds, jobId) => {
              releases.push(holds)
              releasedJobs.push({ jobId, atMs })
              totals.released += 1
              lastReleaseAtMs = atMs
            },
            onSettled: () => {
              settled += 1
              totals.settled += 1
            },
            onTrouble: (text) => {
              if (trouble.length < troubleMax) trouble.push(text)
            },
          },
        ),
      )
    }
  },
  releases: () => releases.length,
  totals: () => totals,
  die: (miner) => miners[miner]?.die() ?? 0,
  take: () => {
    const validReleases = releases.filter((holds) => holds()).length
    const saw = {
      offers,
      releases: releases.length,
      validReleases,
      lastReleaseAtMs,
      releasedJobs,
      settled,
      trouble,
    }
    offers = []
    trouble = []
    releases = []
    releasedJobs = []
    settled = 0
    lastReleaseAtMs = monotonicMs()
    return saw
  },
}

serveParent(functions)
