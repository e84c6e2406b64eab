/** `SNAPSHOT_EVERY`: how often a site makes a snapshot. Read by the gateway and the chain object alike. */
import { err, ok, type Result } from '../base/result.ts'

/** Why the variable cannot be used. */
export type SnapshotEveryError = { readonly code: 'CONFIG_INVALID'; readonly message: string }

/** Reads a number of heights; 0 turns snapshots off. Undefined where the variable is not set. */
export function readSnapshotEvery(
  value: string | undefined,
): Result<number | undefined, SnapshotEveryError> {
  const text = value?.trim() ?? ''
  if (text === '') return ok(undefined)
  if (/^[0-9]{1,9}$/.test(text)) return ok(Number(text))
  const message = 'SNAPSHOT_EVERY: a number of heights such as 5000; 0 for no snapshots.'
  return err({ code: 'CONFIG_INVALID', message })
}
