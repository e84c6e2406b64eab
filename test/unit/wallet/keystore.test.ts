import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex, utf8ToBytes } from '../../../core/base/bytes.ts'
import type { Result } from '../../../core/base/result.ts'
import { nobleVerifier, signerFromSeed } from '../../../core/crypto/ed25519.ts'
import {
  type ContainerLimits,
  containerLimits,
  deriveContainerKey,
  readContainer,
  sealContainer,
} from '../../../core/wallet/container.ts'
import {
  addAccount,
  createKeystore,
  findAccount,
  importSeed,
  isAccountName,
  type Keystore,
  keystoreLimits,
  keystoreOfSeed,
  openKeystore,
  renameAccount,
  sealKeystore,
  signerOf,
  wordsOf,
} from '../../../core/wallet/keystore.ts'
import { mnemonicOf } from '../../../core/wallet/mnemonic.ts'

const cheap: ContainerLimits = { ...containerLimits, iterationsMin: 1 }
const entropy = new Uint8Array(16).fill(5)
const seed = new Uint8Array(32).fill(6)
const iv = new Uint8Array(16).fill(7)

function must<T>(result: Result<T, { readonly message: string }>): T {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}
const codeOf = (result: Result<unknown, { readonly code: string }>) =>
  result.ok ? 'ok' : result.error.code

function seal(keystore: Keystore, password: string): string {
  const kdf = { iterations: 2, salt: new Uint8Array(16).fill(password.length) }
  const key = deriveContainerKey(utf8ToBytes(password), kdf)
  return must(sealKeystore(keystore, { kdf, key, iv, timeSeconds: 1 }, cheap))
}
function open(text: string, password: string) {
  const container = must(readContainer(text, cheap))
  return openKeystore(container, deriveContainerKey(utf8ToBytes(password), container.kdf))
}
/** A container with this content, as only a holder of the password can make. */
function sealed(content: object, publicKeys: readonly Uint8Array[]): string {
  const kdf = { iterations: 2, salt: new Uint8Array(16) }
  const key = deriveContainerKey(utf8ToBytes('x'), kdf)
  const header = { kdf, publicKeys }
  const input = { header, key, content: utf8ToBytes(JSON.stringify(content)), iv, timeSeconds: 1 }
  return must(sealContainer(input, cheap))
}

describe('keystores', () => {
  test('WALLET-1: words, derived and imported accounts and names come back', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 3 }),
        fc.nat(3),
        (anyEntropy, seeds, more) => {
          let keystore = createKeystore(anyEntropy)
          for (let n = 0; n < more; n++) keystore = must(addAccount(keystore, `derived ${n}`))
          for (const each of seeds) keystore = must(importSeed(keystore, { seed: each }))
          expect(open(seal(keystore, 'pass'), 'pass')).toEqual({ ok: true, value: keystore })
          expect(wordsOf(keystore)).toBe(mnemonicOf(anyEntropy))
        },
      ),
      { numRuns: 12 },
    )
  })

  test('WALLET-2: the same words give the same accounts, in order', () => {
    const one = must(addAccount(createKeystore(entropy)))
    const other = must(addAccount(createKeystore(entropy.slice())))
    expect(other).toEqual(one)
    expect(one.accounts.map(({ source }) => source)).toEqual([
      { kind: 'derived', index: 0 },
      { kind: 'derived', index: 1 },
    ])
    expect(one.accounts[0]?.address).not.toBe(one.accounts[1]?.address)
  })

  test('WALLET-3: a raw seed becomes the account of that key, once', () => {
    const keystore = must(keystoreOfSeed(seed, 'mine'))
    expect(keystore.accounts[0]?.publicKey).toEqual(signerFromSeed(seed).publicKey)
    expect(wordsOf(keystore)).toBeUndefined()
    expect(codeOf(importSeed(keystore, { seed }))).toBe('ACCOUNT_EXISTS')
    expect(codeOf(importSeed(keystore, { seed: seed.slice(1) }))).toBe('SEED_INVALID')
    expect(codeOf(addAccount(keystore))).toBe('KEYSTORE_WITHOUT_WORDS')
  })

  test('WALLET-4: accounts sign under their address', () => {
    const keystore = must(importSeed(createKeystore(entropy), { seed }))
    for (const account of keystore.accounts) {
      const signer = signerOf(must(findAccount(keystore, account.address)))
      const message = utf8ToBytes('hello')
      const signature = signer.sign(message)
      const { publicKey } = account
      expect(nobleVerifier.verify({ signature, message, publicKey })).toBe(true)
    }
    expect(codeOf(findAccount(keystore, 'aitbc1x'))).toBe('ACCOUNT_UNKNOWN')
  })

  test('WALLET-5: a new password opens, the old one no more', () => {
    const before = seal(createKeystore(entropy), 'old password')
    const after = seal(must(open(before, 'old password')), 'new')
    expect(codeOf(open(after, 'new'))).toBe('ok')
    expect(codeOf(open(after, 'old password'))).toBe('PASSWORD_WRONG')
    expect(codeOf(open(before, 'old password'))).toBe('ok')
  })

  test('WALLET-6: accounts are readable without the password, secrets and names are not', () => {
    const keystore = must(importSeed(createKeystore(entropy), { seed, name: 'my savings' }))
    const text = seal(keystore, 'pass')
    for (const { address, publicKey } of keystore.accounts) {
      expect(text).toContain(address)
      expect(text).toContain(toHex(publicKey))
    }
    for (const secret of [toHex(seed), toHex(entropy), 'savings', 'imported']) {
      expect(text).not.toContain(secret)
    }
  })

  test('WALLET-7: names are visible text of bounded length', () => {
    const keystore = createKeystore(entropy)
    const { address } = keystore.accounts[0] as { address: string }
    for (const name of ['Rent', 'Zürich 2', 'x'.repeat(64), '会计']) {
      expect(must(renameAccount(keystore, { address, name })).accounts[0]?.name).toBe(name)
    }
    for (const name of ['', ' a', 'x'.repeat(65), 'a\u0000', 'a\u202eb', 'a\u200bb', '\ud800']) {
      expect(isAccountName(name)).toBe(false)
      expect(codeOf(renameAccount(keystore, { address, name }))).toBe('ACCOUNT_NAME_INVALID')
      expect(codeOf(addAccount(keystore, name))).toBe('ACCOUNT_NAME_INVALID')
    }
    expect(codeOf(renameAccount(keystore, { address: 'x', name: 'y' }))).toBe('ACCOUNT_UNKNOWN')
    const account = keystore.accounts[0] as Keystore['accounts'][number]
    const full = {
      entropy,
      accounts: Array.from({ length: keystoreLimits.accountsMax }, () => account),
    }
    expect(codeOf(importSeed(full, { seed }))).toBe('ACCOUNTS_TOO_MANY')
    const last = { ...account, source: { kind: 'derived', index: 0x7fff_ffff } as const }
    expect(codeOf(addAccount({ entropy, accounts: [last] }))).toBe('ACCOUNTS_TOO_MANY')
  })

  test('WALLET-8: content that is no keystore, or not of its header, is refused', () => {
    const { publicKey } = signerFromSeed(seed)
    const imported = { kind: 'imported', name: 'a', seed: toHex(seed) }
    const fine = { format: 1, entropy: null, accounts: [imported] }
    expect(codeOf(open(sealed(fine, [publicKey]), 'x'))).toBe('ok')
    const faulty: readonly [object, readonly Uint8Array[]][] = [
      [fine, [signerFromSeed(entropy.length === 16 ? new Uint8Array(32) : seed).publicKey]],
      [fine, []],
      [fine, [publicKey, publicKey]],
      [{ ...fine, format: 2 }, [publicKey]],
      [{ ...fine, extra: 1 }, [publicKey]],
      [{ ...fine, accounts: [{ kind: 'derived', name: 'a', index: 0 }] }, [publicKey]],
      [{ ...fine, accounts: [{ ...imported, name: 'a\u202e' }] }, [publicKey]],
      [{ ...fine, accounts: [{ ...imported, seed: 'ff' }] }, [publicKey]],
      [[], []],
    ]
    for (const [content, keys] of faulty) {
      expect(codeOf(open(sealed(content, keys), 'x')), JSON.stringify(content)).toBe(
        'KEYSTORE_INVALID',
      )
    }
  })
})
