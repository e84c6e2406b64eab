/** Workers in the stand-in of Cloudflare's API: scripts, secrets, assets, triggers, zones and routes. */
import { createHash, randomUUID } from 'node:crypto'
import {
  bearerOf,
  type Call,
  CloudflareFault,
  formOf,
  type Handlers,
  jsonOf,
  tokenOf,
} from './cloudflare-call.ts'

/** What the script upload says beside the code. */
export type ScriptMetadata = {
  readonly main_module?: string
  readonly bindings?: readonly ({ readonly name: string; readonly type: string } & Record<
    string,
    unknown
  >)[]
  readonly migrations?: { readonly new_tag?: string } & Record<string, unknown>
  readonly assets?: { readonly jwt?: string } & Record<string, unknown>
  readonly keep_bindings?: readonly string[]
} & Record<string, unknown>

export type ScriptUpload = {
  readonly worker: string
  readonly metadata: ScriptMetadata
  /** Code and data by name of the module. */
  readonly modules: ReadonlyMap<string, Buffer>
  /** Path to hash of each asset that the version serves; their bytes are in `assets`. */
  readonly manifest: ReadonlyMap<string, string>
}

export type RemoteWorker = {
  readonly name: string
  readonly secrets: Map<string, string>
  migrationTag: string | undefined
  workersDev: boolean
  crons: readonly string[]
  routes: readonly string[]
  readonly versions: { readonly id: string; readonly createdOn: string }[]
}

export type WorkersState = {
  readonly workers: Map<string, RemoteWorker>
  readonly scripts: ScriptUpload[]
  /** Bytes of assets by hash. */
  readonly assets: Map<string, Buffer>
  readonly zones: readonly string[]
}

type Asset = { readonly hash: string; readonly size: number }

/** The answers for `wrangler deploy`, `wrangler secret …` and `wrangler deployments list`. */
export function workersHandlers(state: WorkersState): Handlers {
  return {
    ...scriptHandlers(state),
    ...assetHandlers(state),
    ...secretHandlers(state),
    ...triggerHandlers(state),
  }
}

function scriptHandlers(state: WorkersState): Handlers {
  const base = '/accounts/:account/workers'
  return {
    // A binding that is deployed already needs no provisioning.
    [`GET ${base}/scripts/:name/settings`]: (call) => {
      const { name } = workerOf(state, call)
      const newest = state.scripts.findLast(({ worker }) => worker === name)
      return { bindings: newest?.metadata.bindings ?? [] }
    },
    [`GET ${base}/services/:name`]: (call) => {
      const { name, migrationTag } = workerOf(state, call)
      const script = { id: name, tag: name, tags: [], migration_tag: migrationTag }
      return { id: name, default_environment: { environment: 'production', script } }
    },
    [`PUT ${base}/scripts/:name`]: async (call) => {
      const upload = await scriptOf(call)
      const { bindings = [], migrations } = upload.metadata
      for (const { type, id } of bindings) {
        if (type === 'd1' && /^0+(?:-0+)*$/.test(String(id))) {
          const text = 'binding DB of type d1 must have a valid `id` specified [code: 10021]'
          throw new CloudflareFault(400, 10_021, text)
        }
      }
      const name = call.params.name ?? ''
      const worker = state.workers.get(name) ?? newWorker(name)
      state.workers.set(name, worker)
      worker.migrationTag = migrations?.new_tag ?? worker.migrationTag
      return kept(state, worker, upload)
    },
    [`POST ${base}/scripts/:name/versions`]: async (call) => {
      return kept(state, workerOf(state, call), await scriptOf(call))
    },
    [`GET ${base}/scripts/:name/deployments`]: (call) => {
      const deployments = workerOf(state, call).versions.map(({ id, createdOn }) => ({
        id,
        source: 'wrangler',
        strategy: 'percentage',
        author_email: 'operator@example.org',
        created_on: createdOn,
        annotations: {},
        versions: [{ version_id: id, percentage: 100 }],
      }))
      return { deployments: deployments.reverse() }
    },
    [`POST ${base}/scripts/:name/deployments`]: (call) => ({ id: workerOf(state, call).name }),
    [`GET ${base}/scripts/:name/versions/:version`]: (call) => {
      const id = call.params.version
      const version = workerOf(state, call).versions.find((one) => one.id === id)
      if (!version) throw new CloudflareFault(404, 10_001, 'This version does not exist.')
      const metadata = { created_on: version.createdOn, source: 'wrangler' }
      return { id, number: 1, metadata, annotations: {}, resources: { script: {}, bindings: [] } }
    },
    [`PATCH ${base}/scripts/:name/script-settings`]: () => ({}),
  }
}

function assetHandlers(state: WorkersState): Handlers {
  return {
    'POST /accounts/:account/workers/scripts/:name/assets-upload-session': (call) => {
      const { manifest } = jsonOf<{ manifest: Record<string, Asset> }>(call)
      const files = Object.entries(manifest).map(([path, { hash }]) => [path, hash] as const)
      const missing = [...new Set(files.map(([, hash]) => hash))].filter(
        (hash) => !state.assets.has(hash),
      )
      return { jwt: tokenOf({ manifest: files }), buckets: missing.length > 0 ? [missing] : [] }
    },
    'POST /accounts/:account/workers/assets/upload': async (call) => {
      for (const [hash, content] of await formOf(call)) {
        const text = typeof content === 'string' ? content : await content.text()
        state.assets.set(hash, Buffer.from(text, 'base64'))
      }
      return { jwt: bearerOf(call) }
    },
  }
}

function secretHandlers(state: WorkersState): Handlers {
  const path = '/accounts/:account/workers/scripts/:name/secrets'
  return {
    [`GET ${path}`]: (call) => {
      return [...workerOf(state, call).secrets.keys()].map((name) => ({
        name,
        type: 'secret_text',
      }))
    },
    [`PUT ${path}`]: (call) => {
      const { name, text } = jsonOf<{ name: string; text: string }>(call)
      workerOf(state, call).secrets.set(name, text)
      return { name, type: 'secret_text' }
    },
    [`PATCH ${path}-bulk`]: (call) => {
      const { secrets } = workerOf(state, call)
      const changes = jsonOf<{ secrets: Record<string, { text: string } | null> }>(call).secrets
      for (const [name, change] of Object.entries(changes)) {
        if (change === null) secrets.delete(name)
        else secrets.set(name, change.text)
      }
      return { bindings: [] }
    },
    [`DELETE ${path}/:secret`]: (call) => {
      workerOf(state, call).secrets.delete(call.params.secret ?? '')
      return null
    },
  }
}

function triggerHandlers(state: WorkersState): Handlers {
  const scripts = '/accounts/:account/workers/scripts/:name'
  return {
    'GET /accounts/:account/workers/subdomain': () => ({ subdomain: 'operator' }),
    'GET /accounts/:account/workers/workers/:name': (call) => {
      const { name, workersDev } = workerOf(state, call)
      return { id: name, name, subdomain: { enabled: workersDev, previews_enabled: false } }
    },
    [`POST ${scripts}/subdomain`]: (call) => {
      const { enabled } = jsonOf<{ enabled: boolean }>(call)
      workerOf(state, call).workersDev = enabled
      return { enabled, previews_enabled: false }
    },
    [`PUT ${scripts}/schedules`]: (call) => {
      const schedules = jsonOf<{ cron: string }[]>(call)
      workerOf(state, call).crons = schedules.map(({ cron }) => cron)
      return { schedules }
    },
    [`PUT ${scripts}/routes`]: (call) => {
      const routes = jsonOf<{ pattern: string; zone_name?: string }[]>(call)
      for (const { pattern, zone_name: named } of routes) {
        const zones = state.zones.filter((zone) => pattern.split('/')[0]?.endsWith(zone))
        const isKnown = zones.some((zone) => named === undefined || named === zone)
        if (!isKnown) throw new CloudflareFault(400, 10_022, `no zone holds ${pattern}`)
      }
      workerOf(state, call).routes = routes.map(({ pattern }) => pattern)
      return routes.map(({ pattern }) => pattern)
    },
    'GET /zones': ({ query }) => {
      const name = query.get('name') ?? ''
      return state.zones.includes(name) ? [{ id: zoneId(name), name }] : []
    },
    'GET /zones/:zone/workers/routes': ({ params }) => {
      const zone = state.zones.find((name) => zoneId(name) === params.zone) ?? ''
      return [...state.workers.values()].flatMap(({ name, routes }) =>
        routes
          .filter((pattern) => pattern.split('/')[0]?.endsWith(zone))
          .map((pattern) => ({ id: randomUUID(), pattern, script: name })),
      )
    },
  }
}

function workerOf(state: WorkersState, { params }: Call): RemoteWorker {
  const worker = state.workers.get(params.name ?? '')
  if (worker) return worker
  throw new CloudflareFault(404, 10_007, 'This Worker does not exist on your account.')
}

function newWorker(name: string): RemoteWorker {
  return {
    name,
    secrets: new Map(),
    migrationTag: undefined,
    workersDev: false,
    crons: [],
    routes: [],
    versions: [],
  }
}

async function scriptOf(call: Call): Promise<ScriptUpload> {
  const form = await formOf(call)
  const metadata = JSON.parse(String(form.get('metadata'))) as ScriptMetadata
  const modules = new Map<string, Buffer>()
  for (const [name, content] of form) {
    if (typeof content !== 'string') modules.set(name, Buffer.from(await content.arrayBuffer()))
  }
  const claims = metadata.assets?.jwt?.split('.')[1]
  const { manifest = [] } = (
    claims === undefined ? {} : JSON.parse(Buffer.from(claims, 'base64url').toString())
  ) as { manifest?: [string, string][] }
  return { worker: call.params.name ?? '', metadata, modules, manifest: new Map(manifest) }
}

function kept(state: WorkersState, worker: RemoteWorker, upload: ScriptUpload) {
  const lost = [...upload.manifest.values()].filter((hash) => !state.assets.has(hash))
  if (lost.length > 0) throw new CloudflareFault(400, 10_068, 'The assets are not all uploaded.')
  state.scripts.push(upload)
  const id = randomUUID()
  worker.versions.push({ id, createdOn: new Date().toISOString() })
  const etag = createHash('sha256').update(id).digest('hex')
  return { id, deployment_id: id, etag, startup_time_ms: 1, resources: { script: { etag } } }
}

function zoneId(name: string): string {
  return createHash('md5').update(name).digest('hex')
}
