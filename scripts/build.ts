/** `npm run build`: the pages, the miner agent as one file, the Worker's bundle. */
import { copyFileSync, utimesSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { buildPages } from '../pages/build.ts'
import { agentDist } from './setup/build.ts'
import { inRoot } from './setup/paths.ts'
import { buildWorker } from './setup/worker-bundle.ts'

await buildPages()
await build({
  entryPoints: [inRoot('miner-agent', 'main.ts')],
  outfile: join(agentDist, 'miner.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  minify: false,
  legalComments: 'inline',
  logLevel: 'warning',
  // Some dependencies are CommonJS and ask for Node's modules by `require`.
  banner: {
    js:
      "import { createRequire as aitbcRequire } from 'node:module'\n" +
      'const require = aitbcRequire(import.meta.url)\n',
  },
})
for (const path of ['models/aitbc-tiny.gguf', 'models/LICENSE-DATA.md', 'aitbc-miner.service']) {
  copyFileSync(inRoot('miner-agent', path), join(agentDist, basename(path)))
}
// The mark by which a later start sees that all of this is fresh.
const now = new Date()
utimesSync(inRoot('pages', 'dist', 'csp-hashes.json'), now, now)

if (!process.argv.includes('--pages-only')) await buildWorker()
