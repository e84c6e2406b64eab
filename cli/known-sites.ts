/**
 * Chains by site, as first met: `$AITBC_HOME/sites.json`, the file that the miner agent keeps too. A genesis
 * file given by hand goes before it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as z from 'zod'
import { toHex } from '../core/base/bytes.ts'
import { type Genesis, genesisHash, parseGenesis } from '../core/chain/genesis.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import { writePrivateFile } from './home.ts'

const sitesSchema = z.object({
  version: z.literal(1),
  /** Genesis hash in hex by host of the site. */
  sites: z.record(z.string(), z.object({ genesis_hash: z.string(), chain_id: z.string() })),
})

/** How the chain of a site came to be trusted. */
export type SiteTrust = 'pinned' | 'known' | 'new' | 'accepted' | 'reset'

/** Checks the genesis that a site shows, and remembers its hash when it is new or accepted. */
export function checkSite(input: {
  readonly home: string
  readonly host: string
  readonly genesis: Genesis
  /** A genesis file to trust instead. */
  readonly pinned: Genesis | undefined
  /** A genesis hash that may replace the remembered one. */
  readonly accept: string | undefined
  /** On this machine nobody can slip in another chain; its owner has reset it. */
  readonly isLoopback: boolean
}): SiteTrust {
  const hash = toHex(genesisHash(input.genesis))
  if (input.pinned !== undefined) {
    const wanted = toHex(genesisHash(input.pinned))
    if (wanted === hash) return 'pinned'
    throw changed(`${input.host} is on the chain ${hash}, not on that of --genesis (${wanted})`)
  }
  const path = join(input.home, 'sites.json')
  const sites = readSites(path)
  const known = sites[input.host]
  if (known?.genesis_hash === hash) return 'known'
  if (known !== undefined && !input.isLoopback && input.accept !== hash) {
    throw changed(
      `${input.host} is on the chain ${hash} now, and was on ${known.genesis_hash}; ` +
        'if you trust the change, call once with --accept-genesis and the new hash',
    )
  }
  const entry = { genesis_hash: hash, chain_id: input.genesis.chainId }
  const next = { version: 1, sites: { ...sites, [input.host]: entry } }
  writePrivateFile(path, `${JSON.stringify(next, undefined, 2)}\n`)
  if (known === undefined) return 'new'
  return input.accept === hash ? 'accepted' : 'reset'
}

/** Reads a genesis file given on the command line. */
export function readGenesisFile(path: string, env: NodeJS.ProcessEnv): Genesis {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(resolve(env.AITBC_CWD ?? '.', path), 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ClientFault(exitCodes.usage, 'GENESIS_INVALID', `${path}: ${reason}`)
  }
  const genesis = parseGenesis(json)
  if (genesis.ok) return genesis.value
  throw new ClientFault(exitCodes.usage, 'GENESIS_INVALID', `${path}: ${genesis.error.message}`)
}

function readSites(path: string): z.infer<typeof sitesSchema>['sites'] {
  if (!existsSync(path)) return {}
  try {
    return sitesSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).sites
  } catch {
    const message = `${path} is damaged; remove it to trust sites anew`
    throw new ClientFault(exitCodes.generic, 'STATE_DAMAGED', message)
  }
}

function changed(message: string): ClientFault {
  return new ClientFault(exitCodes.conflict, 'GENESIS_CHANGED', message)
}
