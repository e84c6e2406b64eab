/**
 * `npm run deploy` and `npm run deploy:pages`: the real scripts and the real wrangler, against a server
 * that stands in for the platform's API.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { experimental_readRawConfig } from 'wrangler'
import { movedConfig } from '../../scripts/setup/pages-project.ts'
import { inRoot } from '../../scripts/setup/paths.ts'
import { run } from '../../scripts/setup/run.ts'
import { requiredNames } from '../../workers/config.ts'
import { type CloudflareApi, startCloudflareApi } from '../support/cloudflare-api.ts'

const worker = 'aitbc-edge'
const base = '/accounts/[0-9a-f]+'
/** Like everything that is made, in dist: no file of the project is touched. */
const folder = inRoot('dist', `deploy-test-${process.pid}`)
const configPath = join(folder, 'wrangler.json')
let api: CloudflareApi

beforeEach(async () => {
  api = await startCloudflareApi()
})

afterEach(async () => {
  expect(api.unknown).toEqual([])
  await api[Symbol.asyncDispose]()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a script as `npm run` does. */
function script(name: string, args: string[], env: Record<string, string> = api.env) {
  return run(process.execPath, [inRoot('scripts', `${name}.ts`), ...args], { capture: true, env })
}

const deploy = (...args: string[]) => script('deploy', ['--config', configPath, ...args])
const place = ['--hostname', 'edge.example.org', '--zone', 'example.org']
const deployPages = (...args: string[]) =>
  script('deploy-pages', ['--config', configPath, ...place, ...args])

/** What an operator does before the first deployment: a database, its id in the file, the secrets. */
async function prepare(routes: string[] = []): Promise<void> {
  const answer = await fetch(`${api.url}/accounts/1/d1/database`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.env.CLOUDFLARE_API_TOKEN}` },
    body: JSON.stringify({ name: worker }),
  })
  const { result } = (await answer.json()) as { result: { uuid: string } }
  const original = inRoot('wrangler.toml')
  const { rawConfig } = experimental_readRawConfig({ config: original })
  const { d1_databases: databases = [], ...moved } = movedConfig(rawConfig, original, folder)
  const withId = databases.map((database) => ({ ...database, database_id: result.uuid }))
  mkdirSync(folder, { recursive: true })
  writeFileSync(configPath, JSON.stringify({ ...moved, d1_databases: withId, routes }))
  api.uploads.workers.set(worker, {
    name: worker,
    secrets: new Map(requiredNames.map((name) => [name, 'a value'])),
    migrationTag: undefined,
    workersDev: false,
    crons: [],
    routes: [],
    versions: [],
  })
}

/** Requests that would change something. */
const writes = () => api.requests.filter((request) => !request.startsWith('GET '))

const tables = () => {
  const [database] = [...api.uploads.databases.values()]
  const rows = database?.sqlite.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
  return (rows ?? []).map(({ name }) => String(name))
}

const assetUploads = () => writes().filter((request) => request.endsWith('/assets/upload')).length

const migrationRows = () => {
  const [database] = [...api.uploads.databases.values()]
  return database?.sqlite.prepare('SELECT name FROM d1_migrations').all() ?? []
}

test('PD-4: a dry run builds and checks all, says what is needed, and asks nobody', async () => {
  const { code, output } = await script('deploy', ['--dry-run'], {
    ...api.env,
    CLOUDFLARE_API_TOKEN: '',
    CLOUDFLARE_ACCOUNT_ID: '',
  })
  expect(output).toContain('env.DB')
  expect(output).toMatch(/apply \d+ migration/)
  for (const name of requiredNames) expect(output).toContain(`npx wrangler secret put ${name}`)
  expect(output).toContain(`npx wrangler d1 create ${worker}`)
  expect(code).toBe(0)
  expect(api.requests).toEqual([])
})

test('PD-4: a dry run for Pages lists files, routes and what is left to do', async () => {
  const { code, output } = await script('deploy-pages', ['--dry-run', ...place])
  expect(output).toContain('edge.example.org/api/*')
  expect(output).toMatch(/upload \d+ files to the Pages project "aitbc-edge"/)
  expect(output).toContain('edge.example.org to aitbc-edge.pages.dev')
  for (const name of requiredNames) expect(output).toContain(`npx wrangler secret put ${name}`)
  expect(code).toBe(0)
  expect(api.requests).toEqual([])
})

test('PD-1: before the first deployment every secret and the database are missing', async () => {
  const { code, output } = await script('deploy', [])
  expect(output).toContain('Nothing was deployed')
  for (const name of requiredNames) expect(output).toContain(`npx wrangler secret put ${name}\n`)
  expect(output).toContain(`npx wrangler d1 create ${worker}`)
  expect(code).toBe(1)
  expect(writes()).toEqual([])
})

test('PD-1: only the secrets that are missing are named', async () => {
  await prepare()
  const before = writes().length
  const [first = '', ...others] = requiredNames
  api.uploads.workers.get(worker)?.secrets.delete(first)
  const { code, output } = await deployPages()
  expect(output).toContain('Nothing was deployed')
  expect(output).toContain(`secret put ${first} --config`)
  for (const name of others) expect(output).not.toContain(`secret put ${name} `)
  expect(code).toBe(1)
  expect(writes().length).toBe(before)
})

test('PD-3: a refused token and an API that is down end it before anything is done', async () => {
  await prepare()
  const before = writes().length
  const env = { ...api.env, CLOUDFLARE_API_TOKEN: 'another' }
  const refused = await script('deploy', ['--config', configPath], env)
  expect(refused.output).toContain('Nothing was deployed')
  expect(refused.output).toContain('Authentication error')
  expect(refused.code).toBe(1)
  const closed = { ...api.env, CLOUDFLARE_API_BASE_URL: 'http://127.0.0.1:9' }
  const down = await script('deploy', ['--config', configPath], closed)
  expect(down.output).toContain('Nothing was deployed')
  expect(down.code).toBe(1)
  expect(writes().length).toBe(before)
})

test('PD-2, PD-3: interrupted at two steps and repeated, a deployment is whole, and nothing is done twice', async () => {
  await prepare()
  const fault = { status: 500, code: 10_013, message: 'Out of order' }
  api.faults = [{ ...fault, request: new RegExp(`POST ${base}/d1/database/.*/query`) }]
  const first = await deploy()
  expect(first.output).toContain('The deployment stopped at applying the migrations')
  expect(first.output).toContain('Out of order')
  expect(first.code).toBe(1)
  expect(api.uploads.scripts).toEqual([])

  api.faults = [{ ...fault, request: new RegExp(`PUT ${base}/workers/scripts/.*/schedules`) }]
  const second = await deploy()
  expect(second.output).toContain('The deployment stopped at uploading the Worker')
  expect(second.output).toContain('safe to repeat')
  expect(second.code).toBe(1)
  expect(tables()).toContain('chain_blocks')
  expectWholeUpload()

  const rows = migrationRows()
  const uploadsBefore = assetUploads()
  expect(rows.length).toBeGreaterThan(0)
  api.faults = []
  const third = await deploy()
  expect(third.code, third.output).toBe(0)
  expect(migrationRows()).toEqual(rows)
  expect(assetUploads()).toBe(uploadsBefore)
  const { crons, migrationTag, versions } = api.uploads.workers.get(worker) ?? {}
  expect(crons).toEqual(['* * * * *'])
  expect(migrationTag).toBe('v3')
  expect(versions).toHaveLength(2)
})

/** The one upload so far is the whole Worker: code, bindings, classes, pages. */
function expectWholeUpload(): void {
  const [script, ...others] = api.uploads.scripts
  expect(others).toEqual([])
  const bindings = script?.metadata.bindings?.map(({ type, name }) => `${type} ${name}`).sort()
  expect(bindings).toEqual([
    'assets ASSETS',
    'd1 DB',
    'durable_object_namespace ACCOUNT',
    'durable_object_namespace CHAIN_NODE',
    'durable_object_namespace COORDINATOR',
    'durable_object_namespace FAUCET_COOLDOWN',
    'durable_object_namespace MARKET',
    'durable_object_namespace NAME_CLAIM',
    'durable_object_namespace WALLET_DAEMON',
    'durable_object_namespace WALLET_OWNERS',
    'ratelimit ANONYMOUS_LIMIT',
    'ratelimit SNAPSHOT_LIMIT',
    'ratelimit WALLET_LIMIT',
  ])
  expect(script?.metadata.migrations).toMatchObject({ new_tag: 'v3' })
  expect(script?.metadata.keep_bindings).toContain('secret_text')
  const code = String(script?.modules.get('index.js'))
  expect(/^export \{[^}]*\bChainNode,/m.exec(code)).not.toBeNull()
  const home = api.uploads.assets.get(script?.manifest.get('/index.html') ?? '')
  expect(home).toEqual(readFileSync(inRoot('pages', 'dist', 'index.html')))
  const order = ['/d1/database/', '/assets-upload-session', `PUT .*/scripts/${worker}$`]
  const at = order.map((part) => writes().findIndex((request) => new RegExp(part).test(request)))
  expect(at).toEqual([...at].sort((a, b) => a - b))
}

test('PD-11, PD-12: Pages gets the files, the Worker its routes; repeated, nothing twice', async () => {
  await prepare(['other.example.org/*', 'edge.example.org/*'])
  api.faults = [
    { request: /POST .*\/pages\/projects\/.*\/deployments/, status: 400, code: 1, message: 'No' },
  ]
  const stopped = await deployPages('--project', 'edge-site')
  expect(stopped.output).toContain('The deployment stopped at uploading the pages')
  expect(stopped.code).toBe(1)
  api.faults = []
  const { code, output } = await deployPages('--project', 'edge-site')
  expect(code, output).toBe(0)
  expect(output).toContain('edge.example.org to edge-site.pages.dev')
  expect(writes().filter((request) => /\/pages\/projects$/.test(request))).toHaveLength(1)
  expect([...api.uploads.projects.keys()]).toEqual(['edge-site'])
  const [deployment, ...others] = api.uploads.projects.get('edge-site')?.deployments ?? []
  expect(others).toEqual([])
  expect(deployment?.environment).toBe('production')
  expect(deployment?.redirects).toContain('/docs /docs/ 301')
  expect(deployment?.headers).toContain('wss://edge.example.org')
  expect(Object.keys(deployment?.manifest ?? {})).toContain('/index.html')
  expect(Object.keys(deployment?.manifest ?? {})).not.toContain('/csp-hashes.json')
  const routes = api.uploads.workers.get(worker)?.routes
  expect(routes).toContain('other.example.org/*')
  expect(routes).toContain('edge.example.org/v1/*')
  expect(routes).not.toContain('edge.example.org/*')
})

test('PD-13: an option that is not known is refused in words', async () => {
  const { code, output } = await script('deploy-pages', ['--host', 'edge.example.org'])
  expect(output).toContain("Unknown option '--host'")
  expect(output).not.toContain('at ')
  expect(code).toBe(1)
})
