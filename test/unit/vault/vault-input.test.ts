/** What the vault takes in: keys, passwords, drafts; and storage that fails. */
import { describe, expect, test } from 'vitest'
import { fromHex, toHex0x } from '../../../core/base/bytes.ts'
import { decodeTransaction, escrowIdOf } from '../../../core/chain/transaction.ts'
import { containerIterations, readContainer } from '../../../core/wallet/container.ts'
import type { DraftMessage } from '../../../pages/shared/vault/messages.ts'
import { escrowIdOfHash } from '../../../pages/wallet/escrow-list.ts'
import { draftOf, openBrowser, openWallet, paid, password, words } from './world.ts'

const bytesOf = (hex: string): Uint8Array => {
  const read = fromHex(hex)
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}
const next = 'copper lantern orbit 58 wheat'

describe('VAULT-7: bringing keys in', () => {
  test.each([
    { kind: 'words', words: 'abandon abandon' },
    { kind: 'words', words: words.replace('about', 'abandon') },
    { kind: 'seed', seed: 'zz' },
    { kind: 'file', text: 'no keystore', password: 'x' },
    { kind: 'file', text: '{"kind":"aitbc-keystore","versi', password: 'x' },
  ] as const)('VAULT-7: %o is refused, and nothing is kept', async (secret) => {
    const browser = openBrowser()
    const error = await browser.tab().refusal('create', { password, secret, name: 'Main' })
    expect(error?.code).toBe('SECRET_INVALID')
    expect(browser.kept()).toBeUndefined()
  })

  test('VAULT-7: a raw key is one more account, once, and a wallet is never put over another', async () => {
    const browser = openBrowser()
    const tab = await openWallet(browser)
    const secret = { kind: 'seed', seed: '77'.repeat(32) } as const
    const added = await tab.must('importKey', { secret, name: 'Old key' })
    expect(added).toMatchObject({ name: 'Old key', origin: 'key' })
    expect((await tab.refusal('importKey', { secret, name: 'Again' }))?.code).toBe('ACCOUNT_KNOWN')
    const over = await tab.refusal('create', { password, secret, name: 'Other' })
    expect(over?.code).toBe('VAULT_EXISTS')
    expect((await tab.must('state', {})).phase).toBe('open')
  })

  test('VAULT-7: a key of the original’s curve wants a yes', async () => {
    const text = JSON.stringify({ accounts: [{ address: 'x', privateKey: '55'.repeat(32) }] })
    const secret = { kind: 'file', text, password: '' } as const
    const tab = openBrowser().tab()
    const request = { password, secret, name: 'Main' }
    expect((await tab.refusal('create', request))?.code).toBe('OTHER_CURVE')
    const yes = { ...request, secret: { ...secret, takeOtherCurve: true } }
    expect((await tab.must('create', yes)).phase).toBe('open')
  })
})

test('VAULT-8: a new password has fresh salt and full rounds, and the old one is worthless', async () => {
  const browser = openBrowser()
  const tab = await openWallet(browser)
  const before = readContainer(browser.kept()?.text ?? '')
  expect((await tab.refusal('changePassword', { password, next: 'short' }))?.code).toBe(
    'PASSWORD_INVALID',
  )
  expect((await tab.refusal('changePassword', { password: 'wrong', next }))?.code).toBe(
    'PASSWORD_WRONG',
  )
  await tab.must('changePassword', { password, next })
  const after = readContainer(browser.kept()?.text ?? '')
  if (!before.ok || !after.ok) throw new Error('no container')
  expect(after.value.kdf.iterations).toBe(containerIterations)
  expect(after.value.kdf.salt).not.toEqual(before.value.kdf.salt)
  await tab.must('lock', {})
  expect((await tab.refusal('unlock', { password }))?.code).toBe('PASSWORD_WRONG')
  expect((await tab.must('unlock', { password: next })).phase).toBe('open')
})

test('VAULT-9: storage that fails is said, and what was there stays', async () => {
  const browser = openBrowser()
  const tab = await openWallet(browser)
  const kept = browser.kept()
  browser.faults.replace = true
  expect((await tab.refusal('addAccount', { name: 'x' }))?.code).toBe('STORE_FAILED')
  expect((await tab.refusal('changePassword', { password, next }))?.code).toBe('STORE_FAILED')
  browser.faults.load = true
  expect((await tab.refusal('state', {}))?.code).toBe('STORE_FAILED')
  browser.faults.load = false
  browser.faults.replace = false
  expect(browser.kept()).toEqual(kept)
  expect((await tab.must('addAccount', { name: 'Second' })).name).toBe('Second')
})

describe('VAULT-10: drafts', () => {
  const hex = '11'.repeat(32)
  test.each<DraftMessage>([
    { kind: 'transfer', to: 'aitbc1wrong', amount: '1' },
    { kind: 'transfer', to: paid, amount: '0' },
    { kind: 'transfer', to: paid, amount: '-1' },
    { kind: 'escrow_open', coordinator: 'xy', amount: '1', expiry: '9' },
    { kind: 'escrow_top_up', escrow: hex, amount: 'much' },
    { kind: 'delegate_revoke', escrow: hex, delegate: '' },
    { kind: 'authority_change' } as never,
  ])('VAULT-10: %o is refused', async (message) => {
    const tab = await openWallet()
    const error = await tab.refusal('previewTransaction', await draftOf(tab, { message }))
    expect(error?.code).toBe('DRAFT_INVALID')
  })

  test.each<DraftMessage>([
    { kind: 'escrow_open', coordinator: hex, amount: '5', expiry: '90' },
    { kind: 'escrow_top_up', escrow: hex, amount: '5' },
    { kind: 'escrow_close', escrow: hex },
    { kind: 'delegate_grant', escrow: hex, delegate: hex, budget: '4', expiry: '90' },
    { kind: 'delegate_revoke', escrow: hex, delegate: hex },
  ])('VAULT-10: %o is shown and signed as such', async (message) => {
    const tab = await openWallet()
    const preview = await tab.must('previewTransaction', await draftOf(tab, { message }))
    expect(preview.kind).toBe(message.kind)
    const { bytes } = await tab.must('signTransaction', { token: preview.token })
    const read = decodeTransaction(bytesOf(bytes))
    expect(read.ok && read.value.body.message.TAG).toBe(message.kind)
  })

  test('VAULT-10: another’s account, another genesis and too many previews', async () => {
    const tab = await openWallet()
    const draft = await draftOf(tab)
    expect((await tab.refusal('previewTransaction', { ...draft, account: paid }))?.code).toBe(
      'ACCOUNT_UNKNOWN',
    )
    expect((await tab.refusal('previewTransaction', { ...draft, genesis: {} }))?.code).toBe(
      'DRAFT_INVALID',
    )
    const first = await tab.must('previewTransaction', draft)
    for (let count = 0; count < 16; count++) await tab.must('previewTransaction', draft)
    expect((await tab.refusal('signTransaction', { token: first.token }))?.code).toBe(
      'PREVIEW_UNKNOWN',
    )
  })

  test('VAULT-10: the page names an escrow as the chain does', () => {
    const hash = bytesOf(hex)
    expect(escrowIdOfHash(`0x${hex}`)).toBe(toHex0x(escrowIdOf(hash)))
    expect(escrowIdOfHash('0x12')).toBeUndefined()
  })
})
