/**
 * Matching: which miner may compute a job, and which of them gets it. Admission refuses at once what no
 * live miner can serve; dispatch takes the cheapest with a free place, then the least loaded, then the
 * one that has been idle longest. Rules: SPEC.md, MATCH.
 */
import type { Constraints } from '../api/coordinator-service.ts'
import type { ApiError } from '../api/errors.ts'
import { formatCoins, unitsPerCoin } from '../base/amount.ts'
import { maxBig, minBig } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'
import { type JobSize, worstCaseOf } from './estimate.ts'
import { featuresOf, type MinerCard, type ModelOffer } from './miner-card.ts'

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
}

/** How a job can be served now. */
export type Admission = {
  /** Live miners that fit, busy or not. */
  readonly miners: number
  /** Worst-case price at the cheapest and the dearest of them, base units. */
  readonly cheapest: bigint
  readonly dearest: bigint
  /** Limit for a job that named none: the dearest, but at most four times the cheapest. */
  readonly suggestedLimit: bigint
}

/** How far above the cheapest a site goes for its own keys, so that a retry finds another miner. */
const headroom = 4n

/**
 * Whether any live miner can serve the job, busy ones included. The refusal says why and names the
 * cheapest alternative in `details`.
 */
export function admit(miners: readonly LiveMiner[], wanted: Wanted): Result<Admission, ApiError> {
  const staying = miners.filter((each) => !each.draining)
  const serving = staying.filter((each) => offerOf(each.card, wanted.size.model) !== undefined)
  if (serving.length === 0) return err(notServed(staying, wanted))
  const fitting = serving.filter((each) => misfit(each.card, wanted) === undefined)
  if (fitting.length === 0) return err(notServable(serving, wanted))
  const prices = fitting.map((each) => priceFor(each.card, wanted.size)).sort(compareBig)
  const cheapest = prices[0] as bigint
  const { limit } = wanted
  const payable = limit === undefined ? prices : prices.filter((price) => price <= limit)
  if (payable.length === 0) return err(tooLow(fitting, wanted, cheapest))
  const dearest = payable[payable.length - 1] as bigint
  return ok({
    miners: payable.length,
    cheapest,
    dearest,
    suggestedLimit: minBig(dearest, cheapest * headroom),
  })
}

/** The miner that gets the job now; undefined while none that fits has a free place. */
export function chooseMiner(
  miners: readonly LiveMiner[],
  wanted: Wanted & { readonly limit: bigint },
  excluded: ReadonlySet<string>,
): LiveMiner | undefined {
  let best: { miner: LiveMiner; price: bigint } | undefined
  for (const miner of miners) {
    if (miner.draining || excluded.has(miner.card.minerId) || !hasPlace(miner)) continue
    if (misfit(miner.card, wanted) !== undefined) continue
    const price = priceFor(miner.card, wanted.size)
    if (price > wanted.limit) continue
    if (best === undefined || isBetter({ miner, price }, best)) best = { miner, price }
  }
  return best?.miner
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
  return undefined
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

/** Most that the job can cost at this miner. The miner must serve its model. */
const priceFor = (card: MinerCard, size: JobSize): bigint =>
  worstCaseOf(size, (offerOf(card, size.model) as ModelOffer).price)

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

type Candidate = { readonly miner: LiveMiner; readonly price: bigint }

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.price !== b.price) return a.price < b.price
  const byLoad = loadOf(a.miner) - loadOf(b.miner)
  if (byLoad !== 0) return byLoad < 0
  const byIdle = a.miner.idleSinceMs - b.miner.idleSinceMs
  if (byIdle !== 0) return byIdle < 0
  return a.miner.card.minerId < b.miner.card.minerId
}

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

function notServable(miners: readonly LiveMiner[], wanted: Wanted): ApiError {
  const reasons = [...new Set(miners.map(({ card }) => misfit(card, wanted)))].sort()
  const details = { reasons, alternative: alternative(miners, wanted) }
  if (reasons.every((reason) => reason === 'context')) {
    const contexts = miners.map(({ card }) => offerOf(card, wanted.size.model)?.contextTokens ?? 0)
    const contextTokens = contexts.reduce((a, b) => (a > b ? a : b), 0)
    const message = `The prompt does not fit the ${contextTokens} tokens of context of this model.`
    return { code: 'CONTEXT_EXCEEDED', message, details: { context_tokens: contextTokens } }
  }
  const message = `No live miner meets these constraints: ${reasons.join(', ')}.`
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

/** The cheapest live miner that would take the job if what stands in the way were dropped. */
function alternative(miners: readonly LiveMiner[], wanted: Wanted): unknown {
  let best: { card: MinerCard; offer: ModelOffer; price: bigint } | undefined
  for (const { card } of miners) {
    const offer = offerOf(card, wanted.size.model) ?? card.models[0]
    if (!offer || offer.name === '' || (wanted.size.isOpaque && card.kind === 'agent')) continue
    const price = worstCaseOf(wanted.size, offer.price)
    if (best === undefined || price < best.price) best = { card, offer, price }
  }
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

const compareBig = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
