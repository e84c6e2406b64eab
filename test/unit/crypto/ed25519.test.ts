import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import {
  isStrictPoint,
  nobleVerifier,
  signerFromSeed,
  strictVerifier,
} from '../../../core/crypto/ed25519.ts'
import { rememberVerified } from '../../../core/crypto/verified-cache.ts'
import { createNativeVerifier } from '../../../durable-objects/native-ed25519.ts'
import { nodeVerifier } from '../../support/chain-world.ts'
import {
  big,
  bytesOf,
  edgeCases,
  forge,
  little,
  order,
  smallOrderEncodings,
  smallOrderPairs,
  torsion,
} from '../../support/signature-cases.ts'

const { Point } = ed25519
const nativeVerifier = createNativeVerifier()
const verifiers = { noble: nobleVerifier, node: nodeVerifier, native: nativeVerifier }

describe.each(Object.entries(verifiers))('%s', (_, verifier) => {
  test.each(edgeCases)('SIG-1: published edge case $name', ({ input, valid }) => {
    expect(verifier.verify(input)).toBe(valid)
  })

  test('SIG-2: RFC 8032 signatures are made and accepted', () => {
    const signer = signerFromSeed(
      bytesOf('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'),
    )
    expect(toHex(signer.publicKey)).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    )
    const message = new Uint8Array()
    const signature = signer.sign(message)
    expect(toHex(signature)).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    )
    expect(verifier.verify({ signature, message, publicKey: signer.publicKey })).toBe(true)
  })

  test('SIG-3: s at or above the group order is refused', () => {
    const signer = signerFromSeed(new Uint8Array(32).fill(3))
    const message = Uint8Array.of(1, 2, 3)
    const good = signer.sign(message)
    const s = big(good.subarray(32))
    for (const other of [s + order, order, order - 1n, 2n ** 253n, 2n ** 256n - 1n]) {
      const signature = Uint8Array.of(...good.subarray(0, 32), ...little(other))
      expect(verifier.verify({ signature, message, publicKey: signer.publicKey })).toBe(false)
    }
  })

  test('SIG-4: keys and R of small order or without canonical encoding are refused', () => {
    const message = Uint8Array.of(5)
    const secret = 77n
    const key = Point.BASE.multiply(secret)
    for (const hex of smallOrderEncodings) {
      expect(isStrictPoint(bytesOf(hex))).toBe(false)
      // As a key: s = 0 and R = −kA would verify for some messages; no message may pass at all.
      for (let n = 0; n < 16; n++) {
        const signature = Uint8Array.of(...Point.BASE.toBytes(), ...little(1n))
        const input = { signature, message: Uint8Array.of(n), publicKey: bytesOf(hex) }
        expect(verifier.verify(input)).toBe(false)
      }
      // As R: the equation is made to hold wherever the nonce is 0 and R is the identity.
      const forged = forge({ key, secret, nonceBytes: bytesOf(hex), nonce: 0n, message })
      expect(verifier.verify(forged)).toBe(false)
    }
  })

  test('SIG-5: a torsion part in R alone is refused, one that cancels is accepted', () => {
    const [secret, nonce] = [1_234_567n, 7_654_321n]
    const key = Point.BASE.multiply(secret)
    const nonceBytes = Point.BASE.multiply(nonce).add(torsion).toBytes()
    const onlyR = forge({ key, secret, nonceBytes, nonce, message: Uint8Array.of(1) })
    expect(ed25519.verify(onlyR.signature, onlyR.message, onlyR.publicKey)).toBe(true)
    expect(verifier.verify(onlyR)).toBe(false)

    // A of mixed order: R must carry the torsion that kA leaves over.
    const mixed = key.add(torsion)
    let accepted = 0
    for (let n = 0; n < 64; n++) {
      const message = Uint8Array.of(n)
      const plain = forge({
        key: mixed,
        secret,
        nonceBytes: Point.BASE.multiply(nonce).toBytes(),
        nonce,
        message,
      })
      const holds = plain.k % 8n === 0n
      expect(verifier.verify(plain)).toBe(holds)
      if (holds) accepted += 1
    }
    expect(accepted).toBeGreaterThan(0)
  })

  test('SIG-6: any other bytes are refused and never throw', () => {
    const signer = signerFromSeed(new Uint8Array(32).fill(8))
    const message = Uint8Array.of(9, 9)
    const good = { signature: signer.sign(message), message, publicKey: signer.publicKey }
    expect(verifier.verify(good)).toBe(true)
    for (const field of ['signature', 'message', 'publicKey'] as const) {
      for (let at = 0; at < good[field].length; at++) {
        const changed = good[field].map((byte, index) => (index === at ? byte ^ 4 : byte))
        expect(verifier.verify({ ...good, [field]: changed })).toBe(false)
      }
      expect(verifier.verify({ ...good, [field]: good[field].slice(1) })).toBe(false)
      expect(verifier.verify({ ...good, [field]: Uint8Array.of(...good[field], 0) })).toBe(false)
    }
    const any = fc.uint8Array({ maxLength: 70 })
    fc.assert(
      fc.property(any, any, any, (signature, text, publicKey) => {
        expect(verifier.verify({ signature, message: text, publicKey })).toBe(false)
      }),
    )
  })
})

describe('SIG-7: every pair of encodings of small order', () => {
  test('SIG-7: there are 196 of them, and both verifiers refuse each', () => {
    expect(new Set(smallOrderEncodings).size).toBe(14)
    expect(smallOrderPairs).toHaveLength(196)
    for (const { name, input } of smallOrderPairs) {
      expect(nobleVerifier.verify(input), name).toBe(false)
      expect(nodeVerifier.verify(input), name).toBe(false)
      expect(nativeVerifier.verify(input), name).toBe(false)
    }
  })

  test('SIG-8: an equation with the cofactor, without the rule, would take all of them', () => {
    const lax = smallOrderPairs.filter(({ input: { signature, message, publicKey } }) =>
      ed25519.verify(signature, message, publicKey, { zip215: true }),
    )
    expect(lax).toHaveLength(196)
  })
})

test('SIG-7: both verifiers agree on points and scalars of every kind', () => {
  const scalars = fc.bigInt({ min: 1n, max: order - 1n })
  fc.assert(
    fc.property(
      scalars,
      scalars,
      fc.integer({ min: 0, max: 7 }),
      fc.integer({ min: 0, max: 7 }),
      fc.uint8Array({ maxLength: 40 }),
      (secret, nonce, inKey, inNonce, message) => {
        const twist = (n: number) => torsion.multiplyUnsafe(BigInt(n || 8))
        const key = Point.BASE.multiply(secret).add(twist(inKey))
        const nonceBytes = Point.BASE.multiply(nonce).add(twist(inNonce)).toBytes()
        const input = forge({ key, secret, nonceBytes, nonce, message })
        expect(nodeVerifier.verify(input)).toBe(nobleVerifier.verify(input))
      },
    ),
    { numRuns: 60 },
  )
})

test('SIG-8: the wrapper refuses by itself, before a lax native equation is asked', () => {
  let asked = 0
  const lax = strictVerifier(() => {
    asked += 1
    return true
  })
  const good = Point.BASE.toBytes()
  const zeros = new Uint8Array(32)
  for (const hex of smallOrderEncodings) {
    const bad = bytesOf(hex)
    const asKey = { signature: Uint8Array.of(...good, ...zeros), message: zeros, publicKey: bad }
    const asR = { signature: Uint8Array.of(...bad, ...zeros), message: zeros, publicKey: good }
    expect(lax.verify(asKey)).toBe(false)
    expect(lax.verify(asR)).toBe(false)
  }
  const tooLarge = Uint8Array.of(...good, ...little(order))
  expect(lax.verify({ signature: tooLarge, message: zeros, publicKey: good })).toBe(false)
  expect(asked).toBe(0)
  const plain = Uint8Array.of(...good, ...little(order - 1n))
  expect(lax.verify({ signature: plain, message: zeros, publicKey: good })).toBe(true)
  expect(asked).toBe(1)
})

test('SIG-9: a verifier that throws answers false', () => {
  const signer = signerFromSeed(new Uint8Array(32).fill(1))
  const broken = strictVerifier(() => {
    throw new Error('no such algorithm')
  })
  const message = Uint8Array.of(1)
  const signature = signer.sign(message)
  expect(broken.verify({ signature, message, publicKey: signer.publicKey })).toBe(false)
})

test('SIG-10: the memory of valid signatures asks once, remembers only what was valid, and is bounded', () => {
  let asked = 0
  const counted = rememberVerified(
    {
      verify(input) {
        asked += 1
        return nodeVerifier.verify(input)
      },
    },
    8,
  )
  const signer = signerFromSeed(new Uint8Array(32).fill(2))
  const signed = (n: number) => {
    const message = Uint8Array.of(n)
    return { signature: signer.sign(message), message, publicKey: signer.publicKey }
  }
  expect(counted.verify(signed(1))).toBe(true)
  expect(counted.verify(signed(1))).toBe(true)
  expect(asked).toBe(1)
  const bad = { ...signed(1), message: Uint8Array.of(2) }
  expect(counted.verify(bad)).toBe(false)
  expect(counted.verify(bad)).toBe(false)
  expect(asked).toBe(3)
  for (let n = 10; n < 30; n++) counted.verify(signed(n))
  asked = 0
  expect(counted.verify(signed(1))).toBe(true)
  expect(asked).toBe(1)
  counted.remember(signed(40))
  expect(counted.verify(signed(40))).toBe(true)
  expect(asked).toBe(1)
  expect(counted.verify({ ...signed(40), message: Uint8Array.of(41) })).toBe(false)
})
