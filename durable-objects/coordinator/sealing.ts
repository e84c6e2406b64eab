/**
 * Keys at rest: API keys as keyed hashes, the seeds that this site keeps for others encrypted. Both keys
 * are derived from one secret, for one purpose each, so that the database alone is worth nothing.
 */
import { Buffer } from 'node:buffer'
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { utf8ToBytes } from '../../core/base/bytes.ts'

const nonceBytes = 24

/** What one secret can do here. */
export type Vault = {
  /** HMAC-SHA256 of an API key under the pepper: 64 hex digits. */
  readonly digestOf: (apiKey: string) => string
  /** Encrypts a seed; `owner` and `purpose` are bound to it and must be told again to open it. */
  readonly seal: (seed: Uint8Array, label: SealLabel) => Uint8Array
  /** Undefined when secret, label or bytes do not fit. */
  readonly open: (sealed: Uint8Array, label: SealLabel) => Uint8Array | undefined
}

/** What a sealed seed is for: a key that is moved to another row does not open. */
export type SealLabel = { readonly owner: string; readonly purpose: 'delegate' | 'account' }

/** Derives both keys from the site's secret (32 bytes). */
export function openVault(secret: Uint8Array): Vault {
  const derive = (purpose: string) =>
    new Uint8Array(hkdfSync('sha256', secret, 'aitbc/coordinator/1', purpose, 32))
  const pepper = derive('api-key-pepper')
  const sealing = derive('seed-sealing')
  return {
    digestOf: (apiKey) => createHmac('sha256', pepper).update(apiKey).digest('hex'),
    seal: (seed, label) => {
      const nonce = new Uint8Array(randomBytes(nonceBytes))
      const cipher = xchacha20poly1305(sealing, nonce, labelBytes(label))
      return new Uint8Array(Buffer.concat([nonce, cipher.encrypt(seed)]))
    },
    open: (sealed, label) => {
      try {
        const nonce = sealed.subarray(0, nonceBytes)
        const cipher = xchacha20poly1305(sealing, nonce, labelBytes(label))
        return cipher.decrypt(sealed.subarray(nonceBytes))
      } catch {
        return undefined
      }
    },
  }
}

const labelBytes = ({ owner, purpose }: SealLabel): Uint8Array =>
  utf8ToBytes(`aitbc/sealed-seed/1 ${purpose} ${owner}`)
