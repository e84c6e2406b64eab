/** What a lost address may have meant. */
import { readSearch, type SearchMeaning } from '../shared/addresses.ts'

export type ChainMeaning = Exclude<SearchMeaning, { readonly kind: 'nothing' }>

const wordsCharactersMax = 80

/** File endings and folders that say nothing about what was looked for. */
const emptyWords = /^(?:html?|php|aspx?|jsp|md|txt|index|www|docs?)$/i

/** The words of a path, for a search field: `/docs/run_a-miner.html` gives `run a miner`. */
export function wordsOf(pathname: string): string {
  const words = decoded(pathname)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && !emptyWords.test(word))
  let text = ''
  for (const word of words) {
    const longer = text === '' ? word : `${text} ${word}`
    if (longer.length > wordsCharactersMax) break
    text = longer
  }
  return text
}

/** Something on the chain that a part of the path looks like; a height only as the last part. */
export function chainMeaningOf(pathname: string): ChainMeaning | undefined {
  const parts = decoded(pathname)
    .split('/')
    .filter((part) => part !== '')
    .reverse()
  for (const [index, part] of parts.entries()) {
    const meaning = readSearch(part)
    if (meaning.kind === 'nothing' || (meaning.kind === 'height' && index > 0)) continue
    return meaning
  }
  return undefined
}

// A malformed escape is a wrong address, not a crash.
function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return pathname
  }
}
