/**
 * The folder from which a site goes to Cloudflare Pages: the static part with its `_headers` and
 * `_redirects`, and configurations for wrangler: one of the Pages project, one of the Worker that keeps
 * all other addresses of the hostname.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { experimental_readRawConfig, type Unstable_RawConfig } from 'wrangler'
import { type PagesRules, pagesRules, workerPatterns } from './pages-rules.ts'
import { inRoot } from './paths.ts'

export type PagesProjectOptions = {
  /** Where to lay it out; replaced when it exists. */
  readonly folder: string
  /** Absolute path of the wrangler configuration from which the Worker's is derived. */
  readonly configPath: string
  /** Name of the Pages project. */
  readonly project: string
  readonly hostname: string
  /** The zone of the account in which the hostname is. */
  readonly zone: string
}

export type PagesProject = {
  readonly rules: PagesRules
  /** Patterns of the Worker's routes. */
  readonly patterns: readonly string[]
  /** The static part, with `_headers` and `_redirects`. */
  readonly sitePath: string
  /** wrangler configuration of the Worker with its routes. */
  readonly workerConfigPath: string
}

type Route = NonNullable<Unstable_RawConfig['routes']>[number]

const pagesDist = inRoot('pages', 'dist')

/** Lays the project out from the built pages. */
export function layOutPagesProject(options: PagesProjectOptions): PagesProject {
  const { folder, hostname } = options
  const sitePath = join(folder, 'site')
  const rules = builtPagesRules(hostname)
  rmSync(folder, { recursive: true, force: true })
  for (const file of rules.files) {
    const target = join(sitePath, file)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(join(pagesDist, file), target)
  }
  writeFileSync(join(sitePath, '_headers'), rules.headers)
  writeFileSync(join(sitePath, '_redirects'), rules.redirects)
  const { rawConfig } = experimental_readRawConfig({ config: options.configPath })
  // wrangler takes this one because it lies in the folder where `wrangler pages deploy` runs.
  writeJson(join(folder, 'wrangler.json'), {
    name: options.project,
    pages_build_output_dir: './site',
    compatibility_date: rawConfig.compatibility_date,
  })
  const workerConfigPath = join(folder, 'worker.json')
  writeJson(workerConfigPath, derivedWorkerConfig(rawConfig, options))
  return { rules, patterns: workerPatterns(hostname), sitePath, workerConfigPath }
}

/** The configuration of the Worker beside Pages: the given one, with routes on the hostname. */
export function derivedWorkerConfig(
  raw: Unstable_RawConfig,
  options: Pick<PagesProjectOptions, 'folder' | 'configPath' | 'hostname' | 'zone'>,
): Unstable_RawConfig {
  const { folder, configPath, hostname, zone } = options
  return {
    ...movedConfig(raw, configPath, folder),
    routes: [
      ...otherRoutes(raw, hostname),
      ...workerPatterns(hostname).map((pattern) => ({ pattern, zone_name: zone })),
    ],
  }
}

/** What Pages needs to know of the pages as they are built now. */
export function builtPagesRules(hostname: string): PagesRules {
  const files = readdirSync(pagesDist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `/${relative(pagesDist, join(entry.parentPath, entry.name))}`)
  const hashes = readFileSync(join(pagesDist, 'csp-hashes.json'), 'utf8')
  const { scriptSrc } = JSON.parse(hashes) as { scriptSrc: string[] }
  return pagesRules({ files, hostname, scriptHashes: scriptSrc })
}

/** The same configuration for a file in another folder: paths in it are relative to where it lies. */
export function movedConfig(
  raw: Unstable_RawConfig,
  configPath: string,
  folder: string,
): Unstable_RawConfig {
  const moved = (path: string) => relative(folder, resolve(dirname(configPath), path))
  const { route: _, main, assets, d1_databases: databases = [], ...rest } = raw
  return {
    ...rest,
    ...(main !== undefined && { main: moved(main) }),
    ...(assets?.directory !== undefined && {
      assets: { ...assets, directory: moved(assets.directory) },
    }),
    d1_databases: databases.map((database) => ({
      ...database,
      migrations_dir: moved(database.migrations_dir ?? 'migrations'),
    })),
  }
}

/** Routes of the configuration on other hostnames; this one belongs to Pages now. */
function otherRoutes({ route, routes = [] }: Unstable_RawConfig, hostname: string): Route[] {
  const all = route === undefined ? routes : [route, ...routes]
  return all.filter((one) => {
    const pattern = typeof one === 'string' ? one : one.pattern
    return pattern.replace(/^https?:\/\//, '').split('/')[0] !== hostname
  })
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
}
