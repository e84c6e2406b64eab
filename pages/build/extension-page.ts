/** Puts the packages of the extension beside the pages, and their names, sizes and hashes into their page. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildExtensionFiles, packExtension } from './extension.ts'
import type { ExtensionTarget } from './extension-manifest.ts'
import { escapeHtml } from './html.ts'

/** Where the packages are served: `/firefox-wallet/…`. */
export const extensionFolder = 'firefox-wallet'

/** Stands in the page's HTML where the list of packages belongs. */
const packagesMark = '<!-- packages -->'

/** A package by its file name; `for` says which browsers take it. */
type Package = { readonly file: string; readonly for: string; readonly target: ExtensionTarget }

const packages: readonly Package[] = [
  { file: 'aitbc-wallet-chromium.zip', for: 'Chromium', target: 'chromium' },
  { file: 'aitbc-wallet-firefox.xpi', for: 'Firefox', target: 'firefox' },
]

/** Builds and writes everything; `root` is the folder of the pages, `dist` that of the finished site. */
export async function placeExtension(root: string, dist: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(root, '..', 'package.json'), 'utf8')) as {
    readonly version: string
  }
  const files = await buildExtensionFiles(root)
  const folder = join(dist, extensionFolder)
  mkdirSync(folder, { recursive: true })
  const rows = packages.map(({ file, target, for: browser }) => {
    const bytes = packExtension(files, target, version)
    writeFileSync(join(folder, file), bytes)
    const hash = createHash('sha256').update(bytes).digest('hex')
    const kilobytes = Math.ceil(bytes.length / 1_000).toLocaleString('en')
    return [
      `<li><strong><a href="/${extensionFolder}/${file}" download>${escapeHtml(file)}</a></strong>`,
      `<span class="small muted">${browser}, version ${escapeHtml(version)}, ${kilobytes} kB</span>`,
      `<span class="package-hash mono">SHA-256 ${hash}</span></li>`,
    ].join('\n')
  })
  const page = join(folder, 'index.html')
  const html = readFileSync(page, 'utf8')
  if (!html.includes(packagesMark)) throw new Error(`${page} has no place for the packages`)
  writeFileSync(page, html.replace(packagesMark, `<ul class="packages">${rows.join('')}</ul>`))
}
