/**
 * Prices by time: a place for an hour, which is what a booking pays, and a second of a whole GPU, which
 * compares one offer with another. One of the two is stated, the other follows. Rules: SPEC.md, TIME.
 */
import { amountMax } from '../base/amount.ts'

/** What a miner states. Prices in base units; `places` 0: no bound. */
export type TimeStatement = {
  readonly pricePerHour: bigint | undefined
  readonly pricePerGpuSecond: bigint | undefined
  readonly gpus: number
  readonly places: number
}

/** Both prices in base units; undefined where one is neither stated nor follows. */
export type TimePrices = {
  readonly pricePerHour: bigint | undefined
  readonly pricePerGpuSecond: bigint | undefined
}

/**
 * Both prices of what states one of them: all places for an hour cost what all GPUs cost for its seconds.
 * The price of an hour counts where both are stated, since that is what a booking pays.
 */
export function timePrices(stated: TimeStatement): TimePrices {
  const { pricePerHour, pricePerGpuSecond } = stated
  const places = BigInt(stated.places)
  const gpuSeconds = BigInt(stated.gpus) * secondsPerHour
  const isCounted = places > 0n && gpuSeconds > 0n
  if (pricePerHour !== undefined) {
    if (!isCounted) return { pricePerHour, pricePerGpuSecond: undefined }
    return { pricePerHour, pricePerGpuSecond: nearest(pricePerHour * places, gpuSeconds) }
  }
  if (pricePerGpuSecond === undefined || !isCounted) return { pricePerHour, pricePerGpuSecond }
  const hour = nearest(pricePerGpuSecond * gpuSeconds, places)
  return { pricePerHour: hour > amountMax ? undefined : hour, pricePerGpuSecond }
}

const secondsPerHour = 3_600n

/** A quotient to the nearest whole base unit, a half upwards. */
const nearest = (value: bigint, divisor: bigint): bigint => (2n * value + divisor) / (2n * divisor)
