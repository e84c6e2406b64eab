/**
 * Canonical receipt: the public record that a job was computed. Signed by the miner, anchored on the
 * chain by the hash in its settlement. It holds hashes of prompt and answer, never their text.
 */
import * as P from 'micro-packed'
import { bytes20, bytes32, optional, text, u8, u32, u64 } from '../base/coders.ts'
import { signingBytes } from '../crypto/domains.ts'
import { taggedHash } from '../crypto/hash.ts'

/**
 * `version`: see `receiptVersions`; `receiptId`, `jobId`: 16 bytes, hex on the wire; `attempt`: 1-based; `client`: public id of the payer
 * (never an API key); `minerKey`: absent for miners of the original, which have no key pair;
 * `miner`: 20-byte address that is paid; `jobHash`: what was asked (`jobHashOf`); `resultHash`: SHA-256
 * of the answer's UTF-8; `legacyHash`: SHA-256 of the canonical JSON receipt; token counts as billed;
 * `amount`: base units charged; times in Unix milliseconds.
 */
export const receiptCoder = P.struct({
  version: u8,
  receiptId: P.bytes(16),
  jobId: P.bytes(16),
  attempt: u8,
  client: text,
  coordinator: bytes32,
  minerKey: optional(bytes32),
  miner: bytes20,
  authorisation: bytes32,
  jobHash: bytes32,
  resultHash: bytes32,
  legacyHash: bytes32,
  model: text,
  promptTokens: u32,
  completionTokens: u32,
  amount: u64,
  startedAtMs: u64,
  completedAtMs: u64,
})
export type Receipt = P.UnwrapCoder<typeof receiptCoder>

/**
 * What a receipt is over: a whole answer, or the delivered part of one that was canceled. A miner may have
 * signed a whole one when the cancel reaches it, so the two are told apart wherever they are compared.
 */
export const receiptVersions = { whole: 1, part: 2 } as const

/** The hash that a release names and a settlement anchors. */
export const receiptHash = (receipt: Receipt): Uint8Array =>
  receiptHashOf(receiptCoder.encode(receipt))

/** The same from canonical bytes. */
export const receiptHashOf = (receiptBytes: Uint8Array): Uint8Array =>
  taggedHash('aitbc/receipt-id/1', receiptBytes)

/** The bytes that the miner signs. */
export const receiptSigningBytes = (genesisHash: Uint8Array, receipt: Receipt): Uint8Array =>
  receiptSigningBytesOf(genesisHash, receiptCoder.encode(receipt))

/** The same from canonical bytes. */
export const receiptSigningBytesOf = (
  genesisHash: Uint8Array,
  receiptBytes: Uint8Array,
): Uint8Array => signingBytes('receipt', genesisHash, receiptBytes)
