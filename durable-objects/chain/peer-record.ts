/** What is remembered of one peer: where it stands, what failed, and how long it is left alone. */
import type { Agreement, PeerView } from '../../core/api/sync-service.ts'
import { bytesEqual } from '../../core/base/bytes.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import type { AuthoritySet } from '../../core/chain/genesis.ts'
import type { Announced, SyncPosition } from '../../core/chain/sync-wire.ts'
import { backoffMs } from './limits.ts'
import type { PeerFault } from './peer-exchange.ts'

/** Mutable: owned by peers.ts. */
export type Peer = {
  readonly url: string
  /** The key that it claims, or with which it has signed. */
  authority: Uint8Array | undefined
  position: SyncPosition | undefined
  /** Its final block at this site's final height, as it said. */
  atFinal: { readonly height: number; readonly hash: Uint8Array } | undefined
  lastSeenMs: number | undefined
  failure: PeerView['failure']
  /** Nothing is sent before this time. */
  backedOffUntilMs: number
  nextPullMs: number
  pulling: boolean
  /** Something came up while a pull ran: another one follows at once. */
  again: boolean
  queue: Announced[]
  queuedBytes: number
  sending: boolean
  /** Signing time of its newest announcement. */
  heardMs: number
}

/** A peer of which nothing is known yet; its first pull is due at once. */
export const newPeer = (url: string): Peer => ({
  url,
  authority: undefined,
  position: undefined,
  atFinal: undefined,
  lastSeenMs: undefined,
  failure: undefined,
  backedOffUntilMs: 0,
  nextPullMs: 0,
  pulling: false,
  again: false,
  queue: [],
  queuedBytes: 0,
  sending: false,
  heardMs: 0,
})

/** Notes a failure and how long to wait: longer each time, and never quite as long as its neighbours. */
export function noteFailure(
  peer: Peer,
  fault: PeerFault,
  context: {
    readonly nowMs: number
    /** From 0 to 1. */
    readonly random: number
    readonly bounds: { readonly first: number; readonly max: number }
  },
): { readonly isNew: boolean } {
  const { nowMs, random, bounds } = context
  const before = peer.failure
  const count = (before?.count ?? 0) + 1
  const waitMs = backoffMs(Math.min(count, 20), bounds) * (0.75 + random * 0.5)
  peer.backedOffUntilMs = nowMs + Math.round(waitMs)
  peer.failure = { ...fault, sinceMs: before?.sinceMs ?? nowMs, atMs: nowMs, count }
  peer.queue = []
  peer.queuedBytes = 0
  return { isNew: before?.code !== fault.code }
}

/** Notes that an exchange went well; returns the failure that has ended. */
export function noteSuccess(peer: Peer): PeerView['failure'] {
  const { failure } = peer
  peer.failure = undefined
  peer.backedOffUntilMs = 0
  return failure
}

/** The peer as others see it. */
export function viewPeer(
  peer: Peer,
  context: {
    readonly engine: Engine
    readonly authorities: AuthoritySet
    readonly nowMs: number
  },
): PeerView {
  const { url, authority, position, lastSeenMs, failure } = peer
  const member = authority && memberOf(context.authorities, authority)
  return {
    url,
    name: member?.name ?? new URL(url).host,
    authority: member && authority,
    position,
    lastSeenMs,
    agreement: agreementOf(peer, context.engine),
    failure,
    backedOffUntilMs: peer.backedOffUntilMs > context.nowMs ? peer.backedOffUntilMs : undefined,
  }
}

/** The member of a set with this key. */
export const memberOf = (
  authorities: AuthoritySet,
  publicKey: Uint8Array,
): AuthoritySet[number] | undefined =>
  authorities.find((member) => bytesEqual(member.publicKey, publicKey))

/** Compares final blocks at the lower of the two final heights: what is final here never changes. */
export function agreementOf({ position, atFinal }: Peer, engine: Engine): Agreement {
  if (!position) return 'unknown'
  const { finalHeight } = engine.head()
  const said =
    position.finalHeight <= finalHeight
      ? { height: position.finalHeight, hash: position.finalHash }
      : atFinal
  const own = said && said.height <= finalHeight && engine.hashesFrom(said.height, 1)[0]
  if (!said || !own) return 'unknown'
  return bytesEqual(own, said.hash) ? 'yes' : 'no'
}
