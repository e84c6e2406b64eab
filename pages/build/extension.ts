/**
 * Builds the browser extension: the same files for both browsers but for the manifest, and each package as
 * the same bytes from the same source, whatever the machine and the time.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { zipSync } from 'fflate'
import { build as buildByVite, type Rolldown, type Plugin as VitePlugin } from 'vite'
import { type ExtensionTarget, extensionManifest } from './extension-manifest.ts'

/** Files of an extension by name, in order of name. */
export type ExtensionFiles = ReadonlyMap<string, Uint8Array>

/** First releases that run it: those of the manifest. */
const target = ['chrome123', 'firefox140']

/** `root`: the folder of the pages. */
export async function buildExtensionFiles(root: string): Promise<ExtensionFiles> {
  const source = join(root, 'extension')
  const files = new Map<string, Uint8Array>()
  const common: BuildOptions & { write: false } = {
    bundle: true,
    minify: true,
    write: false,
    outdir: '/',
    legalComments: 'none',
    logLevel: 'warning',
    absWorkingDir: root,
    define: { 'process.env.NODE_ENV': '"production"' },
    target,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
  }
  for (const name of ['background', 'proof', 'provider', 'relay']) {
    files.set(`${name}.js`, await buildScript(root, join(source, name, 'main.ts')))
  }
  const views = await build({
    ...common,
    format: 'esm',
    splitting: true,
    plugins: [withoutHtmlOfText],
    entryPoints: {
      wallet: join(source, 'view/wallet.tsx'),
      approve: join(source, 'view/approve.tsx'),
    },
    chunkNames: 'parts/[name]-[hash]',
    assetNames: 'fonts/[name]',
    loader: { '.woff2': 'file' },
    // `light-dark()` must stay as it is: the themes are built on it.
    supported: { 'color-functions': true },
  })
  for (const { path, contents } of views.outputFiles) {
    files.set(path.replace(/^[\\/]+/, '').replaceAll('\\', '/'), contents)
  }
  for (const name of readdirSync(join(source, 'icons'))) {
    files.set(`icons/${name}`, readFileSync(join(source, 'icons', name)))
  }
  const document = (view: 'wallet' | 'approve', title: string, shape: string) =>
    new TextEncoder().encode(viewDocument(view, title, shape))
  files.set('wallet.html', document('wallet', 'AITBC Edge wallet', 'page'))
  files.set('popup.html', document('wallet', 'AITBC Edge wallet', 'popup'))
  files.set('approve.html', document('approve', 'A site asks · AITBC Edge wallet', 'window'))
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A script that the browser loads as it is: one file, in which everything is inlined. */
async function buildScript(root: string, entry: string): Promise<Uint8Array> {
  const built = await buildByVite({
    configFile: false,
    root,
    mode: 'production',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
    publicDir: false,
    plugins: [leanChecks],
    build: {
      write: false,
      minify: true,
      target,
      rolldownOptions: { input: entry, output: { format: 'iife', entryFileNames: '[name].js' } },
    },
  })
  const [chunk, ...more] =
    ('output' in built ? built : (built as Rolldown.RolldownOutput[])[0])?.output ?? []
  if (chunk?.type !== 'chunk' || more.length > 0) throw new Error(`${entry} is not one file`)
  return new TextEncoder().encode(chunk.code)
}

/**
 * Two parts of the library of checks that nothing here calls: what writes JSON schemas, a tenth of the
 * background, and what would make code of text, which the extension's policy refuses anyway.
 */
const leanChecks: VitePlugin = {
  name: 'lean-checks',
  enforce: 'pre',
  load(id) {
    if (!/zod\/v4\/core\/(?:to-json-schema|json-schema-(?:processors|generator))\.js$/.test(id)) {
      return undefined
    }
    const names = readFileSync(id, 'utf8').matchAll(/^export (?:const|function|class) (\w+)/gm)
    return [...names].map(([, name]) => `export const ${name} = () => undefined`).join('\n')
  },
  transform(code, id) {
    if (!/zod\/v4\/core\/(?:util|doc)\.js$/.test(id)) return undefined
    const parts = code.split(/const F = Function;/)
    if (parts.length !== 2) throw new Error(`${id} has changed: look at its code of text again`)
    return parts.join('const F = () => { throw new TypeError("no code of text") };')
  },
}

/** One package as bytes: manifest first, then the files by name, all of one time. */
export function packExtension(
  files: ExtensionFiles,
  target: ExtensionTarget,
  version: string,
): Uint8Array {
  const manifest = `${JSON.stringify(extensionManifest(target, version), null, 2)}\n`
  return zipSync(
    {
      'manifest.json': new TextEncoder().encode(manifest),
      ...Object.fromEntries(files),
    },
    // The earliest time that the format knows, given in local time as the library reads it.
    { level: 9, mtime: new Date(1980, 0, 1), os: 0 },
  )
}

/**
 * The extension's policy refuses HTML that is made of text, and nothing here makes any; so the one line of
 * the library that could is left out, for whoever reads the package before installing it.
 */
const withoutHtmlOfText: Plugin = {
  name: 'without-html-of-text',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]preact[\\/]dist[\\/]preact\.mjs$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const parts = text.split(/\w+\.innerHTML=\w+\.__html/)
      if (parts.length !== 2) throw new Error('preact has changed: look at its HTML of text again')
      return { contents: parts.join('void 0'), loader: 'js' }
    })
  },
}

const viewDocument = (view: string, title: string, shape: string): string => `<!doctype html>
<html lang="en" data-shape="${shape}">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="icons/32.png">
<link rel="stylesheet" href="${view}.css">
<script type="module" src="${view}.js"></script>
</head>
<body>
<main id="main" tabindex="-1" aria-busy="true"></main>
<div class="visually-hidden" id="announcer" role="status"></div>
</body>
</html>
`
