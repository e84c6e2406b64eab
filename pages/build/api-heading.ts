/** Headings of pages that are not written in Markdown. */
import { escapeHtml } from './html.ts'

/** A heading as on every docs page, with a link to itself. */
export function heading(level: 2 | 3, id: string, text: string, html = escapeHtml(text)): string {
  return `<div class="heading"><h${level} id="${id}">${html}</h${level}><a class="anchor" href="#${id}" aria-label="Link to “${escapeHtml(text)}”" title="Copy a link to this section">#</a></div>`
}
