/** The vault's rules, over stores and clocks in memory. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex0x } from '../../../core/base/bytes.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import {
  decodeTransaction,
  transactionHash,
  transactionSigningBytes,
} from '../../../core/chain/transaction.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { readContainer } from '../../../core/wallet/container.ts'
import { strengthOf } from '../../../pages/shared/vault/password-strength.ts'
import { genesis } from '../../support/chain-world.ts'
import {
  draftOf,
  firstAddress,
  genesisJson,
  openBrowser,
  openWallet,
  paid,
  password,
  words,
} from './world.ts'

const bytesOf = (hex: string): Uint8Array => {
  const read = fromHex(hex)
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}
const seed = 'e625f8dc3bedaeafbde2e09fdbd40ddcdd77c3c1304e89b3a358d532e03caa23'
const next = 'copper lantern orbit 58 wheat'

describe('VAULT-1: secrets leave only on purpose', () => {
  test('VAULT-1: nothing kept, told or answered holds words, seed or password', async () => {
    const browser = openBrowser()
    const tab = await openWallet(browser)
    await tab.must('addAccount', { name: 'Second' })
    const preview = await tab.must('previewTransaction', await draftOf(tab))
    const signed = await tab.must('signTransaction', { token: preview.token })
    await tab.must('touch', {})
    const all = [...browser.seen, JSON.stringify([tab.states, preview, signed])].join('\n')
    expect(all).not.toContain('abandon')
    expect(all).not.toContain(seed)
    expect(all).not.toContain(password)
  })

  test('VAULT-1: words and file want the password once more', async () => {
    const tab = await openWallet()
    expect((await tab.refusal('revealWords', { password: 'another one' }))?.code).toBe(
      'PASSWORD_WRONG',
    )
    expect((await tab.must('revealWords', { password })).words).toBe(words)
    const { text } = await tab.must('exportFile', { password })
    expect(readContainer(text).ok).toBe(true)
    const elsewhere = openBrowser().tab()
    await elsewhere.must('create', {
      password: next,
      secret: { kind: 'file', text, password },
      name: 'Main',
    })
    expect(await firstAddress(elsewhere)).toBe(await firstAddress(tab))
  })
})

describe('VAULT-2: what is shown is what is signed', () => {
  test('VAULT-2: the signature is over the previewed bytes, and the token is used up', async () => {
    const tab = await openWallet()
    const preview = await tab.must('previewTransaction', await draftOf(tab))
    expect(preview.title).toBe(`Send 1.25 AITBC to ${paid}`)
    const { bytes, hash } = await tab.must('signTransaction', { token: preview.token })
    const read = decodeTransaction(bytesOf(bytes))
    if (!read.ok) throw new Error('no transaction')
    const { body, signature } = read.value
    expect(body.message).toMatchObject({ TAG: 'transfer', data: { amount: 125_000_000n } })
    expect([body.nonce, body.validUntil, body.fee.toString()]).toEqual([3n, 150n, preview.fee])
    const message = transactionSigningBytes(genesisHash(genesis), body)
    expect(nobleVerifier.verify({ signature, message, publicKey: body.sender })).toBe(true)
    expect(hash).toBe(toHex0x(transactionHash(bytesOf(bytes))))
    const again = await tab.refusal('signTransaction', { token: preview.token })
    expect(again?.code).toBe('PREVIEW_UNKNOWN')
  })

  test('VAULT-2: changing a draft after its preview changes nothing', async () => {
    const tab = await openWallet()
    const draft = { ...(await draftOf(tab)), message: { kind: 'transfer', to: paid, amount: '5' } }
    const preview = await tab.must('previewTransaction', draft as never)
    draft.message.amount = '500000000'
    const { bytes } = await tab.must('signTransaction', { token: preview.token })
    const read = decodeTransaction(bytesOf(bytes))
    expect(read.ok && read.value.body.message).toMatchObject({ data: { amount: 5n } })
  })

  test('VAULT-2: a token is of its kind, of its time, and does not outlive a lock', async () => {
    const browser = openBrowser()
    const tab = await openWallet(browser)
    const draft = await draftOf(tab)
    const asMessage = await tab.must('previewTransaction', draft)
    expect((await tab.refusal('signMessage', { token: asMessage.token }))?.code).toBe(
      'PREVIEW_UNKNOWN',
    )
    expect((await tab.refusal('signTransaction', { token: asMessage.token }))?.code).toBe(
      'PREVIEW_UNKNOWN',
    )
    const old = await tab.must('previewTransaction', draft)
    browser.clock.nowMs += 300_000
    await tab.must('touch', {})
    browser.clock.nowMs += 300_000
    await tab.must('touch', {})
    expect((await tab.refusal('signTransaction', { token: old.token }))?.code).toBe(
      'PREVIEW_UNKNOWN',
    )
    const before = await tab.must('previewTransaction', draft)
    await tab.must('lock', {})
    await tab.must('unlock', { password })
    expect((await tab.refusal('signTransaction', { token: before.token }))?.code).toBe(
      'PREVIEW_UNKNOWN',
    )
  })

  test('VAULT-2: a message is signed with its origin, and checks only as it is', async () => {
    const tab = await openWallet()
    const draft = {
      account: await firstAddress(tab),
      genesis: genesisJson,
      origin: 'https://edge.example.org',
      text: 'I agree.',
    }
    const { token, text } = await tab.must('previewMessage', draft)
    expect(text).toBe('I agree.')
    const signed = await tab.must('signMessage', { token })
    const checked = { genesis: genesisJson, origin: draft.origin, text: draft.text, ...signed }
    expect(await tab.must('verifyMessage', checked)).toEqual({
      holds: true,
      address: draft.account,
    })
    for (const change of [{ text: 'I agree!' }, { origin: 'https://other.example.org' }]) {
      expect((await tab.must('verifyMessage', { ...checked, ...change })).holds).toBe(false)
    }
  })
})

describe('VAULT-3: locked is locked', () => {
  test('VAULT-3: a locked vault signs, shows and adds nothing', async () => {
    const tab = await openWallet()
    const draft = await draftOf(tab)
    expect(await tab.must('lock', {})).toEqual({ phase: 'locked', retryAtMs: undefined })
    const refused = [
      await tab.refusal('previewTransaction', draft),
      await tab.refusal('signTransaction', { token: 'x' }),
      await tab.refusal('addAccount', { name: 'x' }),
      await tab.refusal('renameAccount', { address: draft.account, name: 'x' }),
      await tab.refusal('exportFile', { password }),
      await tab.refusal('revealWords', { password }),
      await tab.refusal('changePassword', { password, next }),
      await tab.refusal('setAutoLock', { autoLockMs: 60_000 }),
    ]
    expect(refused.map((error) => error?.code)).toEqual(refused.map(() => 'VAULT_LOCKED'))
    expect(tab.vault.session()).toBeUndefined()
  })

  test('VAULT-3: it locks itself when nobody used it, and use puts that off', async () => {
    const browser = openBrowser()
    const tab = await openWallet(browser)
    await tab.must('setAutoLock', { autoLockMs: 60_000 })
    await browser.clock.tick(59_000)
    expect((await tab.must('touch', {})).phase).toBe('open')
    await browser.clock.tick(59_000)
    expect(tab.states.at(-1)?.phase).toBe('open')
    await browser.clock.tick(1_000)
    expect(tab.states.at(-1)?.phase).toBe('locked')
    expect((await tab.refusal('setAutoLock', { autoLockMs: 60_000 }))?.code).toBe('VAULT_LOCKED')
  })

  test('VAULT-3: a machine that slept over it wakes up locked', async () => {
    const browser = openBrowser()
    const tab = await openWallet(browser)
    const preview = await tab.must('previewTransaction', await draftOf(tab))
    // No timer fires: the first call after the sleep has to notice.
    browser.clock.nowMs += 3_600_000
    expect((await tab.refusal('signTransaction', { token: preview.token }))?.code).toBe(
      'VAULT_LOCKED',
    )
  })

  test('VAULT-3: locking in one tab locks the others', async () => {
    const browser = openBrowser()
    const tab = await openWallet(browser)
    const other = browser.tab()
    await other.must('unlock', { password })
    await tab.must('lock', {})
    await browser.calm()
    expect(other.states.at(-1)?.phase).toBe('locked')
  })
})

describe('VAULT-4: two tabs at once', () => {
  test('VAULT-4: whatever two tabs do at once, no account is lost', async () => {
    const action = fc.record({ tab: fc.nat(1), kind: fc.constantFrom('add', 'rename', 'lockTime') })
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 8 }), async (actions) => {
        const browser = openBrowser()
        const tabs = [await openWallet(browser), browser.tab()]
        await tabs[1]?.must('unlock', { password })
        const address = await firstAddress(tabs[0]!)
        await Promise.all(
          actions.map(({ tab, kind }, index) => {
            const at = tabs[tab]!
            if (kind === 'add') return at.must('addAccount', { name: `n${index}` })
            if (kind === 'rename') return at.must('renameAccount', { address, name: `r${index}` })
            return at.must('setAutoLock', { autoLockMs: 60_000 + index })
          }),
        )
        await browser.calm()
        const added = actions.filter(({ kind }) => kind === 'add').length
        const fresh = browser.tab()
        const state = await fresh.must('unlock', { password })
        expect(state.phase === 'open' && state.accounts.length).toBe(1 + added)
        const shown = tabs.map((tab) => tab.states.at(-1))
        for (const each of shown) {
          expect(each?.phase === 'open' && each.accounts.length).toBe(1 + added)
        }
      }),
      { numRuns: 25 },
    )
  })

  test('VAULT-4: of two tabs that make a wallet at once one is told that there is one', async () => {
    const browser = openBrowser()
    const request = { password, secret: { kind: 'words', words }, name: 'Main' } as const
    const done = await Promise.all([
      browser.tab().vault.handle('create', request),
      browser.tab().vault.handle('create', request),
    ])
    expect(done.map((each) => (each.ok ? 'made' : each.error.code)).sort()).toEqual([
      'VAULT_EXISTS',
      'made',
    ])
  })
})

test('VAULT-5: a tab learns of accounts, of a new password and of the end', async () => {
  const browser = openBrowser()
  const tab = await openWallet(browser)
  const other = browser.tab()
  await other.must('unlock', { password })
  await tab.must('addAccount', { name: 'Second' })
  await browser.calm()
  expect(other.states.at(-1)).toMatchObject({ phase: 'open', accounts: [{}, { name: 'Second' }] })
  await tab.must('changePassword', { password, next })
  await browser.calm()
  expect(other.states.at(-1)?.phase).toBe('locked')
  expect((await other.refusal('unlock', { password }))?.code).toBe('PASSWORD_WRONG')
  await other.must('unlock', { password: next })
  await tab.must('remove', {})
  await browser.calm()
  expect(other.states.at(-1)).toEqual({ phase: 'none' })
  expect((await other.refusal('addAccount', { name: 'x' }))?.code).toBe('VAULT_LOCKED')
})

test('VAULT-6: wrong passwords make one wait, longer each time, in every tab and life', async () => {
  const browser = openBrowser()
  await openWallet(browser)
  const waits: number[] = []
  for (let tries = 0; tries < 14; tries++) {
    // A new tab each time is as good as a reload.
    const error = await browser.tab().refusal('unlock', { password: `wrong ${tries}` })
    expect(error?.code).toBe('PASSWORD_WRONG')
    const waitMs = Math.max(0, (error?.retryAtMs ?? 0) - browser.clock.nowMs)
    if (waitMs > 0) {
      const early = await browser.tab().refusal('unlock', { password })
      expect(early?.code).toBe('WAIT')
    }
    waits.push(waitMs)
    browser.clock.nowMs += waitMs
  }
  expect(waits.slice(0, 5)).toEqual([0, 0, 2_000, 4_000, 8_000])
  expect(Math.max(...waits)).toBe(300_000)
  expect((await browser.tab().must('unlock', { password })).phase).toBe('open')
  expect(browser.kept()?.failures).toBe(0)
})

test('VAULT-11: a session outlives its host, not its lock', async () => {
  const browser = openBrowser()
  const tab = await openWallet(browser)
  const session = tab.vault.session()
  if (!session) throw new Error('no session')
  const reborn = browser.tab()
  expect(await reborn.vault.resume(JSON.parse(JSON.stringify(session)))).toBe(true)
  expect(await firstAddress(reborn)).toBe(await firstAddress(tab))
  expect(await browser.tab().vault.resume({ ...session, key: '00'.repeat(32) })).toBe(false)
  browser.clock.nowMs = session.locksAtMs
  expect(await browser.tab().vault.resume(session)).toBe(false)
})

test.each([
  ['password123', false],
  ['qwertyuiop1', false],
  ['aaaaaaaaaaaaaaa', false],
  ['jennifer1987', false],
  ['violet harbour trumpet', true],
  ['copper lantern orbit 58 wheat', true],
])('VAULT-12: %s is strong enough: %s', (typed, isEnough) => {
  const strength = strengthOf(typed)
  expect(strength.isEnough).toBe(isEnough)
  expect(strength.advice === '').toBe(isEnough)
})
