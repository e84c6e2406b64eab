/** The rule for signatures on the runtime that a site runs on, which has an Ed25519 of its own. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nobleVerifier, signerFromSeed } from '../../../core/crypto/ed25519.ts'
import {
  big,
  bytesOf,
  edgeCases,
  forge,
  little,
  order,
  type Signed,
  smallOrderEncodings,
  smallOrderPairs,
  torsion,
} from '../../support/signature-cases.ts'
import { startVerifier } from './workerd-verifier.ts'

const { Point } = ed25519

let runtime: Awaited<ReturnType<typeof startVerifier>>
beforeAll(async () => {
  runtime = await startVerifier()
})
afterAll(() => runtime?.stop())

const strictOf = async (inputs: readonly Signed[]): Promise<boolean[]> =>
  (await runtime.verdicts(inputs)).map(({ strict }) => strict)

test('SIG-1: every published edge case gets the verdict of this network', async () => {
  expect(edgeCases.length).toBeGreaterThan(10)
  const verdicts = await strictOf(edgeCases.map(({ input }) => input))
  const named = edgeCases.map(({ name }, index) => [name, verdicts[index]])
  expect(named).toEqual(edgeCases.map(({ name, valid }) => [name, valid]))
})

test('SIG-3: s at or above the group order is refused', async () => {
  const signer = signerFromSeed(new Uint8Array(32).fill(3))
  const message = Uint8Array.of(1, 2, 3)
  const good = signer.sign(message)
  const s = big(good.subarray(32))
  const inputs = [s, s + order, order, order - 1n, 2n ** 253n, 2n ** 256n - 1n].map((other) => ({
    signature: Uint8Array.of(...good.subarray(0, 32), ...little(other)),
    message,
    publicKey: signer.publicKey,
  }))
  expect(await strictOf(inputs)).toEqual([true, false, false, false, false, false])
})

test('SIG-4: R of small order is refused where the equation holds', async () => {
  const secret = 77n
  const key = Point.BASE.multiply(secret)
  const message = Uint8Array.of(5)
  const inputs = smallOrderEncodings.map((hex) =>
    forge({ key, secret, nonceBytes: bytesOf(hex), nonce: 0n, message }),
  )
  expect(await strictOf(inputs)).toEqual(inputs.map(() => false))
})

test('SIG-5: torsion in R alone is refused, in A and R together it decides as the equation does', async () => {
  const [secret, nonce] = [1_234_567n, 7_654_321n]
  const twist = (n: number) => torsion.multiplyUnsafe(BigInt(n || 8))
  const inputs = Array.from({ length: 8 * 8 * 8 }, (_, index) => {
    const [inKey, inNonce, text] = [index & 7, (index >> 3) & 7, index >> 6]
    const key = Point.BASE.multiply(secret).add(twist(inKey))
    const nonceBytes = Point.BASE.multiply(nonce).add(twist(inNonce)).toBytes()
    return forge({ key, secret, nonceBytes, nonce, message: Uint8Array.of(text) })
  })
  const expected = inputs.map((input) => nobleVerifier.verify(input))
  expect(new Set(expected).size).toBe(2)
  expect(await strictOf(inputs)).toEqual(expected)
})

test('SIG-6: bytes of any other length are refused and throw nothing', async () => {
  const signer = signerFromSeed(new Uint8Array(32).fill(8))
  const message = Uint8Array.of(9, 9)
  const good: Signed = { signature: signer.sign(message), message, publicKey: signer.publicKey }
  const changed = (['signature', 'publicKey'] as const).flatMap((field) => [
    { ...good, [field]: good[field].slice(1) },
    { ...good, [field]: Uint8Array.of(...good[field], 0) },
    { ...good, [field]: new Uint8Array() },
    ...Array.from(good[field], (_, at) => ({
      ...good,
      [field]: good[field].map((byte, index) => (index === at ? byte ^ 4 : byte)),
    })),
  ])
  const [first, ...others] = await strictOf([good, ...changed])
  expect(first).toBe(true)
  expect(others).toEqual(changed.map(() => false))
})

test('SIG-7: all 196 pairs of encodings of small order are refused', async () => {
  const verdicts = await strictOf(smallOrderPairs.map(({ input }) => input))
  expect(verdicts).toHaveLength(196)
  expect(verdicts).toEqual(verdicts.map(() => false))
})

test('SIG-8: the wrapper is needed: the bare equation of the runtime takes some of what it refuses', async () => {
  const inputs = [...edgeCases, ...smallOrderPairs].map(({ input }) => input)
  const verdicts = await runtime.verdicts(inputs)
  expect(verdicts.filter(({ strict, bare }) => bare === true && !strict).length).toBeGreaterThan(0)
})
