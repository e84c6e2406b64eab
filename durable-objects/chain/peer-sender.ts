/** Announcing: what is new here goes to every peer at once, and nobody waits for it. */
import { signRequest } from '../../core/api/signed-request.ts'
import { toHex, utf8ToBytes } from '../../core/base/bytes.ts'
import {
  announceBytesMax,
  announceItemsMax,
  pullAskBytesMax,
  submitBatchMax,
} from '../../core/chain/limits.ts'
import {
  type Announced,
  decodeAnnounceAnswer,
  encodeAnnouncement,
} from '../../core/chain/sync-wire.ts'
import { faultOf, type PeerContext, positionOf } from './peer-context.ts'
import { exchange, type PeerFault } from './peer-exchange.ts'
import type { Peer } from './peer-record.ts'

export type PeerSender = {
  /** Queues for every peer that is not left alone. */
  readonly enqueue: (items: readonly Announced[]) => void
}

/** Opens the queues. `pull` asks a peer whose head is not held here. */
export function openPeerSender(
  context: PeerContext,
  pull: (peer: Peer) => Promise<void>,
): PeerSender {
  const { parts, peers } = context
  let flushing = false

  const push = async (peer: Peer): Promise<void> => {
    if (peer.sending) return
    peer.sending = true
    try {
      while (peer.queue.length > 0) {
        const items = takeBatch(peer)
        const fault = await (context.isAuthority()
          ? announce(context, peer, items)
          : handOver(context, peer, items))
        if (fault) {
          context.fail(peer, fault)
          peer.nextPullMs = peer.backedOffUntilMs
          parts.onChange()
        } else if (peer.position && context.lacks(peer.position.hash)) void pull(peer)
      }
    } catch (error) {
      // Of this site's own making: the peers will ask for what they miss.
      parts.log({ msg: 'announcing failed', peer: peer.url, error: String(error) })
    } finally {
      peer.sending = false
    }
  }
  return {
    enqueue: (items) => {
      if (items.length === 0) return
      const nowMs = parts.now()
      for (const peer of peers) if (peer.backedOffUntilMs <= nowMs) queueFor(context, peer, items)
      if (flushing) return
      flushing = true
      // What is said before the event loop turns goes in one request.
      setTimeout(() => {
        flushing = false
        for (const peer of peers) void push(peer)
      }, 0)
    },
  }
}

/** A queue that is too long is emptied: what was in it will be pulled. */
function queueFor(
  { parts: { limits } }: PeerContext,
  peer: Peer,
  items: readonly Announced[],
): void {
  for (const item of items) {
    peer.queue.push(item)
    peer.queuedBytes += sizeOf(item)
  }
  if (peer.queue.length <= limits.queueItemsMax && peer.queuedBytes <= limits.queueBytesMax) return
  peer.queue = []
  peer.queuedBytes = 0
}

async function announce(
  context: PeerContext,
  peer: Peer,
  items: readonly Announced[],
): Promise<PeerFault | undefined> {
  const { parts, genesisHash } = context
  const target = '/rpc/sync/announce'
  const position = positionOf(parts.engine())
  const body = encodeAnnouncement(context.hello(), { position, items })
  const headers = signRequest(genesisHash, parts.signer, {
    host: new URL(peer.url).host,
    method: 'POST',
    target,
    body,
    timestampMs: parts.now(),
  })
  const answer = await exchange({
    fetch: parts.fetch,
    url: peer.url + target,
    body,
    headers,
    bytesMax: pullAskBytesMax,
    timeoutMs: parts.limits.announceTimeoutMs,
  })
  if (!answer.ok) return answer.error
  const read = decodeAnnounceAnswer(answer.value, genesisHash)
  if (!read.ok) return faultOf(read.error)
  context.noteSeen(peer, read.value.hello, read.value.body.position)
  // That it takes what it is told does not make good what was wrong with what it says.
  if (!peer.failure?.code.endsWith('_REFUSED')) context.succeed(peer)
  return undefined
}

/** Whoever is no authority sends transactions as anybody does. */
async function handOver(
  { parts }: PeerContext,
  peer: Peer,
  items: readonly Announced[],
): Promise<PeerFault | undefined> {
  const hex = items.flatMap((item) => (item.kind === 'transaction' ? [toHex(item.bytes)] : []))
  for (let at = 0; at < hex.length; at += submitBatchMax) {
    const answer = await exchange({
      fetch: parts.fetch,
      url: `${peer.url}/rpc/transactions`,
      body: utf8ToBytes(JSON.stringify({ txs: hex.slice(at, at + submitBatchMax) })),
      mediaType: 'application/json',
      bytesMax: pullAskBytesMax,
      timeoutMs: parts.limits.announceTimeoutMs,
    })
    if (!answer.ok) return answer.error
  }
  return undefined
}

const sizeOf = (item: Announced): number =>
  item.kind === 'certificate' ? 200 + 66 * item.certificate.signatures.length : item.bytes.length

/** Room for what stands around the items of an announcement, and around each. */
const announcementOverhead = 4_096
const itemOverhead = 8

function takeBatch(peer: Peer): Announced[] {
  let bytes = announcementOverhead
  let end = 0
  for (const item of peer.queue) {
    bytes += sizeOf(item) + itemOverhead
    if (end > 0 && (end >= announceItemsMax || bytes > announceBytesMax)) break
    end += 1
  }
  const batch = peer.queue.splice(0, end)
  peer.queuedBytes -= batch.reduce((sum, item) => sum + sizeOf(item), 0)
  return batch
}
