/**
 * Price of a job: prompt tokens × p_in + delivered tokens × p_out, in whole base units for each 1 000
 * tokens, rounded up once a job, never above the authorised limit.
 */
import { divideUp, maxBig, minBig } from '../base/int.ts'

/** Base units for 1 000 tokens, set by the miner. */
export type TokenPrice = { readonly promptPer1000: bigint; readonly completionPer1000: bigint }

/** Tokens of a prompt and of its answer, as billed. */
export type TokenCount = { readonly promptTokens: number; readonly completionTokens: number }

/** Price in base units, before any cap. Token counts are non-negative safe integers. */
export const priceOf = (price: TokenPrice, tokens: TokenCount): bigint =>
  divideUp(
    BigInt(tokens.promptTokens) * price.promptPer1000 +
      BigInt(tokens.completionTokens) * price.completionPer1000,
    1_000n,
  )

/** Least that a job is charged: the chain settles no zero, and settlements anchor receipts. */
export const chargeMin = 1n

/**
 * What is charged: the price, at least the site's least charge (least-charge.ts) or one base unit, capped by
 * what the payer allowed.
 */
export const chargeOf = (
  price: TokenPrice,
  tokens: TokenCount,
  limit: bigint,
  least: bigint = chargeMin,
): bigint => minBig(maxBig(priceOf(price, tokens), least), limit)
