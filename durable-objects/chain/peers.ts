/**
 * The other sites of the chain: tells them what is new here, asks them what is new there, and keeps a
 * record of each. Nothing here decides what is valid, and nothing here is waited for by block production.
 * Rules: SPEC.md, PEER.
 */
import { signRequest } from '../../core/api/signed-request.ts'
import type { PeersView, SyncReply } from '../../core/api/sync-service.ts'
import { bytesEqual, toHex, utf8ToBytes } from '../../core/base/bytes.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import type { Result } from '../../core/base/result.ts'
import { blockCoder, headerHash } from '../../core/chain/block.ts'
import type { Engine, Outbound, Step } from '../../core/chain/engine-api.ts'
import {
  type AuthoritySet,
  type Genesis,
  genesisHash as hashOfGenesis,
  slotMs,
} from '../../core/chain/genesis.ts'
import {
  announceBytesMax,
  announceItemsMax,
  pullAnswerBytesMax,
  pullAskBytesMax,
  pullPooledMax,
  submitBatchMax,
} from '../../core/chain/limits.ts'
import { answerPull, applyPull, pullRequest } from '../../core/chain/sync.ts'
import {
  type Announced,
  type Announcement,
  decodeAnnounceAnswer,
  decodeAnnouncement,
  decodeAnswer,
  decodeAsk,
  encodeAnnounceAnswer,
  encodeAnnouncement,
  encodeAnswer,
  encodeAsk,
  type PullAnswer,
  type SyncHello,
  type SyncPosition,
  type SyncWireError,
  syncVersion,
} from '../../core/chain/sync-wire.ts'
import type { SubmitVerdict } from '../../core/chain/views.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import type { peerLimits } from './limits.ts'
import { freshPooled, judgeMessages, judgeRefusal } from './peer-answers.ts'
import { exchange, type PeerFault, type PeerFetch } from './peer-exchange.ts'
import { memberOf, newPeer, noteFailure, noteSuccess, type Peer, viewPeer } from './peer-record.ts'

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
  readonly hear: (input: {
    readonly from: Uint8Array
    readonly timestampMs: number
    readonly bytes: Uint8Array
  }) => SyncReply
  readonly view: () => PeersView['peers']
}

/** Opens the exchange with the configured peers. */
export function openPeers(parts: PeersParts): Peers {
  const { engine, limits } = parts
  const peers = parts.urls.map(newPeer)
  const genesisHash = hashOfGenesis(parts.genesis)
  let flushing = false
  /** Hashes of blocks whose slot has not begun here. */
  const early = new Set<string>()

  const isAuthority = () => memberOf(parts.authorities(), parts.signer.publicKey) !== undefined
  const hello = (): SyncHello => ({
    version: syncVersion,
    genesisHash,
    authority: isAuthority() ? parts.signer.publicKey : undefined,
  })
  const fail = (peer: Peer, fault: PeerFault): void => {
    const bounds = { first: limits.retryMs, max: limits.retryMsMax }
    const { isNew } = noteFailure(peer, fault, {
      nowMs: parts.now(),
      random: parts.random(),
      bounds,
    })
    if (isNew) parts.log({ msg: 'peer failing', peer: peer.url, ...fault })
  }
  const succeed = (peer: Peer): void => {
    const ended = noteSuccess(peer)
    if (ended) parts.log({ msg: 'peer works again', peer: peer.url, after: ended.code })
  }
  const noteSeen = (peer: Peer, said: SyncHello, position: SyncPosition): void => {
    peer.lastSeenMs = parts.now()
    if (said.authority && memberOf(parts.authorities(), said.authority)) {
      peer.authority = said.authority
    }
    peer.position = position
  }
  const lacks = (hash: Uint8Array) =>
    engine().blockBytes(hash) === undefined && !early.has(toHex(hash))

  // Announcing

  const enqueue = (items: readonly Announced[]): void => {
    const nowMs = parts.now()
    for (const peer of peers) {
      if (peer.backedOffUntilMs > nowMs) continue
      for (const item of items) {
        peer.queue.push(item)
        peer.queuedBytes += sizeOf(item)
      }
      if (peer.queue.length > limits.queueItemsMax || peer.queuedBytes > limits.queueBytesMax) {
        peer.queue = []
        peer.queuedBytes = 0
      }
    }
    if (flushing || items.length === 0) return
    flushing = true
    // What is said before the event loop turns goes in one request.
    setTimeout(() => {
      flushing = false
      for (const peer of peers) void push(peer)
    }, 0)
  }
  const push = async (peer: Peer): Promise<void> => {
    if (peer.sending) return
    peer.sending = true
    try {
      while (peer.queue.length > 0) {
        const items = takeBatch(peer)
        const fault = await (isAuthority() ? announce(peer, items) : handOver(peer, items))
        if (!fault) continue
        fail(peer, fault)
        peer.nextPullMs = peer.backedOffUntilMs
        parts.onChange()
      }
    } finally {
      peer.sending = false
    }
  }
  const announce = async (
    peer: Peer,
    items: readonly Announced[],
  ): Promise<PeerFault | undefined> => {
    const target = '/rpc/sync/announce'
    const body = encodeAnnouncement(hello(), { position: positionOf(engine()), items })
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
      timeoutMs: limits.announceTimeoutMs,
    })
    if (!answer.ok) return answer.error
    const read = decodeAnnounceAnswer(answer.value, genesisHash)
    if (!read.ok) return faultOf(read.error)
    noteSeen(peer, read.value.hello, read.value.body.position)
    // That it takes what it is told does not make good what was wrong with what it says.
    if (!peer.failure?.code.endsWith('_REFUSED')) succeed(peer)
    if (lacks(read.value.body.position.hash)) void pull(peer)
    return undefined
  }
  /** Whoever is no authority sends transactions as anybody does. */
  const handOver = async (
    peer: Peer,
    items: readonly Announced[],
  ): Promise<PeerFault | undefined> => {
    const hex = items.flatMap((item) => (item.kind === 'transaction' ? [toHex(item.bytes)] : []))
    for (let at = 0; at < hex.length; at += submitBatchMax) {
      const answer = await exchange({
        fetch: parts.fetch,
        url: `${peer.url}/rpc/transactions`,
        body: utf8ToBytes(JSON.stringify({ txs: hex.slice(at, at + submitBatchMax) })),
        mediaType: 'application/json',
        bytesMax: pullAskBytesMax,
        timeoutMs: limits.announceTimeoutMs,
      })
      if (!answer.ok) return answer.error
    }
    return undefined
  }

  // Asking

  const pull = async (peer: Peer): Promise<void> => {
    peer.again = true
    if (peer.pulling || peer.backedOffUntilMs > parts.now()) return
    peer.pulling = true
    let waitMs = limits.pullEveryMs
    try {
      const tip: Tip = { at: undefined }
      for (let round = 0; round < limits.pullRoundsMax && peer.again; round++) {
        peer.again = false
        const done = await pullOnce(peer, tip)
        waitMs = done.waitMs
        if (done.more) peer.again = true
      }
    } catch (error) {
      // This site's own fault, and no reason to leave the peer alone.
      parts.log({ msg: 'pull failed', peer: peer.url, error: String(error) })
    } finally {
      peer.pulling = false
      peer.again = false
      peer.nextPullMs = Math.max(parts.now() + waitMs, peer.backedOffUntilMs)
      parts.onChange()
    }
  }
  const pullOnce = async (
    peer: Peer,
    tip: Tip,
  ): Promise<{ readonly more: boolean; readonly waitMs: number }> => {
    const nothing = { more: false, waitMs: limits.pullEveryMs }
    const own = pullRequest(engine())
    const locator = tip.at ? [tip.at, ...own.locator] : own.locator
    const pooled = engine()
      .pool(pullPooledMax)
      .map(({ hash }) => hash)
    const answer = await exchange({
      fetch: parts.fetch,
      url: `${peer.url}/rpc/sync/pull`,
      body: encodeAsk(hello(), { ...own, locator, pooled }),
      bytesMax: pullAnswerBytesMax,
      timeoutMs: limits.pullTimeoutMs,
    })
    const read: Result<ReturnType<typeof accept>, PeerFault> = !answer.ok
      ? answer
      : { ok: true, value: accept(answer.value) }
    if (!read.ok) {
      fail(peer, read.error)
      return nothing
    }
    if (!read.value.ok) {
      fail(peer, faultOf(read.value.error))
      return nothing
    }
    const { hello: said, body } = read.value.value
    const { head, finalHeight, finalHash, atFinal } = body
    noteSeen(peer, said, { ...head, finalHeight, finalHash })
    peer.atFinal = atFinal && { height: own.finalHeight, hash: atFinal }
    const taken = await takeOver(body, tip)
    if (taken.fault) fail(peer, taken.fault)
    else succeed(peer)
    return { more: taken.more, waitMs: taken.waitMs ?? limits.pullEveryMs }
  }
  const accept = (bytes: Uint8Array) => decodeAnswer(bytes, genesisHash)

  /** Takes an answer over in pieces, so that others get a turn between them. */
  const takeOver = async (
    answer: PullAnswer,
    tip: Tip,
  ): Promise<{ more: boolean; fault?: PeerFault; waitMs?: number }> => {
    const nothing = { certificate: undefined, messages: [] }
    const last = placeOf(answer.blocks.at(-1))
    const isNews = last !== undefined && lacks(last.hash)
    for (const blocks of slicesOf(answer.blocks, limits)) {
      const { refused } = parts.take((held, nowMs) => {
        const value = applyPull(held, { ...answer, ...nothing, blocks }, nowMs)
        return { steps: value.steps, value }
      })
      const judged = judgeRefusal(refused[0], blocks, {
        genesisTimeMs: Number(parts.genesis.genesisTimeMs),
        nowMs: parts.now(),
        earlyMsMax: limits.earlyMsMax,
      })
      if (judged) return { more: false, ...judged }
      await turn()
    }
    const { refused } = parts.take((held, nowMs) => {
      const value = applyPull(held, { ...answer, blocks: [] }, nowMs)
      return { steps: value.steps, value }
    })
    const fault = judgeMessages(refused)
    if (fault) return { more: false, fault }
    for (let at = 0; at < answer.transactions.length; at += submitBatchMax) {
      parts.submit(answer.transactions.slice(at, at + submitBatchMax))
    }
    // Its blocks may be a branch beside the head: the next request begins where this answer ended.
    if (last && !lacks(last.hash)) tip.at = last
    return { more: isNews && lacks(answer.head.hash) }
  }

  // Listening

  const hearItems = ({ items }: Announcement) => {
    const refused: { index: number; code: string }[] = []
    const messages: { index: number; bytes: Uint8Array }[] = []
    const transactions: Uint8Array[] = []
    let isLacking = false
    for (const [index, item] of items.entries()) {
      if (item.kind === 'message') messages.push({ index, bytes: item.bytes })
      else if (item.kind === 'transaction') transactions.push(item.bytes)
      else {
        const code = takeItem(item)
        if (code === 'PARENT_UNKNOWN' || code === 'PARENT_NOT_FINAL') isLacking = true
        else if (code) refused.push({ index, code })
      }
    }
    if (messages.length > 0) {
      const verdicts = parts.take((held, nowMs) => {
        const done = held.receive(
          messages.map(({ bytes }) => bytes),
          nowMs,
        )
        return { steps: [done.step], value: done.refused }
      })
      verdicts.forEach((verdict, at) => {
        const index = messages[at]?.index ?? 0
        if (verdict && judgeMessages([verdict])) refused.push({ index, code: verdict.code })
      })
    }
    for (let at = 0; at < transactions.length; at += submitBatchMax) {
      parts.submit(transactions.slice(at, at + submitBatchMax))
    }
    return { refused, isLacking }
  }
  /** Takes over a block or certificate; says why not, unless that is nobody's fault. */
  const takeItem = (
    item: Extract<Announced, { kind: 'block' | 'certificate' }>,
  ): string | undefined => {
    const done = parts.take((held, nowMs) => {
      const value =
        item.kind === 'block'
          ? held.importBlock({ bytes: item.bytes, certificate: undefined }, nowMs)
          : held.importCertificate(item.certificate, nowMs)
      return { steps: value.ok ? [value.value] : [], value }
    })
    if (done.ok || done.error.code === 'BEHIND_FINAL') return undefined
    if (item.kind === 'block' && done.error.code === 'BLOCK_EARLY' && waitFor(item.bytes)) {
      return undefined
    }
    return done.error.code
  }
  /** Keeps a block until its slot begins here; false when that is too far away. */
  const waitFor = (bytes: Uint8Array): boolean => {
    const place = placeOf(bytes)
    if (!place || early.size >= limits.earlyBlocksMax) return false
    const waitMs = Number(parts.genesis.genesisTimeMs) + place.slot * slotMs - parts.now()
    if (waitMs > limits.earlyMsMax) return false
    const name = toHex(place.hash)
    early.add(name)
    setTimeout(
      () => {
        early.delete(name)
        try {
          takeItem({ kind: 'block', bytes })
        } catch (error) {
          parts.log({ msg: 'early block failed', error: String(error) })
        }
      },
      Math.max(0, waitMs),
    )
    return true
  }
  const hear: Peers['hear'] = ({ from, timestampMs, bytes }) => {
    const member = memberOf(parts.authorities(), from)
    if (!member) {
      const message = 'only an authority of this chain announces; to ask is open to everybody'
      return { ok: false, code: 'AUTHORITY_REQUIRED', message }
    }
    const read = decodeAnnouncement(bytes, genesisHash)
    if (!read.ok) return refusalOf(read.error)
    const { body } = read.value
    const { refused, isLacking } = hearItems(body)
    const known = peers.filter((peer) => peer.authority && bytesEqual(peer.authority, from))
    for (const peer of known) {
      if (timestampMs >= peer.heardMs) {
        peer.heardMs = timestampMs
        noteSeen(peer, { ...read.value.hello, authority: from }, body.position)
      }
      // Who speaks can be reached, most likely: no need to wait any longer.
      if (peer.failure && isOfTheLine(peer.failure.code)) peer.backedOffUntilMs = 0
      if (refused[0]) {
        const { code } = refused[0]
        fail(peer, { code: 'BLOCK_REFUSED', message: `it announced what is refused: ${code}` })
      }
    }
    if (isLacking || lacks(body.position.hash) || known.some(({ failure }) => failure)) {
      for (const peer of known.length > 0 ? known : peers) void pull(peer)
    }
    return {
      ok: true,
      bytes: encodeAnnounceAnswer(hello(), { position: positionOf(engine()), refused }),
    }
  }

  return {
    say: (out) => {
      if (isAuthority()) enqueue(out.map(announcedOf))
    },
    sayTransactions: (transactions) =>
      enqueue(transactions.map((bytes) => ({ kind: 'transaction', bytes }))),
    greet: () => {
      if (!isAuthority()) return
      enqueue(
        engine()
          .openMessages()
          .map((bytes) => ({ kind: 'message', bytes })),
      )
    },
    dueAtMs: () => {
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
      const read = decodeAsk(ask, genesisHash)
      if (!read.ok) return refusalOf(read.error)
      const { body } = read.value
      const transactions = freshPooled(engine(), body.pooled)
      const bytes = encodeAnswer(hello(), { ...answerPull(engine(), body), transactions })
      return { ok: true, bytes }
    },
    hear,
    view: () => {
      const nowMs = parts.now()
      const authorities = parts.authorities()
      return peers.map((peer) => viewPeer(peer, { engine: engine(), authorities, nowMs }))
    },
  }
}

/** Where the next request begins, beside this site's own chain. */
type Tip = { at: { readonly height: number; readonly hash: Uint8Array } | undefined }

const turn = (): Promise<void> => new Promise((go) => setTimeout(go, 0))

const sizeOf = (item: Announced): number =>
  item.kind === 'certificate' ? 200 + 66 * item.certificate.signatures.length : item.bytes.length

const announcedOf = (out: Outbound): Announced =>
  out.kind === 'certificate' ? out : { kind: out.kind, bytes: out.bytes }

/** Room for what stands around the items of an announcement. */
const announcementOverhead = 4_096

function takeBatch(peer: Peer): Announced[] {
  let bytes = 0
  let end = 0
  for (const item of peer.queue) {
    bytes += sizeOf(item) + 8
    if (end > 0 && (end >= announceItemsMax || bytes > announceBytesMax - announcementOverhead)) {
      break
    }
    end += 1
  }
  const batch = peer.queue.splice(0, end)
  peer.queuedBytes -= batch.reduce((sum, item) => sum + sizeOf(item), 0)
  return batch
}

function* slicesOf(
  blocks: readonly Uint8Array[],
  limits: { readonly sliceBlocksMax: number; readonly sliceBytesMax: number },
): Generator<readonly Uint8Array[]> {
  let slice: Uint8Array[] = []
  let bytes = 0
  for (const block of blocks) {
    slice.push(block)
    bytes += block.length
    if (slice.length < limits.sliceBlocksMax && bytes < limits.sliceBytesMax) continue
    yield slice
    slice = []
    bytes = 0
  }
  if (slice.length > 0) yield slice
}

function placeOf(
  bytes: Uint8Array | undefined,
): { readonly height: number; readonly slot: number; readonly hash: Uint8Array } | undefined {
  const read = bytes && decodeCanonical(blockCoder, bytes)
  if (!read?.ok) return undefined
  const { header } = read.value.signedHeader
  return { height: Number(header.height), slot: Number(header.slot), hash: headerHash(header) }
}

function positionOf(engine: Engine): SyncPosition {
  const { height, slot, hash, finalHeight, finalHash } = engine.head()
  return { height, slot, hash, finalHeight, finalHash }
}

const isOfTheLine = (code: PeerFault['code']): boolean =>
  code === 'UNREACHABLE' || code === 'TIMEOUT'

const faultOf = ({ code, message }: SyncWireError): PeerFault => ({
  code:
    code === 'GENESIS_MISMATCH' || code === 'PROTOCOL_MISMATCH'
      ? code
      : code === 'TOO_LARGE'
        ? 'ANSWER_TOO_LARGE'
        : 'ANSWER_INVALID',
  message,
})

const refusalOf = ({ code, message }: SyncWireError): SyncReply => ({
  ok: false,
  code:
    code === 'GENESIS_MISMATCH' || code === 'PROTOCOL_MISMATCH' ? code : 'SYNC_ENCODING_INVALID',
  message,
})
