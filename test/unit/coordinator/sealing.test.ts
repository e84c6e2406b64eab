/** Keys at rest. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { nativeSigner } from '../../../durable-objects/coordinator/native-signer.ts'
import { openVault } from '../../../durable-objects/coordinator/sealing.ts'
import { nodeVerifier } from '../../support/chain-world.ts'

const secret = () => new Uint8Array(randomBytes(32))

describe('sealed seeds', () => {
  test('KEEP-1: a seed opens with the secret, owner and purpose that sealed it, and with no other', () => {
    const key = secret()
    const seed = secret()
    const vault = openVault(key)
    const label = { owner: 'client_1', purpose: 'delegate' } as const
    const sealed = vault.seal(seed, label)
    expect(vault.open(sealed, label)).toEqual(seed)
    expect(openVault(key).open(sealed, label)).toEqual(seed)
    expect(vault.open(sealed, { ...label, owner: 'client_2' })).toBeUndefined()
    expect(vault.open(sealed, { ...label, purpose: 'account' })).toBeUndefined()
    expect(openVault(secret()).open(sealed, label)).toBeUndefined()
    const changed = Uint8Array.from(sealed)
    changed[30] = (changed[30] as number) ^ 1
    expect(vault.open(changed, label)).toBeUndefined()
    expect(vault.open(sealed.subarray(0, 10), label)).toBeUndefined()
    expect(vault.seal(seed, label)).not.toEqual(sealed)
  })

  test('KEEP-1: digests of API keys depend on the secret', () => {
    const key = secret()
    const digest = openVault(key).digestOf('an api key')
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(openVault(key).digestOf('an api key')).toBe(digest)
    expect(openVault(key).digestOf('an api kez')).not.toBe(digest)
    expect(openVault(secret()).digestOf('an api key')).not.toBe(digest)
  })

  test('KEEP-1: the native signer makes the signatures of RFC 8032', () => {
    const seed = secret()
    const message = secret()
    const { publicKey, sign } = nativeSigner(seed)
    const reference = signerFromSeed(seed)
    expect(publicKey).toEqual(reference.publicKey)
    const signature = sign(message)
    expect(signature).toEqual(reference.sign(message))
    expect(nodeVerifier.verify({ signature, message, publicKey })).toBe(true)
  })
})
