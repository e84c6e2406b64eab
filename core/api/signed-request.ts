/**
 * Signed requests: HTTP authentication by an Ed25519 key pair, without an API key. The signature covers
 * host, method, path with query, body and time; a request is good for `requestAgeMsMax` and writes are
 * idempotent by content, so that a replay changes nothing.
 */
import * as P from 'micro-packed'
import { toHex } from '../base/bytes.ts'
import { bytes32, text, u64 } from '../base/coders.ts'
import { signingBytes } from '../crypto/domains.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Signer } from '../crypto/signature.ts'

/** Header names, in lower case. */
export const signedRequestHeaders = {
  publicKey: 'x-aitbc-key',
  timestampMs: 'x-aitbc-timestamp',
  signature: 'x-aitbc-signature',
} as const

/** Most that the clocks of signer and site may differ, plus travel, in milliseconds. */
export const requestAgeMsMax = 60_000

const requestCoder = P.struct({
  host: text,
  method: text,
  target: text,
  bodyHash: bytes32,
  timestampMs: u64,
  publicKey: bytes32,
})

/** What of a request the signature covers. */
export type RequestToSign = {
  /** Host and port of the site (as in `URL.host`): one site cannot use it at another. */
  readonly host: string
  /** Upper case. */
  readonly method: string
  /** Path and query as sent, such as `/api/v1/jobs?limit=10`. */
  readonly target: string
  readonly body: Uint8Array
  /** Unix milliseconds. */
  readonly timestampMs: number
}

/** The bytes that the caller signs. */
export function requestSigningBytes(
  genesisHash: Uint8Array,
  publicKey: Uint8Array,
  request: RequestToSign,
): Uint8Array {
  const { host, method, target, body, timestampMs } = request
  const encoded = requestCoder.encode({
    host,
    method,
    target,
    bodyHash: sha256(body),
    timestampMs: BigInt(timestampMs),
    publicKey,
  })
  return signingBytes('request', genesisHash, encoded)
}

/** The three headers that authenticate a request. */
export function signRequest(
  genesisHash: Uint8Array,
  signer: Signer,
  request: RequestToSign,
): Record<string, string> {
  const bytes = requestSigningBytes(genesisHash, signer.publicKey, request)
  return {
    [signedRequestHeaders.publicKey]: toHex(signer.publicKey),
    [signedRequestHeaders.timestampMs]: String(request.timestampMs),
    [signedRequestHeaders.signature]: toHex(signer.sign(bytes)),
  }
}
