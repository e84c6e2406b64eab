/** Who pays for an API key: a site without a faucet asks for an escrow, a devnet opens one, within bounds. */
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import { call, expectFailure, type Json, keyOf, supplyOf, until } from '../../support/api-client.ts'
import { coordinatorKey } from '../../support/api-payer.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

const payload = { type: 'inference', prompt: 'What is the capital of France?', model: 'aitbc-tiny' }
const question = { model: 'aitbc-tiny', messages: [{ role: 'user' as const, content: 'Hello' }] }
const delegateText = expect.stringMatching(/^[0-9a-f]{64}$/) as string

const refusalOf = (asked: Promise<unknown>) =>
  asked.then(
    () => expect.fail('it was answered'),
    (error: unknown) => error,
  )

describe('a chain without a faucet', () => {
  let site: Harness
  let miner: TestMiner

  beforeAll(async () => {
    site = await startHarness({ parameters: { faucetMax: 0n } })
    miner = await startTestMiner(site.url)
  })
  afterAll(async () => {
    await miner?.stop()
    await site?.dispose()
  })

  test('JOBAPI-6: a key without an escrow is told what it needs, and nothing happens', async () => {
    const key = keyOf(site, 'CLIENT')
    for (let time = 0; time < 2; time++) {
      const answer = await call(site, '/v1/jobs', { key, body: { payload } })
      expect(expectFailure(answer, 402, 'ESCROW_REQUIRED')).toEqual({
        coordinator: toHex(coordinatorKey(site)),
        delegate: delegateText,
      })
    }
    const { json } = await call(site, '/v1/jobs', { key })
    expect(json).toMatchObject({ total: 0 })
    const supply = await supplyOf(site)
    expect(supply).toMatchObject({ minted: 0n, burned: 0n, held: supply.genesis })
  })

  test('OAI-4, OLL-5: clients of OpenAI and Ollama are told the same with 402, and nothing happens', async () => {
    const key = keyOf(site, 'CLIENT')
    const openai = new OpenAI({ apiKey: key, baseURL: `${site.url}/v1` })
    const ollama = new Ollama({
      host: `${site.url}/ollama`,
      headers: { authorization: `Bearer ${key}` },
    })
    const { model, messages } = question
    for (const asked of [
      () => openai.chat.completions.create({ model, messages }),
      () => openai.chat.completions.create({ model, messages, stream: true, n: 2 }),
      () => openai.completions.create({ model, prompt: 'One' }),
      () => openai.completions.create({ model, prompt: 'One', stream: true }),
      () => openai.embeddings.create({ model, input: 'One' }),
    ]) {
      const error = await refusalOf(asked())
      expect(error).toBeInstanceOf(OpenAI.APIError)
      expect(error).toMatchObject({
        status: 402,
        code: 'insufficient_quota',
        type: 'insufficient_quota',
        error: {
          reason: 'escrow_required',
          details: { coordinator: toHex(coordinatorKey(site)), delegate: delegateText },
        },
      })
      // What does not pass by itself is not worth asking again.
      expect((error as { headers: Headers }).headers.has('retry-after')).toBe(false)
    }
    for (const asked of [
      () => ollama.chat({ model, messages }),
      () => ollama.chat({ model, messages, stream: true }),
      () => ollama.generate({ model, prompt: 'One' }),
      () => ollama.embed({ model, input: 'One' }),
    ]) {
      const error = await refusalOf(asked())
      expect(error).toMatchObject({ status_code: 402, message: expect.stringMatching(/escrow/i) })
    }
    const { json } = await call(site, '/v1/jobs', { key })
    expect(json).toMatchObject({ total: 0 })
    const supply = await supplyOf(site)
    expect(supply).toMatchObject({ minted: 0n, burned: 0n, held: supply.genesis })
  })

  test('JOBAPI-6: its faucet says that there is none', async () => {
    const body = { address: miner.address, amount: '100' }
    expectFailure(await call(site, '/rpc/admin/mintFaucet', { body }), 403, 'FAUCET_OFF')
  })
})

describe('a devnet', () => {
  let site: Harness
  let miner: TestMiner

  beforeAll(async () => {
    site = await startHarness()
    miner = await startTestMiner(site.url)
  })
  afterAll(async () => {
    await miner?.stop()
    await site?.dispose()
  })

  const gifts = async () => {
    const { json } = await call(site, '/rpc/transactions?limit=100')
    const all = json['transactions'] as { payload: { type: string } }[]
    return all.filter((each) => each.payload.type === 'FAUCET').length
  }

  test('JOBAPI-6: many first jobs at the same time open one escrow', async () => {
    const key = keyOf(site, 'CLIENT')
    const all = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => call(site, '/v1/jobs', { key, body: { payload } })),
    )
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 201])
    expect(await gifts()).toBe(1)
    const { json } = await call(site, '/rpc/transactions?limit=100')
    const kinds = (json['transactions'] as { payload: { type: string } }[]).map(
      (each) => each.payload.type,
    )
    expect(kinds.filter((kind) => kind === 'ESCROW_OPEN').length).toBe(1)
  })

  test('JOBAPI-6: a limit that no gift can cover is refused, and takes none', async () => {
    const key = keyOf(site, 'CLIENT')
    const before = await gifts()
    for (const amount of [500, 90_000_000]) {
      const body = { payload, payment_amount: amount }
      const answer = await call(site, '/v1/jobs', { key, body })
      expect([402, answer.json]).toMatchObject([answer.status, { error: { status: 402 } }])
    }
    expect(await gifts()).toBe(before)
    const after = await call(site, '/v1/jobs', { key, body: { payload } })
    expect(after.status, after.text).toBe(201)
  })

  test('JOBAPI-6: a limit that one more gift covers is topped up for', async () => {
    const before = await gifts()
    // The first gift was 100: the escrow cannot hold this yet.
    const body = { payload, payment_amount: 150 }
    const answer = await until(
      () => call(site, '/v1/jobs', { key: keyOf(site, 'CLIENT'), body }),
      // While the gift is on its way, and nothing else: what would not be asked again is not said.
      ({ json }) => (json['error'] as Json | undefined)?.['code'] !== 'ESCROW_NOT_FINAL',
    )
    expect(answer.status, answer.text).toBe(201)
    expect(answer.json).toMatchObject({ limit: '15000000000', payment_status: 'escrowed' })
    expect(await gifts()).toBe(before + 1)
    const supply = await supplyOf(site)
    expect(supply.held).toBe(supply.genesis + supply.minted - supply.burned)
  })
})
