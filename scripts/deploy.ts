/**
 * `npm run deploy`: builds the site, brings the D1 database up to date and uploads, through wrangler.
 * It can be repeated: a migration runs once, an upload replaces the one before.
 *
 *   --dry-run   build and check all of it without an account, and say what would be done
 *
 * It refuses, naming them, when secrets are missing: a site without them would answer 503.
 */
import { existsSync, readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { unstable_readConfig } from 'wrangler'
import { requiredNames } from '../workers/config.ts'
import { buildSite } from './setup/build.ts'
import { binary, inRoot } from './setup/paths.ts'
import { type Ended, run } from './setup/run.ts'

/** Stands in wrangler.toml until an operator has created the database. */
const databaseIdUnset = '00000000-0000-0000-0000-000000000000'

// Never asks: a deployment may run where nobody can answer.
const wranglerEnv = { WRANGLER_SEND_METRICS: 'false', CI: '1', NO_COLOR: '1' }

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } })
const config = unstable_readConfig({ config: inRoot('wrangler.toml') })
const database = config.d1_databases[0]
if (database === undefined) fail('wrangler.toml binds no D1 database.')
const migrationsPath = inRoot(database.migrations_dir ?? 'migrations')
const migrations = existsSync(migrationsPath)
  ? readdirSync(migrationsPath).filter((name) => name.endsWith('.sql'))
  : []
if (migrations.length === 0) fail(`There are no migrations in ${migrationsPath}.`)

if (values['dry-run']) await dryRun()
else await deploy()

async function dryRun(): Promise<void> {
  await buildSite()
  // Uploads nothing; the output lists sizes and bindings.
  await step(['deploy', '--dry-run'])
  console.log('')
  console.log(`A deployment of "${config.name}" would`)
  console.log(`  1. apply ${migrations.length} migration(s) to the D1 database, unless applied:`)
  for (const name of migrations.sort()) console.log(`       ${name}`)
  console.log('  2. upload the Worker, its Durable Object classes, its pages and its cron trigger')
  console.log('and needs these secrets (npx wrangler secret put NAME):')
  for (const name of requiredNames) console.log(`  ${name}`)
  if (database?.database_id === databaseIdUnset) console.log(`and a database: ${databaseHint()}`)
}

async function deploy(): Promise<void> {
  const missing = missingSecrets(await wrangler(['secret', 'list', '--format', 'json']))
  const reasons = missing.map(
    (name) => `the secret ${name} is missing: npx wrangler secret put ${name}`,
  )
  if (database?.database_id === databaseIdUnset) reasons.push(databaseHint())
  if (reasons.length > 0) {
    fail(`Nothing was deployed:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`)
  }
  await buildSite()
  await step(['d1', 'migrations', 'apply', database?.binding ?? 'DB', '--remote'])
  await step(['deploy'])
}

function missingSecrets({ code, output }: Ended): string[] {
  // The first deployment: the platform knows no Worker of this name, and so no secret.
  if (code !== 0 && /\b10007\b|does not exist|not found/i.test(output)) return [...requiredNames]
  if (code !== 0) fail(`The account cannot be asked for its secrets:\n${output.trim()}`)
  // The list is the only JSON array in the output; a banner may stand before it.
  const list: unknown = JSON.parse(output.slice(output.indexOf('[')))
  const present = new Set((list as { name: string }[]).map(({ name }) => name))
  return requiredNames.filter((name) => !present.has(name) && config.vars[name] === undefined)
}

async function step(args: string[]): Promise<void> {
  const { code } = await run(binary('wrangler'), args, { env: wranglerEnv })
  if (code !== 0) process.exit(code)
}

function wrangler(args: string[]): Promise<Ended> {
  return run(binary('wrangler'), args, { env: wranglerEnv, capture: true })
}

function databaseHint(): string {
  return (
    'wrangler.toml names no database: npx wrangler d1 create ' +
    `${database?.database_name}, then put the id that it prints into database_id.`
  )
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
