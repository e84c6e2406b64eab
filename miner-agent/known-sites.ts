/**
 * Chains by site, as first met: `$AITBC_HOME/sites.json`. A site that suddenly stands on another chain
 * pays in other coins, so the agent stops until its owner accepts the new one.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { err, ok, type Result } from '../core/base/result.ts'
import { writePrivateFile } from './home.ts'

const sitesSchema = z.object({
  version: z.literal(1),
  /** Genesis hash in hex by host of the site. */
  sites: z.record(z.string(), z.object({ genesis_hash: z.string(), chain_id: z.string() })),
})

export type SiteCheck = 'known' | 'new' | 'accepted' | 'reset'

/** Compares a site's chain with what is remembered, and remembers it when that is new or accepted. */
export function checkSite(input: {
  readonly home: string
  readonly host: string
  readonly genesisHash: string
  readonly chainId: string
  /** A genesis hash that may replace the remembered one. */
  readonly accept: string | undefined
  /** On this machine nobody can slip in another chain; its owner has reset it. */
  readonly isLoopback: boolean
}): Result<SiteCheck, { readonly code: 'GENESIS_CHANGED'; readonly message: string }> {
  const path = join(input.home, 'sites.json')
  const sites = readSites(path)
  const known = sites[input.host]
  if (known?.genesis_hash === input.genesisHash) return ok('known')
  if (known !== undefined && !input.isLoopback && input.accept !== input.genesisHash) {
    const message =
      `${input.host} is on the chain ${input.genesisHash} now, and was on ${known.genesis_hash}; ` +
      'if you trust the change, start once with --accept-genesis and the new hash'
    return err({ code: 'GENESIS_CHANGED', message })
  }
  const entry = { genesis_hash: input.genesisHash, chain_id: input.chainId }
  const next = { version: 1, sites: { ...sites, [input.host]: entry } }
  writePrivateFile(path, `${JSON.stringify(next, undefined, 2)}\n`)
  if (known === undefined) return ok('new')
  return ok(input.accept === input.genesisHash ? 'accepted' : 'reset')
}

function readSites(path: string): z.infer<typeof sitesSchema>['sites'] {
  if (!existsSync(path)) return {}
  try {
    return sitesSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).sites
  } catch {
    throw new Error(`${path} is damaged; remove it to trust sites anew`)
  }
}
