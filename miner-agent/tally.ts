/**
 * What happened since the start, in numbers, and the periodic line in the log that says why this miner
 * earns or does not.
 */
import { formatCoins } from '../core/base/amount.ts'
import type { LogFields } from './log.ts'

export type Tally = {
  offers: number
  accepted: number
  completed: number
  failed: number
  canceled: number
  /** Canceled ones whose delivered part was signed for; results whose payment the site held. */
  parts: number
  held: number
  released: number
  releasesRefused: number
  settled: number
  /** Results that the coordinator refused, or that it never answered. */
  unpaid: number
  promptTokens: number
  completionTokens: number
  /** Milliseconds from start to end of completed jobs, waiting for a turn on the GPU included. */
  computeMs: number
  /** Base units, before the coordinator's share. */
  releasedAmount: bigint
  settledAmount: bigint
  /** Offers that were not taken, by code. */
  readonly rejected: Map<string, number>
  /** What the coordinator refused, by code. */
  readonly refused: Map<string, number>
}

/** All zero. */
export function newTally(): Tally {
  return {
    offers: 0,
    accepted: 0,
    completed: 0,
    failed: 0,
    canceled: 0,
    parts: 0,
    held: 0,
    released: 0,
    releasesRefused: 0,
    settled: 0,
    unpaid: 0,
    promptTokens: 0,
    completionTokens: 0,
    computeMs: 0,
    releasedAmount: 0n,
    settledAmount: 0n,
    rejected: new Map(),
    refused: new Map(),
  }
}

/** Adds one to a counter by code. */
export function count(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1)
}

/** State that the summary explains the numbers with. */
export type Standing = {
  readonly connected: boolean
  readonly models: number
  readonly draining: boolean
  readonly running: number
  readonly waiting: number
  readonly unreleased: number
  /** Results whose payment the site holds. */
  readonly held: number
  readonly unsettledAmount: bigint
}

/** Fields of the summary line. */
export function summary(tally: Tally, standing: Standing): LogFields {
  const total = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0)
  return {
    why: explain(tally, standing),
    offers: tally.offers,
    accepted: tally.accepted,
    completed: tally.completed,
    released: tally.released,
    settled: tally.settled,
    failed: tally.failed,
    canceled: tally.canceled,
    parts: tally.parts === 0 ? undefined : tally.parts,
    held: standing.held === 0 ? undefined : standing.held,
    rejected: total(tally.rejected) === 0 ? undefined : listing(tally.rejected),
    refused: total(tally.refused) === 0 ? undefined : listing(tally.refused),
    unpaid: tally.unpaid === 0 ? undefined : tally.unpaid,
    running: standing.running,
    waiting: standing.waiting,
    unreleased: standing.unreleased,
    earned_aitbc: formatCoins(tally.settledAmount),
    awaiting_aitbc: formatCoins(standing.unsettledAmount),
    tokens: tally.completionTokens,
  }
}

/** Why the agent can take no job now; undefined while it can. */
export function obstacle(standing: Standing): string | undefined {
  if (standing.draining) return 'draining'
  if (!standing.connected) return 'no connection to the site'
  if (standing.models === 0) return 'the engine has no model to offer'
  return undefined
}

function explain(tally: Tally, standing: Standing): string {
  const hindrance = obstacle(standing)
  if (hindrance !== undefined) return `not earning: ${hindrance}`
  if (tally.releasesRefused > 0)
    return 'caution: releases of this site did not hold; see the errors above'
  if (standing.held > 0)
    return 'caution: payments are held; GET /api/v1/miners/{id}/held of the site says why'
  if (tally.offers === 0) return 'not earning: no job was offered yet (no demand, price or model)'
  if (tally.accepted === 0) return 'not earning: every offer was rejected; see rejected'
  if (tally.completed === 0 && standing.running === 0)
    return 'not earning: no job ended well; see failed'
  if (tally.unpaid > tally.released) return 'not earning: most results were not paid; see refused'
  return 'earning'
}

function listing(counts: Map<string, number>): string {
  return [...counts].map(([code, times]) => `${code}:${times}`).join(',')
}
