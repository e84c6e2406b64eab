/** What a job costs, who is paid, and what proves it: read from outside, checked with Node's crypto. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readProof } from '../../../core/api/rpc-read.ts'
import { bytesEqual, fromHex, toBase64Url, toHex, toHex0x } from '../../../core/base/bytes.ts'
import { decodeCanonical } from '../../../core/base/coders.ts'
import { authorisationCoder, authorisationHash } from '../../../core/chain/authorisation.ts'
import { settlementCodes } from '../../../core/chain/outcome.ts'
import { verifyProof } from '../../../core/chain/proof.ts'
import { receiptCoder, receiptHash, receiptSigningBytes } from '../../../core/chain/receipt.ts'
import { releaseCoder, releaseSigningBytes } from '../../../core/chain/release.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { type ReputationReceipt, reputationOf } from '../../../core/market/reputation.ts'
import {
  call,
  finalBalance,
  type Json,
  jobIn,
  keyOf,
  supplyOf,
  until,
} from '../../support/api-client.ts'
import {
  coordinatorKey,
  genesisOf,
  hashOf,
  openPayer,
  permit,
  signedCall,
} from '../../support/api-payer.ts'
import { checkReceipt } from '../../support/api-receipt.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { startTestMiner, type TestMiner } from '../../support/test-miner.ts'

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

const question = 'What is the capital of France?'
const answerText = 'The capital of France is Paris.'
const chain = { className: 'ChainNode', name: 'chain' } as const

/** Asks through the client's key and returns the job when it is done. */
async function ask(): Promise<Json> {
  const key = keyOf(site, 'CLIENT')
  const client = new OpenAI({ apiKey: key, baseURL: `${site.url}/v1`, maxRetries: 0 })
  const answer = await client.chat.completions.create({
    model: 'aitbc-tiny',
    messages: [{ role: 'user', content: question }],
    temperature: 0,
  })
  expect(answer.choices[0]?.message.content).toBe(answerText)
  const jobId = answer.id.replace('chatcmpl-', '')
  return jobIn(site, { key, jobId, states: ['COMPLETED'] })
}

type Settlement = { tx_hash: string; block_height: number; final: boolean }

/** The settlement of a job, when it is final. */
async function settled(jobId: unknown): Promise<Settlement> {
  const key = keyOf(site, 'CLIENT')
  const { json } = await until(
    () => call(site, `/api/v1/jobs/${jobId}`, { key }),
    (answer) => answer.json['settlement'] !== null,
  )
  return json['settlement'] as Settlement
}

const bytesOf = (hex: unknown): Uint8Array => {
  const bytes = fromHex(String(hex))
  if (!bytes.ok) throw new Error(bytes.error.message)
  return bytes.value
}

/** Whether Node's own crypto takes a signature. */
function holds(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) }
  return verify(null, message, createPublicKey({ format: 'jwk', key: jwk }), signature)
}

/** 5 % of an amount, rounded down: what the coordinator keeps on a devnet. */
const shareOf = (amount: bigint): bigint =>
  (amount * BigInt(genesisOf(site).parameters.coordinatorShareBps)) / 10_000n

const conserved = async () => {
  const { genesis, minted, burned, held } = await supplyOf(site)
  expect(held).toBe(genesis + minted - burned)
  return held
}

test('JOBAPI-6: the first question of a key opens account, escrow and delegate', async () => {
  const before = await conserved()
  expect(await ask()).toMatchObject({ payment_status: 'released', attempts: 1 })
  const { json } = await call(site, '/rpc/transactions?limit=50')
  const kinds = (json['transactions'] as { payload: { type: string } }[]).map(
    ({ payload }) => payload.type,
  )
  expect(kinds).toEqual(expect.arrayContaining(['FAUCET', 'ESCROW_OPEN']))
  expect(await conserved()).toBe(before)
})

test('JOBAPI-7: a question waits for no block, and is paid when there is one', async () => {
  const first = await ask()
  await settled(first['job_id'])
  await site.objectSql(
    chain,
    `CREATE TRIGGER no_blocks BEFORE INSERT ON blocks BEGIN SELECT RAISE(ABORT, 'paused'); END`,
  )
  const head = async () => (await call(site, '/rpc/head')).json['height']
  const height = await head()
  const second = await ask()
  expect(second).toMatchObject({ payment_status: 'released', settlement: null })
  expect(BigInt(String(second['amount']))).toBeGreaterThan(0n)
  expect(await head()).toBe(height)
  await site.objectSql(chain, 'DROP TRIGGER no_blocks')
  const { block_height, final } = await settled(second['job_id'])
  expect([block_height > Number(height), final]).toEqual([true, true])
})

test('JOBAPI-7: the price is what was announced, and the miner gets all but the share', async () => {
  const before = await finalBalance(site, miner.address)
  const supply = await conserved()
  const jobs = [await ask(), await ask(), await ask()]
  let paid = 0n
  for (const job of jobs) {
    // Prompt tokens × p_in + delivered tokens × p_out, for 1 000 each, rounded up.
    const { prompt_tokens, completion_tokens } = job as Record<string, number>
    expect([prompt_tokens, completion_tokens]).toEqual([9, 8])
    const amount = BigInt(String(job['amount']))
    expect(amount).toBe((9n * 1_000_000n + 8n * 3_000_000n + 999n) / 1_000n)
    expect(amount).toBeLessThanOrEqual(BigInt(String(job['limit'])))
    await settled(job['job_id'])
    paid += amount - shareOf(amount)
  }
  expect(await finalBalance(site, miner.address)).toBe(before + paid)
  expect(await conserved()).toBe(supply)
})

test('JOBAPI-1: the payment of a job, in the original’s view', async () => {
  const job = await ask()
  const { tx_hash } = await settled(job['job_id'])
  const key = keyOf(site, 'CLIENT')
  const { json, status } = await call(site, `/api/v1/jobs/${job['job_id']}/payment`, { key })
  expect(status).toBe(200)
  expect(json).toMatchObject({
    job_id: job['job_id'],
    payment_id: job['job_id'],
    amount: Number(job['amount']) / 1e8,
    currency: 'AITBC',
    status: 'released',
    payment_method: 'aitbc_token',
    transaction_hash: tx_hash,
    refunded_at: null,
    charged: job['amount'],
    final: true,
  })
  expect(json['released_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
})

/** What the parties of a job get to prove it: the decoded statements and their signatures. */
async function proofsOf(job: Json) {
  const key = keyOf(site, 'CLIENT')
  const path = `/api/v1/jobs/${job['job_id']}/receipt`
  const legacy = await call(site, path, { key })
  const { json: bundle } = await call(site, `${path}?format=bundle`, { key })
  const receipt = decodeCanonical(receiptCoder, bytesOf(bundle['canonical']))
  const release = decodeCanonical(releaseCoder, bytesOf(bundle['release']))
  const allowed = decodeCanonical(authorisationCoder, bytesOf(bundle['authorisation']))
  if (!receipt.ok || !release.ok || !allowed.ok) throw new Error('not canonical')
  return {
    legacy,
    bundle,
    receipt: receipt.value,
    release: release.value,
    allowed: allowed.value,
  }
}

test('JOBAPI-7: the original’s receipt verifies in its own form, and no other text does', async () => {
  const job = await ask()
  const { legacy, bundle } = await proofsOf(job)
  const keys = [toBase64Url(miner.publicKey), toBase64Url(coordinatorKey(site))]
  expect(checkReceipt(legacy.text).keys).toEqual(keys)
  expect(bundle['legacy_text']).toBe(legacy.text)
  expect(() => checkReceipt(legacy.text.replace('Paris', 'Lyon!'))).toThrow(/does not hold/)
  expect(legacy.json).toMatchObject({
    version: '1.0',
    job_id: job['job_id'],
    provider: miner.id,
    client: job['client'],
    status: 'COMPLETED',
    unit_type: 'gpu_seconds',
    price: Number(job['amount']) / 1e8,
    metadata: { result: { output: answerText, tokens_processed: 8 } },
  })
  const { units, unit_price, price } = legacy.json as Record<string, number>
  const difference = (units as number) * (unit_price as number) - (price as number)
  expect(Math.abs(difference)).toBeLessThan(1e-9)
})

test('JOBAPI-7: the canonical receipt and the release are signed, and fit the job', async () => {
  const job = await ask()
  const { legacy, bundle, receipt, release, allowed } = await proofsOf(job)
  const genesisHash = hashOf(site)
  expect(toHex(receipt.legacyHash)).toBe(checkReceipt(legacy.text).hash)
  expect(toHex(receipt.resultHash)).toBe(createHash('sha256').update(answerText).digest('hex'))
  expect(receipt.minerKey && bytesEqual(receipt.minerKey, miner.publicKey)).toBe(true)
  expect(formatAddress(receipt.miner)).toBe(miner.address)
  expect(toHex(receipt.jobId)).toBe(job['job_id'])
  expect([receipt.promptTokens, receipt.completionTokens]).toEqual([9, 8])
  expect(String(receipt.amount)).toBe(job['amount'])
  const minerSigned = receiptSigningBytes(genesisHash, receipt)
  expect(holds(miner.publicKey, minerSigned, bytesOf(bundle['miner_signature']))).toBe(true)
  const released = releaseSigningBytes(genesisHash, release)
  const signature = bytesOf(bundle['release_signature'])
  expect(holds(coordinatorKey(site), released, signature)).toBe(true)
  expect(toHex(release.receiptHash)).toBe(toHex(receiptHash(receipt)))
  expect(toHex0x(receiptHash(receipt))).toBe(job['receipt_hash'])
  expect(toHex(release.authorisation)).toBe(toHex(authorisationHash(allowed)))
})

test('JOBAPI-7: the settlement anchors the receipt, proven against genesis alone', async () => {
  const job = await ask()
  const { receipt, allowed } = await proofsOf(job)
  const settlement = await settled(job['job_id'])
  const answer = await call(site, `/rpc/proof/transaction/${settlement.tx_hash}`)
  const proof = readProof(answer.json)
  if (!proof.ok) throw new Error(proof.error.message)
  const subject = { kind: 'transaction', hash: bytesOf(settlement.tx_hash) } as const
  const fact = verifyProof({
    genesis: genesisOf(site),
    proof: proof.value,
    subject,
    verifier: nobleVerifier,
  })
  if (!fact.ok || fact.value.kind !== 'transaction') throw new Error('the proof does not hold')
  expect(fact.value.block.height).toBe(settlement.block_height)
  const anchored = receiptHash(receipt)
  const { settlements } = fact.value.outcome
  const share = shareOf(receipt.amount)
  expect(settlements.find((each) => bytesEqual(each.receiptHash, anchored))).toEqual({
    code: settlementCodes.paid,
    escrow: allowed.escrow,
    number: allowed.number,
    miner: addressOf(miner.publicKey),
    amount: receipt.amount,
    minerAmount: receipt.amount - share,
    coordinatorAmount: share,
    receiptHash: anchored,
  })
})

test('JOBAPI-7: an account pays from its own escrow, and every unit is somewhere', async () => {
  const payer = await openPayer(site)
  const job = permit(site, payer)
  const sent = await signedCall(site, payer.signer, '/api/v1/jobs', { body: job.body })
  expect([sent.status, sent.json['client']]).toEqual([201, payer.address])
  const path = `/api/v1/jobs/${sent.json['job_id']}`
  const done = await until(
    () => signedCall(site, payer.signer, path),
    ({ json }) => json['settlement'] !== null,
  )
  const amount = BigInt(String(done.json['amount']))
  const { json: escrow } = await call(site, `/rpc/escrow/${toHex0x(payer.escrow)}`)
  expect(BigInt(String(escrow['balance']))).toBe(50n * 100_000_000n - amount)
  await conserved()
})

test('REPUTE-1, REP-1: whoever reads the receipts comes to the same reputation', async () => {
  const job = await ask()
  await settled(job['job_id'])
  const path = '/api/v1/miners/miner-A'
  const { json: told } = await call(site, `${path}/reputation`)
  const genesisHash = hashOf(site)
  const receipts: ReputationReceipt[] = []
  let cursor: string | undefined
  do {
    const query = cursor === undefined ? '' : `&cursor=${cursor}`
    const { json } = await call(site, `${path}/receipts?limit=2${query}`)
    for (const item of json['items'] as Json[]) {
      // Signed by the miner, and paid by the chain: nothing is taken from the site's word.
      const receipt = decodeCanonical(receiptCoder, bytesOf(item['receipt']))
      if (!receipt.ok) throw new Error(receipt.error.message)
      const message = receiptSigningBytes(genesisHash, receipt.value)
      const signature = bytesOf(item['miner_signature'])
      expect(holds(miner.publicKey, message, signature)).toBe(true)
      const name = toHex(receiptHash(receipt.value))
      expect(item['receipt_hash']).toBe(`0x${name}`)
      const onChain = await until(
        () => call(site, `/rpc/receipts/${name}`),
        (answer) => answer.status === 200,
      )
      expect(onChain.text).toContain(String((item['settlement'] as Json)['tx_hash']).slice(2))
      receipts.push({
        ...receipt.value,
        startedAtMs: Number(receipt.value.startedAtMs),
        completedAtMs: Number(receipt.value.completedAtMs),
        isSigned: true,
      })
    }
    cursor = (json['next_cursor'] as string | null) ?? undefined
  } while (cursor !== undefined)
  expect(receipts.length).toBeGreaterThan(2)
  const costBps = genesisOf(site).parameters.coordinatorShareBps
  const asOfMs = Date.parse(String(told['as_of']))
  const own = reputationOf(receipts, { asOfMs, costBps })
  expect(told).toMatchObject({
    score: own.scoreMilli / 1_000,
    receipts: own.receipts,
    clients: own.clients,
    amount: String(own.amount),
    cost: String(own.cost),
    completion_tokens: own.completionTokens,
  })
  expect(own.scoreMilli).toBeGreaterThan(0)
})

test('KEY-4: what the chain shows of a job holds neither question, answer nor key', async () => {
  const job = await ask()
  const { tx_hash, block_height } = await settled(job['job_id'])
  const publicPaths = [
    `/rpc/tx/${tx_hash}`,
    `/rpc/blocks/${block_height}`,
    '/rpc/transactions?limit=100',
    '/rpc/receipts?limit=100',
    `/rpc/receipts/${String(job['receipt_hash']).replace('0x', '')}`,
    '/api/explorer/transactions',
    '/api/explorer/receipts',
    '/api/explorer/addresses',
    '/api/v1/site',
    '/v1/models',
    '/rpc/status',
  ]
  const private_ = [question, answerText, keyOf(site, 'CLIENT'), 'Paris']
  for (const path of publicPaths) {
    const { text, status } = await call(site, path)
    expect([path, status]).toEqual([path, 200])
    for (const secret of private_) expect(text, path).not.toContain(secret)
  }
})
