import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatCoins, supplyMax } from '../../../core/base/amount.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { sufficientFee } from '../../../core/chain/fees.ts'
import type { Message, TransactionBody } from '../../../core/chain/transaction.ts'
import { formatAddress } from '../../../core/crypto/address.ts'
import { previewTransaction } from '../../../core/wallet/preview.ts'
import type { PreviewContext } from '../../../core/wallet/preview-lines.ts'
import { hasHiddenText, visibleText } from '../../../core/wallet/visible-text.ts'
import { bond, booking, closeBooking, unbond } from '../../support/chain-market.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  genesis,
  settlementItem,
} from '../../support/chain-world.ts'

const { parameters } = genesis
const slot = 1_000n
const context: PreviewContext = {
  parameters,
  slot,
  balance: 10_000_000_000n,
  nextNonce: 3n,
  names: new Map([[formatAddress(bob.address), 'Bob']]),
  coordinator: coordinator.publicKey,
  escrowBalance: 500n,
}
function bodyOf(message: Message, change: Partial<TransactionBody> = {}): TransactionBody {
  const body = {
    version: 1,
    sender: alice.publicKey,
    nonce: 3n,
    fee: 0n,
    validUntil: slot + 150n,
    message,
  }
  return { ...body, fee: sufficientFee(parameters, body), ...change }
}
const escrow = new Uint8Array(32).fill(0xe5)
const terms = { delegate: bob.publicKey, budget: 400n, expiry: slot + 90n }
const pay = (amount: bigint, to = bob.address): Message => ({
  TAG: 'transfer',
  data: { to, amount },
})
const open = (change = {}): Message => ({
  TAG: 'escrow_open',
  data: {
    coordinator: coordinator.publicKey,
    amount: 5_000n,
    expiry: slot + 1_000n,
    delegate: undefined,
    ...change,
  },
})
const codesOf = (message: Message, change: Partial<TransactionBody> = {}, known = {}) =>
  previewTransaction(bodyOf(message, change), { ...context, ...known }).risks.map(
    ({ level, code }) => `${level} ${code}`,
  )

// Any text that a coder carries: halves of surrogate pairs are none.
const anyUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code).toWellFormed())
// Any message of any kind, with any numbers and bytes that the coders carry.
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const anyTerms = fc.record({ delegate: bytes(32), budget: u64, expiry: u64 })
const anyAuthorisation = fc.record({
  escrow: bytes(32),
  number: u64,
  limit: u64,
  settleBy: u64,
  jobHash: bytes(32),
  signer: bytes(32),
})
const anyText = fc.string({ unit: anyUnit, maxLength: 20 })
const u32 = fc.nat(2 ** 31 - 1)
const anyReceipt = fc.record({
  receipt: fc.record({
    version: fc.nat(255),
    receiptId: bytes(16),
    jobId: bytes(16),
    attempt: fc.nat(255),
    client: anyText,
    coordinator: bytes(32),
    minerKey: fc.option(bytes(32), { nil: undefined }),
    miner: bytes(20),
    authorisation: bytes(32),
    jobHash: bytes(32),
    resultHash: bytes(32),
    legacyHash: bytes(32),
    model: anyText,
    promptTokens: u32,
    completionTokens: u32,
    amount: u64,
    startedAtMs: u64,
    completedAtMs: u64,
  }),
  signature: bytes(64),
})
const anyItem = fc.record({
  authorisation: anyAuthorisation,
  authorisationSignature: bytes(64),
  release: fc.record({
    authorisation: bytes(32),
    miner: bytes(20),
    amount: u64,
    receiptHash: bytes(32),
  }),
  releaseSignature: bytes(64),
})
const tagged = <T extends Message['TAG'], D>(TAG: T, data: fc.Arbitrary<D>) =>
  data.map((value) => ({ TAG, data: value }))
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  tagged('transfer', fc.record({ to: bytes(20), amount: u64 })),
  tagged('faucet', fc.record({ to: bytes(20), amount: u64 })),
  tagged(
    'escrow_open',
    fc.record({
      coordinator: bytes(32),
      amount: u64,
      expiry: u64,
      delegate: fc.option(anyTerms, { nil: undefined }),
    }),
  ),
  tagged('escrow_top_up', fc.record({ escrow: bytes(32), amount: u64, expiry: u64 })),
  tagged('escrow_close', fc.record({ escrow: bytes(32) })),
  tagged('delegate_grant', fc.record({ escrow: bytes(32), terms: anyTerms })),
  tagged('delegate_revoke', fc.record({ escrow: bytes(32), delegate: bytes(32) })),
  tagged('settle', fc.record({ items: fc.array(anyItem, { maxLength: 3 }) })),
  tagged('bond', fc.record({ amount: u64 })),
  tagged('unbond', fc.record({ owner: bytes(20) })),
  tagged(
    'slash',
    fc.record({ authorisation: anyAuthorisation, first: anyReceipt, second: anyReceipt }),
  ),
  tagged(
    'receipt_claim',
    fc.record({
      claims: fc.array(fc.record({ authorisation: bytes(32), expiry: u64, amount: u64 }), {
        maxLength: 3,
      }),
    }),
  ),
  tagged(
    'booking_open',
    fc.record({
      provider: bytes(20),
      coordinator: bytes(32),
      offer: bytes(32),
      start: fc.oneof(u64, fc.constant(0n)),
      slots: u64,
      price: u64,
    }),
  ),
  tagged('booking_close', fc.record({ booking: bytes(32) })),
  tagged(
    'announce',
    fc.record({ topic: fc.nat(255), body: fc.uint8Array({ minLength: 21, maxLength: 40 }) }),
  ),
  tagged(
    'authority_change',
    fc.record({
      terms: fc.record({
        old: bytes(32),
        set: fc.array(
          fc.record({ publicKey: bytes(32), name: fc.string({ unit: anyUnit, maxLength: 20 }) }),
          { maxLength: 3 },
        ),
        height: u64,
      }),
      signatures: fc.array(fc.record({ authority: fc.nat(63), signature: bytes(64) }), {
        maxLength: 3,
      }),
    }),
  ),
)
const anyBody: fc.Arbitrary<TransactionBody> = fc.record({
  version: fc.nat(255),
  sender: bytes(32),
  nonce: u64,
  fee: u64,
  validUntil: u64,
  message: anyMessage,
})
const anyContext: fc.Arbitrary<PreviewContext> = fc.record({
  parameters: fc.constant(parameters),
  slot: u64,
  balance: fc.option(u64, { nil: undefined }),
  nextNonce: fc.option(u64, { nil: undefined }),
  names: fc.constant(new Map([[formatAddress(bob.address), 'B\u202eob']])),
  coordinator: fc.option(bytes(32), { nil: undefined }),
  escrowBalance: fc.option(u64, { nil: undefined }),
})

/** How a person would read each leaf of a transaction. */
function leavesOf(value: unknown): string[][] {
  if (value === undefined) return []
  if (value instanceof Uint8Array) {
    return [value.length === 20 ? [formatAddress(value)] : [toHex(value)]]
  }
  if (typeof value === 'bigint')
    return [[`${formatCoins(value)} AITBC`, `slot ${value}`, `${value}`]]
  if (typeof value === 'number') return [[String(value)]]
  if (typeof value === 'string') return [[visibleText(value)]]
  if (Array.isArray(value)) return value.flatMap(leavesOf)
  return Object.values(value as object).flatMap(leavesOf)
}

describe('previews of transactions', () => {
  test('PREVIEW-1: every field of every kind is shown, whatever it holds', () => {
    fc.assert(
      fc.property(anyBody, anyContext, (body, known) => {
        const { lines } = previewTransaction(body, known)
        const { message, ...envelope } = body
        for (const readings of [...leavesOf(envelope), ...leavesOf(message.data)]) {
          const isShown = lines.some(({ value }) => readings.some((text) => value.includes(text)))
          expect(isShown, `${message.TAG}: ${readings[0]}`).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('PREVIEW-2: nothing of a preview is invisible', () => {
    fc.assert(
      fc.property(anyBody, anyContext, (body, known) => {
        const { title, lines, risks } = previewTransaction(body, known)
        for (const text of [
          title,
          ...lines.map(({ value }) => value),
          ...risks.map((risk) => risk.text),
        ]) {
          expect(hasHiddenText(text)).toBe(false)
        }
      }),
    )
    expect(visibleText('a\u202eb\u200b\u0000\ud800')).toBe('a⟨U+202E⟩b⟨U+200B⟩⟨U+0000⟩⟨U+D800⟩')
    expect(visibleText('Grüße\n会计 😀')).toBe('Grüße\n会计 😀')
  })

  test('PREVIEW-3: what leaves, what is locked and what stays', () => {
    const of = (message: Message) => {
      const body = bodyOf(message)
      const { leaves, locked, balanceAfter } = previewTransaction(body, context)
      return { given: leaves - body.fee, locked, is: balanceAfter === 10_000_000_000n - leaves }
    }
    expect(of(pay(700n))).toEqual({ given: 700n, locked: 0n, is: true })
    expect(of(pay(700n, alice.address))).toEqual({ given: 0n, locked: 0n, is: true })
    expect(of(open())).toEqual({ given: 5_000n, locked: 5_000n, is: true })
    expect(of({ TAG: 'escrow_close', data: { escrow } })).toEqual({
      given: 0n,
      locked: 0n,
      is: true,
    })
    expect(of(booking())).toEqual({ given: 100_000n, locked: 100_000n, is: true })
    expect(of(bond(8n))).toEqual({ given: 8n, locked: 8n, is: true })
    const poor = previewTransaction(bodyOf(pay(700n)), { ...context, balance: 1n })
    expect(poor.balanceAfter).toBeUndefined()
    expect(previewTransaction(bodyOf(pay(1n)), context).entriesMax).toBe(1)
    const withKey = previewTransaction(bodyOf(open({ delegate: terms })), context)
    expect(withKey.entriesMax).toBe(2)
  })

  test('PREVIEW-4: an ordinary transaction raises no flag', () => {
    expect(codesOf(pay(700n))).toEqual([])
    expect(codesOf(open({ delegate: terms }))).toEqual([])
    expect(codesOf({ TAG: 'escrow_top_up', data: { escrow, amount: 5n, expiry: 0n } })).toEqual([])
    expect(codesOf({ TAG: 'delegate_grant', data: { escrow, terms } })).toEqual([])
    expect(codesOf(booking())).toEqual([])
    expect(codesOf(closeBooking(escrow))).toEqual([])
    expect(codesOf(unbond(alice))).toEqual([])
    expect(
      codesOf({ TAG: 'settle', data: { items: [settlementItem({ authorisation: { escrow } })] } }),
    ).toEqual([])
  })

  test('PREVIEW-5: each risk is flagged, the worst first', () => {
    expect(codesOf(pay(700n, carol.address))).toEqual(['caution RECIPIENT_UNKNOWN'])
    expect(codesOf(pay(7n, alice.address))).toEqual(['note RECIPIENT_SELF'])
    expect(codesOf(pay(9_950_000_000n))).toEqual(['caution WHOLE_BALANCE'])
    expect(codesOf(pay(10_000_000_000n))).toEqual(['danger BALANCE_TOO_LOW'])
    const fee = sufficientFee(parameters, bodyOf(pay(7n)))
    expect(codesOf(pay(7n), { fee: fee * 4n })).toEqual(['caution FEE_HIGH'])
    expect(codesOf(pay(7n), { fee: fee * 21n })).toEqual(['danger FEE_HIGH'])
    expect(codesOf(pay(7n), { fee: 1n })).toEqual(['caution FEE_LOW'])
    expect(codesOf(pay(7n), { nonce: 5n })).toEqual(['caution NONCE_GAP'])
    expect(codesOf(pay(7n), { nonce: 2n })).toEqual(['caution NONCE_USED'])
    expect(codesOf(pay(7n), { validUntil: 999n })).toEqual(['caution VALIDITY_PASSED'])
    expect(codesOf(pay(7n), { validUntil: slot + 43_201n })).toEqual(['danger VALIDITY_LONG'])
    expect(codesOf(pay(7n), { version: 2 })).toEqual(['danger VERSION_UNKNOWN'])
    expect(codesOf(open({ coordinator: bob.publicKey }))).toEqual(['danger COORDINATOR_UNKNOWN'])
    expect(codesOf(open({ expiry: slot + 5_000_000n }))).toEqual(['caution EXPIRY_LONG'])
    expect(codesOf(open({ expiry: slot }))).toEqual(['caution EXPIRY_PASSED'])
    expect(codesOf(booking({ coordinator: bob.publicKey }))).toEqual(['danger COORDINATOR_UNKNOWN'])
    expect(codesOf(booking({ slots: 400_000n }))).toEqual(['caution EXPIRY_LONG'])
    expect(codesOf(booking({ start: slot - 1n }))).toEqual(['caution EXPIRY_PASSED'])
    expect(codesOf(booking({ provider: alice.address }))).toEqual(['note RECIPIENT_SELF'])
    expect(codesOf(bond(8n))).toEqual(['note BOND_AT_RISK'])
    const body = Uint8Array.of(1)
    expect(codesOf({ TAG: 'announce', data: { topic: 1, body } })).toEqual(['note PUBLIC_FOREVER'])
    const grant = (change: object): Message => ({
      TAG: 'delegate_grant',
      data: { escrow, terms: { ...terms, ...change } },
    })
    expect(codesOf(grant({ budget: supplyMax }))).toEqual(['danger DELEGATE_UNLIMITED'])
    expect(codesOf(grant({ budget: 500n }))).toEqual(['caution DELEGATE_MAY_SPEND_ALL'])
    expect(codesOf(grant({ budget: 500n }), {}, { escrowBalance: undefined })).toEqual([])
    expect(codesOf(grant({ expiry: slot + 2_000_000n }))).toEqual(['caution EXPIRY_LONG'])
    const change: Message = {
      TAG: 'authority_change',
      data: { terms: { old: escrow, set: [], height: 5n }, signatures: [] },
    }
    expect(codesOf(change)).toEqual(['danger AUTHORITY_CHANGE'])
    expect(codesOf(pay(7n, carol.address), { version: 3, nonce: 5n })).toEqual([
      'danger VERSION_UNKNOWN',
      'caution NONCE_GAP',
      'caution RECIPIENT_UNKNOWN',
    ])
  })

  test('PREVIEW-5: what is not known raises no flag', () => {
    const nothing = { balance: undefined, nextNonce: undefined, coordinator: undefined }
    expect(codesOf(pay(10n ** 15n), { nonce: 99n }, nothing)).toEqual([])
    expect(codesOf(open({ coordinator: bob.publicKey }), {}, nothing)).toEqual([])
  })
})
