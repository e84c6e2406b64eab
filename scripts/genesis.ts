/**
 * `npm run genesis`: writes `genesis.json` for a new chain. Slot 0 is now.
 *
 *   --chain-id ID            name of the chain (aitbc-devnet)
 *   --site NAME=AUTH,COORD   a further site: public keys of its authority and coordinator, hex; repeatable
 *   --coordinator KEY        fund a coordinator of a site that proposes no blocks; repeatable
 *   --out FILE               write there instead
 *   --force                  replace an existing file
 *
 * This site's own keys come from `.dev.vars`.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { fromHex } from '../core/base/bytes.ts'
import { ensureDevVars } from './setup/dev-vars.ts'
import { type GenesisSite, makeGenesis, siteKeys, writeGenesis } from './setup/genesis.ts'
import { callerPath, genesisPath } from './setup/paths.ts'

const { values } = parseArgs({
  options: {
    'chain-id': { type: 'string', default: 'aitbc-devnet' },
    site: { type: 'string', multiple: true, default: [] },
    coordinator: { type: 'string', multiple: true, default: [] },
    out: { type: 'string' },
    force: { type: 'boolean', default: false },
  },
})

const path = values.out === undefined ? genesisPath : resolve(callerPath, values.out)
if (existsSync(path) && !values.force) {
  console.error(`${path} exists. A new genesis is a new chain: --force replaces it.`)
  process.exit(1)
}

const own: GenesisSite = { name: 'site-a', ...siteKeys(ensureDevVars().vars) }
const json = makeGenesis({
  chainId: values['chain-id'],
  nowMs: Date.now(),
  sites: [own, ...values.site.map(parseSite)],
  coordinators: values.coordinator.map(parseKey),
})
writeGenesis(json, path)
console.log(`${path}: chain ${json.chain_id}, ${json.authorities.length} authority(s)`)

function parseSite(text: string): GenesisSite {
  const match = /^([^=]+)=([^,]+),([^,]+)$/.exec(text)
  if (!match) fail(`--site wants NAME=AUTHORITY_KEY,COORDINATOR_KEY, not ${text}`)
  const [, name = '', authority = '', coordinator = ''] = match
  return { name, authority: parseKey(authority), coordinator: parseKey(coordinator) }
}

function parseKey(text: string): Uint8Array {
  const key = fromHex(text, 32)
  if (!key.ok) fail(`not a public key of 64 hex digits: ${text}`)
  return key.value
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
