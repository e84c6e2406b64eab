/**
 * The other sites of the chain: tells them what is new here, asks them what is new there, and keeps a
 * record of each. Nothing here decides what is valid, and nothing here is waited for by block production.
 * Rules: SPEC.md, PEER.
 */
import type { PeersView, SyncReply } from '../../core/api/sync-service.ts'
import type { Outbound } from '../../core/chain/engine-api.ts'
import { answerPull, canAnswer } from '../../core/chain/sync.ts'
import { type Announced, decodeAsk, encodeAnswer } from '../../core/chain/sync-wire.ts'
import { freshPooled } from './peer-answers.ts'
import { createPeerContext, type PeersParts, refusalOf } from './peer-context.ts'
import { type Heard, hearFrom } from './peer-listener.ts'
import { pullFrom } from './peer-puller.ts'
import { type Peer, viewPeer } from './peer-record.ts'
import { openPeerSender } from './peer-sender.ts'

export type Peers = {
  /** Announces what a step wants sent. Returns at once; what cannot be delivered is pulled later. */
  readonly say: (out: readonly Outbound[]) => void
  /** Announces transactions that were handed to this site. */
  readonly sayTransactions: (transactions: readonly Uint8Array[]) => void
  /** After a start: says again what this site has signed and what is not final yet. */
  readonly greet: () => void
  /** When to call `pullDue` next, Unix milliseconds; undefined without peers. */
  readonly dueAtMs: () => number | undefined
  /** Asks the peers whose turn it is. Never rejects; resolves when all have answered or failed. */
  readonly pullDue: () => Promise<void>
  /** Answers a request for what follows. */
  readonly answer: (ask: Uint8Array) => SyncReply
  /** Takes over an announcement whose signature has been checked. */
  readonly hear: (heard: Heard) => SyncReply
  readonly view: () => PeersView['peers']
}

/** Opens the exchange with the configured peers. */
export function openPeers(parts: PeersParts): Peers {
  const { engine } = parts
  const context = createPeerContext(parts)
  const { peers } = context
  const pull = (peer: Peer) => pullFrom(context, peer)
  const { enqueue } = openPeerSender(context, pull)
  return {
    say: (out) => {
      if (context.isAuthority()) enqueue(out.map(announcedOf))
    },
    sayTransactions: (transactions) =>
      enqueue(transactions.map((bytes) => ({ kind: 'transaction', bytes }))),
    greet: () => {
      if (!context.isAuthority()) return
      const messages = engine().openMessages()
      enqueue(messages.map((bytes) => ({ kind: 'message', bytes })))
    },
    dueAtMs: () => {
      if (parts.isPaused()) return undefined
      const due = peers
        .filter(({ pulling }) => !pulling)
        .map((peer) => Math.max(peer.nextPullMs, peer.backedOffUntilMs))
      return due.length === 0 ? undefined : Math.min(...due)
    },
    pullDue: async () => {
      const nowMs = parts.now()
      const due = peers.filter((peer) => !peer.pulling && peer.nextPullMs <= nowMs)
      await Promise.all(due.map(pull))
    },
    answer: (ask) => {
      const read = decodeAsk(ask, context.genesisHash)
      if (!read.ok) return refusalOf(read.error)
      const { body } = read.value
      if (!canAnswer(engine(), body)) {
        const message = `this site begins at height ${engine().keptFrom()}: take a snapshot, or ask a site that keeps all blocks`
        return { ok: false, code: 'BLOCK_NOT_KEPT', message }
      }
      const transactions = freshPooled(engine(), body.pooled)
      const answer = { ...answerPull(engine(), body), transactions }
      return { ok: true, bytes: encodeAnswer(context.hello(), answer) }
    },
    hear: (heard) => hearFrom(context, heard, pull),
    view: () => {
      const nowMs = parts.now()
      const authorities = parts.authorities()
      return peers.map((peer) => viewPeer(peer, { engine: engine(), authorities, nowMs }))
    },
  }
}

const announcedOf = (out: Outbound): Announced =>
  out.kind === 'certificate' ? out : { kind: out.kind, bytes: out.bytes }
