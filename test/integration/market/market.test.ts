/** The market of whole sites: a real miner’s offer, bookings on the chain, reviews, old shapes, other sites. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runMarket } from '../../../cli/market-command.ts'
import { parseMarketOptions } from '../../../cli/market-options.ts'
import { fromHex } from '../../../core/base/bytes.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { minerChallengeBytes } from '../../../core/jobs/miner-challenge.ts'
import type { Offer } from '../../../core/market/offer.ts'
import { call, type Json, jobIn, keyOf, until } from '../../support/api-client.ts'
import { genesisOf } from '../../support/api-payer.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

let site: Harness
let miner: TestMiner
let key: string

beforeAll(async () => {
  site = await startHarness()
  key = keyOf(site, 'CLIENT')
  miner = await startTestMiner(site.url)
})
afterAll(async () => {
  await miner?.stop()
  await site?.dispose()
})

const itemsOf = (json: Json): Json[] => (json['items'] as Json[] | undefined) ?? []

async function offerOf(given: Harness, query: string): Promise<Offer> {
  const { json } = await until(
    () => call(given, `/api/v1/market/offers?q=${encodeURIComponent(query)}`),
    (answer) => itemsOf(answer.json).length > 0,
  )
  return itemsOf(json)[0] as unknown as Offer
}

/** What the command line prints. */
async function printed(argv: readonly string[]): Promise<string> {
  const options = parseMarketOptions([...argv, '--api', site.url])
  if (!options.ok) throw new Error(options.error.message)
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  try {
    await runMarket(options.value, { AITBC_API_KEY: key }, new AbortController().signal)
  } finally {
    write.mockRestore()
  }
  return text
}

describe('a miner that connects', () => {
  test('MARKETHTTP-1: is an offer, with a card that anybody can check', async () => {
    const offer = await offerOf(site, 'miner=miner-a')
    expect(offer).toMatchObject({ kind: 'agent', status: 'online', provider: miner.address })
    const { json } = await call(site, `/api/v1/market/offers/${offer.offer_id}`)
    const card = json['card'] as Record<'nonce' | 'site' | 'miner_id' | 'text', string> & Json
    const bytes = (hex: unknown): Uint8Array => {
      const read = fromHex(String(hex).replace(/^0x/, ''))
      if (!read.ok) throw new Error('no hex')
      return read.value
    }
    const publicKey = bytes(card['public_key'])
    const message = minerChallengeBytes(genesisHash(genesisOf(site)), {
      version: Number(card['version']),
      site: card.site,
      nonce: bytes(card.nonce),
      minerId: card.miner_id,
      publicKey,
      card: card.text,
    })
    const signature = bytes(card['signature'])
    expect(nobleVerifier.verify({ signature, message, publicKey })).toBe(true)
    const other = { signature, message: message.fill(0, 0, 1), publicKey }
    expect(nobleVerifier.verify(other)).toBe(false)
  })

  test('MARKETHTTP-1: is verified once a signed receipt was paid, with the speed that was measured', async () => {
    const payload = { type: 'inference', model: 'aitbc-tiny', prompt: 'Say something long.' }
    const answer = await call(site, '/api/v1/jobs', { key, body: { payload } })
    const jobId = answer.json['job_id']
    const job = await jobIn(site, { key, jobId, states: ['COMPLETED'] })
    const { json } = await until(
      async () => {
        await site.cron()
        return call(site, '/api/v1/market/offers?q=miner%3Dminer-a')
      },
      (each) => itemsOf(each.json)[0]?.['verified'] === true,
    )
    const [offer] = itemsOf(json) as unknown as Offer[]
    expect(offer).toMatchObject({ unverified_because: [], reputation: { receipts: 1 } })
    expect(offer?.models[0]?.samples).toBeGreaterThan(0)
    expect(offer?.models[0]?.tokens_per_second).toBeGreaterThan(0)

    const target = `/api/v1/market/offers/${offer?.offer_id}/reviews`
    const body = { receipt_id: job['receipt_id'], rating: 4, comment: '<b>fine</b>' }
    const stranger = keyOf(site, 'MINER')
    expect((await call(site, target, { key: stranger, body })).status).toBe(401)
    const bad = await call(site, target, { key, body: { ...body, receipt_id: 'f'.repeat(32) } })
    expect(bad.status).toBe(403)
    expect((await call(site, target, { key, body })).status).toBe(201)
    expect((await call(site, target, { key, body })).status).toBe(409)
    const list = await call(site, target)
    expect(itemsOf(list.json)[0]).toMatchObject({ rating: 4, comment: '<b>fine</b>' })
  })
})

describe('the original’s shapes', () => {
  test('MARKETHTTP-2: register, list, book, release and orders tell one story', async () => {
    const gpu = { miner_id: 'shelf', name: 'RTX 4090', memory: 24, price_per_hour: 0.5 }
    const registered = await call(site, '/v1/marketplace/gpu/register', { key, body: { gpu } })
    expect(registered.status).toBe(200)
    const id = String(registered.json['gpu_id'])
    expect(id).toMatch(/^gpu_[0-9a-f]{8}$/)
    const list = await call(site, '/api/marketplace/gpu/list?available=true&price_max=0.5')
    expect(list.json as unknown as Json[]).toMatchObject([
      { id, status: 'available', memory_gb: 24 },
      {},
    ])
    const anonymous = await call(site, `/v1/marketplace/gpu/${id}/book`, {
      body: { duration_hours: 1 },
    })
    expect(anonymous.status).toBe(401)

    const body = { duration_hours: 1 }
    const booked = await until(
      () => call(site, `/v1/marketplace/gpu/${id}/book`, { key, body }),
      (answer) => answer.status === 201,
    )
    expect(booked.json).toMatchObject({ gpu_id: id, status: 'booked' })
    expect(booked.json['booking_id']).toMatch(/^bk_[0-9a-f]{10}$/)
    const again = await call(site, `/v1/marketplace/gpu/${id}/book`, { key, body })
    expect([again.status, again.json['detail']]).toEqual([409, `GPU ${id} is not available`])
    const shown = await call(site, `/v1/marketplace/gpu/${id}`)
    expect(shown.json).toMatchObject({ status: 'booked', current_booking: { duration_hours: 1 } })

    const { json } = await until(
      () => call(site, '/api/v1/market/bookings?limit=1', { key }),
      (answer) => itemsOf(answer.json)[0]?.['state'] === 'active',
    )
    const [booking] = itemsOf(json)
    const total = BigInt(String(booking?.['total']))
    const released = await call(site, `/v1/marketplace/gpu/${id}/release`, { key, method: 'POST' })
    expect(released.status, released.text).toBe(200)
    const over = await until(
      () => call(site, `/api/v1/market/bookings/${booking?.['booking_id']}`, { key }),
      (answer) => answer.json['state'] === 'canceled',
    )
    const kept = total - BigInt(String(over.json['returned']))
    expect(kept).toBeGreaterThan(0n)
    expect(kept).toBeLessThan(total / 10n)
    const orders = await call(site, '/v1/marketplace/orders?status=cancelled')
    expect(orders.json as unknown as Json[]).toMatchObject([{ gpu_id: id, status: 'cancelled' }])
    const twice = await call(site, `/v1/marketplace/gpu/${id}/release`, { key, method: 'POST' })
    expect([twice.status, twice.json['detail']]).toEqual([400, `GPU ${id} is not booked`])
  })

  test('MARKETHTTP-3: the money of a booking is on the chain, and nowhere twice', async () => {
    const { json } = await call(site, '/api/v1/market/bookings', { key })
    const [booking] = itemsOf(json)
    const escrow = booking?.['escrow'] as Json
    const opened = await call(site, `/rpc/tx/${String(escrow['opened_by'])}`)
    expect(opened.text).toContain('BOOKING_OPEN')
    const closed = await call(site, `/rpc/tx/${String(escrow['closed_by'])}`)
    expect(closed.text).toContain('BOOKING_CLOSE')
    const { json: ready } = await call(site, '/health/ready')
    expect(ready['status']).toBe('ready')
  })
})

describe('the command line', () => {
  test('MARKETHTTP-2: searches, bids and shows, as tables and as JSON', async () => {
    expect(await printed(['offers', 'list', 'model=aitbc-tiny', 'sort=price'])).toMatch(
      /^OFFER .*\n[0-9a-f]{32} +miner-A +online /,
    )
    const made = await printed([
      'gpu',
      'register',
      '--name',
      'L4 \u202E',
      '--price',
      '0',
      '--output',
      'json',
    ]).catch((error: Error) => error.message)
    expect(made).toContain('validation')
    const bid = JSON.parse(
      await printed([
        'bid',
        'submit',
        'online=true',
        '--tokens',
        '100',
        '--price-max',
        '1',
        '--output',
        'json',
      ]),
    ) as Json
    expect(await printed(['bid', 'details', String(bid['bid_id'])])).toContain('(list)')
    expect(await printed(['bid', 'list', '--status', 'open'])).toContain(String(bid['bid_id']))
    expect(await printed(['gpu', 'list'])).toContain('RTX 4090')
    expect(await printed(['orders'])).toContain('cancelled')
    expect(await printed(['pricing', 'tiny'])).toContain('recommended_gpu')
    const wrong = parseMarketOptions(['offers', 'list', 'vram>=24', 'price<='])
    expect(wrong.ok ? '' : wrong.error.message).toMatch(
      /character 17.*\n {2}vram>=24 price<=\n {2} {16}\^/s,
    )
    expect(parseMarketOptions(['bid', 'submit', 'x', '--price-max', '1']).ok).toBe(false)
  })
})

describe('two sites of one chain', () => {
  test('MARKETHTTP-4: an offer and a bid of one are visible at the other', async () => {
    const { GENESIS_JSON } = site.vars
    await using other = await startHarness({
      vars: {
        GENESIS_JSON: String(GENESIS_JSON),
        PEERS: site.url,
        SITE_HOST: 'there.test',
      },
    })
    const bid = await call(site, '/api/v1/market/bids', {
      key,
      body: {
        kind: 'tokens',
        query: 'model=aitbc-tiny',
        tokens: 500,
        price_max: '5000000',
        closes_in_s: 3_600,
      },
    })
    const { host } = new URL(site.url)
    const look = async () => {
      await other.cron()
      return call(other, '/api/v1/market/offers?q=kind%3Dremote')
    }
    const { json } = await until(look, (answer) =>
      itemsOf(answer.json).some((each) => each['miner_id'] === 'miner-A'),
    )
    const offer = itemsOf(json).find((each) => each['miner_id'] === 'miner-A')
    expect(offer).toMatchObject({
      site: host,
      provider: miner.address,
      verified: false,
      unverified_because: ['announced_elsewhere'],
    })
    const bids = await until(
      async () => {
        await other.cron()
        return call(other, '/api/v1/market/bids')
      },
      (answer) => itemsOf(answer.json).some((each) => each['price_max'] === '5000000'),
    )
    const heard = itemsOf(bids.json).find((each) => each['price_max'] === '5000000')
    expect(heard).toMatchObject({ site: host, status: 'open', tokens: 500 })
    expect(heard?.['announced']).not.toBeNull()
    expect(bid.status).toBe(201)
  })
})
