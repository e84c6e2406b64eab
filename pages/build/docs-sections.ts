/** Sections of finished articles: what the search knows. */

export type Section = {
  /** Id of the heading; empty for what stands before the first one. */
  readonly anchor: string
  /** Text of the heading. */
  readonly heading: string
  readonly text: string
}

/** Splits an article at its headings; its h1 begins the first section. */
export function sectionsOf(article: string): Section[] {
  const headings = [...article.matchAll(/<h([1-6])(?: id="([^"]*)")?[^>]*>(.*?)<\/h\1>/gs)]
  return headings.map((found, index) => {
    const begin = found.index + found[0].length
    const end = headings[index + 1]?.index ?? article.length
    return {
      anchor: found[2] ?? '',
      heading: textOf(found[3] ?? ''),
      text: textOf(article.slice(begin, end)),
    }
  })
}

/** The search knows the beginning of a listing: a command is whole, a program is its first lines. */
const listingCharactersMax = 300

const listing = /<div class="listing"[^>]*>.*?<\/div>/gs

/** Text of our own HTML, in one line. Listings come last: what a sentence says explains more. */
function textOf(html: string): string {
  const listings = (html.match(listing) ?? []).map((found) =>
    plain(found).slice(0, listingCharactersMax),
  )
  return [plain(html.replace(listing, ' ')), ...listings].join(' ').trim()
}

function plain(html: string): string {
  const text = html
    .replace(/<a class="anchor".*?<\/a>/gs, '')
    .replace(/<\/?(?:p|li|ul|ol|div|pre|tr|td|th|table|h[1-6]|section|dt|dd)\b[^>]*>/g, ' ')
    .replace(/<[^>]*>/g, '')
  return unescapeHtml(text).replace(/\s+/g, ' ').trim()
}

const characters: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
}

const unescapeHtml = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => characters[name] as string)
