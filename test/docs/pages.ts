/** The pages whose commands and names are tested: the docs and README.md. */
import { readFileSync } from 'node:fs'
import { readDocsSources } from '../../pages/build/docs-source.ts'
import { inRoot } from '../../scripts/setup/paths.ts'

export type WrittenPage = {
  readonly file: string
  readonly markdown: string
  /** The line of the file on which `markdown` begins. */
  readonly firstLine: number
  readonly needsSite: boolean
}

export const writtenPages = (): WrittenPage[] => [
  ...readDocsSources().map(({ name, markdown, firstLine, needs }) => ({
    file: `${name}.md`,
    markdown,
    firstLine,
    needsSite: needs === 'site',
  })),
  {
    file: 'README.md',
    markdown: readFileSync(inRoot('README.md'), 'utf8'),
    firstLine: 1,
    needsSite: true,
  },
]
