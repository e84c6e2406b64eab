/**
 * Markdown to HTML at build time. Raw HTML in Markdown is off: what a page shows is what the renderer
 * makes.
 */
import createMarkdownIt, { type MarkdownIt, type Token } from 'markdown-it'
import { parseFence } from './fence.ts'
import { escapeHtml } from './html.ts'

export type Heading = { readonly level: number; readonly id: string; readonly text: string }

export type Rendered = { readonly html: string; readonly headings: readonly Heading[] }

export type RenderOptions = {
  /** Levels that every heading goes down. */
  readonly demote?: number
  /** Put before every id. */
  readonly idPrefix?: string
  /** What a link becomes. */
  readonly linkTo?: (href: string) => string
}

/** Renders one page. Ids of headings come from their text and are unique on the page. */
export function renderMarkdown(markdown: string, options: RenderOptions = {}): Rendered {
  const { demote = 0, idPrefix = '', linkTo = (href) => href } = options
  const renderer = new createMarkdownIt({ html: false, linkify: false, typographer: false })
  const headings: Heading[] = []
  renderer.core.ruler.push('docs', ({ tokens }) => {
    const taken = new Set<string>()
    tokens.forEach((token, index) => {
      if (token.type === 'heading_open' || token.type === 'heading_close') {
        token.tag = `h${Number(token.tag.slice(1)) + demote}`
      }
      if (token.type === 'heading_open') {
        const text = textOf(tokens[index + 1])
        const id = idPrefix + freeSlug(text, taken)
        token.attrSet('id', id)
        headings.push({ level: Number(token.tag.slice(1)), id, text })
      }
      if (token.type === 'blockquote_open') markCallout(tokens, index)
      for (const child of token.children ?? []) {
        if (child.type === 'link_open')
          child.attrSet('href', linkTo(String(child.attrGet('href') ?? '')))
      }
    })
  })
  setRules(renderer, headings)
  return { html: renderer.render(markdown), headings }
}

function setRules(renderer: MarkdownIt, headings: readonly Heading[]): void {
  const { rules } = renderer.renderer
  rules['heading_open'] = (tokens, index) => {
    const token = tokens[index]
    return `<div class="heading"><${token?.tag} id="${escapeHtml(idOf(token))}">`
  }
  rules['heading_close'] = (tokens, index) => {
    const id = idOf(tokens[index - 2])
    const { text = '' } = headings.find((heading) => heading.id === id) ?? {}
    const label = `Link to “${escapeHtml(text)}”`
    return `</${tokens[index]?.tag}><a class="anchor" href="#${escapeHtml(id)}" aria-label="${label}" title="Copy a link to this section">#</a></div>\n`
  }
  // A wide table or listing scrolls inside its own box, which the keyboard must be able to reach.
  rules['table_open'] = (tokens, index) => {
    const heading = tokens.slice(0, index).findLastIndex(({ type }) => type === 'heading_open')
    const label = heading < 0 ? 'Table' : `Table: ${textOf(tokens[heading + 1])}`
    return `<div class="scroller" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><table>`
  }
  rules['table_close'] = () => '</table></div>'
  rules['fence'] = (tokens, index) => renderListing(tokens[index])
  rules['blockquote_open'] = (tokens, index) => {
    const kind = tokens[index]?.meta?.callout as string | undefined
    return kind === undefined
      ? '<blockquote>\n'
      : `<div class="callout callout-${kind}" role="note">\n`
  }
  rules['blockquote_close'] = (tokens, index) =>
    tokens[index]?.meta?.callout === undefined ? '</blockquote>\n' : '</div>\n'
}

function renderListing(token: Token | undefined): string {
  const code = escapeHtml(token?.content.replace(/\n$/, '') ?? '')
  const fence = parseFence(token?.info ?? '')
  const language = escapeHtml(fence?.language || 'text')
  const name = fence?.values.get('as')
  const site = fence?.words.has('site') ? ' data-site' : ''
  // What a program says looks other than what a person types.
  const said = fence?.words.has('output') || fence?.words.has('answer') ? ' data-output' : ''
  const caption =
    name === undefined ? '' : `<p class="listing-name"><code>${escapeHtml(name)}</code></p>`
  return `${caption}<div class="listing" data-language="${language}"${site}${said}><pre><code>${code}</code></pre></div>\n`
}

/** A quotation that begins with one of these words in bold is a callout. */
const callouts: Readonly<Record<string, string>> = {
  Note: 'note',
  Tip: 'note',
  'Not here yet': 'absent',
  Caution: 'caution',
  Warning: 'caution',
}

function markCallout(tokens: readonly Token[], index: number): void {
  const inline = tokens[index + 2]
  const [first, second] = (inline?.children ?? []).filter(
    ({ type, content }) => type !== 'text' || content !== '',
  )
  if (first?.type !== 'strong_open') return
  const kind = callouts[second?.content.replace(/[.:]$/, '') ?? '']
  if (kind === undefined) return
  const open = tokens[index]
  const close = tokens
    .slice(index)
    .find((token) => token.type === 'blockquote_close' && token.level === open?.level)
  for (const token of [open, close]) if (token) token.meta = { callout: kind }
}

const idOf = (heading: Token | undefined): string => String(heading?.attrGet('id') ?? '')

const textOf = (inline: Token | undefined): string =>
  inline?.children?.map((child) => child.content).join('') ?? ''

/** A second heading of the same text gets a number. */
function freeSlug(text: string, taken: Set<string>): string {
  const slug = slugOf(text)
  let free = slug
  for (let count = 2; taken.has(free); count += 1) free = `${slug}-${count}`
  taken.add(free)
  return free
}

/** The id of a heading of this text. */
export const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
