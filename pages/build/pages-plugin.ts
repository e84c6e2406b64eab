/**
 * Vite plugin: makes each page of the site map an HTML entry of its own without a file on disk, and
 * preloads the fonts that the first paint needs.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { renderDocsBody } from './docs.ts'
import { renderDocument } from './document.ts'
import { type Page, sitePages } from './site-map.ts'

/** Entry names and virtual file names for Rolldown's `input`. */
export function pageInputs(root: string): Record<string, string> {
  return Object.fromEntries(
    sitePages.map(({ file }) => [file.replace(/\.html$/, '').replace('/', '-'), join(root, file)]),
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
      const source = join(root, page.body)
      this.addWatchFile(source)
      return renderDocument(page, bodyOf(page, readFileSync(source, 'utf8')), versionOf(root))
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

const bodyOf = (page: Page, source: string): string =>
  page.body.endsWith('.md')
    ? renderDocsBody(source, `/${page.file}`.replace(/index\.html$/, ''))
    : source

const versionOf = (root: string): string =>
  (JSON.parse(readFileSync(join(root, '..', 'package.json'), 'utf8')) as { version: string })
    .version
