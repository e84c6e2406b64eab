/** Takes canonical bytes apart: every field, the name that they hash to, and whether their signatures hold. */
import { fromHex, toHex, toHex0x } from '../../../core/base/bytes.ts'
import { type Coder, decodeCanonical } from '../../../core/base/coders.ts'
import { authorisationSigningBytes } from '../../../core/chain/authorisation.ts'
import { headerHash, headerSigningBytes, signedHeaderCoder } from '../../../core/chain/block.ts'
import { settlementItemCoder } from '../../../core/chain/messages/settle.ts'
import {
  outcomeCoder,
  outcomeCodes,
  settlementCodes,
  settlementOutcomeCoder,
} from '../../../core/chain/outcome.ts'
import {
  escrowIdOf,
  transactionCoder,
  transactionHash,
  transactionSigningBytes,
} from '../../../core/chain/transaction.ts'
import { formatAddress } from '../../../core/crypto/address.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import type { BytesKind, Field, Inspected } from './messages.ts'

type Found = Extract<Inspected, { readonly ok: true }>

/** `chain`: hash of the genesis, which every signature is made over. */
export function inspect(kind: BytesKind, hex: string, chain: Uint8Array): Inspected {
  const bytes = fromHex(hex)
  if (!bytes.ok) return { ok: false, reason: 'These are no bytes in hexadecimal digits.' }
  try {
    return {
      ok: true,
      hash: undefined,
      signatures: [],
      parts: [],
      ...readers[kind](bytes.value, chain),
    }
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Ids of the escrows that transactions of these hashes open. */
export const escrowsOf = (hashes: readonly string[]): readonly string[] =>
  hashes.map((hash) => {
    const bytes = fromHex(hash, 32)
    return bytes.ok ? toHex0x(escrowIdOf(bytes.value)) : ''
  })

type Reader = (bytes: Uint8Array, chain: Uint8Array) => Partial<Found> & Pick<Found, 'fields'>

const readers: Readonly<Record<BytesKind, Reader>> = {
  header: (bytes, chain) => {
    const value = read(signedHeaderCoder, bytes)
    const { header, signature } = value
    const message = headerSigningBytes(chain, header)
    const holds = nobleVerifier.verify({ signature, message, publicKey: header.proposer })
    return {
      fields: [...fieldsOf(header, ''), ...fieldsOf(signature, 'signature')],
      hash: toHex0x(headerHash(header)),
      signatures: header.height === 0n ? [] : [{ of: 'the proposer', holds }],
    }
  },
  transaction: (bytes, chain) => {
    const { body, signature } = read(transactionCoder, bytes)
    const message = transactionSigningBytes(chain, body)
    const holds = nobleVerifier.verify({ signature, message, publicKey: body.sender })
    const { TAG, data } = body.message
    return {
      fields: [...fieldsOf(body, ''), ...fieldsOf(signature, 'signature')],
      hash: toHex0x(transactionHash(bytes)),
      signatures: [{ of: 'the sender', holds }],
      parts:
        TAG === 'settle' ? data.items.map((item) => toHex(settlementItemCoder.encode(item))) : [],
    }
  },
  outcome: (bytes) => {
    const value = read(outcomeCoder, bytes)
    return {
      fields: fieldsOf(value, '', outcomeCodes),
      parts: value.settlements.map((item) => toHex(settlementOutcomeCoder.encode(item))),
    }
  },
  payment: (bytes, chain) => {
    const item = read(settlementItemCoder, bytes)
    const message = authorisationSigningBytes(chain, item.authorisation)
    const { signer: publicKey } = item.authorisation
    const signature = item.authorisationSignature
    const holds = nobleVerifier.verify({ signature, message, publicKey })
    return { fields: fieldsOf(item, ''), signatures: [{ of: 'the payer', holds }] }
  },
  payment_outcome: (bytes) => ({
    fields: fieldsOf(read(settlementOutcomeCoder, bytes), '', settlementCodes),
  }),
}

function read<T>(coder: Coder<T>, bytes: Uint8Array): T {
  const decoded = decodeCanonical(coder, bytes)
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded.value
}

const addressBytes = 20

/** One line a leaf, named by the way to it. */
function fieldsOf(
  value: unknown,
  name: string,
  codes: Readonly<Record<string, number>> = {},
): readonly Field[] {
  if (value instanceof Uint8Array) {
    const text = value.length === addressBytes ? formatAddress(value) : toHex(value)
    return [{ name, value: text === '' ? 'empty' : text }]
  }
  if (typeof value !== 'object' || value === null) {
    const code = /(?:^| )code$/.test(name)
      ? Object.keys(name.startsWith('settlements') ? settlementCodes : codes).find(
          (key) =>
            (name.startsWith('settlements') ? settlementCodes : codes)[key as never] === value,
        )
      : undefined
    const text = value === undefined ? 'none' : String(value)
    return [{ name, value: code === undefined ? text : `${text}: ${code.replaceAll('_', ' ')}` }]
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return [{ name, value: 'none' }]
    return value.flatMap((item, index) => fieldsOf(item, `${name} ${index + 1}`, codes))
  }
  const { TAG, data } = value as { TAG?: unknown; data?: unknown }
  if (typeof TAG === 'string') {
    return [{ name, value: TAG.replaceAll('_', ' ') }, ...fieldsOf(data, '', codes)]
  }
  return Object.entries(value).flatMap(([key, item]) =>
    fieldsOf(item, `${name} ${words(key)}`.trim(), codes),
  )
}

/** `stateRoot` → `state root`. */
const words = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
