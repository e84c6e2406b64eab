/**
 * A secret that is being replaced: the newest key seals, older ones still open what they sealed. What is
 * sealed names its key, and is bound to what it is for.
 */
import { Buffer } from 'node:buffer'
import { hkdfSync, randomBytes } from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { sealingKeyIdOf } from '../core/api/sealing-key.ts'
import { fromBase64Url, utf8ToBytes } from '../core/base/bytes.ts'

const nonceBytes = 24

export type KeyRing = {
  /** Tells the newest key from others without telling it: 16 hex digits. */
  readonly currentId: string
  /** Under the newest key. `label` must be told again to open it. */
  readonly seal: (plain: Uint8Array, label: string) => Uint8Array
  /** Undefined when key, label or bytes do not fit. */
  readonly open: (sealed: Uint8Array, keyId: string, label: string) => Uint8Array | undefined
  readonly has: (keyId: string) => boolean
}

/** Secrets of 32 bytes, newest first. `purpose`: what the keys made of them are for, and nothing else. */
export function openKeyRing(secrets: readonly Uint8Array[], purpose: string): KeyRing {
  const keys = new Map(
    secrets.map((secret) => [
      sealingKeyIdOf(secret),
      new Uint8Array(hkdfSync('sha256', secret, 'aitbc/key-ring/1', purpose, 32)),
    ]),
  )
  const [[currentId, current] = ['', new Uint8Array()]] = keys
  return {
    currentId,
    has: (keyId) => keys.has(keyId),
    seal: (plain, label) => {
      const nonce = new Uint8Array(randomBytes(nonceBytes))
      const cipher = xchacha20poly1305(current, nonce, utf8ToBytes(label))
      return new Uint8Array(Buffer.concat([nonce, cipher.encrypt(plain)]))
    },
    open: (sealed, keyId, label) => {
      const key = keys.get(keyId)
      if (key === undefined) return undefined
      try {
        const cipher = xchacha20poly1305(key, sealed.subarray(0, nonceBytes), utf8ToBytes(label))
        return cipher.decrypt(sealed.subarray(nonceBytes))
      } catch {
        return undefined
      }
    },
  }
}

/** Variables that hold a secret which is being replaced. */
export type SealingEnv = {
  readonly WALLET_ENCRYPTION_KEY?: string
  readonly WALLET_ENCRYPTION_KEY_OLD?: string
}

/**
 * `WALLET_ENCRYPTION_KEY` and the keys that were it before, newest first, 32 bytes each.
 *
 * @throws Error with `code: 'CONFIG_INVALID'` that names what cannot be used.
 */
export function sealingSecrets(env: SealingEnv): [Uint8Array, ...Uint8Array[]] {
  const older = (env.WALLET_ENCRYPTION_KEY_OLD ?? '').split(',').map((part) => part.trim())
  const named = [
    ['WALLET_ENCRYPTION_KEY', env.WALLET_ENCRYPTION_KEY ?? ''],
    ...older.filter((part) => part !== '').map((part) => ['WALLET_ENCRYPTION_KEY_OLD', part]),
  ] as [string, string][]
  const keys = named.map(([name, text]) => {
    const bytes = fromBase64Url(text, 32)
    if (bytes.ok) return bytes.value
    const message = `${name} is missing or cannot be used`
    throw Object.assign(new Error(message), { code: 'CONFIG_INVALID' })
  })
  return keys as [Uint8Array, ...Uint8Array[]]
}
