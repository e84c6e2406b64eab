/**
 * Success or failure as a value. Fallible domain functions return it; throwing means a bug.
 */

export type Ok<T> = { readonly ok: true; readonly value: T }
export type Err<E> = { readonly ok: false; readonly error: E }
export type Result<T, E> = Ok<T> | Err<E>

/** Wraps a value as a success. */
export const ok = <T>(value: T): Ok<T> => ({ ok: true, value })

/** Wraps a plain error object as a failure. */
export const err = <const E>(error: E): Err<E> => ({ ok: false, error })

/** Stops on a broken invariant. The only `throw` in core: reaching it is a bug, never bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}

/** Makes a `switch` over a closed union a compile error when a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${String(value)}`)
}
