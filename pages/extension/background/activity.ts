/** What was signed, newest first: transactions and messages, for the person to look back on. */
import type { Standing } from './node.ts'

/** `origin`: who asked; the wallet itself where the person sent. */
export type Activity =
  | {
      readonly kind: 'transaction'
      readonly atMs: number
      readonly origin: string
      readonly account: string
      readonly chainId: string
      readonly hash: string
      readonly summary: string
      /** Whom a transfer pays. */
      readonly to?: string
      readonly standing: Standing
    }
  | {
      readonly kind: 'message'
      readonly atMs: number
      readonly origin: string
      readonly account: string
      readonly chainId: string
      readonly text: string
      readonly signature: string
    }

/** Entries that are kept, and characters of a message's text. */
export const activityLimits = { entriesMax: 200, textCharsMax: 500 } as const

export const withEntry = (entries: readonly Activity[], entry: Activity): readonly Activity[] => {
  const isKnown =
    entry.kind === 'transaction' &&
    entries.some((other) => other.kind === 'transaction' && other.hash === entry.hash)
  if (isKnown) return entries
  const kept =
    entry.kind === 'message'
      ? { ...entry, text: entry.text.slice(0, activityLimits.textCharsMax) }
      : entry
  return [kept, ...entries].slice(0, activityLimits.entriesMax)
}

/** Writes down where a transaction stands now. What is final stays final. */
export const withStanding = (
  entries: readonly Activity[],
  hash: string,
  standing: Standing,
): readonly Activity[] =>
  entries.map((entry) =>
    entry.kind === 'transaction' && entry.hash === hash && entry.standing.status !== 'final'
      ? { ...entry, standing }
      : entry,
  )

/** Transactions whose end is not known yet, the newest few. */
export const unsettled = (entries: readonly Activity[]): readonly string[] =>
  entries
    .filter((entry) => entry.kind === 'transaction' && entry.standing.status !== 'final')
    .slice(0, unsettledMax)
    .map((entry) => (entry as Extract<Activity, { kind: 'transaction' }>).hash)

const unsettledMax = 10

/** Addresses that this wallet has paid before, with what to call them. */
export const paidBefore = (entries: readonly Activity[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    entries.flatMap((entry) =>
      entry.kind === 'transaction' && entry.to !== undefined ? [[entry.to, 'paid before']] : [],
    ),
  )
