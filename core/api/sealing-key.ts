/** Names of the operator's sealing keys, by which what they sealed is told apart. */
import { toHex } from '../base/bytes.ts'
import { taggedHash } from '../crypto/hash.ts'

/** Tells a key (32 bytes) from others without telling it: 16 hex digits. */
export const sealingKeyIdOf = (key: Uint8Array): string =>
  toHex(taggedHash('aitbc/sealing-key-id/1', key)).slice(0, 16)
