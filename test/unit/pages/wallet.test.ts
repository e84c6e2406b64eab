/** What the wallet page computes by itself. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { missingNonces } from '../../../pages/wallet/account.ts'
import { askedPositions } from '../../../pages/wallet/quiz.ts'
import { viewOf, walletViews } from '../../../pages/wallet/routes.ts'

const waiting = (...nonces: number[]) =>
  nonces.map((nonce) => ({
    tx_hash: `0x${nonce}`,
    type: 'TRANSFER',
    sender: '',
    nonce,
    fee: 1n,
    valid_until: 1,
    payload: {},
  }))

test.each([
  [3, [], []],
  [3, [3, 4], []],
  [3, [4], [3]],
  [3, [5, 8], [3, 4, 6, 7]],
  // What the chain has passed is no gap.
  [5, [2, 5], []],
])('WALLETPAGE-5: next is %d, %j wait: %j are missing', (next, nonces, missing) => {
  expect(missingNonces(next, waiting(...nonces))).toEqual(missing)
})

test('WALLETPAGE-5: a hostile number makes no endless list', () => {
  expect(missingNonces(0, waiting(Number.MAX_SAFE_INTEGER)).length).toBeLessThan(100)
})

test('WALLETPAGE-1: the quiz asks for different words, each as often as the others', () => {
  fc.assert(
    fc.property(fc.constantFrom(12, 24), fc.integer({ min: 1, max: 6 }), (length, count) => {
      const asked = askedPositions(length, count)
      expect(new Set(asked).size).toBe(count)
      expect(asked.every((at) => at >= 0 && at < length)).toBe(true)
      expect([...asked].sort((a, b) => a - b)).toEqual(asked)
    }),
  )
  const seen = new Set(Array.from({ length: 400 }, () => askedPositions(12, 3)).flat())
  expect(seen.size).toBe(12)
})

test('WALLETPAGE-8: every view has an address, with and without the last slash', () => {
  for (const { view, path } of walletViews) {
    expect([path, viewOf(path)]).toEqual([path, view])
    expect(viewOf(`${path.replace(/\/$/, '')}/`)).toBe(view)
  }
  expect(viewOf('/wallet/nowhere')).toBe('unknown')
  expect(viewOf('/wallet/send/more')).toBe('unknown')
})
