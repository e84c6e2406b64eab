/**
 * What sites say to each other, as canonical bytes (SPEC.md, WIRE rules): a request for what follows and
 * its answer (sync.ts), and announcements of what is new. Every body begins with a hello, so that sites of
 * two chains or two versions notice before they read on.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../base/bytes.ts'
import {
  bytes32,
  type Coder,
  count,
  decodeCanonical,
  listOf,
  optional,
  text,
  u8,
  u16,
  u32,
} from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { type Certificate, certificateCoder } from './block.ts'
import {
  announceBytesMax,
  announceItemsMax,
  pullAnswerBytesMax,
  pullAskBytesMax,
  pullBlocksMax,
  pullLocatorMax,
  pullMessagesMax,
  pullPooledMax,
  pullTransactionsMax,
} from './limits.ts'
import type { PullRequest, PullResponse } from './sync.ts'

/** Version of this protocol. Sites of another version do not understand each other. */
export const syncVersion = 1

/** Media type of all bodies. */
export const syncMediaType = 'application/octet-stream'

/** Who speaks, and for which chain. */
export type SyncHello = {
  readonly version: number
  /** 32 bytes. */
  readonly genesisHash: Uint8Array
  /** Public key of the speaking site's authority; a claim, good for a name and nothing else. */
  readonly authority: Uint8Array | undefined
}

/** Where a site stands: head and newest final block. */
export type SyncPosition = {
  readonly height: number
  readonly slot: number
  readonly hash: Uint8Array
  readonly finalHeight: number
  readonly finalHash: Uint8Array
}

/** A request: what the asker has, of blocks and (by hash) of waiting transactions. */
export type PullAsk = PullRequest & { readonly pooled: readonly Uint8Array[] }

/** An answer: what follows, and waiting transactions (signed bytes) that the asker did not name. */
export type PullAnswer = PullResponse & { readonly transactions: readonly Uint8Array[] }

/** One thing that is new: bytes as in `Outbound`, or a signed transaction. */
export type Announced =
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'transaction'; readonly bytes: Uint8Array }

/** What an authority tells its peers, and where it stands. */
export type Announcement = {
  readonly position: SyncPosition
  readonly items: readonly Announced[]
}

/** Answer to an announcement: where the listener stands, and what it refused, by place in the list. */
export type AnnounceAnswer = {
  readonly position: SyncPosition
  readonly refused: readonly { readonly index: number; readonly code: string }[]
}

/** Why bytes are no message of this chain. */
export type SyncWireError = {
  readonly code: 'ENCODING_INVALID' | 'TOO_LARGE' | 'PROTOCOL_MISMATCH' | 'GENESIS_MISMATCH'
  readonly message: string
}

/** A message with the hello before it. */
export type Spoken<T> = { readonly hello: SyncHello; readonly body: T }

const helloCoder: Coder<{
  version: number
  genesisHash: Uint8Array
  authority?: Uint8Array | undefined
}> = P.struct({ version: u8, genesisHash: bytes32, authority: optional(bytes32) })

const bytesOfAnyLength = P.bytes(u32)

const positionCoder = P.struct({
  height: count,
  slot: count,
  hash: bytes32,
  finalHeight: count,
  finalHash: bytes32,
})

const askCoder = P.struct({
  hello: helloCoder,
  finalHeight: count,
  locator: listOf(P.struct({ height: count, hash: bytes32 })),
  pooled: listOf(bytes32),
})

const answerCoder = P.struct({
  hello: helloCoder,
  head: P.struct({ height: count, slot: count, hash: bytes32 }),
  finalHeight: count,
  finalHash: bytes32,
  atFinal: optional(bytes32),
  blocks: listOf(bytesOfAnyLength),
  certificate: optional(certificateCoder),
  messages: listOf(bytesOfAnyLength),
  transactions: listOf(bytesOfAnyLength),
})

type WireItem =
  | { TAG: 'block' | 'message' | 'transaction'; data: Uint8Array }
  | { TAG: 'certificate'; data: Certificate }

const itemCoder = P.mappedTag(u8, {
  block: [1, bytesOfAnyLength],
  certificate: [2, certificateCoder],
  message: [3, bytesOfAnyLength],
  transaction: [4, bytesOfAnyLength],
}) as unknown as Coder<WireItem>

const announcementCoder = P.struct({
  hello: helloCoder,
  position: positionCoder,
  items: listOf(itemCoder),
})

const announceAnswerCoder = P.struct({
  hello: helloCoder,
  position: positionCoder,
  refused: listOf(P.struct({ index: u16, code: text })),
})

/** Bytes of a request. */
export const encodeAsk = (hello: SyncHello, ask: PullAsk): Uint8Array =>
  askCoder.encode({
    hello,
    finalHeight: ask.finalHeight,
    locator: ask.locator.slice(0, pullLocatorMax),
    pooled: ask.pooled.slice(0, pullPooledMax),
  })

/** Reads a request for this chain. Never throws. */
export function decodeAsk(
  bytes: Uint8Array,
  genesisHash: Uint8Array,
): Result<Spoken<PullAsk>, SyncWireError> {
  const read = decodeFor(askCoder, bytes, { genesisHash, bytesMax: pullAskBytesMax })
  if (!read.ok) return read
  const { hello, ...body } = read.value
  if (body.locator.length > pullLocatorMax || body.pooled.length > pullPooledMax) return tooMany
  return ok({ hello: helloOf(hello), body })
}

/** Bytes of an answer. */
export const encodeAnswer = (hello: SyncHello, answer: PullAnswer): Uint8Array =>
  answerCoder.encode({
    hello,
    head: answer.head,
    finalHeight: answer.finalHeight,
    finalHash: answer.finalHash,
    atFinal: answer.atFinal,
    blocks: [...answer.blocks],
    certificate: answer.certificate,
    messages: [...answer.messages],
    transactions: [...answer.transactions],
  })

/** Reads an answer for this chain. Never throws. */
export function decodeAnswer(
  bytes: Uint8Array,
  genesisHash: Uint8Array,
): Result<Spoken<PullAnswer>, SyncWireError> {
  const read = decodeFor(answerCoder, bytes, { genesisHash, bytesMax: pullAnswerBytesMax })
  if (!read.ok) return read
  const { hello, atFinal, certificate, ...rest } = read.value
  const { blocks, messages, transactions } = rest
  const isTooMany =
    blocks.length > pullBlocksMax ||
    messages.length > pullMessagesMax ||
    transactions.length > pullTransactionsMax
  if (isTooMany) return tooMany
  return ok({ hello: helloOf(hello), body: { ...rest, atFinal, certificate } })
}

/** Bytes of an announcement. */
export const encodeAnnouncement = (hello: SyncHello, given: Announcement): Uint8Array =>
  announcementCoder.encode({ hello, position: given.position, items: given.items.map(toWire) })

/** Reads an announcement for this chain. Never throws. */
export function decodeAnnouncement(
  bytes: Uint8Array,
  genesisHash: Uint8Array,
): Result<Spoken<Announcement>, SyncWireError> {
  const read = decodeFor(announcementCoder, bytes, { genesisHash, bytesMax: announceBytesMax })
  if (!read.ok) return read
  const { hello, position, items } = read.value
  if (items.length > announceItemsMax) return tooMany
  return ok({ hello: helloOf(hello), body: { position, items: items.map(fromWire) } })
}

/** Bytes of the answer to an announcement. */
export const encodeAnnounceAnswer = (hello: SyncHello, given: AnnounceAnswer): Uint8Array =>
  announceAnswerCoder.encode({
    hello,
    position: given.position,
    refused: given.refused.slice(0, announceItemsMax),
  })

/** Reads the answer to an announcement. Never throws. */
export function decodeAnnounceAnswer(
  bytes: Uint8Array,
  genesisHash: Uint8Array,
): Result<Spoken<AnnounceAnswer>, SyncWireError> {
  const read = decodeFor(announceAnswerCoder, bytes, { genesisHash, bytesMax: pullAskBytesMax })
  if (!read.ok) return read
  const { hello, position, refused } = read.value
  return ok({ hello: helloOf(hello), body: { position, refused } })
}

/** Hello first: a message of another version need not be readable beyond it. */
function decodeFor<T>(
  coder: Coder<T>,
  bytes: Uint8Array,
  { genesisHash, bytesMax }: { readonly genesisHash: Uint8Array; readonly bytesMax: number },
): Result<T, SyncWireError> {
  if (bytes.length > bytesMax) {
    return err({ code: 'TOO_LARGE', message: `it has ${bytes.length} bytes, at most ${bytesMax}` })
  }
  const version = bytes[0]
  if (version === undefined || bytes.length < 33) {
    return err({ code: 'ENCODING_INVALID', message: 'it is too short for a hello' })
  }
  if (version !== syncVersion) {
    const message = `it speaks version ${version} of the protocol, this site version ${syncVersion}`
    return err({ code: 'PROTOCOL_MISMATCH', message })
  }
  if (!bytesEqual(bytes.subarray(1, 33), genesisHash)) {
    return err({ code: 'GENESIS_MISMATCH', message: 'it is for the chain of another genesis' })
  }
  return decodeCanonical(coder, bytes)
}

const tooMany = err({ code: 'TOO_LARGE', message: 'a list in it is too long' } as const)

const helloOf = (hello: {
  version: number
  genesisHash: Uint8Array
  authority?: Uint8Array | undefined
}): SyncHello => ({ ...hello, authority: hello.authority })

const toWire = (item: Announced): WireItem =>
  item.kind === 'certificate'
    ? { TAG: 'certificate', data: item.certificate }
    : { TAG: item.kind, data: item.bytes }

const fromWire = (item: WireItem): Announced =>
  item.TAG === 'certificate'
    ? { kind: 'certificate', certificate: item.data }
    : { kind: item.TAG, bytes: item.data }
