/**
 * `SNAPSHOT_EVERY`: how often a site makes a snapshot, and `SNAPSHOT_START`: when it begins from one. Read by
 * the gateway and the chain object alike.
 */
import { err, ok, type Result } from '../base/result.ts'

/** Why the variable cannot be used. */
export type SnapshotEveryError = { readonly code: 'CONFIG_INVALID'; readonly message: string }

/** Reads a number of heights; 0 turns snapshots off. Undefined where the variable is not set. */
export const readSnapshotEvery = (
  value: string | undefined,
): Result<number | undefined, SnapshotEveryError> =>
  readHeights(value, 'SNAPSHOT_EVERY: a number of heights such as 5000; 0 for no snapshots.')

/**
 * Reads how many heights a snapshot has to save before a site begins from it instead of replaying; 0: it
 * always replays, and keeps all blocks. Undefined where the variable is not set.
 */
export const readSnapshotStart = (
  value: string | undefined,
): Result<number | undefined, SnapshotEveryError> =>
  readHeights(value, 'SNAPSHOT_START: a number of heights such as 5000; 0 to replay everything.')

function readHeights(
  value: string | undefined,
  message: string,
): Result<number | undefined, SnapshotEveryError> {
  const text = value?.trim() ?? ''
  if (text === '') return ok(undefined)
  return /^[0-9]{1,9}$/.test(text) ? ok(Number(text)) : err({ code: 'CONFIG_INVALID', message })
}
