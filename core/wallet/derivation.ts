/**
 * Derivation of accounts (SLIP-10, Ed25519: hardened steps alone) from the seed of recovery words.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { utf8ToBytes } from '../base/bytes.ts'
import { u32 } from '../base/coders.ts'
import { assert } from '../base/result.ts'
import { keyBytes } from '../crypto/signature.ts'

/**
 * Coin type of the derivation path, after SLIP-44: the letters A I T B C on a telephone's keys. It was
 * free there when it was chosen and is not registered (docs/decisions/0029).
 */
export const coinType = 24_822

/** Largest index of a step. */
export const indexMax = 0x7fff_ffff

/** Path of the account with an index, each step hardened: `m/44'/24822'/INDEX'/0'`. */
export const accountPath = (index: number): readonly number[] => [44, coinType, index, 0]

/** The same for a person to read. */
export const formatPath = (path: readonly number[]): string =>
  ['m', ...path.map((step) => `${step}'`)].join('/')

/**
 * The Ed25519 seed at a path.
 *
 * @param seed Secret bytes: 64 from recovery words.
 * @param path Steps without the hardening bit, which each of them gets.
 * @returns 32 bytes.
 */
export function deriveAtPath(seed: Uint8Array, path: readonly number[]): Uint8Array {
  let node = hmac(sha512, utf8ToBytes('ed25519 seed'), seed)
  for (const step of path) {
    assert(Number.isInteger(step) && step >= 0 && step <= indexMax, 'a step has 31 bits')
    const [key, chainCode] = [node.subarray(0, keyBytes), node.subarray(keyBytes)]
    // The zero byte pads the key to the length of a compressed public key (SLIP-10).
    const data = concatBytes(Uint8Array.of(0), key, u32.encode(step + hardened))
    node = hmac(sha512, chainCode, data)
  }
  return node.slice(0, keyBytes)
}

const hardened = 0x8000_0000
