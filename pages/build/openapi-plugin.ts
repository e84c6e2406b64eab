/** Vite plugin: writes the OpenAPI document as a file of the site, at `/openapi.json`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { openApiDocument } from '../../core/api/openapi.ts'

/** Where the document is, from the root of the site. */
export const openApiPath = '/openapi.json'

/** Text of the document, with the version of the package. */
export const openApiText = (version: string): string =>
  `${JSON.stringify(openApiDocument(version))}\n`

/** `root`: the folder of the pages. */
export function openApiPlugin(root: string): Plugin {
  return {
    name: 'aitbc-openapi',
    generateBundle() {
      const manifest = readFileSync(join(root, '..', 'package.json'), 'utf8')
      const { version } = JSON.parse(manifest) as { version: string }
      this.emitFile({
        type: 'asset',
        fileName: openApiPath.slice(1),
        source: openApiText(version),
      })
    },
  }
}
