/** Bounds of the chain object. */
export const chainNodeLimits = {
  /** Most open sockets of one stream. */
  socketsMax: 512,
  /** Most frames of transactions sent to each socket in a slot; what is beyond is counted in a gap frame. */
  transactionFramesPerSlot: 200,
  /** Most characters sent to a socket since it last said `ping`; a listener that reads nothing is closed. */
  unacknowledgedCharsMax: 8_388_608,
  /** Most blocks, and transactions, in one write of the read model. */
  indexBlocksMax: 50,
  indexTransactionsMax: 2_000,
  /** A write of the read model that takes longer counts as failed. */
  indexTimeoutMs: 20_000,
  /** Wait after a failed write of the read model, doubled each time, and at most. */
  indexRetryMs: 1_000,
  indexRetryMsMax: 60_000,
  /** Wait after a failed step of the chain, doubled each time, and at most. */
  stepRetryMs: 500,
  stepRetryMsMax: 30_000,
  /** Slots for which a gift stays valid. */
  giftValiditySlots: 300,
} as const

/** Wait before the next try, after `failures` of them in a row (1 or more). */
export function backoffMs(failures: number, bounds: { first: number; max: number }): number {
  return Math.min(bounds.first * 2 ** (failures - 1), bounds.max)
}
