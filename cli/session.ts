/**
 * What all steps of one run share: who asks, which site and chain, and where messages go.
 */
import type { Genesis } from '../core/chain/genesis.ts'
import type { Signer, Verifier } from '../core/crypto/signature.ts'
import type { ClientStore, EscrowPlace } from './client-state.ts'
import type { LightClient } from './light.ts'
import type { ClientOptions } from './options.ts'
import type { Identity, SiteClient } from './site-client.ts'
import type { SiteInfo } from './site-info.ts'

export type Session = {
  readonly options: ClientOptions
  readonly site: SiteClient
  /** Where transactions are sent and watched: the site, or another of its chain (`--rpc`). */
  readonly chain: SiteClient
  readonly info: SiteInfo
  readonly genesis: Genesis
  readonly genesisHash: Uint8Array
  /** What the chain shows, whatever the site says. */
  readonly light: LightClient
  readonly signer: Signer
  /** Signs requests. */
  readonly identity: Identity
  readonly store: ClientStore
  readonly place: EscrowPlace
  readonly verifier: Verifier
  /** Fires when the person wants to stop. */
  readonly signal: AbortSignal
  /** A line on stderr, unless `--quiet`. */
  readonly say: (line: string) => void
  /** Answer text as it comes, when it is to be shown. */
  readonly show: (text: string) => void
}
