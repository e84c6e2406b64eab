/**
 * Matching: which miner may compute a job, and which of them gets it. Admission refuses at once what no
 * live miner can serve; dispatch takes the cheapest with a free place, then the least loaded, then the
 * one that has been idle longest. Rules: SPEC.md, MATCH.
 */
import type { Constraints } from '../api/coordinator-service.ts'
import type { Routing } from '../api/dispatch.ts'
import type { ApiError } from '../api/errors.ts'
import { formatCoins, unitsPerCoin } from '../base/amount.ts'
import { maxBig, minBig } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'
import type { Terms } from './claim.ts'
import { type JobSize, worstCaseOf } from './estimate.ts'
import { featuresOf, type MinerCard, type ModelOffer } from './miner-card.ts'
import { isBefore, noStanding, type Ranked, regionFit, type Standing } from './routing.ts'

/** A connected miner as the coordinator sees it now. */
export type LiveMiner = {
  readonly card: MinerCard
  /** Attempts that it holds: offered or running. */
  readonly inflight: number
  /** When it last became idle or was last given a job, whichever is later; Unix milliseconds. */
  readonly idleSinceMs: number
  /** Whether it takes no further offers. */
  readonly draining: boolean
}

/** What a job asks for. `limit` undefined: the site has not fixed it yet. */
export type Wanted = {
  readonly size: JobSize
  readonly constraints: Constraints
  readonly limit: bigint | undefined
  readonly routing?: Routing | undefined
  /** Where the caller seems to be, nearest word first. */
  readonly near?: readonly string[] | undefined
  /** Public id of who asks: what it has booked or agreed on counts. Absent: nothing does. */
  readonly client?: string | undefined
}

/** How a job can be served now. */
export type Admission = {
  /** Live miners that fit, busy or not. */
  readonly miners: number
  /** Worst-case price at the cheapest and the dearest of them, base units. */
  readonly cheapest: bigint
  readonly dearest: bigint
  /** Limit for a job that named none: the dearest, but at most four times the cheapest, or one named. */
  readonly suggestedLimit: bigint
}

/** How far above the cheapest a site goes for its own keys, so that a retry finds another miner. */
const headroom = 4n

/**
 * Whether any live miner can serve the job, busy ones included. The refusal says why and names the
 * cheapest alternative in `details`.
 */
export function admit(
  miners: readonly LiveMiner[],
  wanted: Wanted,
  standing: Pick<Standing, 'claims'> = noStanding,
): Result<Admission, ApiError> {
  const staying = miners.filter((each) => !each.draining)
  const serving = staying.filter((each) => offerOf(each.card, wanted.size.model) !== undefined)
  if (serving.length === 0) return err(notServed(staying, wanted))
  const fitting = serving.filter(({ card }) => lackOf(card, wanted, standing) === undefined)
  if (fitting.length === 0) return err(notServable({ staying, serving }, wanted, standing))
  const { limit } = wanted
  let cheapest: bigint | undefined
  let dearest = 0n
  let payable = 0
  // What others ask for is what a job costs when its booking ends before its turn.
  const listed: bigint[] = []
  /** Dearest of those that the client has named. */
  let named = 0n
  for (const { card } of fitting) {
    const price = priceFor(card, wanted, standing)
    cheapest = cheapest === undefined ? price : minBig(cheapest, price)
    if (limit !== undefined && price > limit) continue
    payable += 1
    dearest = maxBig(dearest, price)
    const asked = listedPriceFor(card, wanted.size)
    listed.push(asked)
    if (wanted.routing?.order?.includes(card.minerId)) named = maxBig(named, asked)
  }
  if (cheapest === undefined || payable === 0) return err(tooLow(fitting, wanted, cheapest ?? 0n))
  const [first = 0n] = listed
  const usual = minBig(listed.reduce(maxBig, 0n), listed.reduce(minBig, first) * headroom)
  return ok({ miners: payable, cheapest, dearest, suggestedLimit: maxBig(usual, named) })
}

/** The miner that gets the job now; undefined while none that fits has a free place. */
export function chooseMiner<Miner extends LiveMiner>(
  miners: Iterable<Miner>,
  wanted: Wanted & { readonly limit: bigint },
  excluded: ReadonlySet<string>,
  standing: Standing = noStanding,
): Miner | undefined {
  const { routing, near } = wanted
  const by = { routing, near, model: wanted.size.model, standing }
  let best: { readonly miner: Miner; readonly ranked: Ranked } | undefined
  for (const miner of miners) {
    if (obstacle(miner, wanted, excluded, standing) !== undefined) continue
    const ranked = rankedOf(miner, wanted, standing)
    if (best === undefined || isBefore(ranked, best.ranked, by)) best = { miner, ranked }
  }
  return best?.miner
}

/** The first reason why a miner cannot have a job at this moment; undefined: it can. */
export function obstacle(
  miner: LiveMiner,
  wanted: Wanted & { readonly limit: bigint },
  excluded: ReadonlySet<string>,
  standing: Standing,
): Obstacle | undefined {
  const { card } = miner
  const lack = misfit(card, wanted)
  if (lack !== undefined) return lack
  if (priceFor(card, wanted, standing) > wanted.limit) return 'limit'
  if (miner.draining) return 'draining'
  if (excluded.has(card.minerId)) return 'excluded'
  if (!standing.mayTry(card.minerId)) return 'breaker'
  if (!hasPlace(miner)) return 'busy'
  const terms = termsNow(card, wanted, standing)
  if (terms?.claim?.kind === 'booking') return undefined
  if (standing.claims?.hasOpenPlace(card) === false) return 'booked'
  // What its claim has no room for costs what is listed.
  return worstCaseAt(card, wanted.size, terms) > wanted.limit ? 'limit' : undefined
}

/** What keeps a job from a miner: what it lacks for good, and what passes. */
export type Obstacle = Misfit | 'limit' | 'booked' | 'draining' | 'excluded' | 'breaker' | 'busy'

/** A miner as ranking sees it. It must serve the model. */
export function rankedOf(
  miner: LiveMiner,
  wanted: Pick<Wanted, 'size' | 'client'>,
  standing: Pick<Standing, 'claims'> = noStanding,
): Ranked {
  const { card } = miner
  const terms = termsNow(card, wanted, standing)
  return {
    minerId: card.minerId,
    region: card.region,
    price: worstCaseAt(card, wanted.size, terms),
    load: loadOf(miner),
    idleSinceMs: miner.idleSinceMs,
    isKept: terms?.claim?.kind === 'booking',
  }
}

/** What a job is paid at a miner that it goes to now; undefined: what the miner lists. */
export const termsNow = (
  card: MinerCard,
  { client, size }: Pick<Wanted, 'size' | 'client'>,
  { claims }: Pick<Standing, 'claims'>,
): Terms | undefined =>
  client === undefined ? undefined : claims?.termsFor(card, { client, size }, true)

/** What a miner lacks for a job, whatever its load and price: what others have booked counts. */
export function lackOf(
  card: MinerCard,
  wanted: Wanted,
  { claims }: Pick<Standing, 'claims'>,
): Misfit | 'booked' | undefined {
  const lack = misfit(card, wanted)
  if (lack !== undefined || !claims?.isBookedOut(card)) return lack
  const { client, size } = wanted
  const own = client === undefined ? undefined : claims.termsFor(card, { client, size }, false)
  return own?.claim?.kind === 'booking' ? undefined : 'booked'
}

/** The terms on which a miner serves a model; undefined when it does not. */
export function offerOf(card: MinerCard, model: string): ModelOffer | undefined {
  const named = card.models.find((each) => each.name === model)
  if (named) return named
  // A legacy job without a model, or a legacy miner without a list: the original did not ask.
  const first = card.models[0]
  if (card.kind === 'legacy' && (model === '' || card.servesAnyModel)) return first
  return undefined
}

/** The first reason why a miner cannot take a job, whatever its load and price; undefined: it can. */
export function misfit(card: MinerCard, wanted: Wanted): Misfit | undefined {
  const offer = offerOf(card, wanted.size.model)
  if (!offer) return 'model'
  const { constraints, size } = wanted
  if (size.isOpaque && card.kind === 'agent') return 'payload'
  if (size.features?.some((each) => !featuresOf(offer).includes(each))) return 'features'
  if (constraints.models?.some((model) => offerOf(card, model) === undefined)) return 'models'
  if (constraints.region && constraints.region !== card.region) return 'region'
  if (constraints.gpu && !card.gpus.some((gpu) => gpu.name === constraints.gpu)) return 'gpu'
  const mibMin = (constraints.min_vram_gb ?? 0) * 1_024
  if (mibMin > 0 && !card.gpus.some((gpu) => gpu.memoryMib >= mibMin)) return 'min_vram_gb'
  if (constraints.cuda && !card.cuda.includes(constraints.cuda)) return 'cuda'
  if (constraints.max_price && !isWithinMaxPrice(card, offer, constraints.max_price)) {
    return 'max_price'
  }
  if (offer.contextTokens > 0 && size.promptTokensMin > offer.contextTokens) return 'context'
  return wanted.routing && unwanted(card, offer, wanted.routing)
}

/** What a client's preferences rule out. */
function unwanted(card: MinerCard, offer: ModelOffer, routing: Routing): Misfit | undefined {
  const { order = [], ignore, maxPrice, region } = routing
  if (ignore?.includes(card.minerId)) return 'ignored'
  const { promptPer1000, completionPer1000 } = offer.price
  if (maxPrice?.prompt !== undefined && promptPer1000 > maxPrice.prompt) return 'max_price'
  if (maxPrice?.completion !== undefined && completionPer1000 > maxPrice.completion) {
    return 'max_price'
  }
  if (routing.allowFallbacks !== false) return undefined
  if (order.length > 0 && !order.includes(card.minerId)) return 'order'
  return region && regionFit(card.region, region) === 0 ? 'region' : undefined
}

/** Names the constraint that a miner does not meet. */
export type Misfit =
  | 'model'
  | 'models'
  | 'payload'
  | 'features'
  | 'region'
  | 'gpu'
  | 'min_vram_gb'
  | 'cuda'
  | 'max_price'
  | 'context'
  | 'ignored'
  | 'order'

/** Most that the job can cost at this miner, on what its client has there. The miner must serve its model. */
export function priceFor(
  card: MinerCard,
  { client, size }: Pick<Wanted, 'size' | 'client'>,
  { claims }: Pick<Standing, 'claims'> = noStanding,
): bigint {
  const own = client === undefined ? undefined : claims?.termsFor(card, { client, size }, false)
  return worstCaseAt(card, size, own)
}

/** The same by what the miner lists. */
export const listedPriceFor = (card: MinerCard, size: JobSize): bigint =>
  worstCaseAt(card, size, undefined)

const worstCaseAt = (card: MinerCard, size: JobSize, terms: Terms | undefined): bigint =>
  worstCaseOf(size, terms ?? (offerOf(card, size.model) as ModelOffer).price)

/**
 * `max_price` bounds the miner's listed price, as in the original, never the job's: for a legacy miner
 * its `price`, for an agent the dearer of its two prices for 1 000 tokens, both in AITBC.
 */
function isWithinMaxPrice(card: MinerCard, offer: ModelOffer, maxPrice: number): boolean {
  if (card.kind === 'legacy') return card.listedPrice !== undefined && card.listedPrice <= maxPrice
  const dearer = maxBig(offer.price.promptPer1000, offer.price.completionPer1000)
  return Number(dearer) <= maxPrice * Number(unitsPerCoin)
}

const hasPlace = ({ card, inflight }: LiveMiner): boolean =>
  card.concurrency === 0 || inflight < card.concurrency

/** Share of its places in use. Without a bound, every job counts as a whole miner. */
const loadOf = ({ card, inflight }: LiveMiner): number =>
  card.concurrency === 0 ? inflight : inflight / card.concurrency

function notServed(miners: readonly LiveMiner[], wanted: Wanted): ApiError {
  const models = [...new Set(miners.flatMap(({ card }) => card.models.map(({ name }) => name)))]
  const { model } = wanted.size
  const message =
    miners.length === 0
      ? 'No miner is connected to this site now.'
      : model === ''
        ? 'No live miner takes jobs that name no model.'
        : `No live miner serves ${model}.`
  return {
    code: 'MODEL_NOT_SERVED',
    message,
    details: {
      reason: miners.length === 0 ? 'no_miner' : 'model',
      model,
      models_served: models.filter((name) => name !== '').sort(),
      alternative: alternative(miners, wanted),
    },
  }
}

function notServable(
  { staying, serving }: Readonly<Record<'staying' | 'serving', readonly LiveMiner[]>>,
  wanted: Wanted,
  standing: Pick<Standing, 'claims'>,
): ApiError {
  const reasons = [...new Set(serving.map(({ card }) => lackOf(card, wanted, standing)))].sort()
  const details = { reasons, alternative: alternative(staying, wanted) }
  if (reasons.every((reason) => reason === 'context')) {
    const contexts = serving.map(({ card }) => offerOf(card, wanted.size.model)?.contextTokens ?? 0)
    const contextTokens = contexts.reduce((a, b) => (a > b ? a : b), 0)
    const message = `The prompt does not fit the ${contextTokens} tokens of context of this model.`
    const found = { context_tokens: contextTokens, alternative: details.alternative }
    return { code: 'CONTEXT_EXCEEDED', message, details: found }
  }
  const message = reasons.every((reason) => reason === 'booked')
    ? 'All places that could serve this are booked by others now.'
    : `No live miner meets these constraints: ${reasons.join(', ')}.`
  return { code: 'NOT_SERVABLE', message, details }
}

function tooLow(miners: readonly LiveMiner[], wanted: Wanted, cheapest: bigint): ApiError {
  const limit = wanted.limit ?? 0n
  return {
    code: 'PRICE_TOO_LOW',
    message:
      `The limit of ${formatCoins(limit)} AITBC does not cover this job: the cheapest miner may ` +
      `charge up to ${formatCoins(cheapest)} AITBC.`,
    details: {
      reason: 'limit',
      limit: String(limit),
      needed: String(cheapest),
      alternative: alternative(miners, wanted),
    },
  }
}

/**
 * The cheapest live miner that would take the job if what stands in the way were dropped: with the model
 * that was asked for, else with another that can do what the job wants and hold its prompt.
 */
function alternative(miners: readonly LiveMiner[], wanted: Wanted): unknown {
  const { model } = wanted.size
  const same = cheapestOffer(miners, wanted, (card) => offerOf(card, model) ?? [])
  const best = same ?? cheapestOffer(miners, wanted, (card) => card.models)
  if (!best) return null
  return {
    model: best.offer.name,
    region: best.card.region ?? null,
    gpus: best.card.gpus.map((gpu) => gpu.name),
    context_tokens: best.offer.contextTokens,
    price_prompt: String(best.offer.price.promptPer1000),
    price_completion: String(best.offer.price.completionPer1000),
    price_max: String(best.price),
  }
}

type Alternative = {
  readonly card: MinerCard
  readonly offer: ModelOffer
  readonly price: bigint
}

function cheapestOffer(
  miners: readonly LiveMiner[],
  { size, routing }: Wanted,
  offersOf: (card: MinerCard) => ModelOffer | readonly ModelOffer[],
): Alternative | undefined {
  let best: Alternative | undefined
  for (const { card } of miners) {
    if (size.isOpaque && card.kind === 'agent') continue
    if (routing?.ignore?.includes(card.minerId)) continue
    for (const offer of [offersOf(card)].flat()) {
      const { contextTokens } = offer
      if (offer.name === '' || (contextTokens > 0 && size.promptTokensMin > contextTokens)) continue
      if (size.features?.some((each) => !featuresOf(offer).includes(each))) continue
      const price = worstCaseOf(size, offer.price)
      if (best === undefined || price < best.price) best = { card, offer, price }
    }
  }
  return best
}
