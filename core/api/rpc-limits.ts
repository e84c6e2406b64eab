/** Bounds of `/rpc` and of the explorer's lists. */
export const rpcLimits = {
  /** Page size of lists by `limit` and `offset`. */
  pageMax: 100,
  /** Furthest that an offset may reach: beyond, a list would cost what it skips. */
  offsetMax: 100_000,
  /** Most blocks in one answer of `/rpc/blocks-range` by `start` and `end`: `end − start`. */
  rangeMax: 1_000,
  /** Most blocks in one answer of `/rpc/blocks-range` by `start_height` and `end_height`. */
  bareRangeMax: 10_000,
  /** Most pooled transactions in one answer of `/rpc/mempool`. */
  poolPageMax: 1_000,
  /** Page size of `/api/explorer/*`. */
  explorerPageMax: 200,
  /** Newest transactions shown with an address. */
  addressTransactionsMax: 100,
} as const
