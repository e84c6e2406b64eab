/** Names in inline code, such as an option or a file, and what of this project bears them. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import createMarkdownIt from 'markdown-it'
import { binary, inRoot, root } from '../../scripts/setup/paths.ts'

/** Inline code with the line that it stands on, about. */
export type Named = { readonly line: number; readonly text: string }

/** Inline code of a Markdown text; `firstLine`: the line on which it begins. */
export function inlineCodeOf(markdown: string, firstLine: number): Named[] {
  return new createMarkdownIt({ html: false })
    .parse(markdown, {})
    .flatMap(({ map, children }) =>
      (children ?? [])
        .filter(({ type }) => type === 'code_inline')
        .map(({ content }) => ({ line: firstLine + (map?.[0] ?? 0), text: content })),
    )
}

/** What exists under a name. */
export type Known = {
  readonly scripts: ReadonlySet<string>
  /** Options by script, with their hyphens. */
  readonly options: ReadonlyMap<string, ReadonlySet<string>>
  /** Paths of files and folders, folders with a slash at the end. */
  readonly paths: ReadonlySet<string>
  /** All of our own source, in which a variable or a code must occur. */
  readonly source: string
}

/** Variables and codes that are others', with whose they are. */
const foreign: Readonly<Record<string, string>> = {
  CLOUDFLARE_ACCOUNT_ID: 'wrangler',
  CLOUDFLARE_API_TOKEN: 'wrangler',
  OLLAMA_HOST: 'Ollama',
  OLLAMA_NUM_PARALLEL: 'Ollama',
}

/** Programs whose options are not ours to check. */
const foreignPrograms =
  /^(?:sudo |echo .*\| ?)?(?:npx |wrangler|curl|ollama|systemctl|journalctl|git|node )/

const sourceFolders = /^(?:core|workers|durable-objects|d1|miner-agent|cli|scripts|pages|bench)\//

/** Reads the project once. */
export function readKnown(): Known {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root })
  const files = listed.toString().trim().split('\n')
  const isCode = /\.(?:ts|tsx|mjs|toml|service|sql)$/
  const source = files
    .filter((path) => (sourceFolders.test(path) && isCode.test(path)) || path === 'wrangler.toml')
    .map((path) => readFileSync(inRoot(path), 'utf8'))
    .join('\n')
  const { scripts } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  return {
    scripts: new Set(Object.keys(scripts)),
    options: new Map(Object.keys(scripts).map((name) => [name, optionsOf(name, files)])),
    paths: new Set(files.flatMap((path) => [path, ...foldersOf(path)])),
    source,
  }
}

/** What a piece of inline code names that does not exist; undefined when all of it does. */
export function unknownName(text: string, known: Known): string | undefined {
  if (foreignPrograms.test(text)) return undefined
  const script = /\bnpm (?:run ([\w:-]+)|(start|test))\b/.exec(text)
  const name = script?.[1] ?? script?.[2]
  if (name !== undefined && !known.scripts.has(name)) return `there is no script ${name}`
  for (const [, option = ''] of text.matchAll(/(?:^|[\s[|])(--[a-z][a-z-]+)/g)) {
    const all = [...known.options].filter(([program]) => name === undefined || program === name)
    if (!all.some(([, options]) => options.has(option))) return `there is no option ${option}`
  }
  const [, variable = ''] = /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=.*)?$/.exec(text) ?? []
  if (variable !== '' && !foreign[variable] && !known.source.includes(variable)) {
    return `nothing reads ${variable}`
  }
  return unknownPath(text, known)
}

function unknownPath(text: string, { paths, source }: Known): string | undefined {
  const isPath = /^[\w.-]+(?:\/[\w.-]+)*\/?$/.test(text)
  const top = text.split('/')[0] ?? ''
  if (!isPath || (text.includes('/') ? !paths.has(`${top}/`) : !/\.(?:ts|md|toml)$/.test(text))) {
    return undefined
  }
  // A path that only a build or a start makes is in the source that makes it.
  const isKnown = paths.has(text) || paths.has(`${text}/`) || source.includes(text)
  return isKnown ? undefined : `there is no file ${text}`
}

/** Options that a script takes: from its help, or else from its source. */
function optionsOf(name: string, files: readonly string[]): ReadonlySet<string> {
  if (name === 'miner' || name === 'client') return optionsIn(helpOf(name))
  const own = (path: string) => path === `scripts/${name.replace(':', '-')}.ts`
  const bench = (path: string) => name === 'bench' && /^bench\/.*\.ts$/.test(path)
  const text = files
    .filter((path) => own(path) || bench(path))
    .map((path) => readFileSync(inRoot(path), 'utf8'))
    .join('\n')
  const keys = [...text.matchAll(/(?:^|[\s{,])'?([a-z][a-z-]+)'?: \{ type: '/gm)]
  return new Set([...optionsIn(text), ...keys.map(([, key]) => `--${key}`)])
}

const optionsIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option))

const helpOf = (name: 'miner' | 'client'): string =>
  (name === 'client' ? [[], ['verify'], ...walletCommands, ...groupCommands] : [[]])
    .map((command) => [inRoot('scripts', 'run.mjs'), name, ...command, '--help'])
    .map((words) => execFileSync(binary('node'), words).toString())
    .join('\n')

const walletCommands = ['', 'create', 'import', 'add', 'export', 'send'].map((command) =>
  ['wallet', command].filter((word) => word !== ''),
)

/** One of each that has options of its own. */
const groupCommands = [
  ['submit'],
  ['batch-submit'],
  ['why'],
  ['marketplace', 'bid', 'submit'],
  ['keys', 'create'],
  ['keys', 'rotate'],
  ['keys', 'fund'],
  ['keys', 'usage'],
  ['admin', 'jobs'],
  ['admin', 'held'],
  ['admin', 'deactivate-miner'],
  ['miner', 'held'],
]

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`)
}
