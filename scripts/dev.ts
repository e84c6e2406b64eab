/**
 * `npm run dev`: wrangler's dev server on the local site's state; it rebuilds when a file changes.
 * Use it to work on the site; `npm start` runs the production bundle. Arguments go to wrangler.
 */
import { buildSite } from './setup/build.ts'
import { ensureDevVars } from './setup/dev-vars.ts'
import { ensureGenesis } from './setup/genesis.ts'
import { binary, statePath } from './setup/paths.ts'
import { host, portFromEnv, requireFreePort } from './setup/port.ts'
import { run } from './setup/run.ts'

const port = portFromEnv()
await requireFreePort(port)
const { vars, added } = ensureDevVars()
if (added.length > 0) console.log(`.dev.vars: wrote ${added.join(', ')}`)
const genesis = ensureGenesis(vars)
if (genesis.made) console.log('genesis.json: wrote a new devnet')
await buildSite()

const quiet = { WRANGLER_SEND_METRICS: 'false' }
const migrate = ['d1', 'migrations', 'apply', 'DB', '--local', '--persist-to', statePath]
const migrated = await run(binary('wrangler'), migrate, {
  capture: true,
  env: { ...quiet, CI: '1' },
})
if (migrated.code !== 0) {
  console.error(migrated.output)
  process.exit(migrated.code)
}
const { code } = await run(
  binary('wrangler'),
  [
    'dev',
    ...['--ip', host, '--port', String(port), '--persist-to', statePath],
    // Without it the Worker would see the public host name, and redirect to HTTPS.
    ...['--local-upstream', `${host}:${port}`],
    ...['--var', `GENESIS_JSON:${genesis.text}`],
    ...process.argv.slice(2),
  ],
  { env: quiet },
)
process.exitCode = code
