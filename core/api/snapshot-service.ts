/** What the chain object offers of its snapshots: the seam between it and `/rpc/snapshots`. */
import type { SnapshotPart } from '../chain/engine-snapshot.ts'

/** A snapshot that is whole. `bytes`: of all its parts. */
export type SnapshotView = {
  readonly height: number
  readonly hash: Uint8Array
  readonly slot: number
  readonly stateRoot: Uint8Array
  readonly chunks: number
  /** Entries of the whole state. */
  readonly entries: number
  readonly bytes: number
}

/** Snapshots, newest first. `every`: heights from one to the next, 0 for none; `making`: the one to come. */
export type SnapshotsView = {
  readonly every: number
  readonly making: number | undefined
  readonly snapshots: readonly SnapshotView[]
}

/** The chain object towards those who begin from a snapshot. */
export type SnapshotService = {
  snapshots(): Promise<SnapshotsView>
  /** Bytes of one part; undefined where there is none. */
  snapshotPart(input: {
    readonly height: number
    readonly part: SnapshotPart
  }): Promise<Uint8Array | undefined>
}
