/**
 * What the dispatcher tells, as JSON: amounts decimal strings of base units, times RFC 3339 UTC, durations
 * milliseconds.
 */
import { formatTime } from '../base/rfc3339.ts'
import { legacyStateOf } from '../jobs/job.ts'
import type {
  BreakerView,
  Estimate,
  JobWhy,
  MeasuredSpeed,
  MinerWhy,
  WebhookDelivery,
} from './dispatch.ts'
import { messageOf } from './errors.ts'

type Json = Readonly<Record<string, unknown>>

/** `POST /jobs/estimate`. */
export const estimateView = (estimate: Estimate): Json => ({
  model: estimate.model,
  servable: estimate.refusal === undefined,
  refusal: estimate.refusal
    ? {
        code: estimate.refusal.code,
        message: messageOf(estimate.refusal),
        details: estimate.refusal.details ?? null,
      }
    : null,
  miners: estimate.miners,
  places: estimate.places ?? null,
  free_places: estimate.freePlaces,
  queue_position: estimate.queuePosition,
  start_ms: estimate.startMs ?? null,
  end_ms: estimate.endMs ?? null,
  price: estimate.price
    ? {
        least: String(estimate.price.least),
        cheapest: String(estimate.price.cheapest),
        dearest: String(estimate.price.dearest),
        unit: 'base',
      }
    : null,
  suggested_limit: estimate.suggestedLimit === undefined ? null : String(estimate.suggestedLimit),
})

/** `GET /jobs/{id}/why`. */
export const jobWhyView = (why: JobWhy): Json => ({
  job_id: why.jobId,
  state: legacyStateOf(why.state),
  waits_for: why.waitsFor ?? null,
  queue_position: why.queuePosition ?? null,
  miners_here: why.minersHere,
  miners_fitting: why.minersFitting,
  exclusions: why.exclusions,
  attempts: why.attempts.map(({ number, minerId, state }) => ({
    number,
    miner_id: minerId,
    state,
  })),
  rejections: why.rejections,
  expires_at: formatTime(why.expiresAtMs),
  error: why.error ?? null,
})

/** `GET /miners/{id}/why`. */
export const minerWhyView = (why: MinerWhy): Json => ({
  miner_id: why.minerId,
  state: why.state,
  breaker: breakerView(why.breaker),
  free_places: why.freePlaces ?? null,
  idle_since: why.idleSinceMs === undefined ? null : formatTime(why.idleSinceMs),
  recent: {
    jobs: why.recent.jobs,
    since: why.recent.sinceMs === undefined ? null : formatTime(why.recent.sinceMs),
    taken: why.recent.taken,
    exclusions: why.recent.exclusions,
  },
  models: why.models.map(({ name, queued, priceRank, offers, speed }) => ({
    name,
    queued,
    price_rank: priceRank,
    offers,
    speed: speed ? speedView(speed) : null,
  })),
  reputation: why.reputation ?? null,
})

/** A breaker, for its miner and for administrators. */
export const breakerView = (breaker: BreakerView): Json => ({
  state: breaker.state,
  until: breaker.untilMs === undefined ? null : formatTime(breaker.untilMs),
  failures: breaker.failures,
  reason: breaker.reason ?? null,
})

const speedView = ({ tokensPerSecond, firstTokenMs, samples }: MeasuredSpeed): Json => ({
  tokens_per_second: tokensPerSecond,
  first_token_ms: firstTokenMs,
  samples,
})

/** One delivery. */
export const deliveryView = (delivery: WebhookDelivery): Json => ({
  delivery_id: delivery.deliveryId,
  job_id: delivery.jobId,
  event: delivery.event,
  url: delivery.url,
  state: delivery.state,
  attempts: delivery.attempts,
  next_at: delivery.nextAtMs === undefined ? null : formatTime(delivery.nextAtMs),
  last_status: delivery.lastStatus ?? null,
  last_error: delivery.lastError ?? null,
  created_at: formatTime(delivery.createdAtMs),
})
