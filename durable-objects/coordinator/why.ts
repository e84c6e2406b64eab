/**
 * Why: what a job would meet, what it waits for, and what keeps a miner from work. Worked out when somebody
 * asks, from the same checks that placement makes, so that it costs placement nothing.
 */
import type { SubmitJob } from '../../core/api/coordinator-service.ts'
import type { Estimate, Exclusions, JobWhy, MinerWhy } from '../../core/api/dispatch.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { maxBig } from '../../core/base/int.ts'
import type { Result } from '../../core/base/result.ts'
import { sizeOf } from '../../core/jobs/estimate.ts'
import { etaOf, placesOf, type Server } from '../../core/jobs/eta.ts'
import { excludedMiners, isTerminal } from '../../core/jobs/job.ts'
import {
  type Admission,
  lackOf,
  obstacle,
  offerOf,
  priceFor,
  type Wanted,
} from '../../core/jobs/matching.ts'
import { chargeOf } from '../../core/jobs/pricing.ts'
import { isLive } from './assignment.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { StoredJob } from './job-store.ts'
import type { Miner, Miners } from './miners.ts'
import { wantedOf } from './queue.ts'
import type { Settings } from './settings.ts'
import type { MinerStanding } from './standing.ts'

export type WhyParts = {
  readonly dispatcher: Dispatcher
  readonly standing: MinerStanding
  readonly settings: Pick<Settings, 'chargeMin'>
  readonly now: () => number
}

/** A submission that can be served: at which model, and for what. */
export type Admitted = {
  readonly job: SubmitJob
  readonly admission: Admission
  /** Limit that it would get, base units. */
  readonly limit: bigint
}

/** What a job would meet now. */
export function estimateOf(
  parts: WhyParts,
  asked: {
    readonly client: string
    readonly asked: SubmitJob
    readonly admitted: Result<Admitted, ApiError>
  },
): Estimate {
  const { admitted, client } = asked
  if (!admitted.ok) return { ...nothing, model: asked.asked.spec.model, refusal: admitted.error }
  const { dispatcher, standing } = parts
  const { job, admission, limit } = admitted.value
  // Whatever the tokens, a settlement has to pay for itself.
  const atLeast = (price: bigint): bigint => maxBig(price, parts.settings.chargeMin)
  const size = sizeOf(job.spec)
  const { constraints, routing, near } = job
  const wanted = { client, size, constraints, routing, near, limit }
  const fitting = dispatcher
    .liveServing(size.model)
    .filter((miner) => fits(miner, wanted, standing))
  const servers = fitting.map((miner) => serverOf(miner, size.model, standing))
  const ready = fitting.filter(
    (miner) => dispatcher.isReachable(miner) && standing.mayTry(miner.card.minerId),
  )
  const { places } = placesOf(servers)
  const { free } = placesOf(ready.map((miner) => serverOf(miner, size.model, standing)))
  const priority = job.priority ?? 'normal'
  const waiting = { model: size.model, client, priority, jobId: undefined }
  const before = free > 0 && dispatcher.isDispatching() ? 0 : dispatcher.before(waiting)
  const { maxTokens } = size
  const meanMs = standing.meanMsOf(size.model)
  const eta = etaOf({ servers: free > 0 ? servers : busy(servers), before, maxTokens, meanMs })
  return {
    model: size.model,
    refusal: undefined,
    miners: fitting.length,
    places,
    freePlaces: free,
    queuePosition: before,
    startMs: eta?.startMs,
    endMs: eta?.endMs,
    price: {
      least: atLeast(leastOf(fitting, wanted, standing)),
      cheapest: atLeast(admission.cheapest),
      dearest: atLeast(admission.dearest),
    },
    suggestedLimit: limit,
  }
}

/** Why a job is not served yet, or what became of it. */
export function jobWhy({ dispatcher, standing, now }: WhyParts, job: StoredJob): JobWhy {
  const { life, ask } = job
  const nowMs = now()
  const isOver = isTerminal(life.state)
  const here = dispatcher.live(nowMs)
  const excluded = excludedMiners(life, nowMs)
  const reasons = isOver
    ? []
    : here.map((miner) => {
        const found = obstacle(miner, wantedOf(job), excluded, standing)
        return found ?? (dispatcher.isReachable(miner) ? undefined : 'not_polling')
      })
  const fitting = isOver ? 0 : here.filter((miner) => fits(miner, wantedOf(job), standing)).length
  const isQueued = life.state === 'queued'
  const { client, priority, spec } = ask
  const waiting = { model: spec.model, client, priority, jobId: life.jobId }
  return {
    jobId: life.jobId,
    state: life.state,
    waitsFor: isOver ? undefined : waitsFor(isQueued, dispatcher.isDispatching(), fitting),
    queuePosition: isQueued ? dispatcher.before(waiting) : undefined,
    minersHere: here.length,
    minersFitting: fitting,
    exclusions: counted(reasons),
    attempts: life.attempts
      .filter(({ state }) => state !== 'rejected')
      .map(({ number, minerId, state }) => ({ number, minerId, state })),
    rejections: life.rejections,
    expiresAtMs: life.expiresAtMs,
    error: life.error?.message,
  }
}

/** Why a miner gets no jobs. Undefined: nobody of this name was ever here. */
export function minerWhy(
  { dispatcher, standing, miners, now }: WhyParts & { readonly miners: Miners },
  minerId: string,
): MinerWhy | undefined {
  const miner = miners.get(minerId)
  if (!miner && !miners.isKnown(minerId)) return undefined
  const nowMs = now()
  const recent = [...dispatcher.recent()]
  const others = recent.filter((job) => job.minerId !== minerId)
  const concurrency = miner?.card.concurrency ?? 0
  return {
    minerId,
    state: stateOf(miner, dispatcher, nowMs),
    breaker: standing.breakerOf(minerId),
    freePlaces: !miner || concurrency === 0 ? undefined : Math.max(0, concurrency - miner.inflight),
    idleSinceMs: miner?.inflight === 0 ? miner.idleSinceMs : undefined,
    recent: {
      jobs: recent.length,
      sinceMs: recent[0]?.atMs,
      taken: recent.length - others.length,
      exclusions: counted(
        others.map((job) =>
          miner
            ? (lastingLack(miner, job, standing) ??
              (job.minerId === undefined ? 'waits' : 'outbid'))
            : 'gone',
        ),
      ),
    },
    models: (miner?.card.models ?? []).map(({ name }) => ({
      name,
      queued: dispatcher.queuedOf(name),
      ...rankOf(miner as Miner, name, dispatcher),
      speed: standing.speedOf(minerId, name),
    })),
    reputation: standing.reputationNow(minerId),
  }
}

const nothing: Omit<Estimate, 'model' | 'refusal'> = {
  miners: 0,
  places: 0,
  freePlaces: 0,
  queuePosition: 0,
  startMs: undefined,
  endMs: undefined,
  price: undefined,
  suggestedLimit: undefined,
}

type Limited = Wanted & { readonly limit: bigint }

/** What a miner lacks for a job for good, its price included; undefined: nothing. */
function lastingLack(
  { card }: Miner,
  wanted: Limited,
  standing: MinerStanding,
): string | undefined {
  const lack = lackOf(card, wanted, standing)
  if (lack !== undefined) return lack
  return priceFor(card, wanted, standing) > wanted.limit ? 'limit' : undefined
}

const fits = (miner: Miner, wanted: Limited, standing: MinerStanding): boolean =>
  !miner.draining && lastingLack(miner, wanted, standing) === undefined

function serverOf(miner: Miner, model: string, standing: MinerStanding): Server {
  const speed = standing.speedOf(miner.card.minerId, model)
  return {
    concurrency: miner.card.concurrency,
    inflight: miner.inflight,
    tokensPerSecond: speed?.tokensPerSecond,
    firstTokenMs: speed?.firstTokenMs,
  }
}

/** Places that are free and cannot be used now, such as behind an open breaker, are none. */
const busy = (servers: readonly Server[]): Server[] =>
  servers.map((server) => ({ ...server, inflight: server.concurrency }))

/** Least that any answer can cost: its shortest prompt, and no token of answer. */
function leastOf(
  fitting: readonly Miner[],
  { client, size, limit }: Limited,
  { claims }: MinerStanding,
): bigint {
  const tokens = { promptTokens: size.promptTokensMin, completionTokens: 0 }
  let least: bigint | undefined
  for (const { card } of fitting) {
    const offer = offerOf(card, size.model)
    if (!offer) continue
    const own = client === undefined ? undefined : claims?.termsFor(card, { client, size }, false)
    const charge = chargeOf(own ?? offer.price, tokens, limit)
    if (least === undefined || charge < least) least = charge
  }
  return least ?? 0n
}

function waitsFor(isQueued: boolean, isDispatching: boolean, fitting: number): JobWhy['waitsFor'] {
  if (!isQueued) return 'answer'
  if (!isDispatching) return 'chain'
  return fitting === 0 ? 'miner' : 'place'
}

function stateOf(
  miner: Miner | undefined,
  dispatcher: Dispatcher,
  nowMs: number,
): MinerWhy['state'] {
  if (!miner) return 'gone'
  if (miner.draining) return 'draining'
  if (!isLive(miner, nowMs)) return 'silent'
  const { concurrency } = miner.card
  if (concurrency > 0 && miner.inflight >= concurrency) return 'busy'
  // A miner of the original that works between two polls is not silent, and gets nothing before the next.
  return dispatcher.isReachable(miner) ? 'ready' : 'busy'
}

/** Rank by price of a middling answer: as much prompt as answer. */
function rankOf(
  miner: Miner,
  model: string,
  dispatcher: Dispatcher,
): { readonly priceRank: number; readonly offers: number } {
  const priceOf = (each: Miner): bigint | undefined => {
    const price = offerOf(each.card, model)?.price
    return price && price.promptPer1000 + price.completionPer1000
  }
  const own = priceOf(miner) ?? 0n
  const prices = dispatcher.liveServing(model).flatMap((each) => priceOf(each) ?? [])
  return { priceRank: 1 + prices.filter((price) => price < own).length, offers: prices.length }
}

function counted(words: readonly (string | undefined)[]): Exclusions {
  const counts: Record<string, number> = {}
  for (const word of words) if (word !== undefined) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
