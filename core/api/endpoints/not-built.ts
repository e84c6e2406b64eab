/** Names that the original's documents promise and that this site does not answer yet: 501 `NOT_BUILT`. */

/** A family of addresses that is reserved, and what to use meanwhile. */
export type ReservedFamily = {
  /** What it will be. */
  readonly title: string
  /** Exact addresses, and prefixes that end in a slash. */
  readonly paths: readonly string[]
  readonly instead: string
}

const spellings = (rest: string): readonly string[] => [
  `/api/v1/${rest}`,
  `/api/${rest}`,
  `/v1/${rest}`,
]

/** Addresses of programs that answer 501; a test compares them with the gateway. */
export const reservedFamilies: readonly ReservedFamily[] = [
  {
    title: 'The exchange',
    paths: [
      ...spellings('exchange/'),
      '/api/trades/recent',
      '/api/orders/orderbook',
      '/api/orders',
    ],
    instead: 'Nothing yet.',
  },
  {
    title: 'Governance',
    paths: spellings('governance/'),
    instead:
      'Nothing: the original counted invented votes. Authorities change the set of authorities by transactions.',
  },
  {
    title: 'The partners API',
    paths: spellings('partners/'),
    instead:
      'Keys: POST /api/v1/account/keys. Webhooks: `webhook` of POST /api/v1/jobs. The original never sent one.',
  },
  {
    title: 'The proofs API',
    paths: spellings('zk/'),
    instead:
      'GET /rpc/proof/… proves what is final by signatures and hashes. The original’s proofs were checked by their length.',
  },
]

/** An address that documents of the original name and that never existed here, and what does its work. */
export type OldName = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** What it answers. */
  readonly status: 404 | 501
  readonly instead: string
}

/** Names of the original's API page that lead nowhere; a test asks each. */
export const oldNames: readonly OldName[] = [
  { method: 'GET', path: '/v1/exchange/ticker', status: 501, instead: 'Nothing yet.' },
  { method: 'GET', path: '/v1/exchange/orderbook', status: 501, instead: 'Nothing yet.' },
  { method: 'GET', path: '/v1/exchange/orders', status: 501, instead: 'Nothing yet.' },
  {
    method: 'GET',
    path: '/v1/explorer/address/{address}',
    status: 404,
    instead: 'GET /rpc/address/{address}.',
  },
  {
    method: 'POST',
    path: '/v1/jobs/{id}/complete',
    status: 404,
    instead: 'POST /api/v1/miners/{id}/result.',
  },
  {
    method: 'GET',
    path: '/ws',
    status: 404,
    instead: 'GET /rpc/ws/blocks and GET /rpc/ws/transactions.',
  },
]
