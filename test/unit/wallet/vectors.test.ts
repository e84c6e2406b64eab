/** What page, extension, daemon and command line must all agree on. */
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import type { Result } from '../../../core/base/result.ts'
import {
  containerPassword,
  deriveContainerKey,
  readContainer,
} from '../../../core/wallet/container.ts'
import {
  addAccount,
  createKeystore,
  openKeystore,
  sealKeystore,
  wordsOf,
} from '../../../core/wallet/keystore.ts'
import { entropyOf } from '../../../core/wallet/mnemonic.ts'
import vectors from '../../vectors/wallet.json' with { type: 'json' }

function must<T>(result: Result<T, { readonly message: string }>): T {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

test.each(vectors.wallets)('WALLET-2: the accounts of $words', ({ words, accounts }) => {
  let keystore = createKeystore(must(entropyOf(words)))
  while (keystore.accounts.length < accounts.length) keystore = must(addAccount(keystore))
  expect(
    keystore.accounts.map(({ address, publicKey, seed }) => ({
      address,
      public_key: toHex(publicKey),
      seed: toHex(seed),
    })),
  ).toEqual(accounts.map(({ path: _path, ...rest }) => rest))
})

test('CONTAINER-9: containers of other days open, and are made again bit for bit', () => {
  expect(vectors.containers).toHaveLength(2)
  for (const vector of vectors.containers) {
    const container = must(readContainer(vector.text))
    const key = deriveContainerKey(must(containerPassword(vector.password)), container.kdf)
    expect(toHex(key)).toBe(vector.key)
    const keystore = must(openKeystore(container, key))
    expect(wordsOf(keystore)).toBe(vector.words)
    expect(
      keystore.accounts.map(({ name, address, seed }) => ({ name, address, seed: toHex(seed) })),
    ).toEqual(vector.accounts)
    const iv = must(fromHex(vector.iv))
    const terms = { kdf: container.kdf, key, iv, timeSeconds: vector.time_seconds }
    expect(must(sealKeystore(keystore, terms))).toBe(vector.text)
  }
}, 120_000)
