/**
 * The pin: while a snapshot is in the making, nodes of its state outlive the finality that would delete
 * them. Nodes are named in rising order, and what a later final block stales is either its own branch's or
 * of the pinned state: an id says which.
 */
import * as P from 'micro-packed'
import { bytes32, type Coder, count, u8 } from '../base/coders.ts'
import type { LightStep } from './light.ts'
import { wayCoder } from './snapshot.ts'
import type { ChainStore, NodeId } from './store.ts'

/** The final block whose state a snapshot is being made of. */
export type Pin = {
  readonly height: number
  readonly hash: Uint8Array
  /** Nodes of the pinned state have lower ids. */
  readonly endNode: NodeId
  readonly way: readonly LightStep[]
  readonly peaks: readonly Uint8Array[]
}

/** Bytes of the note. */
export const pinCoder = P.struct({
  height: count,
  hash: bytes32,
  endNode: count,
  way: wayCoder as P.CoderType<LightStep[]>,
  peaks: P.array(u8, bytes32),
}) as unknown as Coder<Pin>

/** Deletes nodes that the final state no longer uses, or puts that off while a snapshot needs them. */
export function dropNodes(store: ChainStore, ids: readonly NodeId[]): void {
  const note = store.readNote('pin')
  const endNode = note ? pinCoder.decode(note).endNode : 0
  const kept = ids.filter((id) => id < endNode)
  if (kept.length > 0) store.writePostponed(kept)
  store.deleteNodes(kept.length === 0 ? ids : ids.filter((id) => id >= endNode))
}
