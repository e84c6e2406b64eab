/**
 * Markdown to docs pages at build time. Raw HTML in Markdown is off: what a page shows is what the
 * renderer makes.
 */
import MarkdownIt from 'markdown-it'
import { escapeHtml } from './html.ts'
import { docsNavigation } from './site-map.ts'

type Heading = { readonly level: number; readonly id: string; readonly text: string }

/** The body of a docs page: side navigation, article, list of its sections. `href`: its own address. */
export function renderDocsBody(markdown: string, href: string): string {
  const { html, headings } = renderMarkdown(markdown)
  const pages = docsNavigation
    .map(({ label, href: target }) => {
      const current = target === href ? ' aria-current="page"' : ''
      return `<li><a href="${target}"${current}>${label}</a></li>`
    })
    .join('')
  const sections = headings
    .filter(({ level }) => level === 2)
    .map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`)
    .join('')
  const contents =
    sections === ''
      ? ''
      : `<nav class="docs-contents" aria-labelledby="contents-title"><h2 id="contents-title">On this page</h2><ul>${sections}</ul></nav>`
  return `<div class="docs">
<nav class="docs-nav" aria-label="Docs"><ul>${pages}</ul></nav>
<article class="prose">
${html}
</article>
${contents}
</div>`
}

function renderMarkdown(markdown: string): { html: string; headings: Heading[] } {
  const renderer = new MarkdownIt({ html: false, linkify: false, typographer: false })
  const headings: Heading[] = []
  renderer.core.ruler.push('heading_ids', (state) => {
    state.tokens.forEach((token, index) => {
      if (token.type !== 'heading_open') return
      const text = state.tokens[index + 1]?.children?.map((child) => child.content).join('') ?? ''
      const id = slugOf(text)
      token.attrSet('id', id)
      headings.push({ level: Number(token.tag.slice(1)), id, text })
    })
  })
  // A wide table or listing scrolls inside its own box, which the keyboard must be able to reach.
  renderer.renderer.rules['table_open'] = () =>
    '<div class="scroller" tabindex="0" role="region" aria-label="Table"><table>'
  renderer.renderer.rules['table_close'] = () => '</table></div>'
  renderer.renderer.rules['fence'] = (tokens, index) => {
    const token = tokens[index]
    const code = escapeHtml(token?.content.replace(/\n$/, '') ?? '')
    const [language = 'text', target] = (token?.info.trim() || 'text').split(' ')
    return `<div class="listing" data-language="${escapeHtml(language)}"${target === 'site' ? ' data-site' : ''}><pre><code>${code}</code></pre></div>\n`
  }
  return { html: renderer.render(markdown), headings }
}

const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
