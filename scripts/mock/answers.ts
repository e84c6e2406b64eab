/**
 * What the mock answers: each row of the endpoint table in its shape, with what it remembers where there
 * is something to remember. Nothing of it is true.
 */
import type { Answer, Endpoint } from '../../core/api/endpoint.ts'
import { answerExamples } from '../../core/api/endpoints/examples.ts'
import { type EndpointId, endpoints } from '../../core/api/endpoints/table.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { formatLegacyTime } from '../../core/base/time.ts'
import { sampleOf } from './sample.ts'
import type { MockJob, MockStore } from './store.ts'

/** A request as the mock understands it. */
export type MockCall = {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  /** Who asks: the key or token that came along; empty for nobody. */
  readonly who: string
}

/** Status and JSON; a refusal as the site says it. */
export type MockAnswer =
  | { readonly status: number; readonly json: unknown }
  | { readonly error: ApiError }

/** Answers a call of a row. */
export function answerOf(
  row: Endpoint & { readonly id: string },
  call: MockCall,
  store: MockStore,
): MockAnswer {
  const own = handlers[row.id as EndpointId]?.(call, store) ?? collectionAnswer(row.id, call, store)
  if (own !== undefined && 'error' in own) return own
  if (row.answers.length === 0)
    return refuse(row.errors.find((code) => code === 'NOT_BUILT') ?? 'NOT_FOUND')
  const status = own?.status ?? (row.answers[0] as Answer).status
  const declared = row.answers.find((answer) => answer.status === status) ?? row.answers[0]
  if (declared?.schema === undefined) return { status, json: undefined }
  const hint = own?.json ?? answerExamples[row.id]
  return { status, json: sampleOf(declared.schema, hint) }
}

type Handler = (call: MockCall, store: MockStore) => MockAnswer | undefined
const ok = (json: unknown, status = 200): MockAnswer => ({ status, json })
const refuse = (code: ApiError['code'], message?: string): MockAnswer => ({
  error: message === undefined ? { code } : { code, message },
})
const example = (id: string): Record<string, unknown> =>
  (answerExamples[id] ?? {}) as Record<string, unknown>

const ofJob =
  (answer: (job: MockJob, store: MockStore, call: MockCall) => MockAnswer): Handler =>
  (call, store) => {
    const job = store.job((call.params['id'] ?? '').toLowerCase())
    return job ? answer(job, store, call) : refuse('JOB_NOT_FOUND')
  }

const cancel = ofJob((job, store) => {
  if (job.state !== 'QUEUED' && job.state !== 'RUNNING') return refuse('JOB_NOT_CANCELABLE')
  store.end(job, 'CANCELED', 'canceled by client')
  return ok(jobJson(job))
})

const listOf: Handler = ({ query }, store) => {
  const limit = Math.min(200, Math.max(1, Number(query['limit'] ?? 50) || 50))
  const offset = Math.max(0, Number(query['offset'] ?? 0) || 0)
  const all = store.jobs()
  const items = all.slice(offset, offset + limit).map(jobJson)
  return ok({ items, total: all.length, limit, offset })
}

const view = ofJob((job) => ok(jobJson(job)))

const poll =
  (nothing: MockAnswer): Handler =>
  ({ who }, store) => {
    if (!store.miner(who)) return refuse('MINER_NOT_REGISTERED')
    const job = store.take(who)
    return job ? ok({ job_id: job.id, payload: job.payload, constraints: {} }) : nothing
  }

const submitted: Handler = ({ body }, store) => {
  const payload = (body['payload'] ?? { model: 'mock-model' }) as Record<string, unknown>
  const ttl = Number(body['ttl_seconds'] ?? 900)
  return ok(jobJson(store.submit(payload, ttl, String(body['limit'] ?? '1000000'))), 201)
}

const serviceJob =
  (type: (call: MockCall) => string): Handler =>
  (call, store) => {
    const job = store.submit({ ...call.body }, 900, '1000000')
    const estimated_completion = formatLegacyTime(job.expiresAtMs)
    const named = { service_type: type(call), status: job.state, estimated_completion }
    return ok({ job_id: job.id, ...named }, type(call) === 'llm/stream' ? 200 : 201)
  }

const handlers: Partial<Record<EndpointId, Handler>> = {
  submitJob: submitted,
  listJobs: listOf,
  listJobHistory: listOf,
  getJob: view,
  getJobStatus: view,
  cancelJob: cancel,
  deleteJob: cancel,
  getJobResult: ofJob((job) => {
    if (job.state === 'QUEUED' || job.state === 'RUNNING') return refuse('JOB_NOT_READY')
    if (job.state === 'CANCELED') return refuse('JOB_CANCELED')
    if (job.state !== 'COMPLETED') return refuse('JOB_FAILED', job.error)
    const result = { output: job.output ?? '', model: job.model }
    return ok({ ...example('getJobResult'), job_id: job.id, state: job.state, result })
  }),
  getJobReceipt: ofJob((job) =>
    job.state === 'COMPLETED' ? ok(receiptJson(job)) : refuse('RECEIPT_NOT_FOUND'),
  ),
  listJobReceipts: ofJob((job) =>
    ok({ items: job.state === 'COMPLETED' ? [receiptJson(job)] : [] }),
  ),
  getJobPayment: ofJob((job) => ok(paymentJson(job))),
  getPayment: ({ params }, store) => {
    const job = store.job((params['id'] ?? '').toLowerCase())
    return job ? ok(paymentJson(job)) : refuse('PAYMENT_NOT_FOUND')
  },
  createServiceJob: serviceJob(({ params }) => params['type'] ?? ''),
  createServiceActionJob: serviceJob(
    ({ params }) => `${params['service'] ?? ''}/${params['action'] ?? ''}`,
  ),
  createChatCompletion: ({ body }) => {
    const model = String(body['model'] ?? 'mock-model')
    return ok({ ...example('createChatCompletion'), model })
  },
  registerMiner: ({ who, body }, store) => {
    store.enter(who, (body['capabilities'] ?? {}) as Record<string, unknown>)
    return ok({ status: 'ok', session_token: store.random.hex(32) })
  },
  sendHeartbeat: ({ who }, store) => {
    const miner = store.miner(who)
    if (!miner) return refuse('MINER_NOT_REGISTERED')
    miner.seenAtMs = store.now()
    return ok({ status: 'ok' })
  },
  pollJob: poll({ status: 204, json: undefined }),
  pollJobByGet: poll(ok(null)),
  sendResult: ofJob((job, store, { who, body }) => {
    if (job.state === 'COMPLETED') return refuse('ALREADY_COMPLETED')
    if (job.miner !== who || job.state !== 'RUNNING') return refuse('LEASE_NOT_HELD')
    const { result } = body
    const output = (result as { readonly output?: unknown } | undefined)?.output
    store.finish(job, typeof result === 'string' ? result : String(output ?? ''))
    return ok({ status: 'ok', receipt: receiptJson(job) })
  }),
  reportFailure: ofJob((job, store, { who, body }) => {
    if (job.miner !== who || job.state !== 'RUNNING') return refuse('LEASE_NOT_HELD')
    store.end(job, 'FAILED', `${body['error_code']}: ${body['error_message']}`)
    return ok({ status: 'ok' })
  }),
  listMiners: (_call, store) => {
    const items = store.miners().map(({ id }) => ({ miner_id: nameOf(id), status: 'ONLINE' }))
    return ok({ items, total: items.length })
  },
  removeMiner: ({ who }, store) =>
    store.leave(who) ? ok({ status: 'ok' }) : refuse('MINER_NOT_REGISTERED'),
  changeCapabilities: ({ who, body }, store) => {
    const miner = store.miner(who)
    if (!miner) return refuse('MINER_NOT_REGISTERED')
    miner.capabilities = { ...body }
    return ok({ status: 'ok' })
  },
}

/** Things that one creates, lists, reads and ends. */
const collections = [
  {
    kind: 'bids',
    create: 'submitBid',
    list: 'listBids',
    get: 'getBid',
    ends: { cancelBid: 'canceled', awardBid: 'matched' },
    id: 'bid_id',
    missing: 'BID_NOT_FOUND',
  },
  {
    kind: 'bookings',
    create: 'bookOffer',
    list: 'listBookings',
    get: 'getBooking',
    ends: { cancelBooking: 'canceled' },
    id: 'booking_id',
    missing: 'BOOKING_NOT_FOUND',
  },
  {
    kind: 'offers',
    create: undefined,
    list: 'listOffers',
    get: 'getOffer',
    ends: {},
    id: 'offer_id',
    missing: 'OFFER_NOT_FOUND',
  },
  // The original's, whose lists are bare arrays.
  {
    kind: 'marketplace offers',
    create: 'addMarketplaceOffer',
    list: 'listMarketplaceOffers',
    get: 'getMarketplaceOffer',
    ends: {},
    id: 'id',
    missing: 'OFFER_NOT_FOUND',
  },
  {
    kind: 'marketplace bids',
    create: 'submitMarketplaceBid',
    list: 'listMarketplaceBids',
    get: 'getMarketplaceBid',
    ends: {},
    id: 'id',
    missing: 'BID_NOT_FOUND',
  },
] as const

function collectionAnswer(id: string, call: MockCall, store: MockStore): MockAnswer | undefined {
  const collection = collections.find(
    (each) => each.create === id || each.list === id || each.get === id || id in each.ends,
  )
  if (!collection) return undefined
  const things = store.things(collection.kind)
  if (collection.kind === 'offers' && things.size === 0) seedOffers(things, store)
  const asOf = { next_cursor: null, as_of: formatTime(store.now()) }
  if (collection.list === id) {
    const items = [...things.values()].reverse()
    return ok(collection.id === 'id' ? items : { ...example(id), items, ...asOf })
  }
  if (collection.create === id) {
    const key = store.random.hex(32)
    const given = { ...example(collection.get), ...call.body, [collection.id]: key }
    const thing = sampleOfRow(collection.get, given)
    things.set(key, thing)
    return ok(thing, statusOfRow(id))
  }
  const key = call.params['id'] ?? ''
  const thing = things.get(key)
  if (!thing) return refuse(collection.missing)
  const end = (collection.ends as Readonly<Record<string, string>>)[id]
  if (end === undefined) return ok({ ...example(id), ...thing })
  const ended = { ...thing, status: end }
  things.set(key, ended)
  return ok(ended)
}

/** Three offers, so that a page in the making has something to show. */
function seedOffers(things: Map<string, Record<string, unknown>>, store: MockStore): void {
  const [first = {}] = (example('listOffers')['items'] ?? []) as Record<string, unknown>[]
  for (const name of ['mock-alpha', 'mock-beta', 'mock-gamma']) {
    const offerId = store.random.hex(32)
    const price = String(store.random.between(10_000, 900_000))
    const named = { name: 'mock-model', price_prompt: price, price_completion: price }
    const base = sampleOfRow('getOffer', { ...first, status: 'online', models: [named] })
    const { card: _card, ...offer } = base
    things.set(offerId, { ...offer, offer_id: offerId, miner_id: name })
  }
}

const statusOfRow = (id: string): number =>
  endpoints.find((each) => each.id === id)?.answers[0]?.status ?? 201

const sampleOfRow = (id: string, hint: unknown): Record<string, unknown> => {
  const row = endpoints.find((each) => each.id === id)
  const schema = row?.answers.find((answer) => answer.schema !== undefined)?.schema
  return (schema ? sampleOf(schema, hint) : {}) as Record<string, unknown>
}

const paymentWords: Readonly<Record<MockJob['state'], string>> = {
  QUEUED: 'escrowed',
  RUNNING: 'escrowed',
  COMPLETED: 'released',
  FAILED: 'refunded',
  CANCELED: 'refunded',
  EXPIRED: 'refunded',
}

function jobJson(job: MockJob): Record<string, unknown> {
  const isDone = job.state === 'COMPLETED'
  return {
    ...example('getJob'),
    job_id: job.id,
    state: job.state,
    assigned_miner_id: job.miner === undefined ? null : nameOf(job.miner),
    requested_at: formatLegacyTime(job.requestedAtMs),
    expires_at: formatLegacyTime(job.expiresAtMs),
    completed_at: job.endedAtMs === undefined ? null : formatLegacyTime(job.endedAtMs),
    error: job.error ?? null,
    payment_id: job.id,
    payment_status: paymentWords[job.state],
    model: job.model,
    limit: /^[0-9]{1,20}$/.test(job.limit) ? job.limit : '1000000',
    amount: isDone ? '1000' : null,
    receipt_id: isDone ? job.id : null,
    settlement: null,
  }
}

const receiptJson = (job: MockJob): Record<string, unknown> => ({
  ...example('getJobReceipt'),
  job_id: job.id,
  receipt_id: job.id,
})

const paymentJson = (job: MockJob): Record<string, unknown> => ({
  ...example('getJobPayment'),
  job_id: job.id,
  payment_id: job.id,
  status: paymentWords[job.state],
})

/** Keys are nobody's name: what others see is made from one. */
const nameOf = (key: string): string => `mock-${key.slice(0, 8)}`
