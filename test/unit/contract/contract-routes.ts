/**
 * Every route of the original's contract, sections 1.1 to 1.13 of its description, in the order of that
 * description: what its programs call, and how. `at` says in which spellings: `coordinator` under `/v1`,
 * `/api` and `/api/v1`; `root` as it stands.
 */

/** How a route is served: by rows of the endpoint table, a 501 that says what to use instead, or a page. */
export type ContractRoute = {
  readonly section: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly at: 'coordinator' | 'root'
  readonly served: 'table' | '501' | 'page'
}

const routesOf = (
  section: string,
  served: ContractRoute['served'],
  lines: string,
  at: ContractRoute['at'] = 'coordinator',
): ContractRoute[] =>
  lines
    .trim()
    .split('\n')
    .map((line) => {
      const [method, path] = line.trim().split(/\s+/) as [ContractRoute['method'], string]
      return { section, method, path, at, served }
    })

/** Placeholders stand as values: a path is matched as a caller writes it. */
const id = 'a'.repeat(32)
const address = 'aitbc1clqm3rtn88ggfs23nvnjz2plffny0ml47dwhax'
const hash = `0x${'b'.repeat(64)}`

/** All of them. */
export const contractRoutes: readonly ContractRoute[] = [
  ...routesOf('1.1 general', 'table', 'GET /health'),
  ...routesOf('1.1 general', 'page', 'GET /docs\n GET /redoc', 'root'),
  ...routesOf(
    '1.1 general',
    'table',
    `GET /health/live
     GET /health/ready
     GET /openapi.json
     GET /metrics`,
    'root',
  ),
  ...routesOf(
    '1.3 jobs',
    'table',
    `POST /jobs
     GET /jobs/${id}
     GET /jobs/${id}/result
     POST /jobs/${id}/cancel
     GET /jobs/${id}/receipt
     GET /jobs/${id}/receipts
     GET /jobs/${id}/payment`,
  ),
  ...routesOf(
    '1.4 miners',
    'table',
    `POST /miners/register
     POST /miners/heartbeat
     POST /miners/poll
     POST /miners/${id}/result
     POST /miners/${id}/fail`,
  ),
  ...routesOf(
    '1.5 payments',
    'table',
    `POST /payments
     GET /payments/${id}
     POST /payments/${id}/release
     POST /payments/${id}/refund
     GET /payments/${id}/receipt`,
  ),
  ...routesOf(
    '1.7 offers and bids',
    'table',
    `GET /marketplace/offers
     GET /marketplace/stats
     POST /marketplace/bids
     GET /marketplace/bids
     GET /marketplace/bids/${id}
     POST /marketplace/sync-offers
     GET /marketplace/miner-offers`,
  ),
  ...routesOf(
    '1.8 GPUs',
    'table',
    `POST /marketplace/gpu/register
     GET /marketplace/gpu/list
     GET /marketplace/gpu/gpu_00000001
     POST /marketplace/gpu/gpu_00000001/book
     POST /marketplace/gpu/gpu_00000001/release
     GET /marketplace/gpu/gpu_00000001/reviews
     POST /marketplace/gpu/gpu_00000001/reviews
     GET /marketplace/orders
     GET /marketplace/pricing/llama3`,
  ),
  ...routesOf(
    '1.9 explorer',
    'table',
    `GET /explorer/blocks
     GET /explorer/transactions
     GET /explorer/addresses
     GET /explorer/receipts`,
  ),
  ...routesOf(
    '1.10 users',
    'table',
    `POST /users/register
     POST /users/login
     GET /users/me
     GET /users/users/me
     GET /users/${id}/balance
     GET /users/users/${id}/balance
     GET /users/${id}/transactions
     GET /users/users/${id}/transactions
     POST /users/logout`,
  ),
  ...routesOf(
    '1.10 exchange payments',
    '501',
    `POST /exchange/create-payment
     GET /exchange/payment-status/${id}
     POST /exchange/confirm-payment/${id}
     GET /exchange/rates
     GET /exchange/market-stats
     GET /exchange/wallet/balance
     GET /exchange/wallet/info`,
  ),
  ...routesOf(
    '1.11 administration',
    'table',
    `GET /admin/stats
     GET /admin/jobs
     GET /admin/miners`,
  ),
  ...routesOf(
    '1.12 typed services',
    'table',
    `GET /services
     POST /services/whisper/transcribe
     POST /services/whisper/translate
     POST /services/stable-diffusion/generate
     POST /services/stable-diffusion/img2img
     POST /services/llm/inference
     POST /services/llm/stream
     POST /services/ffmpeg/transcode
     POST /services/blender/render
     POST /services/whisper
     GET /services/whisper/schema`,
  ),
  ...routesOf(
    '1.12 governance',
    '501',
    `POST /governance/proposals
     GET /governance/proposals
     GET /governance/proposals/${id}
     POST /governance/vote
     GET /governance/voting-power/${address}
     GET /governance/parameters
     POST /governance/execute/${id}`,
  ),
  ...routesOf(
    '1.12 partners',
    '501',
    `POST /partners/register
     GET /partners/${id}
     POST /partners/webhooks
     GET /partners/webhooks
     DELETE /partners/webhooks/${id}
     GET /partners/analytics/usage`,
  ),
  ...routesOf(
    '1.12 zk',
    '501',
    `POST /zk/identity/commit
     POST /zk/membership/verify
     POST /zk/marketplace/private-bid
     GET /zk/marketplace/auctions/${id}/bids
     POST /zk/computation/verify
     POST /zk/receipt/attest
     GET /zk/anonymity/sets
     POST /zk/stealth/address
     GET /zk/status`,
  ),
  ...routesOf(
    '1.12 web vitals',
    'table',
    `POST /web-vitals
     GET /web-vitals/health`,
  ),
  ...routesOf(
    '1.13 phantoms',
    'table',
    `GET /status
     GET /jobs
     GET /jobs/history
     GET /jobs/${id}/status
     DELETE /jobs/${id}
     GET /miners
     GET /miners/poll
     GET /miners/${id}/earnings
     GET /miners/${id}/jobs
     PUT /miners/${id}/capabilities
     DELETE /miners/${id}
     GET /admin/status
     GET /admin/analytics
     GET /admin/logs
     GET /admin/jobs/${id}
     DELETE /admin/jobs/${id}
     POST /admin/jobs/${id}/prioritize
     POST /admin/execute/restart
     POST /admin/maintenance/cleanup
     POST /admin/maintenance/reindex
     POST /admin/maintenance/backup
     GET /admin/miners/${id}
     POST /admin/miners/${id}/activate
     POST /admin/miners/${id}/deactivate
     GET /blockchain/info
     GET /blockchain/sync
     GET /blockchain/peers
     GET /blockchain/supply
     GET /blockchain/validators
     GET /explorer/blocks/7
     GET /explorer/blocks/${hash}
     GET /explorer/transactions/${hash}
     GET /explorer/addresses/${address}
     POST /receipts/verify
     POST /match
     POST /marketplace/offers
     GET /marketplace/offers/${id}
     GET /miners/list`,
  ),
  ...routesOf(
    '1.13 phantoms of the node',
    'table',
    `GET /rpc/balance/${address}
     POST /rpc/transactions
     GET /rpc/transactions/search
     GET /rpc/mempool
     POST /rpc/transaction
     GET /status`,
    'root',
  ),
]
