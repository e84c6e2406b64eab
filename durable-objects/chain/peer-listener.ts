/** Listening: takes over what authorities announce, and answers with what was refused of it. */
import type { SyncReply } from '../../core/api/sync-service.ts'
import { bytesEqual, toHex } from '../../core/base/bytes.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import { submitBatchMax } from '../../core/chain/limits.ts'
import {
  type Announced,
  type Announcement,
  decodeAnnouncement,
  encodeAnnounceAnswer,
} from '../../core/chain/sync-wire.ts'
import { judgeMessages } from './peer-answers.ts'
import { type PeerContext, positionOf, refusalOf } from './peer-context.ts'
import type { PeerFault } from './peer-exchange.ts'
import { placeOf } from './peer-puller.ts'
import { memberOf, type Peer } from './peer-record.ts'

/** An announcement as it came; whoever signed the request has been checked. */
export type Heard = {
  readonly from: Uint8Array
  readonly timestampMs: number
  readonly bytes: Uint8Array
}

/** Takes an announcement over. `pull` asks a peer for what it builds on. */
export function hearFrom(
  context: PeerContext,
  { from, timestampMs, bytes }: Heard,
  pull: (peer: Peer) => Promise<void>,
): SyncReply {
  const { parts, peers } = context
  if (!memberOf(parts.authorities(), from)) {
    const message = 'only an authority of this chain announces; to ask is open to everybody'
    return { ok: false, code: 'AUTHORITY_REQUIRED', message }
  }
  const read = decodeAnnouncement(bytes, context.genesisHash)
  if (!read.ok) return refusalOf(read.error)
  const { hello, body } = read.value
  const { refused, isLacking } = hearItems(context, body)
  const known = peers.filter((peer) => peer.authority && bytesEqual(peer.authority, from))
  for (const peer of known) {
    // An older one that comes late, or again, says nothing of where the peer stands.
    if (timestampMs >= peer.heardMs) {
      peer.heardMs = timestampMs
      context.noteSeen(peer, { ...hello, authority: from }, body.position)
    }
    // Who speaks can be reached, most likely: no need to wait any longer.
    if (peer.failure && isOfTheLine(peer.failure.code)) peer.backedOffUntilMs = 0
    if (refused[0]) context.fail(peer, announcedBadly(refused[0].code))
  }
  if (isLacking || context.lacks(body.position.hash) || known.some(({ failure }) => failure)) {
    for (const peer of known.length > 0 ? known : peers) void pull(peer)
  }
  const position = positionOf(parts.engine())
  return { ok: true, bytes: encodeAnnounceAnswer(context.hello(), { position, refused }) }
}

type Refused = { readonly index: number; readonly code: string }

/** Blocks and certificates in their order, then votes and commits together, then transactions. */
function hearItems(context: PeerContext, { items }: Announcement) {
  const { parts } = context
  const refused: Refused[] = []
  const messages: { index: number; bytes: Uint8Array }[] = []
  const transactions: Uint8Array[] = []
  let isLacking = false
  for (const [index, item] of items.entries()) {
    if (item.kind === 'message') messages.push({ index, bytes: item.bytes })
    else if (item.kind === 'transaction') transactions.push(item.bytes)
    else {
      const code = takeItem(context, item)
      if (code === 'PARENT_UNKNOWN' || code === 'PARENT_NOT_FINAL') isLacking = true
      else if (code) refused.push({ index, code })
    }
  }
  if (messages.length > 0) {
    const verdicts = parts.take((engine, nowMs) => {
      const all = messages.map(({ bytes }) => bytes)
      const done = engine.receive(all, nowMs)
      return { steps: [done.step], value: done.refused }
    })
    for (const [at, verdict] of verdicts.entries()) {
      const index = messages[at]?.index ?? 0
      if (verdict && judgeMessages([verdict])) refused.push({ index, code: verdict.code })
    }
  }
  for (let at = 0; at < transactions.length; at += submitBatchMax) {
    parts.submit(transactions.slice(at, at + submitBatchMax))
  }
  return { refused, isLacking }
}

/** Takes over a block or certificate; says why not, unless that is nobody's fault. */
function takeItem(
  context: PeerContext,
  item: Extract<Announced, { kind: 'block' | 'certificate' }>,
): string | undefined {
  const done = context.parts.take((engine, nowMs) => {
    const value =
      item.kind === 'block'
        ? engine.importBlock({ bytes: item.bytes, certificate: undefined }, nowMs)
        : engine.importCertificate(item.certificate, nowMs)
    return { steps: value.ok ? [value.value] : [], value }
  })
  if (done.ok || done.error.code === 'BEHIND_FINAL') return undefined
  const isEarly = item.kind === 'block' && done.error.code === 'BLOCK_EARLY'
  if (isEarly && waitFor(context, item.bytes)) return undefined
  return done.error.code
}

/** Keeps a block until its slot begins here; false when that is too far away. */
function waitFor(context: PeerContext, bytes: Uint8Array): boolean {
  const { parts, early } = context
  const place = placeOf(bytes)
  if (!place || early.size >= parts.limits.earlyBlocksMax) return false
  const waitMs = Number(parts.genesis.genesisTimeMs) + place.slot * slotMs - parts.now()
  if (waitMs > parts.limits.earlyMsMax) return false
  const name = toHex(place.hash)
  if (early.has(name)) return true
  early.add(name)
  const take = () => {
    early.delete(name)
    try {
      takeItem(context, { kind: 'block', bytes })
    } catch (error) {
      // The next pull brings it again.
      parts.log({ msg: 'early block failed', error: String(error) })
    }
  }
  setTimeout(take, Math.max(0, waitMs))
  return true
}

const isOfTheLine = (code: PeerFault['code']): boolean =>
  code === 'UNREACHABLE' || code === 'TIMEOUT'

const announcedBadly = (code: string): PeerFault => ({
  code: 'BLOCK_REFUSED',
  message: `it announced what is refused: ${code}`,
})
