/**
 * Builds the static pages into `pages/dist`: `await buildPages()`. Also writes `csp-hashes.json`, the
 * hashes of inline scripts that the gateway's CSP must name, taken from the finished pages.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { placeExtension } from './build/extension-page.ts'
import { requireSoundLinks } from './build/site-links.ts'
import { sitePages } from './build/site-map.ts'

const root = dirname(fileURLToPath(import.meta.url))

/** Where the build lands. */
export const pagesDist = join(root, 'dist')

/** Content of `csp-hashes.json`: sources for `script-src`, each in its quotes. */
export type CspHashes = { readonly scriptSrc: readonly string[] }

/** Builds everything; throws when a link leads nowhere or a page breaks a rule of the site's CSP. */
export async function buildPages(options: { readonly quiet?: boolean } = {}): Promise<CspHashes> {
  // Tests set it to `test`, and the pages would be built for debugging: larger, with paths of this machine.
  process.env['NODE_ENV'] = 'production'
  requireSoundLinks(root)
  await build({
    configFile: join(root, 'vite.config.ts'),
    logLevel: options.quiet ? 'error' : 'warn',
  })
  await placeExtension(root, pagesDist)
  writeFileSync(join(pagesDist, 'assets', 'fonts-license.txt'), fontLicences())
  copyFileSync(join(root, '..', 'LICENSE'), join(pagesDist, 'assets', 'licence.txt'))
  const hashes = inlineScriptHashes()
  writeFileSync(join(pagesDist, 'csp-hashes.json'), `${JSON.stringify(hashes, null, 2)}\n`)
  return hashes
}

function inlineScriptHashes(): CspHashes {
  const sources = new Set<string>()
  for (const { file } of sitePages) {
    const html = readFileSync(join(pagesDist, file), 'utf8')
    // Within tags: the reference writes queries such as `online=true` as text.
    if (/<style|<[^>]*\s(?:style|on[a-z]+)=|javascript:/i.test(html)) {
      throw new Error(`${file} holds inline style or script attributes, which the CSP forbids`)
    }
    for (const [, text] of html.matchAll(/<script>(.*?)<\/script>/gs)) {
      const digest = createHash('sha256')
        .update(text as string)
        .digest('base64')
      sources.add(`'sha256-${digest}'`)
    }
  }
  if (sources.size !== 1) throw new Error(`expected one inline script, found ${sources.size}`)
  return { scriptSrc: [...sources] }
}

function fontLicences(): string {
  const { resolve } = createRequire(import.meta.url)
  return ['@fontsource-variable/inter', '@fontsource-variable/jetbrains-mono']
    .map((name) => readFileSync(join(dirname(resolve(`${name}/package.json`)), 'LICENSE'), 'utf8'))
    .join('\n\n')
}
