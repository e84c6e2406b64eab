/** Where things are found on this site, and what a text typed into a search field may mean. */

export const explorerPath = {
  overview: '/explorer/',
  blocks: '/explorer/blocks',
  transactions: '/explorer/txs',
  receipts: '/explorer/receipts',
  jobs: '/explorer/jobs',
  miners: '/explorer/miners',
  nodes: '/explorer/nodes',
  stats: '/explorer/stats',
  labels: '/explorer/labels',
  block: (id: string | number) => `/explorer/block/${encodeURIComponent(id)}`,
  transaction: (hash: string) => `/explorer/tx/${encodeURIComponent(hash)}`,
  receipt: (id: string) => `/explorer/receipt/${encodeURIComponent(id)}`,
  address: (address: string) => `/explorer/address/${encodeURIComponent(address)}`,
  /** By the hash of what was asked, or by the id that its client got. */
  job: (id: string) => `/explorer/job/${encodeURIComponent(id)}`,
  /** By the address that is paid, or by the name of one that is online. */
  miner: (id: string) => `/explorer/miner/${encodeURIComponent(id)}`,
  escrow: (id: string) => `/explorer/escrow/${encodeURIComponent(id)}`,
  broadcast: '/explorer/broadcast',
  search: (query: string) => `/explorer/search?q=${encodeURIComponent(query)}`,
} as const

/**
 * `hash` may be a block, a transaction, a receipt, an escrow or a job, `id` a job or a receipt of this site; only
 * the site knows. `nothing` may still be the name of a miner.
 */
export type SearchMeaning =
  | { readonly kind: 'height'; readonly value: string }
  | { readonly kind: 'hash'; readonly value: string }
  | { readonly kind: 'address'; readonly value: string }
  | { readonly kind: 'id'; readonly value: string }
  | { readonly kind: 'nothing' }

/** Reads what a person typed or pasted. */
export function readSearch(text: string): SearchMeaning {
  const query = text.trim()
  const height = query.replace(/^#/, '').replaceAll(',', '')
  if (/^[0-9]{1,15}$/.test(height)) return { kind: 'height', value: String(Number(height)) }
  const lower = query.toLowerCase()
  const digits = lower.replace(/^0x/, '')
  if (/^[0-9a-f]{64}$/.test(digits)) return { kind: 'hash', value: `0x${digits}` }
  if (/^aitbc1[0-9a-z]{20,60}$/.test(lower)) return { kind: 'address', value: lower }
  if (/^[0-9a-f]{32}$/.test(digits)) return { kind: 'id', value: digits }
  return { kind: 'nothing' }
}
