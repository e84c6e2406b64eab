/**
 * The code that the tutorials print encodes and reads what core does. Visitors copy it, so it shares
 * nothing with the project's source, and must agree with it all the same.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certificateCoder, commitCoder, headerCoder } from '../../../core/chain/block.ts'
import { authoritySetHash, genesisHash, parseGenesis } from '../../../core/chain/genesis.ts'
import { outcomeCoder } from '../../../core/chain/outcome.ts'
import { receiptCoder } from '../../../core/chain/receipt.ts'
import { releaseCoder } from '../../../core/chain/release.ts'
import {
  type TransactionBody,
  transactionBodyCoder,
  transactionHash,
  transactionSigningBytes,
} from '../../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { taggedHash } from '../../../core/crypto/hash.ts'
import { inclusionPath, listRoot } from '../../../core/crypto/merkle.ts'
import { freshSecrets } from '../../../scripts/setup/dev-vars.ts'
import { makeGenesis, siteKeys } from '../../../scripts/setup/genesis.ts'
import { inRoot } from '../../../scripts/setup/paths.ts'
import { blocksOf } from '../../docs/blocks.ts'

// biome-ignore lint/suspicious/noExplicitAny: the printed code has no types.
type Printed = Record<string, any>

const folder = mkdtempSync(join(tmpdir(), 'aitbc-tutorials-'))
let transaction: Printed
let wire: Printed
let evidence: Printed

beforeAll(async () => {
  symlinkSync(inRoot('node_modules'), join(folder, 'node_modules'))
  transaction = await printed('sign-a-transaction', 'transaction.mjs')
  wire = await printed('verify-a-receipt', 'wire.mjs')
  evidence = await printed('verify-a-receipt', 'evidence.mjs')
})

afterAll(() => rmSync(folder, { recursive: true }))

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const whole = fc.nat({ max: 2 ** 31 - 1 })
const big = whole.map(BigInt)

test('a transfer is encoded, signed and named as core does it', () => {
  const body = fc.record({
    sender: bytes(32),
    nonce: fc.bigInt(0n, 2n ** 64n - 1n),
    fee: fc.bigInt(0n, 2n ** 64n - 1n),
    validUntil: fc.bigInt(0n, 2n ** 64n - 1n),
    to: bytes(20),
    amount: fc.bigInt(0n, 2n ** 64n - 1n),
  })
  const property = fc.property(body, bytes(32), bytes(64), (fields, chain, signature) => {
    const { sender, nonce, fee, validUntil, to, amount } = fields
    const message: TransactionBody['message'] = { TAG: 'transfer', data: { to, amount } }
    const core = { version: 1, sender, nonce, fee, validUntil, message }
    const own = transaction.transferBody({ ...fields, publicKey: sender })
    expect(own).toEqual(transactionBodyCoder.encode(core))
    expect(transaction.signingBytes(chain, own)).toEqual(transactionSigningBytes(chain, core))
    const signed = transaction.join(own, signature)
    expect(transaction.transactionHash(signed)).toEqual(transactionHash(signed))
  })
  fc.assert(property)
})

test('an address is made, written and read as core does it', () => {
  const property = fc.property(bytes(32), (publicKey) => {
    const address = addressOf(publicKey)
    const text = formatAddress(address)
    expect(transaction.addressOf(publicKey)).toEqual(address)
    expect(transaction.writeAddress(address)).toBe(text)
    expect(transaction.readAddress(text)).toEqual(address)
    expect(wire.addressOf(publicKey)).toEqual(address)
  })
  fc.assert(property)
})

test('a genesis file has the same hash, and its authorities too', () => {
  const sites = ['site-a', 'näher'].map((name) => ({ name, ...siteKeys(freshSecrets()) }))
  const json = makeGenesis({ chainId: 'a-chain', nowMs: 1_790_000_000_000, sites })
  const parsed = parseGenesis(json)
  if (!parsed.ok) throw new Error(parsed.error.message)
  expect(evidence.genesisHash(json)).toEqual(genesisHash(parsed.value))
  const authorities = evidence.authorityBytes(json.authorities)
  expect(wire.taggedHash('aitbc/authorities/1', authorities)).toEqual(
    authoritySetHash(parsed.value.authorities),
  )
})

test('receipts and releases are read as core writes them, and nothing after them is passed over', () => {
  const receipt = fc.record({
    version: fc.constant(1),
    receiptId: bytes(16),
    jobId: bytes(16),
    attempt: fc.nat({ max: 255 }),
    client: fc.string({ maxLength: 40 }),
    coordinator: bytes(32),
    minerKey: fc.option(bytes(32), { nil: undefined }),
    miner: bytes(20),
    authorisation: bytes(32),
    jobHash: bytes(32),
    resultHash: bytes(32),
    legacyHash: bytes(32),
    model: fc.string({ maxLength: 40 }),
    promptTokens: whole,
    completionTokens: whole,
    amount: big,
    startedAtMs: big,
    completedAtMs: big,
  })
  const release = fc.record({
    authorisation: bytes(32),
    miner: bytes(20),
    amount: big,
    receiptHash: bytes(32),
  })
  const property = fc.property(receipt, release, (one, other) => {
    const encoded = receiptCoder.encode(one)
    expect(evidence.readReceipt(encoded)).toEqual(inNumbers(one))
    expect(evidence.readRelease(releaseCoder.encode(other))).toEqual(inNumbers(other))
    expect(() => evidence.readReceipt(Uint8Array.of(...encoded, 0))).toThrow('too many')
    expect(() => evidence.readReceipt(encoded.slice(0, -1))).toThrow('too early')
  })
  fc.assert(property, { numRuns: 50 })
})

test('headers, certificates and outcomes are read as core writes them', () => {
  const certificate = fc.record({
    authorities: bytes(32),
    slot: big,
    height: big,
    block: bytes(32),
    signatures: fc.array(fc.record({ authority: fc.nat({ max: 63 }), signature: bytes(64) }), {
      maxLength: 4,
    }),
  })
  const header = fc.record({
    version: fc.constant(1),
    height: big,
    slot: big,
    parent: bytes(32),
    proposer: bytes(32),
    transactionsRoot: bytes(32),
    outcomesRoot: bytes(32),
    stateRoot: bytes(32),
    historyRoot: bytes(32),
    authorities: bytes(32),
    certificate: fc.option(certificate, { nil: undefined }),
  })
  const settlement = fc.record({
    code: fc.nat({ max: 12 }),
    escrow: bytes(32),
    number: fc.bigInt(0n, 2n ** 64n - 1n),
    miner: bytes(20),
    amount: big,
    minerAmount: big,
    coordinatorAmount: big,
    receiptHash: bytes(32),
  })
  const outcome = fc.record({
    transaction: bytes(32),
    code: fc.nat({ max: 13 }),
    fee: big,
    feeFromShares: big,
    settlements: fc.array(settlement, { maxLength: 4 }),
  })
  const property = fc.property(header, certificate, outcome, (head, proof, did) => {
    expect(evidence.readHeader(headerCoder.encode(head))).toEqual(inNumbers(head))
    const commit = commitCoder.encode(proof)
    expect(evidence.readCertificate(certificateCoder.encode(proof))).toEqual({
      ...inNumbers(proof),
      commit,
    })
    const settlements = did.settlements.map((item) => ({
      ...inNumbers(item),
      // Above 2^53, so it is kept as its bytes.
      number: wire.uint(8, item.number),
    }))
    expect(evidence.readOutcome(outcomeCoder.encode(did))).toEqual({
      ...inNumbers(did),
      settlements,
    })
  })
  fc.assert(property, { numRuns: 50 })
})

test('an entry is found at its place in a list, and nowhere else', () => {
  const lists = fc.array(bytes(8), { minLength: 1, maxLength: 40 })
  const property = fc.property(lists, fc.nat(), (entries, at) => {
    const index = at % entries.length
    const count = entries.length
    const path = inclusionPath(entries, index)
    const claim = { root: listRoot(entries), entry: entries[index], index, count, path }
    expect(evidence.isIncluded(claim)).toBe(true)
    expect(evidence.isIncluded({ ...claim, count: count + 1 })).toBe(false)
    expect(evidence.isIncluded({ ...claim, index: index + 1 })).toBe(false)
    expect(evidence.isIncluded({ ...claim, entry: Uint8Array.of(1) })).toBe(false)
    expect(evidence.isIncluded({ ...claim, root: taggedHash('another') })).toBe(false)
  })
  fc.assert(property)
})

/** Integers of 64 bits as the printed code keeps them: as numbers. */
function inNumbers(value: unknown): Printed[string] {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(inNumbers)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inNumbers(inner)]))
}

/** Writes a file of a page where it finds the libraries, and imports it. */
async function printed(page: string, name: string): Promise<Printed> {
  const path = `pages/docs/content/${page}.md`
  const block = blocksOf(path, readFileSync(inRoot(path), 'utf8')).find(
    ({ how }) => how.kind === 'file' && how.name === name,
  )
  if (!block) throw new Error(`${path} prints no ${name}`)
  writeFileSync(join(folder, name), block.text)
  return (await import(pathToFileURL(join(folder, name)).href)) as Printed
}
