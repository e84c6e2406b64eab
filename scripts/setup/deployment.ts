/**
 * What a deployment does through wrangler, whatever its shape: look whether the account is ready, bring
 * the D1 database up to date, upload. Each step can be repeated: a migration runs once, an upload
 * replaces the one before.
 */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { type Unstable_Config, unstable_readConfig } from 'wrangler'
import { requiredNames } from '../../workers/config.ts'
import { binary, root } from './paths.ts'
import { type Ended, run } from './run.ts'

export type Deployment = {
  /** Absolute path of the wrangler configuration. */
  readonly configPath: string
  readonly config: Unstable_Config
  readonly database: Unstable_Config['d1_databases'][number]
  /** File names of all migrations, in order. */
  readonly migrations: readonly string[]
}

/** A reason not to go on, written for the operator. */
export class DeploymentFault extends Error {}

/** Stands in wrangler.toml until an operator has created the database. */
const databaseIdUnset = '00000000-0000-0000-0000-000000000000'

/** How wrangler says that the account has no Worker of this name. */
const workerUnknown = /Worker "[^"]+" not found\b/

// Never asks: a deployment may run where nobody can answer.
const wranglerEnv = { WRANGLER_SEND_METRICS: 'false', CI: '1', NO_COLOR: '1' }

/** Reads a wrangler configuration and the migrations that it names. */
export function readDeployment(configPath: string): Deployment {
  if (!existsSync(configPath)) throw new DeploymentFault(`There is no file ${configPath}.`)
  const config = unstable_readConfig({ config: configPath })
  const [database] = config.d1_databases
  if (database === undefined) throw new DeploymentFault(`${configPath} binds no D1 database.`)
  const folder = resolve(dirname(configPath), database.migrations_dir ?? 'migrations')
  const names = existsSync(folder) ? readdirSync(folder) : []
  const migrations = names.filter((name) => name.endsWith('.sql')).sort()
  if (migrations.length === 0) throw new DeploymentFault(`There are no migrations in ${folder}.`)
  return { configPath, config, database, migrations }
}

/** Refuses, naming what is missing: a site without it would answer 503, or not be uploaded at all. */
export async function refuseUnlessReady(deployment: Deployment): Promise<void> {
  const reasons = (await missingSecrets(deployment)).map(
    (name) => `the secret ${name} is missing: ${secretHint(deployment, name)}`,
  )
  if (deployment.database.database_id === databaseIdUnset) reasons.push(databaseHint(deployment))
  if (reasons.length === 0) return
  throw new DeploymentFault(
    `Nothing was deployed:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
  )
}

/** Applies the migrations that the database has not seen, and uploads the Worker. */
export async function deployWorker(deployment: Deployment): Promise<void> {
  const { binding } = deployment.database
  const config = ['--config', deployment.configPath]
  await step('applying the migrations', [
    'd1',
    'migrations',
    'apply',
    binding,
    '--remote',
    ...config,
  ])
  await step('uploading the Worker', ['deploy', ...config])
}

/** Bundles the Worker and checks its configuration without an account, and says what would be done. */
export async function rehearseWorker(deployment: Deployment): Promise<void> {
  // Uploads nothing; the output lists sizes and bindings.
  await step('bundling the Worker', ['deploy', '--dry-run', '--config', deployment.configPath])
  const { config, migrations } = deployment
  console.log('')
  console.log(`A deployment of "${config.name}" would`)
  console.log(`  - apply ${migrations.length} migration(s) to the D1 database, unless applied:`)
  for (const name of migrations) console.log(`      ${name}`)
  console.log('  - upload the Worker, its Durable Object classes, its pages and its cron trigger')
}

/** Says what an account needs before a deployment. */
export function printNeeds(deployment: Deployment): void {
  console.log('and needs these secrets:')
  for (const name of requiredNames) console.log(`  ${secretHint(deployment, name)}`)
  if (deployment.database.database_id === databaseIdUnset) {
    console.log(`and a database: ${databaseHint(deployment)}`)
  }
}

/** Runs wrangler and shows what it says; a failure ends the deployment, naming the step. */
export async function step(
  what: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<void> {
  const env = { ...wranglerEnv, ...options.env }
  const { code } = await run(binary('wrangler'), args, { ...options, env })
  if (code === 0) return
  throw new DeploymentFault(
    `The deployment stopped at ${what}; wrangler says above why.\n` +
      'It is safe to repeat: what was done stays, and is not done twice.',
  )
}

/** Runs wrangler and returns what it says. */
export function ask(args: string[], cwd: string = root): Promise<Ended> {
  return run(binary('wrangler'), args, { env: wranglerEnv, capture: true, cwd })
}

/** The one JSON array in what wrangler prints; warnings may stand before and after it. */
export function listIn(output: string): unknown[] | undefined {
  const [text] = /^\[$[\s\S]*?^\]$|^\[\]$/m.exec(output) ?? []
  return text === undefined ? undefined : (JSON.parse(text) as unknown[])
}

/** Runs a deployment script: its faults and those of its arguments are printed, and end it with code 1. */
export async function main(program: () => Promise<void>): Promise<void> {
  try {
    await program()
  } catch (error) {
    if (!(error instanceof DeploymentFault) && !isArgumentFault(error)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

/** What `parseArgs` throws for an option that it does not know or that lacks its value. */
function isArgumentFault(error: unknown): error is Error {
  return (
    error instanceof Error && /^ERR_PARSE_ARGS_/.test((error as NodeJS.ErrnoException).code ?? '')
  )
}

async function missingSecrets({ config, configPath }: Deployment): Promise<string[]> {
  const { code, output } = await ask(['secret', 'list', '--format', 'json', '--config', configPath])
  // The first deployment: the platform knows no Worker of this name, and so no secret.
  const isFirst = code !== 0 && workerUnknown.test(output)
  const list = isFirst ? [] : code === 0 ? listIn(output) : undefined
  if (list === undefined) {
    throw new DeploymentFault(
      'Nothing was deployed: Cloudflare was asked for the secrets of the Worker, and the answer was\n' +
        output.trim(),
    )
  }
  const present = new Set((list as { name: string }[]).map(({ name }) => name))
  return requiredNames.filter((name) => !present.has(name) && config.vars[name] === undefined)
}

function secretHint(deployment: Deployment, name: string): string {
  return `npx wrangler secret put ${name}${configHint(deployment)}`
}

function databaseHint(deployment: Deployment): string {
  const { configPath, database } = deployment
  return (
    `${relative(root, configPath)} names no database: npx wrangler d1 create ` +
    `${database.database_name}, then put the id that it prints into database_id.`
  )
}

function configHint({ configPath }: Deployment): string {
  const path = relative(root, configPath)
  return path === 'wrangler.toml' ? '' : ` --config ${path}`
}
