/** Snapshots as `/rpc/snapshots` shows them. */
import * as z from 'zod'
import { toHex0x } from '../../base/bytes.ts'
import type { SnapshotsView } from '../snapshot-service.ts'
import { hash, whole } from './common.ts'

/** The list of snapshots. */
export const snapshotsSchema = z
  .strictObject({
    every: whole.describe('Heights from one snapshot to the next; 0: none is made'),
    making: whole.nullable().describe('Height of the one in the making'),
    snapshots: z
      .array(
        z.strictObject({
          height: whole,
          hash: hash.describe('Of the block'),
          slot: whole,
          state_root: hash.describe('Of the state after the block'),
          chunks: whole,
          entries: whole.describe('Entries of the state'),
          bytes: whole.describe('Of all parts'),
        }),
      )
      .describe('Newest first'),
  })
  .meta({ id: 'Snapshots', description: 'States at final heights from which a site can begin' })
export type SnapshotsJson = z.infer<typeof snapshotsSchema>

/** The list as JSON. */
export const snapshotsToJson = ({ every, making, snapshots }: SnapshotsView): SnapshotsJson => ({
  every,
  making: making ?? null,
  snapshots: snapshots.map(({ height, hash: block, slot, stateRoot, chunks, entries, bytes }) => ({
    height,
    hash: toHex0x(block),
    slot,
    state_root: toHex0x(stateRoot),
    chunks,
    entries,
    bytes,
  })),
})
