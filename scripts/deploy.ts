/**
 * `npm run deploy`: builds the site, brings the D1 database up to date and uploads, through wrangler.
 * It can be repeated: a migration runs once, an upload replaces the one before.
 *
 *   --dry-run       build and check all of it without an account, and say what would be done
 *   --config FILE   another wrangler configuration, for a second site; wrangler.toml when absent
 *
 * It refuses, naming them, when secrets are missing: a site without them would answer 503.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSite } from './setup/build.ts'
import {
  deployWorker,
  main,
  printNeeds,
  readDeployment,
  refuseUnlessReady,
  rehearseWorker,
} from './setup/deployment.ts'
import { callerPath, inRoot } from './setup/paths.ts'

await main(async () => {
  const { values } = parseArgs({
    options: { 'dry-run': { type: 'boolean', default: false }, config: { type: 'string' } },
  })
  const { config } = values
  const path = config === undefined ? inRoot('wrangler.toml') : resolve(callerPath, config)
  const deployment = readDeployment(path)
  if (values['dry-run']) {
    await buildSite()
    await rehearseWorker(deployment)
    printNeeds(deployment)
  } else {
    await refuseUnlessReady(deployment)
    await buildSite()
    await deployWorker(deployment)
  }
})
