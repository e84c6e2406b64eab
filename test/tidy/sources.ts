/** The project's own files as the tidy rules see them: text, lines and syntax tree. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { type ESTree, parseSync } from 'vite'
import { root } from '../../scripts/setup/paths.ts'

export type SourceFile = {
  /** Path from the project root, with forward slashes. */
  path: string
  text: string
}

export type Code = SourceFile & {
  program: ESTree.Program
  /** Comments by the offset at which they end. */
  commentsByEnd: ReadonlyMap<number, string>
}

/** A node of the syntax tree, as far as walking needs it. */
export type Node = { type: string; start: number; end: number } & Record<string, unknown>

// Made by programs or fetched by npm; none of it is written here.
const skippedFolders = new Set(['node_modules', 'dist', 'coverage', 'results'])
const skippedHidden = new Set(['.git', '.tsbuild', '.wrangler', '.cache'])
const textEndings = new Set(
  '.ts .tsx .mjs .json .md .toml .css .html .svg .sql .service .yml .yaml .txt .sh'.split(' '),
)

let files: SourceFile[] | undefined
let code: Code[] | undefined

/** Every text file of the project, in order of path. */
export function sourceFiles(): SourceFile[] {
  files ??= walk(root)
    .map((path) => ({
      path: relative(root, path).replaceAll('\\', '/'),
      text: readFileSync(path, 'utf8'),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return files
}

/** Every file of code, parsed; generated files (`.gen.ts`) left out. */
export function codeFiles(): Code[] {
  code ??= sourceFiles()
    .filter(({ path }) => /\.(?:ts|tsx|mjs)$/.test(path) && !path.includes('.gen.'))
    .map((file) => {
      const { program, comments, errors } = parseSync(file.path, file.text)
      if (errors.length > 0) throw new Error(`${file.path}: ${errors[0]?.message}`)
      const commentsByEnd = new Map(comments.map(({ end, value }) => [end, value]))
      return { ...file, program, commentsByEnd }
    })
  return code
}

/** The 1-based line of an offset. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** How many lines a text has. */
export function lineCount(text: string): number {
  return text.trimEnd().split('\n').length
}

/** The doc comment that stands directly before an offset; undefined when there is none. */
export function docBefore(file: Code, offset: number): string | undefined {
  const end = file.text.slice(0, offset).trimEnd().length
  const comment = file.commentsByEnd.get(end)
  return comment?.startsWith('*') ? comment : undefined
}

/** Calls `visit` for every node below one, itself included. */
export function walkTree(node: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) walkTree(item, visit)
    return
  }
  if (typeof node !== 'object' || node === null) return
  if ('type' in node && typeof node.type === 'string') visit(node as Node)
  for (const value of Object.values(node)) {
    if (typeof value === 'object' && value !== null) walkTree(value, visit)
  }
}

/** Module specifiers that a file imports or re-exports; `types` when only for types. */
export function importsOf(file: Code): { from: string; types: boolean }[] {
  const found: { from: string; types: boolean }[] = []
  walkTree(file.program.body, (node) => {
    const source = node.source as { value?: unknown } | null | undefined
    const isImport =
      node.type === 'ImportDeclaration' ||
      node.type === 'ExportNamedDeclaration' ||
      node.type === 'ExportAllDeclaration' ||
      node.type === 'ImportExpression'
    if (!isImport || typeof source?.value !== 'string') return
    const kind = node.importKind ?? node.exportKind
    found.push({ from: source.value, types: kind === 'type' })
  })
  return found
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      return skippedFolders.has(entry.name) || skippedHidden.has(entry.name) ? [] : walk(path)
    }
    const isText = textEndings.has(extname(entry.name)) || relative(root, path) === '.ci/run'
    return isText && !entry.name.startsWith('.dev.vars') ? [path] : []
  })
}
