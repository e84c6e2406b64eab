/** Clients with a key pair: what a signed request and a signed permission open, and what they do not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toHex, toHex0x } from '../../../core/base/bytes.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { jobSpecCoder } from '../../../core/jobs/job-spec.ts'
import { call, expectFailure, keyOf, until } from '../../support/api-client.ts'
import {
  freshSigner,
  openPayer,
  type Payer,
  permit,
  type SignedCall,
  send,
  signedCall,
  slotNow,
  specOf,
} from '../../support/api-payer.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

let site: Harness
let miner: TestMiner
let payer: Payer
let other: Payer

const minerKey = 'a_miner_key_of_this_site'

beforeAll(async () => {
  const payout = formatAddress(addressOf(freshSigner().publicKey))
  site = await startHarness({
    vars: {
      MINER_API_KEYS: JSON.stringify([minerKey]),
      MINER_PAYOUTS: JSON.stringify({ [minerKey]: payout }),
    },
  })
  miner = await startTestMiner(site.url)
  ;[payer, other] = await Promise.all([openPayer(site), openPayer(site)])
})
afterAll(async () => {
  await miner?.stop()
  await site?.dispose()
})

const jobs = '/api/v1/jobs'
const submit = (given: ReturnType<typeof permit>, as = payer, more: SignedCall = {}) =>
  signedCall(site, as.signer, jobs, { body: given.body, ...more })

const balanceOf = async ({ escrow }: Payer): Promise<bigint> => {
  const { json } = await call(site, `/rpc/escrow/${toHex0x(escrow)}`)
  return BigInt(String(json['balance']))
}

describe('signed requests', () => {
  test('KEY-2: all of a request is covered: method, path, query, body, time, chain', async () => {
    const path = `${jobs}?limit=1`
    expect((await signedCall(site, payer.signer, path)).status).toBe(200)
    const now = Date.now()
    const wrong: [string, SignedCall][] = [
      ['REQUEST_SIGNATURE_INVALID', { signed: { target: jobs } }],
      ['REQUEST_SIGNATURE_INVALID', { signed: { target: `${jobs}?limit=2` } }],
      ['REQUEST_SIGNATURE_INVALID', { signed: { method: 'POST' } }],
      ['REQUEST_SIGNATURE_INVALID', { signed: { body: '{}' } }],
      ['REQUEST_SIGNATURE_INVALID', { signed: { genesisHash: new Uint8Array(32) } }],
      ['REQUEST_EXPIRED', { signed: { timestampMs: now - 120_000 } }],
      ['REQUEST_EXPIRED', { signed: { timestampMs: now + 120_000 } }],
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-timestamp': String(now + 1_000) } }],
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-timestamp': 'soon' } }],
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-timestamp': '-1' } }],
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-signature': 'ab'.repeat(64) } }],
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-signature': '' } }],
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-signature': 'zz' } }],
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-key': toHex(other.signer.publicKey) } }],
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-key': '01' } }],
      // A point of small order takes any signature under a lax rule.
      ['REQUEST_SIGNATURE_INVALID', { headers: { 'x-aitbc-key': `01${'00'.repeat(31)}` } }],
    ]
    for (const [code, given] of wrong) {
      const answer = await signedCall(site, payer.signer, path, given)
      expect([given, answer.status, (answer.json['error'] as { code: string }).code]).toEqual([
        given,
        401,
        code,
      ])
      expectFailure(answer, 401, code)
    }
  })

  test('KEY-2: a body that was changed on its way', async () => {
    const given = permit(site, payer)
    const body = { ...given.body, ttl_seconds: 121 }
    const answer = await submit(given, payer, {
      body,
      signed: { body: JSON.stringify(given.body) },
    })
    expectFailure(answer, 401, 'REQUEST_SIGNATURE_INVALID')
  })

  test('KEY-2: key pairs open no miners’ routes and no chat, and say what would', async () => {
    for (const [path, body] of [
      ['/api/v1/miners/register', { capabilities: {} }],
      ['/v1/miners/poll', {}],
    ] as const) {
      const refused = await signedCall(site, payer.signer, path, { body })
      expectFailure(refused, 403, 'AUTHORIZATION_ERROR')
    }
    const body = { model: 'aitbc-tiny', messages: [{ role: 'user', content: 'hi' }] }
    const chat = await signedCall(site, payer.signer, '/v1/chat/completions', { body })
    expect([chat.status, chat.json]).toMatchObject([403, { error: { type: 'permission_error' } }])
  })

  test('KEY-3: what one account asked, another cannot see', async () => {
    const sent = await submit(permit(site, payer))
    const path = `${jobs}/${sent.json['job_id']}`
    expectFailure(await signedCall(site, other.signer, path), 404, 'JOB_NOT_FOUND')
    expectFailure(await call(site, path, { key: keyOf(site, 'CLIENT') }), 404, 'JOB_NOT_FOUND')
    expectFailure(await call(site, path), 401, 'AUTHENTICATION_ERROR')
    expect((await signedCall(site, payer.signer, path)).status).toBe(200)
  })
})

describe('permissions to pay', () => {
  /** A refusal, and that nothing was kept: neither a job nor a hold on the money. */
  async function refused(
    given: ReturnType<typeof permit>,
    expected: readonly [number, string],
    as = payer,
  ): Promise<unknown> {
    const list = () => signedCall(site, as.signer, `${jobs}?limit=1`)
    const before = (await list()).json['total']
    const answer = await submit(given, as)
    const details = expectFailure(answer, ...expected)
    expect((await list()).json['total']).toBe(before)
    return details
  }

  test('JOBAPI-5: one permission, one job: a replay names the job that it paid for', async () => {
    const given = permit(site, payer)
    const first = await submit(given)
    expect(first.status).toBe(201)
    const details = await refused(given, [409, 'AUTHORISATION_USED'])
    expect(details).toEqual({ job_id: first.json['job_id'] })
    // Nor for another job, nor after its own was canceled.
    const { number } = given.authorisation
    const spec = specOf({ seed: 8n })
    await refused(permit(site, payer, { spec, authorisation: { number } }), [
      409,
      'AUTHORISATION_USED',
    ])
    const second = permit(site, payer)
    const sent = await submit(second)
    const cancel = `${jobs}/${sent.json['job_id']}/cancel`
    await signedCall(site, payer.signer, cancel, { method: 'POST' })
    await refused(second, [409, 'AUTHORISATION_USED'])
  })

  test('JOBAPI-5: the same permission at the same time: one job', async () => {
    const given = permit(site, payer)
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => submit(given)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409])
  })

  test('JOBAPI-5: for another job, another signer, another chain, another coordinator', async () => {
    const signer = freshSigner()
    const invalid = [400, 'AUTHORISATION_INVALID'] as const
    const spec = jobSpecCoder.encode(specOf({ maxTokens: 65 }))
    const good = permit(site, payer)
    await refused({ ...good, body: { ...good.body, spec: toHex(spec) } }, invalid)
    await refused(permit(site, payer, { authorisation: { jobHash: new Uint8Array(32) } }), invalid)
    await refused(permit(site, payer, { signer }), invalid)
    await refused(permit(site, payer, { genesisHash: new Uint8Array(32).fill(1) }), invalid)
    await refused(permit(site, other), invalid)
    // Signed by the caller, but for money that is not his.
    const theirs = { escrow: other.escrow }
    await refused(permit(site, payer, { authorisation: theirs }), invalid)
    const stranger = { ...payer, signer }
    const asStranger = permit(site, stranger)
    await refused(asStranger, invalid, stranger)
    const nowhere = { escrow: new Uint8Array(32).fill(5) }
    await refused(permit(site, payer, { authorisation: nowhere }), [402, 'ESCROW_REQUIRED'])
    const elsewhere = await openPayer(site, { coordinator: freshSigner().publicKey })
    await refused(permit(site, elsewhere), invalid, elsewhere)
  })

  test('JOBAPI-5: settle-by past, too near, too far, or beyond what the time to live leaves', async () => {
    const slot = slotNow(site)
    for (const settleBy of [0n, BigInt(slot - 1), BigInt(slot + 30), BigInt(slot + 10_000)]) {
      const details = await refused(permit(site, payer, { authorisation: { settleBy } }), [
        400,
        'AUTHORISATION_EXPIRED',
      ])
      expect(details).toMatchObject({ from: expect.any(Number), to: expect.any(Number) })
    }
    await refused(permit(site, payer, { ttlSeconds: 3_600 }), [400, 'AUTHORISATION_EXPIRED'])
    const huge = { settleBy: 2n ** 64n - 1n }
    await refused(permit(site, payer, { authorisation: huge }), [400, 'AUTHORISATION_EXPIRED'])
  })

  test('JOBAPI-5: limits of zero, below the price, above the funds, overflowing', async () => {
    const limit = (value: bigint) => permit(site, payer, { authorisation: { limit: value } })
    await refused(limit(0n), [402, 'PRICE_TOO_LOW'])
    const details = await refused(limit(1n), [402, 'PRICE_TOO_LOW'])
    expect(details).toMatchObject({ alternative: expect.anything() })
    await refused(limit(51n * 100_000_000n), [402, 'ESCROW_EXHAUSTED'])
    await refused(limit(2n ** 64n - 1n), [402, 'ESCROW_EXHAUSTED'])
  })

  test('JOBAPI-5: bytes that are no permission', async () => {
    const { body } = permit(site, payer)
    const invalid = [400, 'AUTHORISATION_INVALID'] as const
    const with_ = (changes: Record<string, unknown>) => ({
      ...permit(site, payer),
      body: { ...body, ...changes },
    })
    await refused(with_({ authorisation: 'ab' }), invalid)
    await refused(with_({ authorisation: `${body['authorisation']}00` }), invalid)
    await refused(with_({ authorisation_signature: 'ab' }), invalid)
    const { authorisation: _, ...unsigned } = body
    await refused({ ...permit(site, payer), body: unsigned }, [422, 'VALIDATION_ERROR'])
    const { authorisation_signature: __, ...neither } = unsigned as Record<string, unknown>
    await refused({ ...permit(site, payer), body: neither }, invalid)
    await refused(with_({ authorisation: 'x' }), [422, 'VALIDATION_ERROR'])
    await refused(with_({ spec: 'ab' }), [422, 'VALIDATION_ERROR'])
  })

  test('JOBAPI-5: held money is promised once, and free again after a cancel', async () => {
    // A miner that registers and never polls: its jobs wait, and their money with them.
    const registered = await call(site, '/v1/miners/register', {
      key: minerKey,
      body: { capabilities: { models: ['held'] } },
    })
    expect(registered.status).toBe(200)
    const rich = await openPayer(site)
    const job = () =>
      permit(site, rich, {
        spec: specOf({ model: 'held' }),
        authorisation: { limit: 20n * 100_000_000n },
      })
    const first = await submit(job(), rich)
    const second = await submit(job(), rich)
    expect([first.status, second.status]).toEqual([201, 201])
    const third = job()
    await refused(third, [402, 'ESCROW_EXHAUSTED'], rich)
    const cancel = `${jobs}/${first.json['job_id']}/cancel`
    const canceled = await signedCall(site, rich.signer, cancel, { method: 'POST' })
    expect(canceled.json).toMatchObject({ state: 'CANCELED', payment_status: 'refunded' })
    // It was refused before it was taken, so its number is still good.
    expect((await submit(third, rich)).status).toBe(201)
    await refused(job(), [402, 'ESCROW_EXHAUSTED'], rich)
    expect(await balanceOf(rich)).toBe(50n * 100_000_000n)
  })

  test('JOBAPI-5: an escrow that is closing takes no new job', async () => {
    const leaving = await openPayer(site)
    const data = { escrow: leaving.escrow }
    await send(site, leaving.signer, { nonce: 1n, message: { TAG: 'escrow_close', data } })
    const answer = await until(
      () => submit(permit(site, leaving), leaving),
      ({ status }) => status !== 201,
    )
    expectFailure(answer, 402, 'ESCROW_REQUIRED')
  })

  test('JOBAPI-5: whose permission was never good, nothing was taken from', async () => {
    expect(await balanceOf(other)).toBe(50n * 100_000_000n)
  })
})
