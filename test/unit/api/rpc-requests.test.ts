/** From the original's JSON transactions to canonical bytes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  legacyPayloadBytes,
  legacyTransaction,
  type SendTxRequest,
  sendTxSchema,
  signingGuide,
  submitSchema,
  transferBytes,
} from '../../../core/api/rpc-requests.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { submitBatchMax } from '../../../core/chain/limits.ts'
import { decodeTransaction, signTransaction } from '../../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'

const genesis = new Uint8Array(32).fill(7)
const signer = signerFromSeed(new Uint8Array(32).fill(1))
const own = formatAddress(addressOf(signer.publicKey))
const other = formatAddress(new Uint8Array(20).fill(9))

function signed(): { bytes: Uint8Array; request: SendTxRequest } {
  const bytes = signTransaction(
    genesis,
    {
      version: 1,
      sender: signer.publicKey,
      nonce: 3n,
      fee: 5_000n,
      validUntil: 900n,
      message: { TAG: 'transfer', data: { to: new Uint8Array(20).fill(9), amount: 250n } },
    },
    signer,
  )
  const request = {
    type: 'transfer',
    sender: own,
    nonce: 3,
    fee: 5_000,
    payload: { recipient: other, amount: 250 },
    public_key: toHex(signer.publicKey),
    valid_until: 900,
    sig: toHex(bytes.slice(-64)),
  }
  return { bytes, request }
}

const codeOf = (request: SendTxRequest) => {
  const result = legacyTransaction(request)
  return result.ok ? 'ok' : result.error.code
}

test('RPC-3: the legacy fields with key, slot and signature give the bytes that were signed', () => {
  const { bytes, request } = signed()
  for (const payload of [
    { recipient: other, amount: 250 },
    { to: other, amount: 250 },
    { to: other, recipient: other, amount: '250' },
  ]) {
    const result = legacyTransaction({ ...request, payload })
    expect(result).toEqual({ ok: true, value: bytes })
  }
  expect(bytes.length).toBe(transferBytes)
  expect(decodeTransaction(bytes).ok).toBe(true)
})

test('RPC-3: an unsigned transaction is refused with what is missing and where to read on', () => {
  const { request } = signed()
  for (const missing of ['sig', 'public_key', 'valid_until'] as const) {
    for (const value of [undefined, null]) {
      const result = legacyTransaction({ ...request, [missing]: value })
      expect(result).toMatchObject({ ok: false, error: { code: 'SIGNATURE_REQUIRED' } })
      expect(result.ok ? '' : result.error.message).toContain(missing)
      expect(result.ok ? '' : result.error.message).toContain(signingGuide)
    }
  }
})

test('RPC-3: receipt claims and unknown types are told apart', () => {
  const { request } = signed()
  expect(codeOf({ ...request, type: 'receipt_claim' })).toBe('NOT_BUILT')
  expect(codeOf({ ...request, type: 'MINT' })).toBe('VALIDATION_ERROR')
})

test('RPC-7: addresses of the original network are refused where money would move', () => {
  const { request } = signed()
  const legacy = `aitbc1${'ab'.repeat(20)}`
  expect(codeOf({ ...request, payload: { to: legacy, amount: 1 } })).toBe('ADDRESS_LEGACY')
  expect(codeOf({ ...request, sender: legacy })).toBe('ADDRESS_LEGACY')
})

test('RPC-6: every malformed field is named, none throws', () => {
  const { request } = signed()
  const wrong: [Partial<SendTxRequest>, string][] = [
    [{ sender: 'alice' }, 'ADDRESS_INVALID'],
    [{ sender: other }, 'VALIDATION_ERROR'],
    [{ public_key: 'zz' }, 'VALIDATION_ERROR'],
    [{ public_key: '00' }, 'VALIDATION_ERROR'],
    [{ sig: 'ab' }, 'VALIDATION_ERROR'],
    [{ payload: {} }, 'VALIDATION_ERROR'],
    [{ payload: { to: 'bob', amount: 1 } }, 'ADDRESS_INVALID'],
    [{ payload: { to: other } }, 'AMOUNT_INVALID'],
    [{ payload: { to: other, amount: -1 } }, 'AMOUNT_INVALID'],
    [{ payload: { to: other, amount: 1.5 } }, 'AMOUNT_INVALID'],
    [{ payload: { to: other, amount: '18446744073709551616' } }, 'AMOUNT_INVALID'],
    [{ payload: { to: other, recipient: own, amount: 1 } }, 'VALIDATION_ERROR'],
  ]
  for (const [change, code] of wrong) expect(codeOf({ ...request, ...change })).toBe(code)
})

test('RPC-6: whatever fits the schema is answered, never thrown', () => {
  fc.assert(
    fc.property(
      fc.record({
        type: fc.constantFrom('TRANSFER', 'transfer', 'x'),
        sender: fc.oneof(fc.constant(own), fc.string({ minLength: 1, maxLength: 128 })),
        nonce: fc.maxSafeNat(),
        fee: fc.maxSafeNat(),
        payload: fc.dictionary(fc.constantFrom('to', 'recipient', 'amount', 'x'), fc.anything()),
        sig: fc.oneof(fc.constant('ab'.repeat(64)), fc.string({ maxLength: 132 })),
        public_key: fc.oneof(fc.constant(toHex(signer.publicKey)), fc.string({ maxLength: 66 })),
        valid_until: fc.maxSafeNat(),
      }),
      (request) => {
        const parsed = sendTxSchema.safeParse(request)
        if (parsed.success) legacyTransaction(parsed.data)
      },
    ),
  )
})

test('RPC-4: a batch is bounded, and its items are hex', () => {
  const tx = 'ab'
  expect(submitSchema.safeParse({ tx }).success).toBe(true)
  expect(submitSchema.safeParse({ txs: Array(submitBatchMax).fill(tx) }).success).toBe(true)
  for (const body of [
    { txs: Array(submitBatchMax + 1).fill(tx) },
    { txs: [] },
    { tx: 'abc' },
    { tx: '' },
    { tx, txs: [tx] },
    { tx: 'a'.repeat(140_000) },
    {},
    [],
    null,
  ]) {
    expect(submitSchema.safeParse(body).success).toBe(false)
  }
})

test('RPC-1: payload bytes are counted as the original counted them', () => {
  expect(legacyPayloadBytes({ to: 'bob', amount: 100 })).toBe(25)
  // {"a":{"b":1,"c":"\u00e9"}}
  expect(legacyPayloadBytes({ a: { c: 'é', b: 1 } })).toBe(26)
})
