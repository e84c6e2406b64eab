/** The part of a section that shows why it was found, and the found words in it. */

const excerptCharacters = 160
const leadCharacters = 40

/** About 160 characters of `text` around the first of `terms`, cut between words. */
export function excerptOf(text: string, terms: readonly string[]): string {
  const at = firstMatch(text, terms)
  const begin = at <= leadCharacters ? 0 : text.indexOf(' ', at - leadCharacters) + 1
  const whole = text.slice(begin)
  const end = whole.length <= excerptCharacters ? -1 : whole.lastIndexOf(' ', excerptCharacters)
  const part = end <= 0 ? whole.slice(0, excerptCharacters) : whole.slice(0, end)
  const isCut = part.length < whole.length
  return `${begin > 0 ? '… ' : ''}${part}${isCut ? ' …' : ''}`
}

export type Piece = { readonly text: string; readonly isMatch: boolean }

/** Cuts a text into what fits one of the terms, as a whole word, and what does not. */
export function piecesOf(text: string, terms: readonly string[]): Piece[] {
  const pattern = patternOf(terms)
  if (!pattern) return text === '' ? [] : [{ text, isMatch: false }]
  const pieces: Piece[] = []
  let end = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), isMatch: false })
    pieces.push({ text: match[0], isMatch: true })
    end = match.index + match[0].length
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isMatch: false })
  return pieces
}

function firstMatch(text: string, terms: readonly string[]): number {
  const pattern = patternOf(terms)
  return pattern ? Math.max(0, text.search(pattern)) : 0
}

/** Longer terms first, so that a word is marked whole. */
function patternOf(terms: readonly string[]): RegExp | undefined {
  const words = terms
    .filter((term) => term !== '')
    .sort((a, b) => b.length - a.length)
    .map((term) => term.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  if (words.length === 0) return undefined
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'giu')
}
