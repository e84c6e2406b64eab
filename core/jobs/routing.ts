/**
 * Which of the miners that fit goes first. A client's order and region come before its sort, the sort
 * before the price, and what is left is fairness: of those that are as good as each other the least loaded,
 * then the one that has been idle longest. Rules: SPEC.md, ROUTE.
 */
import type { MeasuredSpeed, Routing } from '../api/dispatch.ts'
import { floor } from '../base/int.ts'
import type { Terms } from './claim.ts'
import type { JobSize } from './estimate.ts'
import type { MinerCard } from './miner-card.ts'

/** What the dispatcher knows of miners beside their cards. */
export type Standing = {
  readonly speedOf: (minerId: string, model: string) => MeasuredSpeed | undefined
  /** 0 to 1; undefined: no receipts yet. */
  readonly reputationOf: (minerId: string) => number | undefined
  /** Whether its breaker lets it have a job now. */
  readonly mayTry: (minerId: string) => boolean
  /** Bookings and agreements; absent: there are none. */
  readonly claims?: ClaimBook | undefined
}

/** What bookings and agreements make of a miner for whoever asks. */
export type ClaimBook = {
  /**
   * Terms for a job of this client; undefined: what the miner lists. `now`: only where the claim has a free
   * place, or tokens left, at this moment.
   */
  readonly termsFor: (
    card: MinerCard,
    job: { readonly client: string; readonly size: JobSize },
    now: boolean,
  ) => Terms | undefined
  /** Whether a place is free that nobody booked. */
  readonly hasOpenPlace: (card: MinerCard) => boolean
  /** Whether all places are booked. */
  readonly isBookedOut: (card: MinerCard) => boolean
}

/** Knows nothing, and trusts everybody. */
export const noStanding: Standing = {
  speedOf: () => undefined,
  reputationOf: () => undefined,
  mayTry: () => true,
}

/** All that ranking looks at. */
export type Ranked = {
  readonly minerId: string
  readonly region: string | undefined
  /** Worst case of the job there, base units. */
  readonly price: bigint
  /** Share of its places in use. */
  readonly load: number
  readonly idleSinceMs: number
  /** Whether a place is kept there for whoever asks. */
  readonly isKept?: boolean
}

/** What ranking goes by. */
export type RankBy = {
  readonly routing: Routing | undefined
  readonly near: readonly string[] | undefined
  readonly model: string
  readonly standing: Standing
}

/** Whether `a` goes before `b`; never both, and one of them unless they are the same miner. */
export function isBefore(a: Ranked, b: Ranked, by: RankBy): boolean {
  const { routing } = by
  if ((a.isKept ?? false) !== (b.isKept ?? false)) return a.isKept === true
  if (routing) {
    const preferred = preference(a, b, routing, by)
    if (preferred !== 0) return preferred < 0
  }
  if (a.price !== b.price) return a.price < b.price
  const order = amongEquals(a, b, by)
  return order === 0 ? a.minerId < b.minerId : order < 0
}

/** How well a region fits a wish, both as people write them: 0 not at all, 1 in part, 2 exactly. */
export function regionFit(region: string | undefined, wish: string): number {
  if (region === undefined || wish === '') return 0
  const [has, wanted] = [region.toLowerCase(), wish.toLowerCase()]
  if (has === wanted) return 2
  return has.startsWith(`${wanted}-`) || has.split('-').includes(wanted) ? 1 : 0
}

function preference(a: Ranked, b: Ranked, routing: Routing, by: RankBy): number {
  const { order, region, sort } = routing
  if (order && order.length > 0) {
    const places = placeIn(order, a.minerId) - placeIn(order, b.minerId)
    if (places !== 0) return places
  }
  if (region) {
    const fit = regionFit(b.region, region) - regionFit(a.region, region)
    if (fit !== 0) return fit
  }
  return sort === undefined || sort === 'price' ? 0 : bySort(a, b, sort, by)
}

/** What has not been measured yet comes last where the client asked for a measure. */
function bySort(
  a: Ranked,
  b: Ranked,
  sort: 'speed' | 'reputation' | 'latency',
  { standing, model }: RankBy,
): number {
  if (sort === 'reputation') {
    return (standing.reputationOf(b.minerId) ?? -1) - (standing.reputationOf(a.minerId) ?? -1)
  }
  const [first, second] = [standing.speedOf(a.minerId, model), standing.speedOf(b.minerId, model)]
  if (!first || !second) return (first ? 0 : 1) - (second ? 0 : 1)
  return sort === 'speed'
    ? second.tokensPerSecond - first.tokensPerSecond
    : first.firstTokenMs - second.firstTokenMs
}

/**
 * Steps instead of figures: no two miners measure alike, and a difference that nobody notices must not give
 * all the work to one of them. Trust is earned from nothing; who was not measured yet counts as fast, else it
 * never would be.
 */
function amongEquals(a: Ranked, b: Ranked, { near, model, standing }: RankBy): number {
  if (near && near.length > 0) {
    const places = nearness(a.region, near) - nearness(b.region, near)
    if (places !== 0) return places
  }
  const trust = trustStep(standing, b.minerId) - trustStep(standing, a.minerId)
  if (trust !== 0) return trust
  const speed = speedStep(standing, b.minerId, model) - speedStep(standing, a.minerId, model)
  if (speed !== 0) return speed
  return a.load - b.load || a.idleSinceMs - b.idleSinceMs
}

const placeIn = (order: readonly string[], minerId: string): number => {
  const at = order.indexOf(minerId)
  return at < 0 ? order.length : at
}

/** Place of the first word that the region fits: lower is nearer. */
function nearness(region: string | undefined, near: readonly string[]): number {
  const at = near.findIndex((word) => regionFit(region, word) > 0)
  return at < 0 ? near.length : at
}

const trustSteps = 4
const trustStep = ({ reputationOf }: Standing, minerId: string): number =>
  floor((reputationOf(minerId) ?? 0) * trustSteps)

/** Doublings of tokens a second; the unknown count as the fastest. */
function speedStep({ speedOf }: Standing, minerId: string, model: string): number {
  const speed = speedOf(minerId, model)
  if (!speed) return stepMax
  let step = 0
  for (let rate = speed.tokensPerSecond; rate >= 2 && step < stepMax; rate /= 2) step += 1
  return step
}

const stepMax = 24
