/**
 * `npm run genesis`: writes `genesis.json` for a new chain. Slot 0 is now. Options: `--help`.
 *
 * This site's own keys come from `.dev.vars`.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseCoins } from '../core/base/amount.ts'
import { fromHex, toHex } from '../core/base/bytes.ts'
import { parseAddress } from '../core/crypto/address.ts'
import { ensureDevVars } from './setup/dev-vars.ts'
import {
  devnetRewards,
  type GenesisSite,
  makeGenesis,
  siteKeys,
  writeGenesis,
} from './setup/genesis.ts'
import { callerPath, genesisPath } from './setup/paths.ts'

const usage = `Usage: npm run genesis -- [options]

Writes genesis.json for a new chain whose slot 0 is now. This site's own keys come from .dev.vars,
which is written when it is not there.

  --chain-id ID         name of the chain (aitbc-devnet)
  --account ADDRESS=AITBC
                        balance with which an account begins; repeatable
  --no-faucet           a chain without faucet: nobody gives anything away
  --rewards             burn a part of each settlement, and let its miner claim half of that
  --coordinator KEY     fund the coordinator of a site that proposes no blocks; repeatable
  --site NAME=AUTHORITY,COORDINATOR,FAUCET
                        a further site, by its public keys in hex; repeatable
  --keys                print this site's public keys, for another site's --site; write no genesis
  --out FILE            write there instead
  --force               replace an existing file: a new genesis is a new chain
  --help                show this`

const values = readOptions()
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const own: GenesisSite = { name: 'site-a', ...siteKeys(ensureDevVars().vars) }
if (values.keys) {
  console.log([own.authority, own.coordinator, own.faucet].map(toHex).join(','))
  process.exit(0)
}

const path = values.out === undefined ? genesisPath : resolve(callerPath, values.out)
if (existsSync(path) && !values.force) {
  console.error(`${path} exists. A new genesis is a new chain: --force replaces it.`)
  process.exit(1)
}

const json = makeGenesis({
  chainId: values['chain-id'],
  nowMs: Date.now(),
  sites: [own, ...values.site.map(parseSite)],
  coordinators: values.coordinator.map(parseKey),
  accounts: values.account.map(parseAccount),
  parameters: {
    ...(values['no-faucet'] && { faucetMax: 0n }),
    ...(values.rewards && { market: devnetRewards }),
  },
})
writeGenesis(json, path)
console.log(`${path}: chain ${json.chain_id}, ${json.authorities.length} authority(s)`)

function readOptions() {
  try {
    return parseArgs({
      options: {
        'chain-id': { type: 'string', default: 'aitbc-devnet' },
        site: { type: 'string', multiple: true, default: [] },
        coordinator: { type: 'string', multiple: true, default: [] },
        account: { type: 'string', multiple: true, default: [] },
        'no-faucet': { type: 'boolean', default: false },
        rewards: { type: 'boolean', default: false },
        keys: { type: 'boolean', default: false },
        out: { type: 'string' },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

function parseSite(text: string): GenesisSite {
  const match = /^([^=]+)=([^,]+),([^,]+),([^,]+)$/.exec(text)
  if (!match) fail(`--site wants NAME=AUTHORITY,COORDINATOR,FAUCET (see --keys), not ${text}`)
  const [, name = '', authority = '', coordinator = '', faucet = ''] = match
  return {
    name,
    authority: parseKey(authority),
    coordinator: parseKey(coordinator),
    faucet: parseKey(faucet),
  }
}

function parseAccount(text: string): { address: Uint8Array; balance: bigint } {
  const [address = '', coins = ''] = text.split('=')
  const parsed = parseAddress(address)
  if (!parsed.ok) fail(`--account ${text}: ${parsed.error.message}`)
  const balance = parseCoins(coins)
  if (!balance.ok) fail(`--account ${text}: ${balance.error.message}`)
  return { address: parsed.value, balance: balance.value }
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
