/** Key files as programs wrote them before there were keystores: made here by Node, to be opened by core. */
import { scryptSync } from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'

/** scrypt's cost; a real file had { logN: 17, blockSize: 8, parallelism: 1 }. */
export type OldKeyFileCost = {
  readonly logN: number
  readonly blockSize: number
  readonly parallelism: number
}

/** Cheap enough for many tests. */
export const cheapCost: OldKeyFileCost = { logN: 10, blockSize: 1, parallelism: 1 }

/** The text of a file. `salt` has 32 bytes, `nonce` 24. */
export function oldKeyFile(input: {
  readonly seed: Uint8Array
  readonly password: string
  readonly publicKey?: Uint8Array
  readonly salt?: Uint8Array
  readonly nonce?: Uint8Array
  readonly cost?: OldKeyFileCost
}): string {
  const { seed, password, cost = cheapCost } = input
  const publicKey = input.publicKey ?? signerFromSeed(seed).publicKey
  const salt = input.salt ?? new Uint8Array(32).fill(7)
  const nonce = input.nonce ?? new Uint8Array(24).fill(9)
  const { logN, blockSize: r, parallelism: p } = cost
  const N = 2 ** logN
  const terms = { N, r, p, maxmem: 256 * N * r + 1_048_576 }
  const key = scryptSync(password.normalize('NFKC'), salt, 32, terms)
  const tag = Buffer.from('aitbc/key-file/1')
  const head = [0, tag.length, ...tag, 1, ...publicKey, logN, r, p, ...salt]
  const sealed = xchacha20poly1305(key, nonce, Uint8Array.from(head)).encrypt(seed)
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const file = {
    version: 1,
    type: 'ed25519',
    address: formatAddress(addressOf(publicKey)),
    public_key: hex(publicKey),
    kdf: { name: 'scrypt', log_n: logN, r, p, salt: hex(salt) },
    cipher: { name: 'xchacha20-poly1305', nonce: hex(nonce), sealed: hex(sealed) },
  }
  return `${JSON.stringify(file, undefined, 2)}\n`
}
