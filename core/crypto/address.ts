/**
 * Addresses: bech32m (BIP-350), human-readable part `aitbc`, over a 20-byte hash of the public key.
 */
import { bech32m } from '@scure/base'
import { err, ok, type Result } from '../base/result.ts'
import { taggedHash } from './hash.ts'

/** Bytes inside an address. */
export const addressBytes = 20

const prefix = 'aitbc'

/** Why text is no address of this network. */
export type AddressError =
  | { readonly code: 'ADDRESS_LEGACY'; readonly message: string }
  | { readonly code: 'ADDRESS_INVALID'; readonly message: string }

/** The 20 bytes that name an account: the head of a tagged SHA-256 of the 32-byte public key. */
export const addressOf = (publicKey: Uint8Array): Uint8Array =>
  taggedHash('aitbc/address/1', publicKey).slice(0, addressBytes)

/** Writes 20 bytes as `aitbc1…`. */
export const formatAddress = (address: Uint8Array): string =>
  bech32m.encode(prefix, bech32m.toWords(address))

/** Whether text is the original's address form (`aitbc1` and 40 hex digits, no checksum). */
export const isLegacyAddress = (text: string): boolean => /^aitbc1[0-9a-f]{40}$/.test(text)

/**
 * Reads `aitbc1…` into 20 bytes. The original's checksum-less form is refused with a code of its own,
 * since money sent there could not be claimed by any key.
 */
export function parseAddress(text: string): Result<Uint8Array, AddressError> {
  if (isLegacyAddress(text)) {
    return err({
      code: 'ADDRESS_LEGACY',
      message:
        'this is an address of the original network; it has no key here: use a checksummed aitbc1… address',
    })
  }
  const decoded = bech32m.decodeUnsafe(text as `${string}1${string}`, 90)
  if (!decoded || decoded.prefix !== prefix) return invalid()
  const bytes = bech32m.fromWordsUnsafe(decoded.words)
  return bytes && bytes.length === addressBytes ? ok(Uint8Array.from(bytes)) : invalid()
}

function invalid(): Result<never, AddressError> {
  return err({
    code: 'ADDRESS_INVALID',
    message: 'not an aitbc1… address, or its checksum is wrong',
  })
}
