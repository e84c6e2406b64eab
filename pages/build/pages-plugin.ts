/**
 * Vite plugin: makes each page of the site map an HTML entry of its own without a file on disk, and
 * preloads the fonts that the first paint needs.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { indexPath } from '../shared/search/index-options.ts'
import { articleOf, searchedPages } from './docs-articles.ts'
import { renderDocument } from './document.ts'
import { measuredMark, measuredRows } from './measured.ts'
import { buildSearchIndex } from './search-index.ts'
import { type Page, sitePages } from './site-map.ts'

/** Entry names and virtual file names for Rolldown's `input`. */
export function pageInputs(root: string): Record<string, string> {
  return Object.fromEntries(
    sitePages.map(({ file }) => [
      file.replace(/\.html$/, '').replaceAll('/', '-'),
      join(root, file),
    ]),
  )
}

export function pagesPlugin(root: string): Plugin {
  const byPath = new Map(sitePages.map((page) => [join(root, page.file), page]))
  return {
    name: 'aitbc-pages',
    enforce: 'pre',
    resolveId: (id) => (byPath.has(id) ? id : undefined),
    load(id) {
      const page = byPath.get(id)
      if (!page) return undefined
      return renderDocument(page, withMeasured(bodyOf(page, root), root), versionOf(root))
    },
    generateBundle() {
      const articles = searchedPages.map((page) => ({ page, article: articleOf(page) }))
      const source = buildSearchIndex(articles)
      this.emitFile({ type: 'asset', fileName: indexPath.slice(1), source })
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_html, context) =>
        Object.keys(context.bundle ?? {})
          .filter((name) => name.endsWith('.woff2'))
          .sort()
          .map((name) => ({
            tag: 'link',
            attrs: {
              rel: 'preload',
              as: 'font',
              type: 'font/woff2',
              href: `/${name}`,
              crossorigin: true,
            },
            injectTo: 'head' as const,
          })),
    },
  }
}

const bodyOf = ({ body }: Page, root: string): string =>
  typeof body === 'string' ? readFileSync(join(root, body), 'utf8') : body()

/** Figures come from the kept results of the benchmarks, at the place that the page marks. */
const withMeasured = (body: string, root: string): string =>
  body.includes(measuredMark)
    ? body.replace(measuredMark, () => measuredRows(join(root, '..', 'bench', 'results')))
    : body

const versionOf = (root: string): string =>
  (JSON.parse(readFileSync(join(root, '..', 'package.json'), 'utf8')) as { version: string })
    .version
