/** The Markdown pages under `pages/docs/content`, with the front matter that each begins with. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'

/** Groups of the side navigation, in reading order. */
export const docsGroups = [
  'Start',
  'Tutorials',
  'For you',
  'Parts',
  'Reference',
  'Policies',
] as const
export type DocsGroup = (typeof docsGroups)[number]

const frontMatter = z.strictObject({
  title: z.string().min(1).max(60),
  description: z.string().min(20).max(200),
  group: z.enum(docsGroups),
  order: z.number().int().min(0),
  /** Its snippets need a running site. */
  needs: z.literal('site').optional(),
})

export type DocsSource = z.output<typeof frontMatter> & {
  /** File name without `.md`. */
  readonly name: string
  /** For messages: path from the project root. */
  readonly path: string
  readonly markdown: string
  /** The line of the file on which `markdown` begins, from 1. */
  readonly firstLine: number
}

const contentPath = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'content')

/** Every page, in order of file name. Throws an error that names file and field. */
export const readDocsSources = (): DocsSource[] =>
  readdirSync(contentPath)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => parseDocsSource(file, readFileSync(join(contentPath, file), 'utf8')))

/** One page from its text. `file`: its name in the folder. */
export function parseDocsSource(file: string, text: string): DocsSource {
  const path = `pages/docs/content/${file}`
  if (!/^[a-z0-9-]+\.md$/.test(file)) throw new Error(`${path}: not a name for an address`)
  const found = /^---\n(.*?\n)---\n/s.exec(text)
  if (!found) throw new Error(`${path}: no front matter between two lines of ---`)
  const [head, yaml = ''] = found
  const read = frontMatter.safeParse(parseYaml(path, yaml))
  if (!read.success) {
    const faults = read.error.issues.map(
      ({ path: at, message }) => `${path}: ${at.join('.') || 'front matter'}: ${message}`,
    )
    throw new Error(faults.join('\n'))
  }
  const markdown = text.slice(head.length)
  if (/^# /m.test(withoutFences(markdown))) {
    throw new Error(`${path}: a heading of the first level in the body; the title is that heading`)
  }
  const firstLine = head.split('\n').length
  return { ...read.data, name: file.slice(0, -'.md'.length), path, markdown, firstLine }
}

function parseYaml(path: string, yaml: string): unknown {
  try {
    return parse(yaml)
  } catch (error) {
    throw new Error(`${path}: front matter: ${error instanceof Error ? error.message : error}`)
  }
}

const withoutFences = (markdown: string): string =>
  markdown.replace(/^(`{3,}).*?\n.*?^\1`*$/gms, '')
