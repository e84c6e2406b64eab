/**
 * What the engine keeps in its store beside blocks and nodes. Local to one site: never sent, never hashed.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import {
  bytes20,
  bytes32,
  bytes64,
  type Coder,
  count,
  listOf,
  optional,
  u8,
  u16,
  u32,
  u64,
} from '../base/coders.ts'
import { assert } from '../base/result.ts'
import type { History } from '../crypto/history.ts'
import { certificateCoder, commitCoder } from './block.ts'
import type { DurableConsensus } from './consensus.ts'
import type { Payout } from './message-context.ts'
import type { TreeRoot } from './state-tree.ts'
import type { NodeId } from './store.ts'

const blockRefCoder = P.struct({ hash: bytes32, height: count, slot: count })

const headRecordCoder = P.struct({
  genesisHash: bytes32,
  nextNodeId: count,
  head: blockRefCoder,
  final: blockRefCoder,
  certificate: optional(certificateCoder),
  proposedSlot: count,
  votedSlot: count,
  lock: P.struct({ slot: count, hash: optional(bytes32) }),
  stopped: optional(P.struct({ slot: count, passed: P.bool })),
})

/** The record of a site that could only be its own quorum. */
const firstRecordCoder = P.struct({
  genesisHash: bytes32,
  nextNodeId: count,
  head: blockRefCoder,
  final: blockRefCoder,
  certificate: optional(certificateCoder),
  proposedSlot: count,
  committedSlot: count,
  commits: P.array(u8, P.struct({ authority: u8, commit: commitCoder, signature: bytes64 })),
  stopped: P.bool,
})

/** The engine's own row. */
export type HeadRecord = {
  readonly genesisHash: Uint8Array
  readonly nextNodeId: NodeId
  readonly consensus: DurableConsensus
}

const version = 2

/** Encodes the engine's row: a byte with its version, then the record. */
export function encodeHeadRecord({ genesisHash, nextNodeId, consensus }: HeadRecord): Uint8Array {
  const { head, final, certificate, proposedSlot, votedSlot, lock, stopped } = consensus
  const record = headRecordCoder.encode({
    genesisHash,
    nextNodeId,
    head,
    final,
    certificate,
    proposedSlot,
    votedSlot,
    lock,
    stopped,
  })
  return concatBytes(Uint8Array.of(version), record)
}

/** Decodes the engine's row, of this version or the one before; throws on a damaged one. */
export function decodeHeadRecord(bytes: Uint8Array): HeadRecord {
  const body = bytes.subarray(1)
  if (bytes[0] === version) {
    const { genesisHash, nextNodeId, ...rest } = headRecordCoder.decode(body)
    const { certificate, stopped, lock } = rest
    const consensus = {
      ...rest,
      certificate,
      stopped,
      lock: { slot: lock.slot, hash: lock.hash },
    }
    return { genesisHash, nextNodeId, consensus }
  }
  assert(bytes[0] === 1, 'the head record has a known version')
  const { genesisHash, nextNodeId, stopped, committedSlot, commits, ...rest } =
    firstRecordCoder.decode(body)
  const { final, certificate, proposedSlot } = rest
  const consensus: DurableConsensus = {
    head: rest.head,
    final,
    certificate,
    proposedSlot,
    votedSlot: committedSlot,
    lock: { slot: final.slot, hash: final.hash },
    stopped: stopped ? { slot: proposedSlot, passed: false } : undefined,
  }
  return { genesisHash, nextNodeId, consensus }
}

/**
 * What executing a block left behind. `root`: its state; `firstNode` to `endNode` (excluded): the nodes it
 * wrote; `staled`: nodes of its parent's state that it no longer uses, to be deleted when it is final
 * (and empty from then on); `history`: all block hashes up to and including its own; `held`: base units
 * in all entries after it, counted from what each block changed; `payouts`: what left entries that were
 * removed, for each transaction (undefined where this site did not execute the block, or did before it
 * noted them).
 */
export type ExecutionRecord = {
  readonly root: TreeRoot
  readonly firstNode: NodeId
  readonly endNode: NodeId
  readonly staled: readonly NodeId[]
  readonly history: History
  readonly held: bigint
  readonly payouts: readonly (readonly Payout[])[] | undefined
}

/** Only transactions that paid anything out are written. */
const payoutsCoder = P.struct({
  transactions: u16,
  paid: listOf(
    P.struct({ index: u16, payouts: listOf(P.struct({ to: optional(bytes20), amount: u64 })) }),
  ),
})

const executionCoder = P.struct({
  root: optional(P.struct({ id: count, hash: bytes32 })),
  firstNode: count,
  endNode: count,
  staled: P.array(u32, count),
  history: P.struct({ size: count, peaks: P.array(u8, bytes32) }),
  held: u64,
})

/** A record as of before payouts were noted ends without them. */
const recordCoder: Coder<ExecutionRecord> = P.wrap<ExecutionRecord>({
  encodeStream(writer, { payouts, ...record }) {
    executionCoder.encodeStream(writer, {
      ...record,
      staled: [...record.staled],
      history: { size: record.history.size, peaks: [...record.history.peaks] },
    })
    if (!payouts) return
    const paid = payouts.flatMap((list, index) =>
      list.length === 0 ? [] : { index, payouts: list.map(({ to, amount }) => ({ to, amount })) },
    )
    payoutsCoder.encodeStream(writer, { transactions: payouts.length, paid })
  },
  decodeStream(reader) {
    const { root, ...rest } = executionCoder.decodeStream(reader)
    if (reader.isEnd()) return { root, ...rest, payouts: undefined }
    const { transactions, paid } = payoutsCoder.decodeStream(reader)
    const payouts: (readonly Payout[])[] = new Array(transactions).fill([])
    for (const { index, payouts: list } of paid)
      payouts[index] = list.map(({ to, amount }) => ({ to, amount }))
    return { root, ...rest, payouts }
  },
})

/** Encodes the bookkeeping of a block. */
export const encodeExecution = (record: ExecutionRecord): Uint8Array => recordCoder.encode(record)

/** Decodes the bookkeeping of a block; throws on damaged bytes. */
export const decodeExecution = (bytes: Uint8Array): ExecutionRecord => recordCoder.decode(bytes)
