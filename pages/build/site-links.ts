/** The links of all pages, before they are built. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LinkedPage, linkFaults } from './check-links.ts'
import { docsPages } from './docs-map.ts'
import { type Page, sitePages } from './site-map.ts'

/** Every page with what stands between header and footer. `root`: the folder of the pages. */
export const linkedPages = (root: string): LinkedPage[] =>
  sitePages.map((page) => ({
    where: sourceOf(page),
    path: `/${page.file.replace(/(^|\/)index\.html$/, '$1')}`,
    html: typeof page.body === 'string' ? readFileSync(join(root, page.body), 'utf8') : page.body(),
  }))

/** Throws when a link leads nowhere, and names file and target of each. */
export function requireSoundLinks(root: string): void {
  const faults = linkFaults(linkedPages(root))
  if (faults.length > 0) throw new Error(`links that lead nowhere:\n${faults.join('\n')}`)
}

function sourceOf({ file, body }: Page): string {
  if (typeof body === 'string') return `pages/${body}`
  const name = file.replace(/^docs\//, '').replace(/\.html$/, '')
  return docsPages.find((page) => page.name === name)?.source?.path ?? file
}
