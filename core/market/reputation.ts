/**
 * Reputation of a miner: one number from 0 to 1, made of signed receipts whose payment is final, and of
 * nothing else, so that everybody who reads the receipts comes to the same number. Rules: SPEC.md, REP.
 *
 * What counts is what the work cost those who paid: of each payment a part goes to the coordinator (and,
 * where the chain says so, is burned), and does not come back to a miner that pays itself.
 */
import { floor } from '../base/int.ts'

/** What counts of one receipt. Amounts in base units, times in Unix milliseconds. */
export type ReputationReceipt = {
  /** Public id of whoever paid: an address, or the public id of an API key. */
  readonly client: string
  readonly model: string
  readonly promptTokens: number
  readonly completionTokens: number
  readonly amount: bigint
  readonly startedAtMs: number
  readonly completedAtMs: number
  /** Whether its miner has signed it; miners of the original have no key, and sign none. */
  readonly isSigned: boolean
}

/** Speed of one model, as the receipts say it: the miner's own times, within what the site observed. */
export type ModelSpeed = {
  readonly name: string
  readonly receipts: number
  /** Median over its receipts; undefined where no receipt has a measurable time. */
  readonly tokensPerSecond: number | undefined
}

/** A reputation with the figures behind it. */
export type Reputation = {
  /** 0 to 1, in thousandths: 250 is 0.25. */
  readonly scoreMilli: number
  readonly receipts: number
  /** Distinct public ids that paid. */
  readonly clients: number
  readonly promptTokens: number
  readonly completionTokens: number
  /** Paid in all, and of it what did not reach the miner, base units. */
  readonly amount: bigint
  readonly cost: bigint
  readonly firstAtMs: number | undefined
  readonly lastAtMs: number | undefined
  readonly models: readonly ModelSpeed[]
  /** Paid as well, in the same time, but left out of all the others: the miner did not sign them. */
  readonly unsigned: { readonly receipts: number; readonly amount: bigint; readonly cost: bigint }
}

/** The constants of the formula, part of its definition. */
export const reputationTerms = {
  /** A receipt counts less with every hour, and not at all after this long: 30 days. */
  windowMs: 2_592_000_000,
  /** The newest so many receipts count. */
  receiptsMax: 1_000,
  /** Cost at which one client counts one half, base units: 0.01 AITBC. Never more than 1. */
  halfCost: 1_000_000n,
  /** So many clients at full weight make a score of one half. */
  halfClients: 4,
} as const

/**
 * Computes a reputation.
 *
 * @param receipts newest first, as the API lists them; what is beyond `receiptsMax` is left out.
 * @param terms `asOfMs`: the moment that ages are counted to; `costBps`: share of a payment that does not
 *   reach the miner, in hundredths of a percent (genesis).
 */
export function reputationOf(
  receipts: readonly ReputationReceipt[],
  { asOfMs, costBps }: { readonly asOfMs: number; readonly costBps: number },
): Reputation {
  const recent = receipts
    .slice(0, reputationTerms.receiptsMax)
    .filter((each) => weightOf(each, asOfMs) > 0n)
  const counted = recent.filter(({ isSigned }) => isSigned)
  const unsigned = recent.filter(({ isSigned }) => !isSigned)
  const costOf = (each: ReputationReceipt): bigint => (each.amount * BigInt(costBps)) / 10_000n
  const byClient = new Map<string, bigint>()
  let amount = 0n
  let cost = 0n
  let promptTokens = 0
  let completionTokens = 0
  let firstAtMs: number | undefined
  let lastAtMs: number | undefined
  for (const each of counted) {
    const own = costOf(each)
    const weighted = (own * weightOf(each, asOfMs)) / weightOne
    byClient.set(each.client, (byClient.get(each.client) ?? 0n) + weighted)
    amount += each.amount
    cost += own
    promptTokens += each.promptTokens
    completionTokens += each.completionTokens
    if (firstAtMs === undefined || each.completedAtMs < firstAtMs) firstAtMs = each.completedAtMs
    if (lastAtMs === undefined || each.completedAtMs > lastAtMs) lastAtMs = each.completedAtMs
  }
  return {
    scoreMilli: scoreOf([...byClient.values()]),
    receipts: counted.length,
    clients: byClient.size,
    promptTokens,
    completionTokens,
    amount,
    cost,
    firstAtMs,
    lastAtMs,
    models: speedsOf(counted),
    unsigned: {
      receipts: unsigned.length,
      amount: unsigned.reduce((sum, { amount: paid }) => sum + paid, 0n),
      cost: unsigned.reduce((sum, each) => sum + costOf(each), 0n),
    },
  }
}

/** Ages are weighed, and clients counted, in millionths: whole numbers come out the same everywhere. */
const weightOne = 1_000_000n

/** From 1 000 000 for a receipt of this moment to 0 at the end of the window. */
function weightOf({ completedAtMs }: ReputationReceipt, asOfMs: number): bigint {
  const { windowMs } = reputationTerms
  const ageMs = asOfMs - completedAtMs
  if (ageMs <= 0) return weightOne
  return ageMs >= windowMs ? 0n : (BigInt(windowMs - ageMs) * weightOne) / BigInt(windowMs)
}

/** `C ÷ (C + halfClients)`, where C adds up `cost ÷ (cost + halfCost)` over all clients. */
function scoreOf(costs: readonly bigint[]): number {
  const { halfCost, halfClients } = reputationTerms
  let clients = 0n
  for (const cost of costs) clients += (cost * weightOne) / (cost + halfCost)
  return Number((clients * 1_000n) / (clients + BigInt(halfClients) * weightOne))
}

function speedsOf(receipts: readonly ReputationReceipt[]): ModelSpeed[] {
  const byModel = new Map<string, { receipts: number; rates: number[] }>()
  for (const { model, completionTokens, startedAtMs, completedAtMs } of receipts) {
    const known = byModel.get(model) ?? { receipts: 0, rates: [] }
    known.receipts += 1
    const tookMs = completedAtMs - startedAtMs
    if (tookMs > 0) known.rates.push((completionTokens * 1_000) / tookMs)
    byModel.set(model, known)
  }
  return [...byModel]
    .map(([name, known]) => ({
      name,
      receipts: known.receipts,
      tokensPerSecond: medianOf(known.rates),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** In hundredths, the lower of the two middle ones. */
function medianOf(rates: readonly number[]): number | undefined {
  const sorted = [...rates].sort((a, b) => a - b)
  const middle = sorted[floor((sorted.length - 1) / 2)]
  return middle === undefined ? undefined : floor(middle * 100) / 100
}
