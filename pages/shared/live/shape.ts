/**
 * Shape checks for answers of the site, small enough for the first page a person loads: a schema library
 * would be a third of its script. A shape is a function from an unknown value to a typed one.
 */
import { err, ok, type Result } from '../../../core/base/result.ts'
import { visibleText } from '../../../core/wallet/visible-text.ts'

/** Returns the value as `T`, or throws what `readShape` catches. `at`: where in the answer it stands. */
export type Shape<T> = (value: unknown, at: string) => T

export type ShapeOf<S> = S extends Shape<infer T> ? T : never

/** `at`: the first place that does not fit. */
export type ShapeError = { readonly code: 'SHAPE_UNKNOWN'; readonly at: string }

/** Checks a whole answer. */
export function readShape<T>(shape: Shape<T>, value: unknown): Result<T, ShapeError> {
  try {
    return ok(shape(value, ''))
  } catch (error) {
    if (error instanceof Mismatch) return err({ code: 'SHAPE_UNKNOWN', at: error.message })
    throw error
  }
}

class Mismatch extends Error {}

/** Refuses the value at this place. */
export function refuse(at: string): never {
  throw new Mismatch(at || 'the whole answer')
}

/** Text as a person may see it: strangers write some of it, and what is hidden in it is written out. */
export const text: Shape<string> = (value, at) => visibleText(exactText(value, at))

/** Text as the site sent it, for what is signed or put together before it is shown. */
export const exactText: Shape<string> = (value, at) =>
  typeof value === 'string' ? value : refuse(at)

export const flag: Shape<boolean> = (value, at) => (typeof value === 'boolean' ? value : refuse(at))

/** A safe integer of at least `least`. */
export const integer =
  (least: number): Shape<number> =>
  (value, at) =>
    Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : refuse(at)

/** Anything; absent too. */
export const anything: Shape<unknown> = (value) => value

/** The value, or undefined where the site sends null or nothing. */
export const maybe =
  <T>(inner: Shape<T>): Shape<T | undefined> =>
  (value, at) =>
    value === undefined || value === null ? undefined : inner(value, at)

export const either =
  <A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> =>
  (value, at) => {
    const result = readShape(first, value)
    return result.ok ? result.value : second(value, at)
  }

export const oneOf =
  <const T extends string>(...words: readonly T[]): Shape<T> =>
  (value, at) =>
    words.find((word) => word === value) ?? refuse(at)

export const list =
  <T>(item: Shape<T>): Shape<T[]> =>
  (value, at) =>
    Array.isArray(value) ? value.map((entry, index) => item(entry, `${at}[${index}]`)) : refuse(at)

/** An object used as a dictionary. */
export const record =
  <T>(item: Shape<T>): Shape<Record<string, T>> =>
  (value, at) =>
    Object.fromEntries(
      Object.entries(asObject(value, at)).map(([key, entry]) => [
        visibleText(key),
        item(entry, `${at}.${key}`),
      ]),
    )

type Fields = Readonly<Record<string, Shape<unknown>>>
type ObjectOf<F extends Fields> = { readonly [K in keyof F]: ShapeOf<F[K]> }

/** An object with these fields; others are left out. */
export const object =
  <F extends Fields>(fields: F): Shape<ObjectOf<F>> =>
  (value, at) => {
    const source = asObject(value, at)
    const entries = Object.entries(fields).map(([key, shape]) => [
      key,
      shape(Object.hasOwn(source, key) ? source[key] : undefined, `${at}.${key}`),
    ])
    return Object.fromEntries(entries) as ObjectOf<F>
  }

function asObject(value: unknown, at: string): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Record<string, unknown>) : refuse(at)
}
