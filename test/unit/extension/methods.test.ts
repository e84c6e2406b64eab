/** The allow-list and what pages may put into parameters. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { methodNames, readCall } from '../../../pages/extension/background/methods.ts'

const to = 'aitbc1clqm3rtn88ggfs23nvnjz2plffny0ml47dwhax'
const hex = 'ab'.repeat(32)

test('EXT-10: these are the methods', () => {
  expect(methodNames).toEqual([
    'aitbc_requestAccounts',
    'aitbc_accounts',
    'aitbc_chainId',
    'aitbc_getBalance',
    'aitbc_signMessage',
    'aitbc_sendTransaction',
    'wallet_getPermissions',
    'wallet_revokePermissions',
  ])
})

test.each(['eth_sendTransaction', 'constructor', '__proto__', 'toString', 'AITBC_ACCOUNTS'])(
  'EXT-10: %s is 4200',
  (method) => {
    expect(readCall(method, [])).toMatchObject({ code: 4200 })
  },
)

test.each([
  ['aitbc_getBalance', [to], { kind: 'getBalance', address: to }],
  ['aitbc_getBalance', undefined, { kind: 'getBalance', address: undefined }],
  ['aitbc_signMessage', ['hi'], { kind: 'signMessage', text: 'hi' }],
  ['aitbc_signMessage', { message: 'hi', account: to }, { text: 'hi', address: to }],
  [
    'aitbc_sendTransaction',
    [{ to, amount: '5' }],
    { message: { kind: 'transfer', to, amount: '5' }, from: undefined, fee: undefined },
  ],
  [
    'aitbc_sendTransaction',
    { from: to, to, amount: 5, fee: '700' },
    { message: { kind: 'transfer', to, amount: '5' }, from: to, fee: '700' },
  ],
  [
    'aitbc_sendTransaction',
    [{ kind: 'escrow_open', coordinator: `0x${hex.toUpperCase()}`, amount: '5', expiry: '9' }],
    { message: { kind: 'escrow_open', coordinator: hex, amount: '5', expiry: '9' } },
  ],
  [
    'aitbc_sendTransaction',
    [{ kind: 'escrow_top_up', escrow: hex, amount: '5' }],
    { message: { kind: 'escrow_top_up', escrow: hex, amount: '5' } },
  ],
  ['aitbc_sendTransaction', [{ kind: 'escrow_close', escrow: hex }], { message: { escrow: hex } }],
])('EXT-10: %s takes %j', (method, params, call) => {
  expect(readCall(method, params)).toMatchObject(call)
})

test.each([
  ['aitbc_getBalance', ['aitbc1nothing']],
  ['aitbc_getBalance', [{ address: `aitbc1${'0'.repeat(40)}` }]],
  ['aitbc_signMessage', []],
  ['aitbc_signMessage', [{ message: '' }]],
  ['aitbc_signMessage', [{ message: 7 }]],
  ['aitbc_signMessage', ['x'.repeat(16_385)]],
  ['aitbc_signMessage', [{ message: 'hi', account: 'me' }]],
  ['aitbc_sendTransaction', []],
  ['aitbc_sendTransaction', [{ to }]],
  ['aitbc_sendTransaction', [{ to, amount: '1.5' }]],
  ['aitbc_sendTransaction', [{ to, amount: -1 }]],
  ['aitbc_sendTransaction', [{ to, amount: '0x10' }]],
  ['aitbc_sendTransaction', [{ to, amount: '18446744073709551616' }]],
  ['aitbc_sendTransaction', [{ to, amount: '1', data: '0x00' }]],
  ['aitbc_sendTransaction', [{ to, amount: '1', fee: 'much' }]],
  ['aitbc_sendTransaction', [{ kind: 'settle', items: [] }]],
  ['aitbc_sendTransaction', [{ kind: 'faucet', to, amount: '1' }]],
  ['aitbc_sendTransaction', [{ kind: 'authority_change' }]],
  ['aitbc_sendTransaction', [{ kind: '__proto__', to, amount: '1' }]],
  ['aitbc_sendTransaction', [{ kind: 'escrow_close', escrow: 'ab' }]],
])('EXT-10: %s refuses %j with -32602', (method, params) => {
  expect(readCall(method, params)).toMatchObject({ code: -32602 })
})

test('EXT-10: whatever comes is read or refused, and never passes a field on that nobody knows', () => {
  fc.assert(
    fc.property(fc.constantFrom(...methodNames), fc.jsonValue(), (method, params) => {
      const read = readCall(method, params)
      expect('kind' in read || 'code' in read).toBe(true)
      if ('kind' in read && read.kind === 'sendTransaction') {
        expect(Object.values(read.message).every((value) => typeof value === 'string')).toBe(true)
      }
    }),
  )
})
