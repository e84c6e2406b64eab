/**
 * Bounds of the chain module. Those marked *rule* decide whether a block is valid, so every site must hold
 * the same; the others are one site's policy.
 */

/** Rule: most bytes of one signed transaction. */
export const transactionBytesMax = 65_536

/** Rule: most items of one settle transaction. */
export const settlementItemsMax = 128

/** Rule: most transactions, bytes of transactions, and settlement items of one block. */
export const blockTransactionsMax = 2_000
export const blockBytesMax = 1_000_000
export const blockSettlementItemsMax = 2_048

/**
 * Rule: most spent authorisations, and most lapsed claims, that one block clears away. Twice what one block can add, so that
 * clearing always catches up.
 */
export const blockExpiredMax = 2 * blockSettlementItemsMax

/** Rule: most delegates of one escrow at a time; a close removes them all. */
export const escrowDelegatesMax = 256

/** Rule: an escrow's expiry is at most this many slots away (one year of 2 s slots). */
export const escrowLifeSlotsMax = 15_768_000n

/** Rule: most bytes of an announcement. */
export const announcementBytesMax = 4_096

/** Rule: a booking is for at most this many slots, and begins at most this many from now (90 days). */
export const bookingSlotsMax = 3_888_000n

/** Rule: most claims of one transaction. */
export const receiptClaimsMax = 128

/** Rule: most authorities of a set, and most blocks between an authority change and its height. */
export const authoritiesMax = 64
export const changeNoticeMax = 1_000_000n

/** Policy: most transactions in one call of `submit`. */
export const submitBatchMax = 100

/** Policy: most transactions and bytes in the mempool, and most transactions of one sender. */
export const poolCountMax = 10_000
export const poolBytesMax = 16_777_216
export const poolPerSenderMax = 256

/** Policy: a pooled transaction is valid for at most this many slots (one day). */
export const poolValiditySlotsMax = 43_200

/** Policy: a replacement pays at least this much more than what it replaces, in percent. */
export const replacementBumpPercent = 10n

/** Policy: most decoded tree nodes and most verified signatures kept in memory. */
export const nodeCacheMax = 65_536
export const verifiedCacheMax = 16_384

/** Policy: most decoded blocks kept in memory for readers. */
export const recentBlocksMax = 8

/**
 * Policy: votes (and commits) kept for one slot of one authority, and slots for which one authority's are
 * kept. An honest one has one a slot; slots run up only while nothing becomes final.
 */
export const messagesPerSlotMax = 4
export const messagesSlotsMax = 4_096

/** Policy: most blocks, bytes of blocks, open messages and locator entries in one exchange of two sites. */
export const pullBlocksMax = 128
export const pullBytesMax = 4_000_000
export const pullMessagesMax = 2_048
export const pullLocatorMax = 32

/** Policy: most hashes of waiting transactions in a request, and transactions and their bytes in its answer. */
export const pullPooledMax = 1_024
export const pullTransactionsMax = 500
export const pullTransactionBytesMax = 1_000_000

/** Policy: most bytes of a request for what follows, and of its answer: the bounds above, and room. */
export const pullAskBytesMax = 65_536
export const pullAnswerBytesMax = 6_291_456

/** Policy: most items and bytes of one announcement. A whole block fits. */
export const announceItemsMax = 256
export const announceBytesMax = 2_097_152

/** Policy: most blocks on the way that one answer shows to a light client. */
export const lightStepsMax = 16

/** Policy: most blocks that are looked through for the transaction that named a set of long ago. */
export const changeScanMax = 10_000

/**
 * Policy: most entries, and bytes of more than one entry, in a chunk of a snapshot, and bytes of the
 * description of a whole one. The first is a rule for whoever reads one.
 */
export const snapshotChunkEntriesMax = 1_024
export const snapshotChunkBytesMax = 262_144
export const snapshotBytesMax = 1_900_000

/** Policy: pieces of a snapshot in the making after which the progress is written down. */
export const snapshotProgressEvery = 32
