/**
 * Ed25519 under the one validity rule of this network (SPEC.md, SIG rules): by noble where nothing else
 * is at hand, and as a strict wrapper around a runtime's native equation on hot paths.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { fromHex, toHex } from '../base/bytes.ts'
import { assert } from '../base/result.ts'
import { keyBytes, type Signer, signatureBytes, type Verifier } from './signature.ts'

/**
 * A runtime's own check of `sB = R + kA`, such as `crypto.verify(null, …)` of `node:crypto`. It may be
 * laxer than the rule (the wrapper refuses first) and may throw (the wrapper answers `false`).
 */
export type NativeEquation = (input: {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: Uint8Array
}) => boolean

const { Point } = ed25519
const fieldPrime = 2n ** 255n - 19n
const groupOrder = Point.Fn.ORDER

/**
 * y coordinates of the eight points of small order. Sign bits are ignored, which also covers the
 * encodings of x = 0 with the sign bit set; values of y at or above the prime are refused before.
 */
const smallOrderY: ReadonlySet<string> = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])
const smallOrderLastBytes: ReadonlySet<number> = new Set([0x00, 0x05, 0x7a, 0x7f])

/**
 * Whether 32 bytes are the canonical encoding of a y coordinate of no small-order point. Does not look
 * whether the point is on the curve: the equation does.
 */
export function isStrictPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== keyBytes) return false
  const last = (bytes[31] as number) & 0x7f
  // Four last bytes cover all small-order points and every y ≥ p; the rest needs no closer look.
  if (!smallOrderLastBytes.has(last)) return true
  const masked = Uint8Array.from(bytes)
  masked[31] = last
  return littleEndian(masked) < fieldPrime && !smallOrderY.has(toHex(masked))
}

/** Whether a signature's length, `R` and `s`, and the key pass everything but the equation. */
function isWellFormed(signature: Uint8Array, publicKey: Uint8Array): boolean {
  return (
    signature.length === signatureBytes &&
    isStrictPoint(publicKey) &&
    isStrictPoint(signature.subarray(0, 32)) &&
    isCanonicalScalar(signature.subarray(32))
  )
}

/** The rule in pure JavaScript: recomputes `sB − kA` and compares its encoding with `R`. */
export const nobleVerifier: Verifier = {
  verify({ signature, message, publicKey }) {
    if (!isWellFormed(signature, publicKey)) return false
    try {
      const key = Point.fromBytes(publicKey, false)
      const s = littleEndian(signature.subarray(32))
      const digest = sha512
        .create()
        .update(signature.subarray(0, 32))
        .update(publicKey)
        .update(message)
        .digest()
      const k = littleEndian(digest) % groupOrder
      const expected = multiply(Point.BASE, s).subtract(multiply(key, k)).toBytes()
      return expected.every((byte, index) => byte === signature[index])
    } catch {
      return false
    }
  },
}

/** The rule around a native equation: refuses first what native code is lax about. */
export function strictVerifier(equation: NativeEquation): Verifier {
  return {
    verify(input) {
      if (!isWellFormed(input.signature, input.publicKey)) return false
      try {
        return equation(input)
      } catch {
        return false
      }
    },
  }
}

/** SPKI (RFC 8410) of a raw public key: what native imports want. */
export function spkiOf(publicKey: Uint8Array): Uint8Array {
  const spki = new Uint8Array(spkiPrefix.length + keyBytes)
  spki.set(spkiPrefix)
  spki.set(publicKey, spkiPrefix.length)
  return spki
}

/** A signer over a 32-byte seed (RFC 8032 private key). A seed of another length is a bug. */
export function signerFromSeed(seed: Uint8Array): Signer {
  assert(seed.length === keyBytes, 'seed must be 32 bytes')
  const secret = Uint8Array.from(seed)
  const publicKey = ed25519.getPublicKey(secret)
  return { publicKey, sign: (message) => ed25519.sign(message, secret) }
}

type CurvePoint = typeof Point.BASE

const multiply = (point: CurvePoint, scalar: bigint): CurvePoint =>
  scalar === 0n ? Point.ZERO : point.multiplyUnsafe(scalar)

function isCanonicalScalar(bytes: Uint8Array): boolean {
  // The group order is 2^252 + …: only scalars with this top nibble need the comparison.
  const top = (bytes[31] as number) & 0xf0
  return top === 0 || (top === 0x10 && littleEndian(bytes) < groupOrder)
}

const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes.slice().reverse())}`)

const spkiPrefix = ((): Uint8Array => {
  const parsed = fromHex('302a300506032b6570032100')
  assert(parsed.ok, 'constant is hex')
  return parsed.value
})()
