/** Pages in the stand-in of Cloudflare's API: projects, their files and their deployments. */
import { randomUUID } from 'node:crypto'
import {
  type Call,
  CloudflareFault,
  formOf,
  type Handlers,
  jsonOf,
  tokenOf,
} from './cloudflare-call.ts'

export type PagesDeployment = {
  readonly id: string
  readonly branch: string
  readonly environment: 'production' | 'preview'
  /** Path to hash of each file; their bytes are in `files`. */
  readonly manifest: Readonly<Record<string, string>>
  readonly headers: string | undefined
  readonly redirects: string | undefined
}

export type PagesProject = {
  readonly name: string
  readonly productionBranch: string
  readonly deployments: PagesDeployment[]
}

export type PagesState = {
  readonly projects: Map<string, PagesProject>
  /** Bytes and type of files by hash. */
  readonly files: Map<string, { readonly bytes: Buffer; readonly contentType: string }>
}

type UploadedFile = { key: string; value: string; metadata: { contentType: string } }

/** The answers for `wrangler pages …`. */
export function pagesHandlers(state: PagesState): Handlers {
  const base = '/accounts/:account/pages/projects'
  return {
    [`GET ${base}`]: ({ query }) => {
      const size = Number(query.get('per_page') ?? 10)
      const begin = (Number(query.get('page') ?? 1) - 1) * size
      return [...state.projects.values()].slice(begin, begin + size).map(described)
    },
    [`POST ${base}`]: (call) => {
      const asked = jsonOf<{ name: string; production_branch: string }>(call)
      if (state.projects.has(asked.name)) {
        throw new CloudflareFault(409, 8_000_002, 'A project with this name already exists.')
      }
      const project = {
        name: asked.name,
        productionBranch: asked.production_branch,
        deployments: [],
      }
      state.projects.set(asked.name, project)
      return described(project)
    },
    [`GET ${base}/:project`]: (call) => described(projectOf(state, call)),
    [`GET ${base}/:project/upload-token`]: () => ({
      jwt: tokenOf({ max_file_count_allowed: 20_000 }),
    }),
    'POST /pages/assets/check-missing': (call) => {
      return jsonOf<{ hashes: string[] }>(call).hashes.filter((hash) => !state.files.has(hash))
    },
    'POST /pages/assets/upload': (call) => {
      for (const { key, value, metadata } of jsonOf<UploadedFile[]>(call)) {
        const bytes = Buffer.from(value, 'base64')
        state.files.set(key, { bytes, contentType: metadata.contentType })
      }
      return null
    },
    'POST /pages/assets/upsert-hashes': () => null,
    [`POST ${base}/:project/deployments`]: async (call) => {
      const project = projectOf(state, call)
      const deployment = await deploymentOf(project, call)
      project.deployments.push(deployment)
      return shown(project, deployment)
    },
    [`GET ${base}/:project/deployments`]: (call) => {
      const project = projectOf(state, call)
      return project.deployments.map((deployment) => shown(project, deployment)).reverse()
    },
    [`GET ${base}/:project/deployments/:deployment`]: (call) => {
      const project = projectOf(state, call)
      const found = project.deployments.find(({ id }) => id === call.params.deployment)
      if (!found) throw new CloudflareFault(404, 8_000_009, 'There is no such deployment.')
      return shown(project, found)
    },
  }
}

async function deploymentOf(project: PagesProject, call: Call): Promise<PagesDeployment> {
  const form = await formOf(call)
  const branch = String(form.get('branch') ?? project.productionBranch)
  const textOf = async (name: string) => {
    const file = form.get(name)
    return file === null || typeof file === 'string' ? undefined : file.text()
  }
  return {
    id: randomUUID(),
    branch,
    environment: branch === project.productionBranch ? 'production' : 'preview',
    manifest: JSON.parse(String(form.get('manifest'))) as Record<string, string>,
    headers: await textOf('_headers'),
    redirects: await textOf('_redirects'),
  }
}

function projectOf(state: PagesState, { params }: Call): PagesProject {
  const project = state.projects.get(params.project ?? '')
  if (project) return project
  throw new CloudflareFault(404, 8_000_007, 'Project not found.')
}

function described({ name, productionBranch }: PagesProject) {
  return {
    name,
    subdomain: `${name}.pages.dev`,
    domains: [`${name}.pages.dev`],
    production_branch: productionBranch,
    created_on: new Date().toISOString(),
    deployment_configs: { production: {}, preview: {} },
  }
}

function shown({ name, productionBranch }: PagesProject, deployment: PagesDeployment) {
  const { id, environment, branch } = deployment
  return {
    id,
    environment,
    url: `https://${id.slice(0, 8)}.${name}.pages.dev`,
    aliases: [`https://${name}.pages.dev`],
    project_name: name,
    production_branch: productionBranch,
    created_on: new Date().toISOString(),
    deployment_trigger: { metadata: { branch, commit_hash: '' } },
    latest_stage: { name: 'deploy', status: 'success', ended_on: new Date().toISOString() },
  }
}
