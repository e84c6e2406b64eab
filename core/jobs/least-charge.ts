/**
 * The least charge of a site: so much that the coordinator's share of it pays the fee of a settlement that
 * carries one job alone. Below it every job would cost the coordinator more than it brings, and whoever
 * mines and asks at the same time could drain the coordinator's account. Rule: SPEC.md, PRICE-3.
 */
import { divideUp, maxBig } from '../base/int.ts'
import { feeFloor, settledEntries } from '../chain/fees.ts'
import type { Parameters } from '../chain/genesis.ts'
import { settlementItemBytes } from '../chain/messages/settle.ts'
import { chargeMin } from './pricing.ts'

/**
 * Base units, one at least. A chain whose coordinators have no share pays for nothing with it: there the
 * least charge is one unit, and what a settlement costs is the operator's own.
 */
export function leastChargeOf(parameters: Parameters): bigint {
  const share = BigInt(parameters.coordinatorShareBps)
  if (share === 0n) return chargeMin
  // What one item makes, and the accounts of miner and coordinator: a batch of one pays for all of it.
  const size = settlementItemBytes + settlementBytes
  const cost = feeFloor(parameters, { size, entries: settledEntries(1, parameters) + 2 })
  return maxBig(divideUp(cost * 10_000n, share), chargeMin)
}

/** Bytes of a signed settle transaction around its items; a test compares them with the coder. */
export const settlementBytes = 124
