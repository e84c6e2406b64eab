/** Which entries fit what is typed, best first. */

/** `words`: other names by which people ask for it. */
export type Rankable = { readonly label: string; readonly words?: string }

const scores = { whole: 100, start: 80, wordStart: 60, inside: 40, scattered: 10 } as const
/** What is found only by another name stands behind what is found by its own. */
const otherNameFactor = 0.5

/** Entries that fit every word of the query, best first; equals keep their order. All for an empty query. */
export function ranked<T extends Rankable>(entries: readonly T[], query: string): readonly T[] {
  const parts = query.toLowerCase().split(/\s+/).filter(Boolean)
  return entries
    .map((entry) => ({ entry, score: scoreOf(entry, parts) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ entry }) => entry)
}

/** 0 when one of the parts does not fit. */
function scoreOf({ label, words = '' }: Rankable, parts: readonly string[]): number {
  const each = parts.map((part) =>
    Math.max(fitOf(label.toLowerCase(), part), fitOf(words.toLowerCase(), part) * otherNameFactor),
  )
  if (each.includes(0)) return 0
  return each.reduce((sum, score) => sum + score, 1)
}

function fitOf(text: string, part: string): number {
  if (text === part) return scores.whole
  if (text.startsWith(part)) return scores.start
  const at = text.indexOf(part)
  if (at >= 0) {
    const isWordStart = /[^\p{L}\p{N}]/u.test(text[at - 1] ?? '')
    return isWordStart || wordStarts(text, part) ? scores.wordStart : scores.inside
  }
  return part.length > 2 && isScattered(text, part) ? scores.scattered : 0
}

const wordStarts = (text: string, part: string): boolean =>
  text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(part))

/** All letters, in order, with others between: `blks` in `blocks`. */
function isScattered(text: string, part: string): boolean {
  let from = 0
  for (const letter of part) {
    const at = text.indexOf(letter, from)
    if (at < 0) return false
    from = at + 1
  }
  return true
}
