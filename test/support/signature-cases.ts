/** Signatures that implementations of Ed25519 answer differently, and the arithmetic to make more. */
import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { toHex } from '../../core/base/bytes.ts'

const { Point } = ed25519

/** What a verifier takes. */
export type Signed = {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: Uint8Array
}

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** A number in 32 bytes, the lowest first. */
export const little = (value: bigint): Uint8Array =>
  bytesOf(value.toString(16).padStart(64, '0')).reverse()

export const big = (input: Uint8Array): bigint => BigInt(`0x${toHex(input.slice().reverse())}`)

/** Of the group that the base point makes. */
export const order = Point.Fn.ORDER

/** A point of order eight. */
export const torsion = Point.fromHex(
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
)

type Published = {
  name: string
  valid: boolean
  message: string
  publicKey: string
  signature: string
}

const published: readonly Published[] = JSON.parse(
  readFileSync(new URL('../vectors/ed25519-edge-cases.json', import.meta.url), 'utf8'),
).vectors

/** The published edge cases, with this network's verdict. */
export const edgeCases = published.map(({ name, valid, message, publicKey, signature }) => ({
  name,
  valid,
  input: {
    message: bytesOf(message),
    publicKey: bytesOf(publicKey),
    signature: bytesOf(signature),
  } satisfies Signed,
}))

/** All eight points of small order, and every encoding of each that some decoder takes. */
export const smallOrderEncodings: readonly string[] = [
  ...Array.from({ length: 8 }, (_, n) => toHex(torsion.multiplyUnsafe(BigInt(n || 8)).toBytes())),
  '0100000000000000000000000000000000000000000000000000000000000080',
  `ec${'ff'.repeat(31)}`,
  `ed${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(31)}`,
  `ee${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(31)}`,
]

/** Every pair of them as key and R, with s = 0: the equation with the cofactor holds for any message. */
export const smallOrderPairs = smallOrderEncodings.flatMap((key) =>
  smallOrderEncodings.map((r) => ({
    name: `A ${key}, R ${r}`,
    input: {
      message: Uint8Array.from(Buffer.from('Zcash')),
      publicKey: bytesOf(key),
      signature: Uint8Array.of(...bytesOf(r), ...new Uint8Array(32)),
    } satisfies Signed,
  })),
)

/** A signature by a known scalar with a nonce and points of our choice. */
export function forge(given: {
  key: InstanceType<typeof Point>
  secret: bigint
  nonceBytes: Uint8Array
  nonce: bigint
  message: Uint8Array
}): Signed & { readonly k: bigint } {
  const publicKey = given.key.toBytes()
  const k = big(sha512(Uint8Array.of(...given.nonceBytes, ...publicKey, ...given.message))) % order
  const s = (given.nonce + k * given.secret) % order
  return {
    signature: Uint8Array.of(...given.nonceBytes, ...little(s)),
    message: given.message,
    publicKey,
    k,
  }
}
