/**
 * Keys at rest: API keys as keyed hashes, the seeds that this site keeps for others encrypted. Both keys
 * are derived from one secret, for one purpose each, so that the database alone is worth nothing. A secret
 * that replaces another takes over what that one sealed.
 */
import { Buffer } from 'node:buffer'
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { utf8ToBytes } from '../../core/base/bytes.ts'

const nonceBytes = 24

/** What the site's secret can do here; while it is being replaced, what the older ones did. */
export type Vault = {
  /** HMAC-SHA256 of an API key under the newest pepper: 64 hex digits. */
  readonly digestOf: (apiKey: string) => string
  /** The same under each older one, by which a key may still be known. */
  readonly olderDigestsOf: (apiKey: string) => string[]
  /** Encrypts a seed; `owner` and `purpose` are bound to it and must be told again to open it. */
  readonly seal: (seed: Uint8Array, label: SealLabel) => Uint8Array
  /** Undefined when secret, label or bytes do not fit. */
  readonly open: (sealed: Uint8Array, label: SealLabel) => Uint8Array | undefined
  /** Sealed anew where it is sealed under an older secret; undefined where there is nothing to do. */
  readonly reseal: (sealed: Uint8Array, label: SealLabel) => Uint8Array | undefined
}

/** What a sealed seed is for: a key that is moved to another row does not open. */
export type SealLabel = {
  readonly owner: string
  readonly purpose: 'delegate' | 'account' | 'webhook' | 'pepper'
}

/** Derives both keys from each of the site's secrets (32 bytes), newest first. */
export function openVault(secrets: readonly [Uint8Array, ...Uint8Array[]]): Vault {
  const [newest, ...older] = secrets.map(keysOf) as [Keys, ...Keys[]]
  const seal: Vault['seal'] = (seed, label) => {
    const nonce = new Uint8Array(randomBytes(nonceBytes))
    const cipher = xchacha20poly1305(newest.sealing, nonce, labelBytes(label))
    return new Uint8Array(Buffer.concat([nonce, cipher.encrypt(seed)]))
  }
  const openOlder: Vault['open'] = (sealed, label) => {
    for (const { sealing } of older) {
      const seed = openBy(sealing, sealed, label)
      if (seed) return seed
    }
    return undefined
  }
  return {
    digestOf: (apiKey) => digestBy(newest, apiKey),
    olderDigestsOf: (apiKey) => older.map((keys) => digestBy(keys, apiKey)),
    seal,
    open: (sealed, label) => openBy(newest.sealing, sealed, label) ?? openOlder(sealed, label),
    reseal: (sealed, label) => {
      if (openBy(newest.sealing, sealed, label)) return undefined
      const seed = openOlder(sealed, label)
      return seed && seal(seed, label)
    },
  }
}

type Keys = { readonly pepper: Uint8Array; readonly sealing: Uint8Array }

const keysOf = (secret: Uint8Array): Keys => {
  const derive = (purpose: string) =>
    new Uint8Array(hkdfSync('sha256', secret, 'aitbc/coordinator/1', purpose, 32))
  return { pepper: derive('api-key-pepper'), sealing: derive('seed-sealing') }
}

const digestBy = ({ pepper }: Keys, apiKey: string): string =>
  createHmac('sha256', pepper).update(apiKey).digest('hex')

function openBy(sealing: Uint8Array, sealed: Uint8Array, label: SealLabel): Uint8Array | undefined {
  try {
    const nonce = sealed.subarray(0, nonceBytes)
    const cipher = xchacha20poly1305(sealing, nonce, labelBytes(label))
    return cipher.decrypt(sealed.subarray(nonceBytes))
  } catch {
    return undefined
  }
}

const labelBytes = ({ owner, purpose }: SealLabel): Uint8Array =>
  utf8ToBytes(`aitbc/sealed-seed/1 ${purpose} ${owner}`)
