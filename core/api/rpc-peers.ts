/** A site among its peers, as `/rpc/peers` and `/rpc/syncStatus` show it. Nothing secret stands in it. */
import { toHex, toHex0x } from '../base/bytes.ts'
import { formatTime } from '../base/rfc3339.ts'
import type { OffenceKind } from '../chain/evidence.ts'
import type {
  Agreement,
  InstallingView,
  OffenceView,
  PeerFailureCode,
  PeersView,
  PeerView,
} from './sync-service.ts'

/** One peer. What is not known is null. Lags are this site's head less the peer's: negative, it is ahead. */
export type PeerJson = {
  readonly url: string
  readonly name: string
  readonly authority: string | null
  readonly height: number | null
  readonly final_height: number | null
  readonly head_hash: string | null
  readonly final_hash: string | null
  readonly lag_blocks: number | null
  readonly lag_slots: number | null
  readonly last_seen: string | null
  readonly agreement: Agreement
  readonly failure: {
    readonly code: PeerFailureCode
    readonly message: string
    readonly since: string
    readonly at: string
    readonly count: number
  } | null
  readonly backed_off_until: string | null
  /** How many offences of its authority are known here. */
  readonly offences: number
}

/** An offence with what shows it: two signed messages, or two block hashes. */
export type OffenceJson = {
  readonly kind: OffenceKind
  readonly name: string
  readonly authority: string
  readonly slot: number
  readonly found_at: string
  readonly first: string
  readonly second: string
}

/** A snapshot that is being taken over. */
export type InstallingJson = {
  readonly height: number
  readonly hash: string
  readonly installed: number
  readonly chunks: number
  readonly sources: readonly string[]
  readonly message: string
}

/** `GET /rpc/peers`. */
export type PeersJson = {
  readonly name: string
  readonly authority: string | null
  readonly height: number
  readonly final_height: number
  readonly head_hash: string
  readonly final_hash: string
  readonly state_root: string
  readonly slot: number
  readonly current_slot: number
  readonly signing: boolean
  readonly fault: string | null
  readonly reorgs: number
  readonly kept_from: number
  readonly installing: InstallingJson | null
  readonly peers: readonly PeerJson[]
  readonly offences: readonly OffenceJson[]
}

/** Writes the whole view. */
export function peersToJson(view: PeersView): PeersJson {
  const { head } = view
  return {
    name: view.name,
    authority: view.authority ? toHex(view.authority) : null,
    height: head.height,
    final_height: head.finalHeight,
    head_hash: toHex0x(head.hash),
    final_hash: toHex0x(head.finalHash),
    state_root: toHex0x(head.stateRoot),
    slot: head.slot,
    current_slot: view.currentSlot,
    signing: view.signing,
    fault: view.fault ?? null,
    reorgs: view.reorgs,
    kept_from: view.keptFrom,
    installing: view.installing ? installingToJson(view.installing) : null,
    peers: view.peers.map((peer) => peerToJson(peer, view)),
    offences: view.offences.map(offenceToJson),
  }
}

const installingToJson = (view: InstallingView): InstallingJson => ({
  ...view,
  hash: toHex0x(view.hash),
  message: `installing a snapshot: ${view.installed} of ${view.chunks} chunks`,
})

function peerToJson(peer: PeerView, { head, offences }: PeersView): PeerJson {
  const { position, failure } = peer
  const authority = peer.authority ? toHex(peer.authority) : null
  return {
    url: peer.url,
    name: peer.name,
    authority,
    height: position?.height ?? null,
    final_height: position?.finalHeight ?? null,
    head_hash: position ? toHex0x(position.hash) : null,
    final_hash: position ? toHex0x(position.finalHash) : null,
    lag_blocks: position ? head.height - position.height : null,
    lag_slots: position ? head.slot - position.slot : null,
    last_seen: timeOf(peer.lastSeenMs),
    agreement: peer.agreement,
    failure: failure
      ? {
          code: failure.code,
          message: failure.message,
          since: formatTime(failure.sinceMs),
          at: formatTime(failure.atMs),
          count: failure.count,
        }
      : null,
    backed_off_until: timeOf(peer.backedOffUntilMs),
    offences: offences.filter((each) => toHex(each.authority) === authority).length,
  }
}

const offenceToJson = (offence: OffenceView): OffenceJson => ({
  kind: offence.kind,
  name: offence.name,
  authority: toHex(offence.authority),
  slot: offence.slot,
  found_at: formatTime(offence.foundAtMs),
  first: toHex(offence.first),
  second: toHex(offence.second),
})

const timeOf = (unixMs: number | undefined): string | null =>
  unixMs === undefined ? null : formatTime(unixMs)
