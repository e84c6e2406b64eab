/**
 * How to call each endpoint of the table on a site where everything has happened once: well, and so that
 * it refuses. The table says what must come back. Long because every endpoint has its calls here.
 */
import { randomBytes } from 'node:crypto'
import type { EndpointInput } from '../../core/api/endpoint.ts'
import { exampleValues } from '../../core/api/endpoints/example-values.ts'
import type { EndpointId } from '../../core/api/endpoints/table.ts'
import type { ErrorCode } from '../../core/api/errors.ts'
import { signRequest } from '../../core/api/signed-request.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { genesisHash } from '../../core/chain/genesis.ts'
import { encodeAnnouncement, encodeAsk, syncVersion } from '../../core/chain/sync-wire.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { connectAgent, createAgent } from './agent-socket.ts'
import { call, type Json, until } from './api-client.ts'
import { minerKeys } from './api-legacy-site.ts'
import { freshSigner, genesisOf, send, slotNow } from './api-payer.ts'
import { question, type World } from './endpoint-world.ts'
import { challengeFor, login, loginBody, tokenFor } from './sign-in.ts'

type Calls = readonly (EndpointInput & { readonly headers?: Record<string, string> })[]
type Prepared = (world: World) => Calls | Promise<Calls>

const unserved = { type: 'inference', model: 'm1', prompt: 'hi' }
const legacyAddress = `aitbc1${'0'.repeat(40)}`
const unknownHash = `0x${'e'.repeat(64)}`
const unknownJob = 'f'.repeat(32)

const asked = [{ role: 'user', content: question.prompt }]
const nothing: Prepared = () => [{}]
/** What ends the payment of a job. */
const endOf = (id: string) => ({ params: { id }, body: { job_id: id, payment_id: id } })
const service = { model: question.model, prompt: question.prompt, max_tokens: 16 }
const pages: Prepared = () => [{}, { query: { limit: '1', offset: '1' } }]
const ofJob: Prepared = ({ job }) => [{ params: { id: job } }]
const ofAddress: Prepared = ({ address }) => [
  { params: { address } },
  { params: { address: legacyAddress } },
]

const freshAddress = () => formatAddress(addressOf(freshSigner().publicKey))

/** A page, the one after it where there is one, and one with a filter. */
const cursorPages =
  (path: string, filter: Readonly<Record<string, string>>): Prepared =>
  async ({ site }) => {
    const { json } = await call(site, `${path}?limit=1`)
    const cursor = json['next_cursor']
    const next = typeof cursor === 'string' ? [{ query: { limit: '1', cursor } }] : []
    return [{}, ...next, { query: filter }]
  }

/** A job whose payment is held: its answer ended at a limit that it had not nearly reached. */
async function heldJob({ site, key }: World): Promise<string> {
  const model = `odd-${randomBytes(4).toString('hex')}`
  const agent = createAgent({
    name: model,
    models: [model],
    onOffer: (self, attempt) => {
      self.accept(attempt)
      self.token(attempt, 'A few words only.', 4)
      self.send(self.resultOf(attempt, { finish: 'length' }))
    },
  })
  await connectAgent(agent, site.url)
  const payload = { type: 'inference', model, prompt: 'hi', max_tokens: 64 }
  const { json } = await call(site, '/api/v1/jobs', { key, body: { payload } })
  await agent.until(() => agent.holds.size === 1)
  agent.disconnect()
  return String(json['job_id'])
}

/** A job in the hands of the original's miner. */
async function taken(world: World): Promise<string> {
  const id = await world.submit(unserved)
  await until(
    () => call(world.site, '/api/v1/miners/poll', { key: world.minerKey, body: {} }),
    (answer) => answer.json?.['job_id'] === id,
  )
  return id
}

/** An escrow that a key may spend from: the refusal says which keys to name. */
async function granted(world: World): Promise<string> {
  const { site, spareKey: key, payer } = world
  const escrow = world.escrow.slice(2)
  const refused = await call(site, '/api/v1/escrow', { method: 'PUT', key, body: { escrow } })
  const { details } = refused.json['error'] as { details: Json }
  const delegate = Uint8Array.from(Buffer.from(String(details['delegate']), 'hex'))
  const terms = { delegate, budget: 1_000_000_000n, expiry: BigInt(slotNow(site) + 50_000) }
  const data = { escrow: payer.escrow, terms }
  await send(site, payer.signer, {
    nonce: world.takeNonce(),
    message: { TAG: 'delegate_grant', data },
  })
  return escrow
}

const hashIn = ({ site }: World): Uint8Array => genesisHash(genesisOf(site))

const helloIn = (world: World) => ({
  version: syncVersion,
  genesisHash: hashIn(world),
  authority: undefined,
})

/** A request for everything, by somebody who has nothing. */
const askIn = (world: World): Uint8Array =>
  encodeAsk(helloIn(world), { finalHeight: 0, locator: [], pooled: [] })

const announcementIn = (world: World): Uint8Array =>
  encodeAnnouncement(helloIn(world), {
    position: {
      height: 0,
      slot: 0,
      hash: hashIn(world),
      finalHeight: 0,
      finalHash: hashIn(world),
    },
    items: [],
  })

/** A block far above the head, unsigned, in the original's fields. */
const postedBlock = ({ site }: World) => ({
  height: 4_000_000,
  hash: unknownHash,
  parent_hash: unknownHash,
  proposer: toHex(authorityOf(site).publicKey),
  timestamp: '2026-02-14T12:00:00',
  tx_count: 0,
})

const authorityOf = ({ vars }: World['site']) => {
  const seed = fromHex(vars['AUTHORITY_KEY'] ?? '', 32)
  if (!seed.ok) throw new Error('the site has no authority key')
  return signerFromSeed(seed.value)
}

const changed = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))

/** A request signed by the site's authority. */
function signedIn(
  world: World,
  target: string,
  body: Uint8Array = new Uint8Array(),
  given: { readonly by?: Signer; readonly ageMs?: number } = {},
) {
  const headers = signRequest(hashIn(world), given.by ?? authorityOf(world.site), {
    host: new URL(world.site.url).host,
    method: 'POST',
    target,
    body,
    timestampMs: Date.now() - (given.ageMs ?? 0),
  })
  return { headers, ...(body.length > 0 && { body }) }
}

/** Height of a snapshot that the site keeps. */
async function newestSnapshot({ site }: World): Promise<string> {
  const { json } = await until(
    () => call(site, '/rpc/snapshots'),
    (answer) => (answer.json['snapshots'] as Json[]).length > 0,
  )
  return String((json['snapshots'] as Json[])[0]?.['height'])
}

/** A key of the payer's account: its id. */
async function keyIn(world: World, scopes: readonly string[] = ['jobs:read', 'jobs:submit']) {
  const { json } = await call(world.site, '/api/v1/account/keys', {
    headers: { 'x-session-token': world.session },
    body: { name: 'of the test', scopes },
  })
  const { key_id: id } = json['key'] as Json
  return { id: String(id), secret: String(json['secret']) }
}

/** A miner of the original that holds nothing, so that nobody misses it. */
async function spareMiner(world: World): Promise<string> {
  const { id, secret } = await keyIn(world, ['miner'])
  const body = { capabilities: { models: ['none'] }, concurrency: 1 }
  await call(world.site, '/api/v1/miners/register', { key: secret, body })
  return id
}

const reason = 'a test of the table'
const listPages: Prepared = () => [{}, { query: { limit: '1' } }]

const wallet = exampleValues

/** A fresh session of somebody else, for a call that ends it. */
const signedInAnew = async ({ site }: World): Promise<Record<string, string>> => ({
  'x-session-token': await tokenFor(site, freshSigner()),
})

/** What signs the payer in, once. */
const signedChallenge = async ({ site, payer }: World): Promise<Json> =>
  loginBody(site, payer.signer, await challengeFor(site, payer.address))

/** The offer of the world's miner, once the market has seen it. */
async function offerIn({ site }: World): Promise<string> {
  const { json } = await until(
    () => call(site, '/api/v1/market/offers?q=miner%3Dminer-a'),
    (answer) => (answer.json['items'] as Json[] | undefined)?.length === 1,
  )
  return String((json['items'] as Json[])[0]?.['offer_id'])
}

/** A GPU that can be booked by the hour: its id, and that of its offer. */
async function gpuIn({ site, key }: World, price = 0.01): Promise<{ gpu: string; offer: string }> {
  const name = `GPU ${randomBytes(4).toString('hex')}`
  const gpu = { miner_id: 'a-shelf', name, memory: 24, price_per_hour: price }
  const body = { gpu: { ...gpu, capabilities: ['aitbc-tiny'] } }
  const { json } = await call(site, '/api/v1/marketplace/gpu/register', { key, body })
  const id = String(json['gpu_id'])
  const listed = await until(
    () => call(site, `/api/v1/market/offers?q=${encodeURIComponent(`gpu="${name}"`)}`),
    (answer) => (answer.json['items'] as Json[] | undefined)?.length === 1,
  )
  return { gpu: id, offer: String((listed.json['items'] as Json[])[0]?.['offer_id']) }
}

/** A booking that has begun: it costs nothing, so that nobody waits for the chain. */
async function bookingIn(world: World): Promise<{ gpu: string; booking: string }> {
  const { gpu, offer } = await gpuIn(world, 0)
  const body = { offer_id: offer, hours: 1 }
  const { json } = await call(world.site, '/api/v1/market/bookings', { key: world.key, body })
  return { gpu, booking: String(json['booking_id']) }
}

/** A bid of the client's, open for an hour. */
async function bidIn({ site, key }: World, more: Json = {}): Promise<string> {
  const bid = { kind: 'tokens', query: 'model=aitbc-tiny', tokens: 1_000, price_max: '100000000' }
  const body = { ...bid, closes_in_s: 3_600, ...more }
  const { json } = await call(site, '/api/v1/market/bids', { key, body })
  return String(json['bid_id'])
}

/** An agreement that an auction came to. */
async function agreementIn(world: World): Promise<string> {
  const bid = await bidIn(world)
  const { json } = await call(world.site, `/api/v1/market/bids/${bid}/award`, {
    method: 'POST',
    key: world.key,
  })
  return String((json['agreements'] as string[])[0])
}

/** A receipt of a new job of the client's, which nobody has reviewed. */
async function receiptIn({ site, key }: World): Promise<string> {
  const { json } = await call(site, '/api/v1/jobs', { key, body: { payload: question } })
  const id = String(json['job_id'])
  const done = await until(
    () => call(site, `/api/v1/jobs/${id}`, { key }),
    (answer) => answer.json['state'] === 'COMPLETED',
  )
  return String(done.json['receipt_id'])
}

/** What this site has in the place of the market's and the snapshots' example values. */
export async function idsIn(world: World): Promise<readonly (readonly [string, string])[]> {
  return [
    [exampleValues.offer, await offerIn(world)],
    [exampleValues.gpu, (await gpuIn(world)).gpu],
    [exampleValues.bid, await bidIn(world)],
    [`/snapshots/${exampleValues.snapshot}`, `/snapshots/${await newestSnapshot(world)}`],
  ]
}

const ofOffer: Prepared = async (world) => [{ params: { id: await offerIn(world) } }]
const ofGpu: Prepared = async (world) => [{ params: { id: (await gpuIn(world)).gpu } }]

/** Calls that must succeed. Those of streams are opened by the test itself. */
export const goodCalls: Readonly<Record<EndpointId, Prepared>> = {
  createChatCompletion: () => [
    { body: { model: question.model, messages: [{ role: 'user', content: question.prompt }] } },
  ],
  createCompletion: () => [{ body: { model: question.model, prompt: question.prompt } }],
  createEmbeddings: () => [
    { body: { model: question.model, input: ['Paris', 'Rome'] } },
    { body: { model: question.model, input: 'Paris', encoding_format: 'base64' } },
  ],
  ollamaChat: () => [{ body: { model: question.model, messages: asked, stream: false } }],
  ollamaGenerate: () => [
    { body: { model: question.model, prompt: question.prompt, stream: false } },
    { body: { model: question.model, stream: false } },
  ],
  ollamaEmbed: () => [
    { body: { model: question.model, input: ['Paris', 'Rome'] } },
    { body: { model: question.model, input: [] } },
  ],
  ollamaEmbeddings: () => [{ body: { model: question.model, prompt: 'Paris' } }],
  ollamaTags: nothing,
  ollamaPs: nothing,
  ollamaShow: () => [{ body: { model: question.model } }],
  ollamaVersion: nothing,
  submitJob: () => [{ body: { payload: question, ttl_seconds: 60 } }],
  estimateJob: () => [
    { body: { payload: question } },
    { body: { payload: { ...question, model: 'no-such' } } },
  ],
  submitBatch: () => [
    {
      body: { jobs: [{ payload: question }, { payload: question, priority: 'low' }] },
      headers: { 'idempotency-key': '"both"' },
    },
  ],
  explainJob: async (world) => [
    { params: { id: world.job } },
    { params: { id: await world.submit(unserved) } },
  ],
  explainMiner: async ({ site }) => {
    const { json } = await call(site, '/api/v1/site/miners')
    return (json['miners'] as Json[]).map((miner) => ({
      params: { id: String(miner['miner_id']) },
    }))
  },
  makeWebhookSecret: nothing,
  listWebhookDeliveries: nothing,
  listJobs: pages,
  listJobHistory: pages,
  getJob: ofJob,
  getJobStatus: ofJob,
  getJobResult: ofJob,
  streamJob: ofJob,
  cancelJob: async (world) => [{ params: { id: await world.submit(unserved) } }],
  deleteJob: async (world) => [{ params: { id: await world.submit(unserved) } }],
  getJobReceipt: ({ job }) => [
    { params: { id: job } },
    { params: { id: job }, query: { format: 'bundle' } },
  ],
  listJobReceipts: ofJob,
  getJobPayment: ofJob,
  linkEscrow: async (world) => [{ body: { escrow: await granted(world) } }],
  createPayment: ({ job }) => [{ body: { job_id: job, amount: 0.0001 } }],
  getPayment: ofJob,
  releasePayment: ({ job }) => [endOf(job)],
  refundPayment: async (world) => [endOf(await world.submit(unserved))],
  getPaymentReceipt: ofJob,
  listOffers: async (world) => {
    await offerIn(world)
    return [{}, { query: { q: 'model=aitbc-tiny sort=price', limit: '1' } }]
  },
  getMarketFacets: () => [{}, { query: { q: 'online=true' } }],
  getMarketPrices: () => [{}, { query: { model: 'aitbc-tiny', days: '7' } }],
  getMarketStats: nothing,
  getOffer: ofOffer,
  getOfferHistory: ofOffer,
  getOfferUptime: ofOffer,
  withdrawOffer: async (world) => {
    const params = { id: (await gpuIn(world)).offer }
    return [{ params }, { params }]
  },
  listOfferReviews: ofOffer,
  reviewOffer: async (world) => {
    const receipt_id = await receiptIn(world)
    const body = { receipt_id, rating: 5, comment: 'Fast and right.' }
    return [{ params: { id: await offerIn(world) }, body }]
  },
  submitBid: () => [
    {
      body: {
        kind: 'hours',
        query: 'online=true',
        hours: 2,
        places: 1,
        price_max: '5000000',
        closes_in_s: 3_600,
      },
    },
  ],
  listBids: async (world) => {
    await bidIn(world)
    return [{}, { query: { status: 'open', limit: '1' } }]
  },
  getBid: async (world) => [{ params: { id: await bidIn(world) } }],
  cancelBid: async (world) => [{ params: { id: await bidIn(world) } }],
  awardBid: async (world) => [{ params: { id: await bidIn(world) } }],
  quoteBid: async (world) => {
    const { offer } = await gpuIn(world)
    const wanted = { kind: 'hours', query: '', hours: 1, places: 1, tokens: undefined }
    const id = await bidIn(world, wanted)
    return [{ params: { id }, body: { offer_id: offer, price: '900000', capacity: 1 } }]
  },
  listAgreements: listPages,
  getAgreement: async (world) => [{ params: { id: await agreementIn(world) } }],
  getBookingTerms: async (world) => [{ body: { offer_id: (await gpuIn(world)).offer, hours: 2 } }],
  bookOffer: async (world) => [{ body: { offer_id: (await gpuIn(world)).offer, hours: 1 } }],
  listBookings: () => [{}, { query: { role: 'provider', limit: '1' } }],
  getBooking: async (world) => [{ params: { id: (await bookingIn(world)).booking } }],
  cancelBooking: async (world) => [{ params: { id: (await bookingIn(world)).booking } }],
  listMarketplaceOffers: () => [{}, { query: { status: 'open', limit: '1', offset: '1' } }],
  addMarketplaceOffer: () => [{ body: { provider: 'my-miner', capacity: 2, price: 0.5 } }],
  getMarketplaceOffer: ofOffer,
  getMarketplaceStats: nothing,
  submitMarketplaceBid: () => [{ body: { provider: 'me', capacity: 3, price: 0.4, notes: 'now' } }],
  listMarketplaceBids: () => [{}, { query: { status: 'pending', provider: 'me' } }],
  getMarketplaceBid: async (world) => [{ params: { id: await bidIn(world) } }],
  syncMarketplaceOffers: nothing,
  listMinerOffers: nothing,
  registerGpu: () => [
    { body: { gpu: { miner_id: 'm', name: 'RTX 4090', memory: 24, price_per_hour: 0.5 } } },
    { body: { gpu: { miner_id: 'm', name: 'RTX 4080', memory_gb: 16, price_per_hour: 0.5 } } },
    { body: { miner_id: 'm', model: 'RTX 4070', memory_gb: 12, price_per_hour: 0.25 } },
  ],
  listMarketplaceGpus: () => [{}, { query: { available: 'true', price_max: '0.5', limit: '2' } }],
  getGpu: ofGpu,
  bookGpu: async (world) => [
    { params: { id: (await gpuIn(world)).gpu }, body: { duration_hours: 1.5, job_id: world.job } },
  ],
  releaseGpu: async (world) => [{ params: { id: (await bookingIn(world)).gpu } }],
  listGpuReviews: ofGpu,
  reviewGpu: async (world) => {
    const id = `gpu_${(await offerIn(world)).slice(0, 8)}`
    return [{ params: { id }, body: { rating: 4, receipt_id: await receiptIn(world) } }]
  },
  listOrders: () => [{}, { query: { status: 'active', limit: '1' } }],
  getPricing: async (world) => {
    await gpuIn(world)
    return [{ params: { model: 'tiny' } }]
  },
  listServices: nothing,
  getServiceSchema: () => [{ params: { type: 'blender' } }],
  createServiceJob: () => [{ params: { type: 'llm_inference' }, body: service }],
  createServiceActionJob: () => [
    { params: { service: 'llm', action: 'inference' }, body: service },
    { params: { service: 'llm', action: 'stream' }, body: { prompt: 'hi' } },
  ],
  listMiners: nothing,
  listGpus: nothing,
  getMinerEarnings: () => [{ params: { id: 'me' } }],
  getMinerReputation: () => [{ params: { id: 'miner-A' } }],
  listMinerReceipts: async ({ site }) => {
    const { json } = await call(site, '/api/v1/miners/miner-A/receipts?limit=1')
    const cursor = json['next_cursor']
    const next = typeof cursor === 'string' ? [{ query: { limit: '1', cursor } }] : []
    return [{}, ...next].map((each) => ({ params: { id: 'miner-A' }, ...each }))
  },
  listHeldResults: () => [
    { params: { id: 'miner-A' } },
    { params: { id: 'miner-A' }, query: { open: 'true', limit: '5' } },
  ],
  listMinerJobs: () => [{ params: { id: 'me' } }, { params: { id: 'me' }, query: { limit: '1' } }],
  changeCapabilities: () => [
    { params: { id: 'me' }, body: { capabilities: { models: ['m1'] }, concurrency: 64 } },
  ],
  removeMiner: async ({ site }) => {
    const key = minerKeys.other
    const body = { capabilities: { models: ['elsewhere'] } }
    await call(site, '/v1/miners/register', { key, body })
    return [{ params: { id: 'me' }, headers: { 'x-api-key': key } }]
  },
  verifyReceipt: async ({ site, key, job }) => {
    const { json } = await call(site, `/v1/jobs/${job}/receipt`, { key })
    return [{ body: json }, { body: { receipt: json } }, { body: {} }]
  },
  matchMiners: () => [
    { body: { job_id: 'plan', requirements: { model: question.model }, top_k: 2 } },
    { body: { job_id: 'plan', requirements: { model: 'no-such' } } },
  ],
  reportWebVital: () => [{ body: { name: 'CLS', value: 0.1, id: 'v1', url: '/docs/' } }],
  getWebVitalsHealth: nothing,
  getSiteStatus: nothing,
  getNodeStatus: nothing,
  getMetrics: nothing,
  getCoordinatorMetrics: nothing,
  blockchainInfo: nothing,
  blockchainSync: nothing,
  blockchainPeers: nothing,
  blockchainSupply: nothing,
  blockchainValidators: nothing,
  getSite: nothing,
  listOnlineMiners: nothing,
  readPublicJob: async (world) => {
    const { json } = await call(world.site, `/api/v1/jobs/${world.job}`, { key: world.key })
    return [{ params: { id: world.job } }, { params: { id: String(json['receipt_id']) } }]
  },
  listModels: nothing,
  getModel: () => [{ params: { name: question.model } }],
  createChallenge: ({ address }) => [{ body: { address } }],
  listSessions: nothing,
  endSession: async (world) => {
    await login(world.site, world.payer.signer, { agent: 'another' })
    const headers = { 'x-session-token': world.session }
    const { json } = await call(world.site, '/api/v1/auth/sessions', { headers })
    const other = (json['items'] as Json[]).find(({ current }) => current === false)
    return [{ params: { id: String(other?.['session_id']) } }]
  },
  endSessions: async (world) => [{ headers: await signedInAnew(world) }],
  login: async (world) => [{ body: await signedChallenge(world) }],
  register: async (world) => [
    { body: { ...(await signedChallenge(world)), email: 'mira@example.org', username: 'mira' } },
  ],
  getMe: nothing,
  getUserBalance: ({ userId }) => [{ params: { id: userId } }],
  listUserTransactions: ({ userId }) => [
    { params: { id: userId } },
    { params: { id: userId }, query: { limit: '1' } },
  ],
  logout: async (world) => [{ headers: await signedInAnew(world) }],
  getAccount: nothing,
  listKeys: nothing,
  createKey: () => [
    { body: { name: 'notebook', scopes: ['jobs:read', 'jobs:submit'], budget: '500000000' } },
    { body: { name: 'rig', scopes: ['miner'], expires_at: '2099-01-01T00:00:00Z' } },
  ],
  getKey: async (world) => [{ params: { id: (await keyIn(world)).id } }],
  changeKey: async (world) => {
    const { id } = await keyIn(world)
    return [
      { params: { id }, body: { name: 'desk', budget: '5', expires_at: '2099-01-01T00:00:00Z' } },
      { params: { id }, body: { budget: null, expires_at: null } },
    ]
  },
  revokeKey: async (world) => [{ params: { id: (await keyIn(world)).id } }],
  rotateKey: async (world) => {
    const { id } = await keyIn(world)
    return [{ params: { id } }, { params: { id }, body: { grace_seconds: 0 } }]
  },
  fundKey: async (world) => {
    const { id } = await keyIn(world)
    const body = { escrow: world.escrow }
    // Not granted yet, and an escrow that may come.
    return [
      { params: { id }, body },
      { params: { id }, body: { tx_hash: unknownHash } },
    ]
  },
  openConsole: nothing,
  getUsage: () => [
    {},
    { query: { group_by: 'key' } },
    { query: { group_by: 'model', from: '2026-01-01', to: '2026-12-31', model: 'm1' } },
  ],
  getAdminStats: nothing,
  getAdminStatus: nothing,
  getAdminHealth: nothing,
  getAdminConfig: nothing,
  getAdminAnalytics: () => [{}, { query: { days: '366' } }],
  listAdminJobs: () => [{}, { query: { limit: '1', status: 'COMPLETED' } }],
  getAdminJob: ofJob,
  cancelAdminJob: async (world) => [
    { params: { id: await world.submit(unserved) }, body: { reason } },
    // As the original's command line does it.
    { params: { id: await world.submit(unserved) } },
  ],
  listAdminHeld: () => [{}, { query: { open: 'true', limit: '5' } }],
  releaseHeld: async (world) => [{ params: { id: await heldJob(world) }, body: { reason } }],
  refuseHeld: async (world) => [{ params: { id: await heldJob(world) }, body: { reason } }],
  prioritizeAdminJob: async (world) => [
    { params: { id: await world.submit(unserved) }, body: { priority: 'low', reason } },
  ],
  listAdminMiners: () => [{}, { query: { limit: '1', status: 'online' } }],
  getAdminMiner: async (world) => [{ params: { id: await spareMiner(world) } }],
  activateAdminMiner: async (world) => [{ params: { id: await spareMiner(world) } }],
  deactivateAdminMiner: async (world) => [
    { params: { id: await spareMiner(world) }, body: { mode: 'suspend', reason } },
  ],
  withdrawAdminOffer: async (world) => {
    const params = { id: (await gpuIn(world)).offer }
    const body = { reason }
    return [
      { params, body },
      { params, body },
    ]
  },
  listAdminUsers: listPages,
  listAdminKeys: () => [{}, { query: { limit: '1', q: 'key_' } }],
  revokeAdminKey: async (world) => [{ params: { id: (await keyIn(world)).id }, body: { reason } }],
  listAdminPayments: () => [{}, { query: { limit: '1', status: 'settled' } }],
  readAuditLog: () => [{}, { query: { limit: '1', action: 'job.cancel' } }],
  readAdminLogs: () => [{ query: { level: 'INFO', limit: '5' } }],
  executeAdminAction: () =>
    ['settle', 'sweep', 'wake'].map((action) => ({ params: { action }, body: { reason } })),
  cleanUp: nothing,
  reindex: () => [],
  backUp: () => [],
  listWallets: nothing,
  createWallet: () => [
    { body: { wallet_id: 'another', password: wallet.password, metadata: { purpose: 'tests' } } },
    { body: { wallet_id: 'weak', password: 'password' } },
  ],
  unlockWallet: () => [{ params: { id: wallet.wallet }, body: { password: wallet.password } }],
  signWithWallet: () => [
    {
      params: { id: wallet.wallet },
      body: { password: wallet.password, message_base64: 'aGVsbG8=' },
    },
  ],
  listWalletUses: () => [
    { params: { id: wallet.wallet } },
    { params: { id: wallet.wallet }, query: { limit: '1', cursor: '9999' } },
  ],
  checkReceipt: ofJob,
  checkReceipts: ofJob,
  callWallet: () => [
    { body: { jsonrpc: '2.0', id: 1, method: 'wallet.list', params: {} } },
    { body: { jsonrpc: '2.0', id: 'a', method: 'wallet.unknown' } },
  ],
  connectMiner: nothing,
  registerMiner: () => [{ body: { capabilities: { models: ['m1'] }, concurrency: 64 } }],
  sendHeartbeat: () => [{}, { body: { inflight: 0, status: 'ONLINE' } }],
  pollJob: async (world) => {
    const none = { body: { max_wait_seconds: 0 } }
    await until(
      () => call(world.site, '/v1/miners/poll', { key: world.minerKey, body: none.body }),
      ({ status }) => status === 204,
    )
    await world.submit(unserved)
    return [{ body: { max_wait_seconds: 4 } }, none]
  },
  pollJobByGet: async (world) => {
    await world.submit(unserved)
    return [{ query: { max_wait_seconds: '4' } }, { query: { wait: '0' } }]
  },
  sendResult: async (world) => [
    {
      params: { id: await taken(world) },
      body: { result: { output: 'Paris.', model: 'm1', usage: { tokens: 3 } } },
    },
  ],
  reportFailure: async (world) => [
    {
      params: { id: await taken(world) },
      body: { error_code: 'OUT_OF_MEMORY', error_message: 'does not fit' },
    },
  ],
  getHead: nothing,
  getStatus: nothing,
  getGenesis: nothing,
  getSyncStatus: nothing,
  getTestEndpoint: nothing,
  pageBlocks: cursorPages('/api/v1/chain/blocks', { with_transactions: 'true' }),
  pageTransactions: cursorPages('/api/v1/chain/transactions', { kind: 'transfer' }),
  pageReceipts: cursorPages('/api/v1/chain/receipts', { height_min: '0' }),
  pageLedger: cursorPages('/api/v1/chain/ledger', { height_min: '0' }),
  pageMiners: cursorPages('/api/v1/chain/miners', { sort: 'last_paid' }),
  readMinerDays: ofAddress,
  readStats: () => [{}, { query: { bucket: 'day', from: '2026-01-01T00:00:00Z' } }],
  searchChain: async ({ site }) => {
    const { json } = await call(site, '/rpc/head')
    return [{ query: { hash: String(json['hash']) } }, { query: { hash: 'f'.repeat(64) } }]
  },
  listBlocks: pages,
  getBlock: async ({ site }) => {
    const { json } = await call(site, '/rpc/head')
    return [{ params: { at: '1' } }, { params: { at: String(json['hash']) } }]
  },
  listBlockRange: () => [
    { query: { start: '1', end: '2' } },
    {},
    { query: { start_height: '1', end_height: '2', limit: '1' } },
  ],
  listTransactions: pages,
  getTransaction: async (world) => {
    const sent = await call(world.site, '/rpc/transactions', { body: { tx: world.transfer() } })
    // One that waits, or has just been included, and one that is final.
    return [
      { params: { hash: String(sent.json['tx_hash']) } },
      { params: { hash: world.settlement } },
    ]
  },
  listMempool: async (world) => {
    await call(world.site, '/rpc/transactions', { body: { tx: world.transfer() } })
    return [{ query: { limit: '5' } }]
  },
  getBalance: ofAddress,
  getAddress: ofAddress,
  listAddresses: () => [{}, { query: { limit: '1', min_balance: '1' } }],
  getChainBooking: ({ chainBooking }) => [{ params: { id: chainBooking } }],
  getBond: async (world) => {
    const message = { TAG: 'bond', data: { amount: 1_000n } } as const
    await send(world.site, world.payer.signer, { nonce: world.takeNonce(), message })
    return [{ params: { address: world.address } }]
  },
  getClaimable: ({ claim: { authorisation, expiry } }) => [
    { params: { authorisation }, query: { expiry } },
  ],
  getEscrow: ({ escrow }) => [{ params: { id: escrow } }, { params: { id: escrow.slice(2) } }],
  listReceipts: pages,
  getReceipt: ({ receipt }) => [{ params: { id: receipt } }],
  proveTransaction: ({ settlement }) => [{ params: { hash: settlement } }],
  proveAccount: ({ address }) => [{ params: { address } }],
  proveEscrow: ({ escrow }) => [{ params: { id: escrow } }, { params: { id: unknownHash } }],
  proveBooking: () => [{ params: { id: unknownHash } }],
  proveBond: ({ address }) => [{ params: { address } }],
  getLightUpdate: () => [{}, { query: { from: '1' } }, { query: { from: '999999999' } }],
  getLightTransaction: ({ settlement }) => [
    { params: { hash: settlement } },
    { params: { hash: settlement }, query: { from: '1' } },
  ],
  getLightAccount: ({ address }) => [{ params: { address } }],
  getLightBooking: () => [{ params: { id: unknownHash } }],
  getLightBond: ({ address }) => [{ params: { address } }],
  getLightEscrow: ({ escrow }) => [{ params: { id: escrow } }, { params: { id: unknownHash } }],
  submitTransactions: (world) => {
    const known = world.transfer()
    return [
      { body: { tx: known } },
      { body: { tx: known } },
      { body: { txs: [world.transfer(), '00'] } },
    ]
  },
  sendTx: (world) => [{ body: world.legacyTransfer() }],
  estimateFee: ({ address }) => [{ body: { payload: { to: address, amount: 5 } } }],
  mintFaucet: () => [{ body: { address: freshAddress(), amount: 1_000 } }],
  submitReceipt: () => [],
  getPeers: nothing,
  listSnapshots: nothing,
  getSnapshot: async (world) => [{ params: { height: await newestSnapshot(world) } }],
  getSnapshotPart: async (world) => {
    const height = await newestSnapshot(world)
    return [{ params: { height, part: '0' } }, { params: { height, part: 'block' } }]
  },
  pullBlocks: (world) => [{ body: askIn(world) }],
  announceBlocks: (world) => [signedIn(world, '/rpc/sync/announce', announcementIn(world))],
  importBlock: (world) => [{ body: postedBlock(world) }],
  importBlockOrFail: async ({ site }) => {
    const { json } = await call(site, '/rpc/blocks/1')
    const { hash, parent_hash, proposer, timestamp } = json
    return [{ body: { height: 1, hash, parent_hash, proposer, timestamp, tx_count: 0 } }]
  },
  suspendSigning: (world) => [signedIn(world, '/rpc/admin/suspendSigning')],
  resumeSigning: (world) => [signedIn(world, '/rpc/admin/resumeSigning')],
  streamBlocks: nothing,
  streamTransactions: nothing,
  explorerBlocks: pages,
  explorerTransactions: pages,
  explorerAddresses: pages,
  explorerReceipts: ({ receipt }) => [{}, { query: { job_id: receipt } }],
  explorerBlock: async ({ site }) => {
    const { json } = await call(site, '/rpc/head')
    return [{ params: { at: '1' } }, { params: { at: String(json['hash']) } }]
  },
  explorerTransaction: ({ settlement }) => [{ params: { hash: settlement } }],
  explorerAddress: ofAddress,
  searchTransactions: ({ receipt }) => [{ query: { receipt_id: receipt } }, {}],
  ping: nothing,
  getHealth: nothing,
  getLiveness: nothing,
  getReadiness: nothing,
  getOpenApi: nothing,
}

/** A call that is refused, and the code that says why; `raw` is sent as the body as it is. */
export type BadCall = EndpointInput & { readonly raw?: string; readonly code: ErrorCode }

const unknownJobs = [
  { params: { id: unknownJob }, code: 'JOB_NOT_FOUND' },
  { params: { id: 'none' }, code: 'JOB_NOT_FOUND' },
] as const satisfies readonly BadCall[]
const unknownEscrows = [
  { params: { id: unknownHash }, code: 'NOT_FOUND' },
  { params: { id: 'xyz' }, code: 'VALIDATION_ERROR' },
] as const satisfies readonly BadCall[]
const noBond = [
  { params: { address: 'nobody' }, code: 'ADDRESS_INVALID' },
  { params: { address: legacyAddress }, code: 'ADDRESS_LEGACY' },
] as const satisfies readonly BadCall[]
const badLimits = [
  { query: { limit: '0' }, code: 'RANGE_INVALID' },
  { query: { limit: '10001' }, code: 'RANGE_INVALID' },
  { query: { limit: 'ten' }, code: 'VALIDATION_ERROR' },
] as const satisfies readonly BadCall[]
const badPages = [
  ...badLimits,
  { query: { offset: '-1' }, code: 'RANGE_INVALID' },
  { query: { offset: '100001' }, code: 'RANGE_INVALID' },
] as const satisfies readonly BadCall[]
const badCursorPages = [
  { query: { limit: '0' }, code: 'VALIDATION_ERROR' },
  { query: { limit: '501' }, code: 'VALIDATION_ERROR' },
  { query: { offset: '1' }, code: 'VALIDATION_ERROR' },
  { query: { cursor: 'none' }, code: 'CURSOR_INVALID' },
] as const satisfies readonly BadCall[]
const badJobPages = [
  { query: { limit: '201' }, code: 'VALIDATION_ERROR' },
  { query: { offset: 'x' }, code: 'VALIDATION_ERROR' },
] as const satisfies readonly BadCall[]
const unknownKey = `key_${'0'.repeat(16)}`
const unknownKeys = [
  { params: { id: unknownKey }, code: 'KEY_NOT_FOUND' },
  { params: { id: 'none' }, code: 'KEY_NOT_FOUND' },
] as const satisfies readonly BadCall[]
/** A call for a key that was revoked. */
const revokedKeys = async (world: World, body: Json): Promise<BadCall[]> => {
  const { id } = await keyIn(world)
  const headers = { 'x-session-token': world.session }
  await call(world.site, `/api/v1/account/keys/${id}`, { method: 'DELETE', headers })
  return [{ params: { id }, body, code: 'KEY_REVOKED' }]
}
const unknownMiners = [{ params: { id: 'nobody' }, code: 'MINER_NOT_FOUND' }] as const
const badAdminPages = [
  { query: { cursor: 'none' }, code: 'CURSOR_INVALID' },
  { query: { limit: '0' }, code: 'VALIDATION_ERROR' },
  { query: { cursor: '§' }, code: 'VALIDATION_ERROR' },
] as const satisfies readonly BadCall[]
const noAddress = [{ params: { address: 'nobody' }, code: 'ADDRESS_INVALID' }] as const
const notAsked = [{ code: 'UPGRADE_REQUIRED' }] as const satisfies readonly BadCall[]

const noOffer = [
  { params: { id: unknownJob }, code: 'OFFER_NOT_FOUND' },
] as const satisfies readonly BadCall[]
const noBid = [
  { params: { id: unknownJob }, code: 'BID_NOT_FOUND' },
] as const satisfies readonly BadCall[]
const noGpu = [
  { params: { id: 'gpu_ffffffff' }, code: 'GPU_NOT_FOUND' },
] as const satisfies readonly BadCall[]

/** Refusals beyond those that the test derives from auth, body and method. */
export const badCalls: Partial<
  Readonly<Record<EndpointId, (world: World) => readonly BadCall[] | Promise<readonly BadCall[]>>>
> = {
  createChatCompletion: () => [
    {
      body: { model: 'no-such-model', messages: [{ role: 'user', content: 'hi' }] },
      code: 'MODEL_NOT_SERVED',
    },
  ],
  createEmbeddings: () => [
    { body: { model: 'no-such-model', input: 'hi' }, code: 'MODEL_NOT_SERVED' },
  ],
  ollamaChat: () => [
    { body: { model: 'no-such-model', messages: asked }, code: 'MODEL_NOT_SERVED' },
  ],
  ollamaShow: () => [{ body: { model: 'no-such-model' }, code: 'MODEL_NOT_SERVED' }],
  submitJob: () => [
    { body: { payload: { ...question, model: 'no-such' } }, code: 'MODEL_NOT_SERVED' },
    { body: { payload: question, limit: '1' }, code: 'PRICE_TOO_LOW' },
    {
      body: { payload: question, constraints: { region: 'moon' } },
      code: 'NOT_SERVABLE',
    },
    {
      body: { payload: { ...question, prompt: 'word '.repeat(3_000) } },
      code: 'CONTEXT_EXCEEDED',
    },
    {
      body: { payload: question, authorisation: 'ab', authorisation_signature: 'ab' },
      code: 'AUTHORISATION_INVALID',
    },
    { body: {}, code: 'VALIDATION_ERROR' },
  ],
  estimateJob: () => [
    { body: {}, code: 'VALIDATION_ERROR' },
    { body: { payload: question, routing: { sort: 'luck' } }, code: 'VALIDATION_ERROR' },
  ],
  submitBatch: () => [
    { body: { jobs: [] }, code: 'VALIDATION_ERROR' },
    {
      body: { jobs: [{ payload: question }, { payload: question, limit: '1' }] },
      code: 'BATCH_REFUSED',
    },
  ],
  listOffers: () => [
    { query: { q: 'colour=red' }, code: 'QUERY_INVALID' },
    { query: { limit: '0' }, code: 'VALIDATION_ERROR' },
    { query: { cursor: 'none' }, code: 'CURSOR_INVALID' },
  ],
  getMarketFacets: () => [{ query: { q: 'vram>lots' }, code: 'QUERY_INVALID' }],
  getMarketPrices: () => [{ query: { days: '91' }, code: 'VALIDATION_ERROR' }],
  getOffer: () => noOffer,
  getOfferHistory: () => noOffer,
  getOfferUptime: () => noOffer,
  withdrawOffer: async (world) => [
    ...noOffer,
    { params: { id: await offerIn(world) }, code: 'OFFER_NOT_LISTED' },
  ],
  listOfferReviews: () => noOffer,
  reviewOffer: async (world) => {
    const params = { id: await offerIn(world) }
    const receipt_id = await receiptIn(world)
    const body = { receipt_id, rating: 3, comment: '' }
    const headers = { 'x-api-key': world.key }
    await call(world.site, `/api/v1/market/offers/${params.id}/reviews`, { body, headers })
    return [
      { params, body, code: 'REVIEW_EXISTS' },
      { params, body: { ...body, receipt_id: unknownJob }, code: 'REVIEW_NOT_EARNED' },
      { params, body: { ...body, rating: 6 }, code: 'VALIDATION_ERROR' },
      { params, body: { ...body, comment: 'a\u202Eb' }, code: 'VALIDATION_ERROR' },
      { params: { id: unknownJob }, body, code: 'OFFER_NOT_FOUND' },
    ]
  },
  submitBid: () => {
    const bid = { kind: 'tokens', query: '', tokens: 1, price_max: '1', closes_in_s: 60 }
    return [
      { body: { ...bid, query: 'price<=' }, code: 'QUERY_INVALID' },
      { body: { ...bid, price_max: '0' }, code: 'AMOUNT_INVALID' },
      { body: { ...bid, tokens: -1 }, code: 'VALIDATION_ERROR' },
      { body: { ...bid, closes_in_s: 604_801 }, code: 'VALIDATION_ERROR' },
    ]
  },
  listBids: () => [
    { query: { status: 'lost' }, code: 'VALIDATION_ERROR' },
    { query: { cursor: 'none' }, code: 'CURSOR_INVALID' },
  ],
  getBid: () => noBid,
  cancelBid: async (world) => {
    const id = await bidIn(world)
    await call(world.site, `/api/v1/market/bids/${id}/cancel`, { method: 'POST', key: world.key })
    return [...noBid, { params: { id }, code: 'BID_CLOSED' }]
  },
  awardBid: () => noBid,
  quoteBid: async (world) => {
    const { offer } = await gpuIn(world)
    const id = await bidIn(world)
    const body = { offer_id: offer, price: '900000', capacity: 1 }
    return [
      { params: { id: unknownJob }, body, code: 'BID_NOT_FOUND' },
      { params: { id }, body, code: 'QUOTE_REFUSED' },
      { params: { id }, body: { ...body, offer_id: unknownJob }, code: 'OFFER_NOT_FOUND' },
      { params: { id }, body: { ...body, capacity: 0 }, code: 'VALIDATION_ERROR' },
    ]
  },
  listAgreements: () => [{ query: { cursor: 'none' }, code: 'CURSOR_INVALID' }],
  getAgreement: () => [{ params: { id: unknownJob }, code: 'AGREEMENT_NOT_FOUND' }],
  getBookingTerms: async (world) => {
    const offer = await offerIn(world)
    return [
      { body: { offer_id: unknownJob, hours: 1 }, code: 'OFFER_NOT_FOUND' },
      { body: { offer_id: offer, hours: 1 }, code: 'OFFER_NOT_BOOKABLE' },
      { body: { offer_id: offer, hours: -1 }, code: 'VALIDATION_ERROR' },
    ]
  },
  bookOffer: async (world) => {
    const { offer } = await gpuIn(world)
    const body = { offer_id: offer, hours: 1 }
    return [
      { body: { ...body, offer_id: unknownJob }, code: 'OFFER_NOT_FOUND' },
      { body: { ...body, places: 2 }, code: 'OFFER_FULL' },
      { body: { ...body, hours: 1e9 }, code: 'VALIDATION_ERROR' },
      { body: { ...body, agreement_id: unknownJob }, code: 'AGREEMENT_CLOSED' },
      { body: { ...body, transaction: 'abcd' }, code: 'ENCODING_INVALID' },
    ]
  },
  getBooking: () => [{ params: { id: unknownJob }, code: 'BOOKING_NOT_FOUND' }],
  cancelBooking: async (world) => {
    const { booking: id } = await bookingIn(world)
    const target = `/api/v1/market/bookings/${id}/cancel`
    await call(world.site, target, { method: 'POST', key: world.key })
    return [
      { params: { id: unknownJob }, code: 'BOOKING_NOT_FOUND' },
      { params: { id }, code: 'BOOKING_OVER' },
    ]
  },
  listMarketplaceOffers: () => [{ query: { status: 'lost' }, code: 'FILTER_INVALID' }],
  getMarketplaceOffer: () => noOffer,
  listMarketplaceBids: () => [{ query: { status: 'lost' }, code: 'FILTER_INVALID' }],
  getMarketplaceBid: () => noBid,
  submitMarketplaceBid: () => [
    { body: { provider: '', capacity: 1, price: 1 }, code: 'VALIDATION_ERROR' },
    { body: { provider: 'x', capacity: 1, price: -1 }, code: 'VALIDATION_ERROR' },
  ],
  registerGpu: () => [
    { body: { gpu: { name: 'x\u0000y' } }, code: 'VALIDATION_ERROR' },
    { body: { gpu: { price_per_hour: -1 } }, code: 'VALIDATION_ERROR' },
  ],
  getGpu: () => noGpu,
  bookGpu: async (world) => {
    const { gpu: id } = await bookingIn(world)
    return [
      { ...noGpu[0], body: { duration_hours: 1 } },
      { params: { id }, body: { duration_hours: 1 }, code: 'OFFER_FULL' },
      { params: { id }, body: { duration_hours: -1 }, code: 'VALIDATION_ERROR' },
    ]
  },
  releaseGpu: async (world) => [
    ...noGpu,
    { params: { id: (await gpuIn(world)).gpu }, code: 'GPU_NOT_BOOKED' },
  ],
  listGpuReviews: () => noGpu,
  reviewGpu: async (world) => [
    { params: { id: (await gpuIn(world)).gpu }, body: { rating: 5 }, code: 'REVIEW_NOT_EARNED' },
  ],
  listOrders: () => [{ query: { status: 'lost' }, code: 'FILTER_INVALID' }],
  getPricing: () => [{ params: { model: 'no such model' }, code: 'PRICING_NOT_FOUND' }],
  explainJob: () => unknownJobs,
  explainMiner: () => [{ params: { id: 'nobody' }, code: 'MINER_NOT_FOUND' }],
  listWebhookDeliveries: () => [
    { query: { limit: '201' }, code: 'VALIDATION_ERROR' },
    { query: { cursor: 'none' }, code: 'VALIDATION_ERROR' },
  ],
  listJobs: () => badJobPages,
  listJobHistory: () => badJobPages,
  getJob: () => unknownJobs,
  getJobStatus: () => unknownJobs,
  getJobResult: async (world) => {
    const waiting = await world.submit(unserved)
    const canceled = await world.submit(unserved)
    await call(world.site, `/v1/jobs/${canceled}`, { method: 'DELETE', key: world.key })
    return [
      ...unknownJobs,
      { params: { id: waiting }, code: 'JOB_NOT_READY' },
      { params: { id: canceled }, code: 'JOB_CANCELED' },
    ]
  },
  streamJob: () => unknownJobs,
  cancelJob: ({ job }) => [...unknownJobs, { params: { id: job }, code: 'JOB_NOT_CANCELABLE' }],
  deleteJob: ({ job }) => [...unknownJobs, { params: { id: job }, code: 'JOB_NOT_CANCELABLE' }],
  getJobReceipt: async (world) => [
    ...unknownJobs,
    { params: { id: await world.submit(unserved) }, code: 'RECEIPT_NOT_FOUND' },
    { params: { id: await heldJob(world) }, code: 'RESULT_HELD' },
    { params: { id: world.job }, query: { format: 'pdf' }, code: 'VALIDATION_ERROR' },
  ],
  listJobReceipts: () => unknownJobs,
  getJobPayment: () => unknownJobs,
  linkEscrow: () => [
    { body: { escrow: 'e'.repeat(64) }, code: 'ESCROW_REQUIRED' },
    { body: { escrow: 'short' }, code: 'VALIDATION_ERROR' },
  ],
  createPayment: ({ job }) => [
    { body: { job_id: unknownJob, amount: 1 }, code: 'JOB_NOT_FOUND' },
    { body: { job_id: job, amount: 1_000_000 }, code: 'PAYMENT_FIXED' },
    { body: { job_id: job, amount: -1 }, code: 'VALIDATION_ERROR' },
    { body: { job_id: job, amount: 1, payment_method: 'bitcoin' }, code: 'NOT_BUILT' },
  ],
  getPayment: () => [{ params: { id: unknownJob }, code: 'PAYMENT_NOT_FOUND' }],
  getPaymentReceipt: () => [{ params: { id: 'none' }, code: 'PAYMENT_NOT_FOUND' }],
  releasePayment: async (world) => [
    { ...endOf(unknownJob), code: 'PAYMENT_NOT_FOUND' },
    { ...endOf(await world.submit(unserved)), code: 'PAYMENT_NOT_RELEASABLE' },
    { params: { id: world.job }, body: endOf(unknownJob).body, code: 'PAYMENT_NOT_RELEASABLE' },
  ],
  refundPayment: ({ job }) => [
    { ...endOf(unknownJob), code: 'PAYMENT_NOT_FOUND' },
    { ...endOf(job), code: 'PAYMENT_NOT_REFUNDABLE' },
  ],
  getServiceSchema: () => [{ params: { type: 'magic' }, code: 'SERVICE_UNKNOWN' }],
  createServiceJob: () => [
    { params: { type: 'magic' }, body: {}, code: 'SERVICE_UNKNOWN' },
    { params: { type: 'llm_inference' }, body: {}, code: 'VALIDATION_ERROR' },
    {
      params: { type: 'whisper' },
      body: { audio_url: 'https://example.org/speech.wav' },
      code: 'MODEL_NOT_SERVED',
    },
  ],
  createServiceActionJob: () => [
    {
      params: { service: 'blender', action: 'render' },
      body: { blend_file_url: 'https://example.org/a.blend' },
      code: 'MODEL_NOT_SERVED',
    },
    {
      params: { service: 'whisper', action: 'sing' },
      body: {},
      code: 'SERVICE_UNKNOWN',
    },
  ],
  listMinerJobs: () => [
    { params: { id: 'me' }, query: { limit: '0' }, code: 'VALIDATION_ERROR' },
    { params: { id: 'miner_0000000000000000' }, code: 'AUTHORIZATION_ERROR' },
  ],
  getMinerReputation: () => [{ params: { id: 'nobody' }, code: 'MINER_NOT_FOUND' }],
  listMinerReceipts: () => [
    { params: { id: 'nobody' }, code: 'MINER_NOT_FOUND' },
    { params: { id: 'miner-A' }, query: { limit: '0' }, code: 'VALIDATION_ERROR' },
    { params: { id: 'miner-A' }, query: { cursor: 'none' }, code: 'CURSOR_INVALID' },
  ],
  listHeldResults: () => [
    { params: { id: 'nobody' }, code: 'MINER_NOT_FOUND' },
    { params: { id: 'miner-A' }, query: { open: 'perhaps' }, code: 'VALIDATION_ERROR' },
  ],
  getMinerEarnings: () => [
    { params: { id: 'miner_0000000000000000' }, code: 'AUTHORIZATION_ERROR' },
  ],
  changeCapabilities: () => [
    { params: { id: 'me' }, body: { capabilities: {}, concurrency: -1 }, code: 'VALIDATION_ERROR' },
  ],
  removeMiner: () => [{ params: { id: 'register' }, code: 'NOT_FOUND' }],
  matchMiners: () => [{ body: { job_id: 'plan', top_k: 0 }, code: 'VALIDATION_ERROR' }],
  reportWebVital: () => [{ body: { name: 'X', value: 1, id: 'v1' }, code: 'VALIDATION_ERROR' }],
  explorerBlock: () => [
    { params: { at: '999999999' }, code: 'NOT_FOUND' },
    { params: { at: 'latest' }, code: 'VALIDATION_ERROR' },
  ],
  explorerTransaction: () => [{ params: { hash: unknownHash }, code: 'NOT_FOUND' }],
  explorerAddress: () => noAddress,
  createChallenge: () => [
    { body: { address: 'nobody' }, code: 'ADDRESS_INVALID' },
    { body: { address: legacyAddress }, code: 'ADDRESS_LEGACY' },
  ],
  endSession: () => [{ params: { id: unknownJob }, code: 'SESSION_NOT_FOUND' }],
  login: async (world) => {
    const body = await signedChallenge(world)
    await call(world.site, '/api/v1/users/login', { body })
    return [
      { body, code: 'SIGN_IN_NONCE_USED' },
      { body: { wallet_address: world.address }, code: 'SIGN_IN_UNSIGNED' },
      { body: { ...body, wallet_address: legacyAddress }, code: 'ADDRESS_LEGACY' },
      { body: { ...body, message: 'hello' }, code: 'SIGN_IN_MALFORMED' },
    ]
  },
  register: async (world) => {
    const somebody = freshSigner()
    const address = formatAddress(addressOf(somebody.publicKey))
    const body = async (email: string, username: string) => ({
      ...loginBody(world.site, somebody, await challengeFor(world.site, address)),
      ...{ email, username },
    })
    await login(world.site, world.payer.signer, {
      path: '/api/v1/users/register',
      body: { email: 'taken@example.org', username: 'taken' },
    })
    return [
      { body: await body('taken@example.org', 'free'), code: 'EMAIL_TAKEN' },
      { body: await body('free@example.org', 'taken'), code: 'USERNAME_TAKEN' },
      { body: await body('no address', 'free'), code: 'VALIDATION_ERROR' },
    ]
  },
  getMe: () => [{ query: { token: 'x' }, code: 'TOKEN_IN_URL' }],
  getUserBalance: () => [{ params: { id: unknownJob }, code: 'WALLET_NOT_FOUND' }],
  listUserTransactions: ({ userId }) => [
    { params: { id: unknownJob }, code: 'WALLET_NOT_FOUND' },
    { params: { id: userId }, query: { limit: '101' }, code: 'VALIDATION_ERROR' },
  ],
  createWallet: () => [
    { body: { wallet_id: 'a b', password: wallet.password }, code: 'VALIDATION_ERROR' },
    {
      body: { wallet_id: 'bad', password: wallet.password, secret_key: '*' },
      code: 'WALLET_SECRET_INVALID',
    },
  ],
  unlockWallet: () => [
    {
      params: { id: 'nobody' },
      body: { password: wallet.password },
      code: 'WALLET_CREDENTIALS_INVALID',
    },
  ],
  signWithWallet: () => [
    {
      params: { id: wallet.wallet },
      body: { password: wallet.password, message_base64: '*' },
      code: 'WALLET_MESSAGE_INVALID',
    },
  ],
  listWalletUses: () => [
    { params: { id: 'nobody' }, code: 'WALLET_NOT_FOUND' },
    { params: { id: wallet.wallet }, query: { cursor: 'x' }, code: 'VALIDATION_ERROR' },
  ],
  checkReceipt: () => [{ params: { id: unknownJob }, code: 'RECEIPT_NOT_FOUND' }],
  getModel: () => [{ params: { name: 'no/such:model' }, code: 'MODEL_NOT_SERVED' }],
  connectMiner: () => notAsked,
  streamBlocks: () => notAsked,
  streamTransactions: () => notAsked,
  pollJob: () => [{ body: { max_wait_seconds: -1 }, code: 'VALIDATION_ERROR' }],
  pollJobByGet: () => [{ query: { max_wait_seconds: 'x' }, code: 'VALIDATION_ERROR' }],
  sendResult: ({ job }) => [
    { params: { id: unknownJob }, body: { result: {} }, code: 'JOB_NOT_FOUND' },
    { params: { id: job }, body: { result: {} }, code: 'ALREADY_COMPLETED' },
  ],
  reportFailure: () => [
    {
      params: { id: unknownJob },
      body: { error_code: 'x', error_message: 'y' },
      code: 'JOB_NOT_FOUND',
    },
  ],
  pageBlocks: () => badCursorPages,
  pageTransactions: () => badCursorPages,
  pageReceipts: () => badCursorPages,
  pageLedger: () => [...badCursorPages, { query: { account: 'nobody' }, code: 'VALIDATION_ERROR' }],
  pageMiners: () => badCursorPages,
  searchChain: () => [
    { query: { hash: 'f'.repeat(63) }, code: 'VALIDATION_ERROR' },
    { code: 'VALIDATION_ERROR' },
  ],
  readMinerDays: ({ address }) => [
    ...noAddress,
    { params: { address }, query: { days: '32' }, code: 'VALIDATION_ERROR' },
  ],
  readStats: () => [
    { query: { bucket: 'minute' }, code: 'VALIDATION_ERROR' },
    { query: { from: '2020-01-01T00:00:00Z' }, code: 'RANGE_INVALID' },
    {
      query: { from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' },
      code: 'RANGE_INVALID',
    },
  ],
  readPublicJob: () => [{ params: { id: unknownJob }, code: 'JOB_NOT_FOUND' }],
  listBlocks: () => badPages,
  getBlock: () => [
    { params: { at: '999999999' }, code: 'NOT_FOUND' },
    { params: { at: 'latest' }, code: 'VALIDATION_ERROR' },
  ],
  listBlockRange: () => [
    { query: { start: '1' }, code: 'VALIDATION_ERROR' },
    { query: { start: '5', end: '1' }, code: 'RANGE_INVALID' },
    { query: { start: '0', end: '2000' }, code: 'RANGE_INVALID' },
    { query: { start_height: '-1' }, code: 'RANGE_INVALID' },
    { query: { limit: '10001' }, code: 'RANGE_INVALID' },
  ],
  listTransactions: () => badPages,
  getTransaction: () => [
    { params: { hash: unknownHash }, code: 'NOT_FOUND' },
    { params: { hash: 'none' }, code: 'NOT_FOUND' },
  ],
  listMempool: () => badLimits,
  getBalance: () => noAddress,
  getAddress: ({ address }) => [
    ...noAddress,
    { params: { address }, query: { limit: '101' }, code: 'RANGE_INVALID' },
  ],
  listAddresses: () => [...badPages, { query: { min_balance: 'rich' }, code: 'VALIDATION_ERROR' }],
  getEscrow: () => unknownEscrows,
  getChainBooking: () => unknownEscrows,
  getBond: () => [...noBond, { params: { address: freshAddress() }, code: 'NOT_FOUND' }],
  getClaimable: () => [
    { params: { authorisation: unknownHash }, query: { expiry: '1' }, code: 'NOT_FOUND' },
    { params: { authorisation: unknownHash }, code: 'VALIDATION_ERROR' },
    { params: { authorisation: unknownHash }, query: { expiry: '-1' }, code: 'RANGE_INVALID' },
  ],
  listReceipts: () => badPages,
  getReceipt: () => [
    { params: { id: unknownHash }, code: 'NOT_FOUND' },
    { params: { id: 'none' }, code: 'NOT_FOUND' },
  ],
  proveTransaction: () => [
    { params: { hash: unknownHash }, code: 'NOT_FOUND' },
    { params: { hash: 'none' }, code: 'VALIDATION_ERROR' },
  ],
  proveAccount: () => [
    ...noAddress,
    { params: { address: legacyAddress }, code: 'ADDRESS_LEGACY' },
  ],
  proveEscrow: () => [{ params: { id: 'none' }, code: 'VALIDATION_ERROR' }],
  proveBooking: () => [{ params: { id: 'none' }, code: 'VALIDATION_ERROR' }],
  proveBond: () => noBond,
  getLightUpdate: () => [
    { query: { from: 'one' }, code: 'VALIDATION_ERROR' },
    { query: { from: '-1' }, code: 'RANGE_INVALID' },
  ],
  getLightTransaction: () => [
    { params: { hash: 'none' }, code: 'VALIDATION_ERROR' },
    { params: { hash: unknownHash }, code: 'NOT_FOUND' },
  ],
  getLightAccount: () => [
    { params: { address: 'nobody' }, code: 'ADDRESS_INVALID' },
    { params: { address: legacyAddress }, code: 'ADDRESS_LEGACY' },
  ],
  getLightEscrow: () => [{ params: { id: 'none' }, code: 'VALIDATION_ERROR' }],
  getLightBooking: () => [{ params: { id: 'none' }, code: 'VALIDATION_ERROR' }],
  getLightBond: () => noBond,
  submitTransactions: (world) => {
    const bytes = world.transfer()
    const last = bytes.endsWith('00') ? '01' : '00'
    return [
      { body: { tx: '00' }, code: 'ENCODING_INVALID' },
      { body: { tx: bytes.slice(0, -2) + last }, code: 'SIGNATURE_INVALID' },
      { body: { tx: 'zz' }, code: 'VALIDATION_ERROR' },
    ]
  },
  sendTx: (world) => {
    const fields = world.legacyTransfer()
    return [
      { body: { ...fields, sig: undefined }, code: 'SIGNATURE_REQUIRED' },
      { body: { ...fields, type: 'RECEIPT_CLAIM' }, code: 'NOT_BUILT' },
      { body: { ...fields, payload: { to: 'nobody', amount: 1 } }, code: 'ADDRESS_INVALID' },
      { body: { ...fields, payload: { to: legacyAddress, amount: 1 } }, code: 'ADDRESS_LEGACY' },
      { body: { ...fields, payload: { to: world.address, amount: -1 } }, code: 'AMOUNT_INVALID' },
    ]
  },
  estimateFee: () => [
    { body: { type: 'RECEIPT_CLAIM' }, code: 'NOT_BUILT' },
    { body: { type: 'SETTLE' }, code: 'VALIDATION_ERROR' },
  ],
  mintFaucet: async ({ site }) => {
    const address = freshAddress()
    await call(site, '/rpc/admin/mintFaucet', { body: { address, amount: 1_000 } })
    return [
      { body: { address, amount: 1_000 }, code: 'FAUCET_COOLDOWN' },
      { body: { address: 'nobody', amount: 1 }, code: 'ADDRESS_INVALID' },
      { body: { address: legacyAddress, amount: 1 }, code: 'ADDRESS_LEGACY' },
      { body: { address, amount: '9999999999999999' }, code: 'AMOUNT_INVALID' },
    ]
  },
  submitReceipt: ({ address }) => [
    { body: { sender: address, nonce: 0, fee: 0, payload: {} }, code: 'NOT_BUILT' },
  ],
  pullBlocks: (world) => [
    { body: new Uint8Array(4), code: 'SYNC_ENCODING_INVALID' },
    { body: changed(askIn(world), 0), code: 'PROTOCOL_MISMATCH' },
    { body: changed(askIn(world), 1), code: 'GENESIS_MISMATCH' },
    { body: new Uint8Array(70_000), code: 'BODY_TOO_LARGE' },
  ],
  announceBlocks: (world) => {
    const path = '/rpc/sync/announce'
    const body = announcementIn(world)
    return [
      { body, code: 'AUTHENTICATION_ERROR' },
      { ...signedIn(world, path, body, { by: freshSigner() }), code: 'AUTHORITY_REQUIRED' },
      { ...signedIn(world, path, body), body: changed(body, 9), code: 'REQUEST_SIGNATURE_INVALID' },
      { ...signedIn(world, path, body, { ageMs: 120_000 }), code: 'REQUEST_EXPIRED' },
      { ...signedIn(world, path, changed(body, 1)), code: 'GENESIS_MISMATCH' },
    ]
  },
  importBlock: () => [{ body: [], code: 'VALIDATION_ERROR' }],
  importBlockOrFail: async (world) => {
    const posted = postedBlock(world)
    const { json: first } = await call(world.site, '/rpc/blocks/0')
    return [
      { body: { ...posted, tx_count: -1 }, code: 'VALIDATION_ERROR' },
      { body: { ...posted, height: 1 }, code: 'BLOCK_EXISTS' },
      { body: posted, code: 'PARENT_NOT_FOUND' },
      { body: { ...posted, parent_hash: first['hash'] }, code: 'BLOCK_UNSIGNED' },
    ]
  },
  getKey: () => unknownKeys,
  changeKey: async (world) => [
    { params: { id: unknownKey }, body: { name: 'x' }, code: 'KEY_NOT_FOUND' },
    { params: { id: unknownKey }, body: {}, code: 'VALIDATION_ERROR' },
    ...(await revokedKeys(world, { name: 'x' })),
  ],
  revokeKey: () => unknownKeys,
  rotateKey: async (world) => [...unknownKeys, ...(await revokedKeys(world, {}))],
  fundKey: async (world) => [
    { params: { id: unknownKey }, body: { escrow: world.escrow }, code: 'KEY_NOT_FOUND' },
    { params: { id: unknownKey }, body: {}, code: 'VALIDATION_ERROR' },
    ...(await revokedKeys(world, { escrow: world.escrow })),
    {
      params: { id: (await keyIn(world, ['miner'])).id },
      body: { escrow: world.escrow },
      code: 'KEY_NOT_FUNDABLE',
    },
  ],
  createKey: () => [
    { body: { name: 'x', scopes: [] }, code: 'VALIDATION_ERROR' },
    { body: { name: 'x', scopes: ['miner', 'jobs:read'] }, code: 'VALIDATION_ERROR' },
    { body: { name: ' ', scopes: ['jobs:read'] }, code: 'VALIDATION_ERROR' },
    { body: { name: 'a\u202eb', scopes: ['jobs:read'] }, code: 'VALIDATION_ERROR' },
    {
      body: { name: 'x', scopes: ['jobs:read'], expires_at: '2020-01-01T00:00:00Z' },
      code: 'VALIDATION_ERROR',
    },
    { body: { name: 'x', scopes: ['miner'], payout: 'nobody' }, code: 'ADDRESS_INVALID' },
    { body: { name: 'x', scopes: ['miner'], payout: legacyAddress }, code: 'ADDRESS_LEGACY' },
  ],
  getUsage: () => [
    { query: { from: '2026-02-30' }, code: 'VALIDATION_ERROR' },
    { query: { group_by: 'miner' }, code: 'VALIDATION_ERROR' },
    { query: { from: '2026-02-02', to: '2026-02-01' }, code: 'RANGE_INVALID' },
    { query: { from: '2020-01-01', to: '2026-02-01' }, code: 'RANGE_INVALID' },
  ],
  getAdminAnalytics: () => [{ query: { days: '0' }, code: 'VALIDATION_ERROR' }],
  listAdminJobs: () => badAdminPages,
  listAdminMiners: () => badAdminPages.slice(1),
  listAdminUsers: () => badAdminPages,
  listAdminKeys: () => badAdminPages,
  listAdminPayments: () => badAdminPages,
  readAuditLog: () => badAdminPages,
  readAdminLogs: () => badAdminPages,
  getAdminJob: () => unknownJobs,
  cancelAdminJob: ({ job }) => [
    ...unknownJobs,
    { params: { id: job }, code: 'JOB_NOT_CANCELABLE' },
  ],
  listAdminHeld: () => [{ query: { open: 'perhaps' }, code: 'VALIDATION_ERROR' }],
  releaseHeld: () => [{ params: { id: unknownJob }, body: { reason }, code: 'HELD_NOT_FOUND' }],
  refuseHeld: async (world) => {
    const id = await heldJob(world)
    const path = `/api/v1/admin/held/${id}/release`
    await call(world.site, path, { key: world.adminKey, body: { reason } })
    return [
      { params: { id: unknownJob }, body: { reason }, code: 'HELD_NOT_FOUND' },
      { params: { id }, body: { reason }, code: 'HELD_DECIDED' },
    ]
  },
  prioritizeAdminJob: ({ job }) => [
    ...unknownJobs,
    { params: { id: job }, code: 'JOB_NOT_CANCELABLE' },
    { params: { id: job }, body: { priority: 'highest' }, code: 'VALIDATION_ERROR' },
  ],
  getAdminMiner: () => unknownMiners,
  activateAdminMiner: () => unknownMiners,
  deactivateAdminMiner: () => unknownMiners,
  withdrawAdminOffer: async (world) => [
    ...noOffer,
    { params: { id: await offerIn(world) }, code: 'OFFER_NOT_LISTED' },
  ],
  revokeAdminKey: () => unknownKeys,
  executeAdminAction: () => [{ params: { action: 'format' }, code: 'NOT_FOUND' }],
  reindex: () => [{ code: 'NOT_BUILT' }],
  backUp: () => [{ code: 'NOT_BUILT' }],
  suspendSigning: (world) => [
    { code: 'AUTHENTICATION_ERROR' },
    {
      ...signedIn(world, '/rpc/admin/suspendSigning', undefined, { by: freshSigner() }),
      code: 'AUTHORITY_REQUIRED',
    },
  ],
  resumeSigning: (world) => [
    { code: 'AUTHENTICATION_ERROR' },
    { ...signedIn(world, '/rpc/admin/suspendSigning'), code: 'REQUEST_SIGNATURE_INVALID' },
  ],
  getSnapshot: () => [
    { params: { height: '999999' }, code: 'NOT_FOUND' },
    { params: { height: 'newest' }, code: 'VALIDATION_ERROR' },
  ],
  getSnapshotPart: async (world) => {
    const height = await newestSnapshot(world)
    return [
      { params: { height, part: '999' }, code: 'NOT_FOUND' },
      { params: { height: '999999', part: '0' }, code: 'NOT_FOUND' },
      { params: { height, part: 'all' }, code: 'VALIDATION_ERROR' },
    ]
  },
  explorerBlocks: () => badPages,
  explorerTransactions: () => badPages,
  explorerAddresses: () => badPages,
  explorerReceipts: () => badPages,
}
