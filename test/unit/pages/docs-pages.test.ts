import { expect, test } from 'vitest'
import { renderDocsBody } from '../../../pages/build/docs.ts'
import { articleOf } from '../../../pages/build/docs-articles.ts'
import { docsPages } from '../../../pages/build/docs-map.ts'
import { renderMarkdown } from '../../../pages/build/markdown.ts'

const idsIn = (html: string) => [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)

test('DOC-12: headings have ids of their own, and a link beside them', () => {
  const { html, headings } = renderMarkdown('## One `two`\n\n## One two\n\n### Ünd & so\n')
  expect(headings.map(({ id }) => id)).toEqual(['one-two', 'one-two-2', 'nd-so'])
  for (const { id } of headings) expect(html).toContain(`<a class="anchor" href="#${id}"`)
})

test('DOC-13: one page holds all others, with ids that are unique and links that stay on it', () => {
  const full = docsPages.find(({ name }) => name === 'full-documentation')!
  const html = articleOf(full)
  const ids = idsIn(html)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { name, source } of docsPages.filter((page) => page.source)) {
    expect(ids, source?.path).toContain(name)
    expect(html).not.toMatch(new RegExp(`href="/docs/${name}\\.html#`))
  }
  expect(html.match(/<h1/g)).toHaveLength(1)
})

test('DOC-13: each page leads to the ones before and after it', () => {
  docsPages.forEach((page, index) => {
    const html = renderDocsBody(page.name, '<h1>x</h1>')
    const [before, after] = [docsPages[index - 1], docsPages[index + 1]]
    expect(/rel="prev" href="([^"]*)"/.test(html)).toBe(before !== undefined)
    if (after) expect(html).toContain(`rel="next" href="/docs/${after.name}.html"`)
  })
})

test('DOC-14: HTML in Markdown is text, and a callout is a note by its first word', () => {
  const { html } = renderMarkdown('<b>x</b>\n\n> **Caution.** Mind.\n\n> Said.\n')
  expect(html).toContain('&lt;b&gt;x&lt;/b&gt;')
  expect(html).toContain('<div class="callout callout-caution" role="note">')
  expect(html).toContain('<blockquote>')
  expect(html).not.toContain('style=')
})
