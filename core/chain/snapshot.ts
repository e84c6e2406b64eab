/**
 * A snapshot: one final block and the state after it, so that a site can begin there. Its description is
 * checked from genesis on: the way of a light client leads to the block, whose header commits to the
 * history before it (the peaks) and to the state (the trunk). The trunk is the top of the state tree, cut
 * into subtrees that are fetched and checked one by one. Rules: SPEC.md, SNAP.
 */
import * as P from 'micro-packed'
import { bytesEqual } from '../base/bytes.ts'
import { bytes32, type Coder, decodeCanonical, u8, u16, u32 } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { type History, historyRoot } from '../crypto/history.ts'
import { listRoot } from '../crypto/merkle.ts'
import type { Verifier } from '../crypto/signature.ts'
import {
  type Block,
  blockCoder,
  type Certificate,
  type Header,
  headerHash,
  headerSigningBytes,
} from './block.ts'
import { type Genesis, genesisHash } from './genesis.ts'
import { advanceLight, type LightStep, startLight } from './light.ts'
import { lightStepCoder } from './light-coders.ts'
import { snapshotBytesMax, snapshotChunkEntriesMax } from './limits.ts'
import { type Outcome, outcomeCoder, outcomesCoder } from './outcome.ts'
import type { ChunkFault, ChunkName } from './snapshot-chunk.ts'
import { branchHash } from './state-tree.ts'
import { transactionHash } from './transaction.ts'

/** One piece of the trunk: a fork, by the bit at which keys part, or a subtree that is a chunk. */
export type TrunkPiece = { TAG: 'fork'; data: number } | { TAG: 'chunk'; data: ChunkName }

/**
 * The description. `way`: certified blocks from genesis on, the last of them the block of the snapshot;
 * `peaks`: of the history of its ancestors; `trunk`: each fork before its left side before its right side.
 */
export type Snapshot = {
  readonly genesisHash: Uint8Array
  readonly way: readonly LightStep[]
  readonly peaks: readonly Uint8Array[]
  readonly trunk: readonly TrunkPiece[]
}

/** A description that has been checked. */
export type CheckedSnapshot = {
  readonly snapshot: Snapshot
  readonly hash: Uint8Array
  readonly header: Header
  readonly certificate: Certificate
  /** Of all ancestors. */
  readonly history: History
  /** In order of key. */
  readonly chunks: readonly ChunkName[]
  /** Entries of the whole state. */
  readonly entries: number
}

/** Why nothing is believed. */
export type SnapshotFault =
  | ChunkFault
  | {
      readonly code:
        | 'SNAPSHOT_MALFORMED'
        | 'SNAPSHOT_OF_OTHER_CHAIN'
        | 'SNAPSHOT_NOT_CERTIFIED'
        | 'SNAPSHOT_HISTORY_INVALID'
        | 'SNAPSHOT_TRUNK_INVALID'
        | 'SNAPSHOT_BLOCK_INVALID'
        | 'STORE_NOT_EMPTY'
      readonly message: string
    }

const trunkPieceCoder = P.mappedTag(u8, {
  fork: [0, u8],
  chunk: [1, P.struct({ hash: bytes32, entries: u16 })],
}) as unknown as Coder<TrunkPiece>

const snapshotStruct = P.struct({
  version: u8,
  genesisHash: bytes32,
  way: P.array(u16, lightStepCoder as P.CoderType<LightStep>),
  peaks: P.array(u8, bytes32),
  trunk: P.array(u32, trunkPieceCoder as P.CoderType<TrunkPiece>),
})

/** Canonical bytes of the way to a block. */
export const wayCoder = P.array(u16, lightStepCoder as P.CoderType<LightStep>) as unknown as Coder<
  LightStep[]
>

/** Canonical bytes of a trunk. */
export const trunkCoder = P.array(
  u32,
  trunkPieceCoder as P.CoderType<TrunkPiece>,
) as unknown as Coder<TrunkPiece[]>

/** Canonical bytes of a description: a byte with its version, then its fields. */
export const encodeSnapshot = (snapshot: Snapshot): Uint8Array =>
  snapshotStruct.encode({
    ...snapshot,
    version: 1,
    way: [...snapshot.way],
    peaks: [...snapshot.peaks],
    trunk: [...snapshot.trunk],
  })

/** Reads a description and believes nothing of it. */
export function decodeSnapshot(bytes: Uint8Array): Result<Snapshot, SnapshotFault> {
  if (bytes.length > snapshotBytesMax) {
    return refuse('SNAPSHOT_MALFORMED', `more than ${snapshotBytesMax} bytes`)
  }
  const decoded = decodeCanonical(snapshotStruct, bytes)
  if (!decoded.ok) return refuse('SNAPSHOT_MALFORMED', decoded.error.message)
  const { version, ...snapshot } = decoded.value
  return version === 1 ? ok(snapshot) : refuse('SNAPSHOT_MALFORMED', 'the version is not known')
}

/** Checks a description against genesis, which the reader trusts. Never throws. */
export function checkSnapshot(
  bytes: Uint8Array,
  { genesis, verifier }: { readonly genesis: Genesis; readonly verifier: Verifier },
): Result<CheckedSnapshot, SnapshotFault> {
  const decoded = decodeSnapshot(bytes)
  if (!decoded.ok) return decoded
  const { way, trunk, peaks } = decoded.value
  const chain = genesisHash(genesis)
  if (!bytesEqual(decoded.value.genesisHash, chain)) {
    return refuse('SNAPSHOT_OF_OTHER_CHAIN', 'the snapshot is of the chain of another genesis')
  }
  const started = startLight(genesis, chain)
  const last = way.at(-1)
  if (!started.ok || !last) return refuse('SNAPSHOT_NOT_CERTIFIED', 'no certified block is named')
  const followed = advanceLight(started.value, { steps: way, more: false }, verifier)
  if (!followed.ok) {
    return refuse('SNAPSHOT_NOT_CERTIFIED', `${followed.error.code}: ${followed.error.message}`)
  }
  const { header, certificate } = last
  const { hash, height } = followed.value.head
  if (height === 0) return refuse('SNAPSHOT_NOT_CERTIFIED', 'everybody has block 0')
  const history = { size: height, peaks }
  if (peaks.length !== onesIn(height) || !bytesEqual(historyRoot(history), header.historyRoot)) {
    return refuse('SNAPSHOT_HISTORY_INVALID', 'the peaks are not those of the history before it')
  }
  const root = trunkHash(trunk)
  if (!root || !bytesEqual(root, header.stateRoot)) {
    return refuse('SNAPSHOT_TRUNK_INVALID', 'the trunk is not the top of the state after the block')
  }
  const chunks = chunksOf(trunk)
  const entries = chunks.reduce((sum, chunk) => sum + chunk.entries, 0)
  return ok({ snapshot: decoded.value, hash, header, certificate, history, chunks, entries })
}

/** The subtrees of a trunk, in order of key. */
export const chunksOf = (trunk: readonly TrunkPiece[]): ChunkName[] =>
  trunk.flatMap((piece) => (piece.TAG === 'chunk' ? [piece.data] : []))

/** The block itself with its outcomes, as it is handed over beside the chunks. */
export const snapshotBlockCoder = P.struct({ block: P.bytes(u32), outcomes: P.bytes(u32) })

/** Checks the block of a snapshot: its body against the roots of the certified header. Never throws. */
export function checkSnapshotBlock(
  { hash, snapshot }: CheckedSnapshot,
  bytes: Uint8Array,
  verifier: Verifier,
): Result<{ readonly block: Block; readonly outcomes: readonly Outcome[] }, SnapshotFault> {
  const invalid = (message: string) => refuse('SNAPSHOT_BLOCK_INVALID', message)
  const parts = decodeCanonical(snapshotBlockCoder, bytes)
  const read = parts.ok ? decodeCanonical(blockCoder, parts.value.block) : parts
  const outcomes = parts.ok ? decodeCanonical(outcomesCoder, parts.value.outcomes) : parts
  if (!read.ok || !outcomes.ok) return invalid('a block with its outcomes was asked for')
  const { transactions, signedHeader } = read.value
  const { header, signature } = signedHeader
  if (!bytesEqual(headerHash(header), hash)) return invalid('it is another block')
  const message = headerSigningBytes(snapshot.genesisHash, header)
  if (!verifier.verify({ signature, message, publicKey: header.proposer })) {
    return invalid('its proposer has not signed it')
  }
  if (!bytesEqual(listRoot(transactions.map(transactionHash)), header.transactionsRoot)) {
    return invalid('the transactions are not those of the block')
  }
  const results = outcomes.value.map((outcome) => outcomeCoder.encode(outcome))
  if (!bytesEqual(listRoot(results), header.outcomesRoot)) {
    return invalid('the outcomes are not those of the block')
  }
  return ok({ block: read.value, outcomes: outcomes.value })
}

/** Hash of the tree that a trunk is the top of; undefined where the pieces do not make exactly one tree. */
function trunkHash(trunk: readonly TrunkPiece[]): Uint8Array | undefined {
  let at = 0
  // Bits rise on the way down, which bounds the depth.
  const hashBelow = (above: number): Uint8Array | undefined => {
    const piece = trunk[at++]
    if (!piece) return undefined
    if (piece.TAG === 'chunk') {
      const { entries, hash } = piece.data
      return entries > 0 && entries <= snapshotChunkEntriesMax ? hash : undefined
    }
    if (piece.data <= above) return undefined
    const left = hashBelow(piece.data)
    const right = left && hashBelow(piece.data)
    return right && branchHash(piece.data, left, right)
  }
  const hash = hashBelow(-1)
  return at === trunk.length ? hash : undefined
}

function onesIn(count: number): number {
  let [ones, rest] = [0, count]
  while (rest > 0) {
    ones += rest % 2
    rest = (rest - (rest % 2)) / 2
  }
  return ones
}

const refuse = (
  code: Exclude<SnapshotFault, ChunkFault>['code'],
  message: string,
): Result<never, SnapshotFault> => err({ code, message })
