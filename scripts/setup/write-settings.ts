/**
 * Reads wrangler.toml and the migrations that it names, and writes the settings into the folder of a bundle,
 * its one argument. A program of its own: wrangler speaks on stdout, which belongs to whoever builds.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import {
  unstable_getMiniflareWorkerOptions,
  unstable_readConfig,
  unstable_splitSqlQuery,
} from 'wrangler'
import { inRoot, root } from './paths.ts'
import { type Migration, settingsPath, type WorkerSettings } from './worker-settings.ts'

type ReadOptions = WorkerSettings['options'] & {
  readonly assets?: WorkerSettings['assets']
  readonly bindings?: unknown
  readonly rootPath?: string
}

type ReadDatabase = { readonly binding: string; readonly migrations_dir?: string }

const bundle = process.argv[2]
if (bundle === undefined) throw new Error('the folder of the bundle is missing')
writeFileSync(settingsPath(bundle), JSON.stringify(readSettings()))

function readSettings(): WorkerSettings {
  const config = unstable_readConfig({ config: inRoot('wrangler.toml') }, { hideWarnings: true })
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config)
  // Left out: `bindings`, into which wrangler reads the secrets of .dev.vars, and where we are now.
  const { assets, bindings: _, rootPath: __, ...options } = workerOptions as ReadOptions
  if (assets === undefined) throw new Error('wrangler.toml names no folder of pages')
  return {
    options,
    vars: config.vars,
    assets: { ...assets, directory: relative(root, assets.directory) },
    databases: (config.d1_databases as ReadDatabase[]).map(
      ({ binding, migrations_dir: folder }) => ({
        binding,
        migrations: readMigrations(inRoot(folder ?? 'migrations')),
      }),
    ),
  }
}

function readMigrations(folder: string): Migration[] {
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({
      name,
      queries: unstable_splitSqlQuery(readFileSync(join(folder, name), 'utf8')),
    }))
}
