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
  /** Offences kept, the oldest: later ones of the same kind say nothing new. */
  offencesMax: 256,
} as const

/** Bounds of talking to other sites. */
export const peerLimits = {
  /** Between two requests for what follows; votes and transactions that were lost come with it. */
  pullEveryMs: 10_000,
  /** A whole exchange that takes longer counts as failed. */
  pullTimeoutMs: 10_000,
  announceTimeoutMs: 5_000,
  /** Wait after a failed exchange, doubled each time, and at most; a quarter more or less by chance. */
  retryMs: 2_000,
  retryMsMax: 60_000,
  /** Most that waits to be announced to one peer; beyond, all of it is dropped and the pull makes it good. */
  queueItemsMax: 1_024,
  queueBytesMax: 4_194_304,
  /** Answers taken over in one go before the next pull is waited for. */
  pullRoundsMax: 64,
  /** Blocks, and bytes of them, taken over before others get a turn. */
  sliceBlocksMax: 16,
  sliceBytesMax: 262_144,
  /** A block this much early is waited for, and so many of them; of one further ahead the clock is wrong. */
  earlyMsMax: 4_000,
  earlyBlocksMax: 16,
} as const

/** Bounds of making snapshots. */
export const snapshotLimits = {
  /** Heights from one snapshot to the next unless SNAPSHOT_EVERY says otherwise. */
  everyDefault: 5_000,
  /** Whole ones that are kept; the older is for whoever has begun to fetch it. */
  keep: 2,
  /** Pieces made, and nodes deleted, in one go; a piece reads some thousand nodes at most. */
  piecesMax: 16,
  pruneNodesMax: 500,
  /** Wait between two goes, and after a failure. */
  restMs: 100,
  retryMs: 60_000,
  /** One that is twice the interval behind, or twice this, is given up. */
  abandonHeightsMin: 1_000,
} as const

/** Bounds of beginning from a peer's snapshot. */
export const snapshotStartLimits = {
  /** Heights that a snapshot has to save unless SNAPSHOT_START says otherwise. */
  heightsDefault: 5_000,
  /** For one list, and one part, from the first byte sent to the last one received. */
  listTimeoutMs: 5_000,
  partTimeoutMs: 10_000,
  listBytesMax: 65_536,
  /** Room around the entries of a chunk, and around a block with its outcomes. */
  chunkBytesMax: 524_288,
  blockBytesMax: 8_388_608,
  /** Descriptions that are fetched in one look, the newest first. */
  candidatesMax: 4,
  /** Parts that are on their way at a time. */
  windowMax: 4,
  /** Between two looks for a snapshot, and between two tries at taking back an unfinished one. */
  lookEveryMs: 60_000,
  /** Nodes of an abandoned one that are deleted before others get a turn. */
  abandonNodesMax: 2_000,
  /** Tries in a row that bring no part before the snapshot is given up. */
  triesMax: 8,
  /** A peer that could not be reached is left alone, longer each time, and at most. */
  retryMs: 2_000,
  retryMsMax: 60_000,
  /** One that served what is refused is left alone for much longer. */
  distrustMs: 60_000,
  distrustMsMax: 3_600_000,
} as const

/** Wait before the next try, after `failures` of them in a row (1 or more). */
export function backoffMs(failures: number, bounds: { first: number; max: number }): number {
  return Math.min(bounds.first * 2 ** (failures - 1), bounds.max)
}
