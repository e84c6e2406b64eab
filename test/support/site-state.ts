/** What a site under test starts from: fresh secrets, its own genesis, a temporary folder. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Genesis } from '../../core/chain/genesis.ts'
import { freshSecrets } from '../../scripts/setup/dev-vars.ts'
import { makeGenesis, siteKeys } from '../../scripts/setup/genesis.ts'

export type SiteStateOptions = {
  /** Variables on top of fresh secrets and genesis; `undefined` leaves one out. */
  vars?: Record<string, string | undefined>
  /** Changes to the devnet parameters of the genesis. */
  parameters?: Partial<Genesis['parameters']>
}

/** Fresh secrets and a devnet genesis that fits them, as the variables of a Worker. */
export function testVars(options: SiteStateOptions = {}): Record<string, string> {
  const secrets = freshSecrets()
  const genesis = makeGenesis({
    chainId: 'aitbc-test',
    nowMs: Date.now(),
    sites: [{ name: 'site-a', ...siteKeys(secrets) }],
    ...(options.parameters && { parameters: options.parameters }),
  })
  const vars = {
    APP_ENV: 'test',
    // Tests come from one address and faster than any person.
    RATE_LIMIT: 'off',
    ...secrets,
    GENESIS_JSON: JSON.stringify(genesis),
    ...options.vars,
  }
  return Object.fromEntries(
    Object.entries(vars).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** A temporary folder for state, and how to remove it. */
export function temporaryState(): { path: string; remove(): Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), 'aitbc-state-'))
  return {
    path,
    // A runtime that was killed may still be letting go of its files.
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  }
}
