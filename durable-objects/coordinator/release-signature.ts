/** The coordinator's signature on a release; the chain, which will ask for it, is told that it holds. */
import { type Release, releaseSigningBytes } from '../../core/chain/release.ts'
import type { Settings } from './settings.ts'

/** Signs a release. */
export function signRelease(
  { coordinator, genesisHash, shared }: Pick<Settings, 'coordinator' | 'genesisHash' | 'shared'>,
  release: Release,
): Uint8Array {
  const message = releaseSigningBytes(genesisHash, release)
  const signature = coordinator.sign(message)
  shared.remember({ signature, message, publicKey: coordinator.publicKey })
  return signature
}
