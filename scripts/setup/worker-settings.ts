/**
 * What the local runtime needs to know besides the Worker's code: its settings as wrangler reads them in
 * wrangler.toml, and the migrations of its databases, statement by statement. It lies beside the bundle,
 * where `write-settings.ts` puts it: to load wrangler takes longer than all else that a site does to start.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type WorkerSettings = {
  /** For Miniflare; without code, variables, assets and the place of the project. */
  readonly options: Readonly<Record<string, unknown>>
  /** `[vars]` of wrangler.toml. */
  readonly vars: Readonly<Record<string, unknown>>
  /** How the pages are served; `directory` is below the project root. */
  readonly assets: { readonly directory: string }
  readonly databases: readonly {
    readonly binding: string
    readonly migrations: readonly Migration[]
  }[]
}

/** One migration file, in single statements. */
export type Migration = { readonly name: string; readonly queries: readonly string[] }

const fileName = 'settings.json'

/** Where a bundle has its settings: the last file of it that is written. */
export const settingsPath = (bundle: string): string => join(bundle, fileName)

/** The settings of a bundle that was built. */
export function readSettings(bundle: string): WorkerSettings {
  return JSON.parse(readFileSync(settingsPath(bundle), 'utf8')) as WorkerSettings
}
