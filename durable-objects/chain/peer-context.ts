/** What announcing to peers, asking them and listening to them share. */
import type { SyncReply } from '../../core/api/sync-service.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Engine, Step } from '../../core/chain/engine-api.ts'
import { type AuthoritySet, type Genesis, genesisHash } from '../../core/chain/genesis.ts'
import {
  type SyncHello,
  type SyncPosition,
  type SyncWireError,
  syncVersion,
} from '../../core/chain/sync-wire.ts'
import type { SubmitVerdict } from '../../core/chain/views.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import type { peerLimits } from './limits.ts'
import type { PeerFault, PeerFetch } from './peer-exchange.ts'
import { memberOf, newPeer, noteFailure, noteSuccess, type Peer } from './peer-record.ts'

export type PeersParts = {
  /** Origins of the other sites. */
  readonly urls: readonly string[]
  readonly genesis: Genesis
  /** The set that signs now. */
  readonly authorities: () => AuthoritySet
  /** This site's key; where it is not in the set the site follows, and announces nothing but transactions. */
  readonly signer: Signer
  readonly engine: () => Engine
  /** Runs writes of the engine, and has what they did told to everybody whom it concerns. */
  readonly take: <T>(action: (engine: Engine, nowMs: number) => Taken<T>) => T
  /** Whether nothing is asked for now: this site is beginning from a snapshot. */
  readonly isPaused: () => boolean
  /** Pools transactions that came from elsewhere, without announcing them again. */
  readonly submit: (transactions: readonly Uint8Array[]) => readonly SubmitVerdict[]
  readonly fetch: PeerFetch
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  /** Called when the next pull is due at another time. */
  readonly onChange: () => void
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
  readonly limits: { readonly [Name in keyof typeof peerLimits]: number }
}

/** Steps to be told, and what the caller wants to know. */
export type Taken<T> = { readonly steps: readonly Step[]; readonly value: T }

export type PeerContext = {
  readonly parts: PeersParts
  readonly peers: readonly Peer[]
  readonly genesisHash: Uint8Array
  /** Hashes of blocks whose slot has not begun here, in hex. */
  readonly early: Set<string>
  readonly isAuthority: () => boolean
  readonly hello: () => SyncHello
  /** Notes a failure; it is logged when it is another than before. */
  readonly fail: (peer: Peer, fault: PeerFault) => void
  readonly succeed: (peer: Peer) => void
  readonly noteSeen: (peer: Peer, said: SyncHello, position: SyncPosition) => void
  /** Whether a block is worth asking for. */
  readonly lacks: (hash: Uint8Array) => boolean
}

/** What the three sides start from. */
export function createPeerContext(parts: PeersParts): PeerContext {
  const hash = genesisHash(parts.genesis)
  const early = new Set<string>()
  const isAuthority = () => memberOf(parts.authorities(), parts.signer.publicKey) !== undefined
  return {
    parts,
    peers: parts.urls.map(newPeer),
    genesisHash: hash,
    early,
    isAuthority,
    hello: () => ({
      version: syncVersion,
      genesisHash: hash,
      authority: isAuthority() ? parts.signer.publicKey : undefined,
    }),
    fail: (peer, fault) => {
      const bounds = { first: parts.limits.retryMs, max: parts.limits.retryMsMax }
      const moment = { nowMs: parts.now(), random: parts.random(), bounds }
      const { isNew } = noteFailure(peer, fault, moment)
      if (isNew) parts.log({ msg: 'peer failing', peer: peer.url, ...fault })
    },
    succeed: (peer) => {
      const ended = noteSuccess(peer)
      if (ended)
        parts.log({ level: 'info', msg: 'peer works again', peer: peer.url, after: ended.code })
    },
    noteSeen: (peer, said, position) => {
      peer.lastSeenMs = parts.now()
      if (said.authority && memberOf(parts.authorities(), said.authority)) {
        peer.authority = said.authority
      }
      peer.position = position
    },
    lacks: (block) => parts.engine().blockBytes(block) === undefined && !early.has(toHex(block)),
  }
}

/** Where this site stands. */
export function positionOf(engine: Engine): SyncPosition {
  const { height, slot, hash, finalHeight, finalHash } = engine.head()
  return { height, slot, hash, finalHeight, finalHash }
}

/** An answer that cannot be read, as the peer's failure. */
export function faultOf({ code, message }: SyncWireError): PeerFault {
  if (code === 'TOO_LARGE') return { code: 'ANSWER_TOO_LARGE', message }
  if (code === 'ENCODING_INVALID') return { code: 'ANSWER_INVALID', message }
  return { code, message }
}

/** A request that cannot be read, as the answer to it. */
export function refusalOf({ code, message }: SyncWireError): SyncReply {
  const isOfAnother = code === 'GENESIS_MISMATCH' || code === 'PROTOCOL_MISMATCH'
  return { ok: false, code: isOfAnother ? code : 'SYNC_ENCODING_INVALID', message }
}
