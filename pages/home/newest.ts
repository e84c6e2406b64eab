/** The newest payments: asked by several parts of the page, and therefore once. */

export const newestRows = 5

export const newestReceipts = `/rpc/receipts?limit=${newestRows}&offset=0`
