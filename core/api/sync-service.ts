/**
 * What the chain object offers about other sites of its chain: the seam between it and `/rpc/sync`,
 * `/rpc/peers` and the import routes. Plain data, so that it travels by RPC.
 */
import type { ImportError } from '../chain/engine-api.ts'
import type { OffenceKind } from '../chain/evidence.ts'
import type { HeadView } from '../chain/views.ts'

/** Why a peer's last exchange failed; each has its own wait. */
export type PeerFailureCode =
  /** No connection, or one that broke off. */
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'ANSWER_TOO_LARGE'
  /** A page instead of an answer, most likely another program at this address. */
  | 'CONTENT_TYPE_INVALID'
  /** Bytes that are no canonical answer. */
  | 'ANSWER_INVALID'
  | 'GENESIS_MISMATCH'
  | 'PROTOCOL_MISMATCH'
  /** The peer answered with a status other than 200; the message has its code. */
  | 'REFUSED_BY_PEER'
  /** The peer began from a snapshot, above the blocks that are asked for. */
  | 'BLOCK_NOT_KEPT'
  /** The peer does not have what was asked for: a snapshot that it has given up, most likely. */
  | 'NOT_SERVED'
  | 'RATE_LIMITED'
  | 'BLOCK_REFUSED'
  | 'CERTIFICATE_REFUSED'
  | 'MESSAGE_REFUSED'

/** Whether both sites hold the same block at the lower of their final heights. */
export type Agreement = 'yes' | 'no' | 'unknown'

/** A peer as this site sees it. Times are Unix milliseconds; hashes and keys bytes. */
export type PeerView = {
  /** Origin, as configured. */
  readonly url: string
  /** Name of its authority in genesis where it says that it has one, else its host. */
  readonly name: string
  readonly authority: Uint8Array | undefined
  /** Where it said that it stands; undefined before it was first heard. */
  readonly position:
    | {
        readonly height: number
        readonly slot: number
        readonly hash: Uint8Array
        readonly finalHeight: number
        readonly finalHash: Uint8Array
      }
    | undefined
  readonly lastSeenMs: number | undefined
  readonly agreement: Agreement
  /** The last failure, until an exchange succeeds. `sinceMs`: first of the failures in a row. */
  readonly failure:
    | {
        readonly code: PeerFailureCode
        readonly message: string
        readonly sinceMs: number
        readonly atMs: number
        readonly count: number
      }
    | undefined
  readonly backedOffUntilMs: number | undefined
}

/** An offence of an authority, as found here. `first` and `second`: what shows it, canonical bytes or a hash. */
export type OffenceView = {
  readonly kind: OffenceKind
  /** Name and public key of the authority. */
  readonly name: string
  readonly authority: Uint8Array
  readonly slot: number
  readonly foundAtMs: number
  readonly first: Uint8Array
  readonly second: Uint8Array
}

/** A snapshot that this site is taking over from its peers. */
export type InstallingView = {
  readonly height: number
  /** Of the block. */
  readonly hash: Uint8Array
  /** Chunks taken over, and all of them. */
  readonly installed: number
  readonly chunks: number
  /** Origins of the peers that serve it. */
  readonly sources: readonly string[]
}

/** This site among its peers. */
export type PeersView = {
  readonly name: string
  readonly authority: Uint8Array | undefined
  readonly head: HeadView
  readonly currentSlot: number
  /** Whether this site signs; `fault` says why it does not although it holds a key of the set. */
  readonly signing: boolean
  readonly fault: string | undefined
  /** How often this site has left blocks for another branch. */
  readonly reorgs: number
  readonly peers: readonly PeerView[]
  readonly offences: readonly OffenceView[]
  /** Lowest height whose block this site keeps. */
  readonly keptFrom: number
  readonly installing: InstallingView | undefined
}

/** What came of a message of another site: bytes to answer with, or why not. */
export type SyncReply =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
      readonly ok: false
      readonly code:
        | 'SYNC_ENCODING_INVALID'
        | 'PROTOCOL_MISMATCH'
        | 'GENESIS_MISMATCH'
        | 'AUTHORITY_REQUIRED'
        | 'BLOCK_NOT_KEPT'
      readonly message: string
    }

/** What came of a block that somebody posted. `deserted`: blocks that left the head's chain for it. */
export type ImportVerdict =
  | { readonly ok: true; readonly deserted: number }
  | { readonly ok: false; readonly code: ImportError['code']; readonly message: string }

/** What came of an operator's word. */
export type SigningVerdict =
  | { readonly ok: true; readonly signing: boolean }
  | { readonly ok: false; readonly code: 'AUTHORITY_REQUIRED' | 'REQUEST_EXPIRED' }

/** The chain object towards other sites. */
export type SyncService = {
  /** Answers a request for what follows (core/chain/sync-wire.ts). */
  pull(ask: Uint8Array): Promise<SyncReply>
  /** Takes over what an authority announces; whose request it was has been checked. */
  announce(input: {
    readonly from: Uint8Array
    readonly timestampMs: number
    readonly bytes: Uint8Array
  }): Promise<SyncReply>
  /** Takes over one block, by whomever it was posted: its signature says whose it is. */
  importBlock(bytes: Uint8Array): Promise<ImportVerdict>
  peers(): Promise<PeersView>
  /** Operator, by the authority's own key: sign again, or sign nothing. One request works once. */
  setSigning(input: {
    readonly by: Uint8Array
    readonly timestampMs: number
    readonly to: 'resume' | 'suspend'
  }): Promise<SigningVerdict>
}
