/**
 * Releases: what a miner checks before it believes that it will be paid. Only the coordinator's signature
 * over our address, our amount and our receipt is worth anything on the chain.
 */
import { bytesEqual, fromHex } from '../core/base/bytes.ts'
import { decodeCanonical } from '../core/base/coders.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import { type Release, releaseCoder, releaseSigningBytes } from '../core/chain/release.ts'
import type { Verifier } from '../core/crypto/signature.ts'
import type { ServerFrame } from '../core/jobs/miner-protocol.ts'

export type ReleaseFrame = Extract<ServerFrame, { readonly type: 'release' }>

/** What the release of a delivered attempt has to say. Amount in base units. */
export type ExpectedRelease = {
  readonly authorisation: Uint8Array
  readonly miner: Uint8Array
  readonly amount: bigint
  readonly receiptHash: Uint8Array
}

export type ReleaseFault = {
  readonly code: 'RELEASE_MALFORMED' | 'RELEASE_MISMATCH' | 'RELEASE_SIGNATURE_INVALID'
  readonly message: string
}

/** Checks a release against what was delivered and the coordinator's key. */
export function checkRelease(
  frame: ReleaseFrame,
  against: {
    readonly expected: ExpectedRelease
    readonly genesisHash: Uint8Array
    readonly coordinator: Uint8Array
    readonly verifier: Verifier
  },
): Result<Release, ReleaseFault> {
  const bytes = fromHex(frame.release)
  const signature = fromHex(frame.release_signature, 64)
  if (!bytes.ok || !signature.ok) return fault('RELEASE_MALFORMED', 'not hex')
  const release = decodeCanonical(releaseCoder, bytes.value)
  if (!release.ok) return fault('RELEASE_MALFORMED', release.error.message)
  const { expected } = against
  const differing = differences(release.value, expected)
  if (differing.length > 0) {
    return fault('RELEASE_MISMATCH', `other ${differing.join(', ')} than delivered`)
  }
  const signed = against.verifier.verify({
    signature: signature.value,
    message: releaseSigningBytes(against.genesisHash, release.value),
    publicKey: against.coordinator,
  })
  return signed
    ? ok(release.value)
    : fault('RELEASE_SIGNATURE_INVALID', 'the coordinator’s signature does not fit')
}

function differences(release: Release, expected: ExpectedRelease): string[] {
  const fields = [
    ['authorisation', bytesEqual(release.authorisation, expected.authorisation)],
    ['miner', bytesEqual(release.miner, expected.miner)],
    ['amount', release.amount === expected.amount],
    ['receipt', bytesEqual(release.receiptHash, expected.receiptHash)],
  ] as const
  return fields.filter(([, same]) => !same).map(([name]) => name)
}

function fault(code: ReleaseFault['code'], message: string): Result<never, ReleaseFault> {
  return err({ code, message })
}
