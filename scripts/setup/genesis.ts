/** Making the genesis of a new chain: devnet parameters, and who starts with what. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { unitsPerCoin } from '../../core/base/amount.ts'
import { compareBytes, fromHex } from '../../core/base/bytes.ts'
import {
  type Genesis,
  type GenesisJson,
  genesisToJson,
  parseGenesis,
  slotMs,
} from '../../core/chain/genesis.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { deriveSeed } from '../../core/crypto/derive.ts'
import { genesisPath } from './paths.ts'

/** Balance with which a faucet account begins, in base units. */
export const faucetFund = 10_000_000n * unitsPerCoin

/** Balance with which a coordinator begins, in base units: it pays fees before it has earned any. */
export const coordinatorFund = 1_000n * unitsPerCoin

/**
 * Parameters of a devnet. A heartbeat a minute keeps an idle site inside the platform's free daily
 * limits; an authorisation lives 20 minutes, and a close takes effect after an hour. Fees are low enough
 * that the coordinator's share of a job of thirty tokens (about 4 500 base units) pays for its settlement
 * (about 1 000).
 */
export const devnetParameters: Genesis['parameters'] = {
  baseFee: 10n,
  feePerByte: 1n,
  feePerEntry: 100n,
  coordinatorShareBps: 500,
  closeNoticeSlots: 1_800n,
  authorisationLifeSlots: 600n,
  heartbeatSlots: 30n,
  faucetMax: 100n * unitsPerCoin,
}

/**
 * Rewards of a devnet that is made with them: a fiftieth of each settlement is burned, and its miner may
 * claim half of that for a day. Not the default: a miner that claims nothing earns that much less, and no
 * agent claims by itself.
 */
export const devnetRewards: NonNullable<Genesis['parameters']['market']> = {
  burnBps: 200,
  rewardBps: 5_000,
  claimWindowSlots: 43_200n,
  unbondNoticeSlots: 43_200n,
}

/** A site that takes part: its authority proposes blocks and its faucet gives devnet funds. */
export type GenesisSite = {
  name: string
  /** Ed25519 public keys, 32 bytes each. */
  authority: Uint8Array
  coordinator: Uint8Array
  faucet: Uint8Array
}

export type GenesisInput = {
  chainId: string
  nowMs: number
  sites: GenesisSite[]
  /** Further sites whose coordinators begin with funds, but which propose nothing (32-byte keys). */
  coordinators?: Uint8Array[]
  /** Further accounts and the balances with which they begin. */
  accounts?: { address: Uint8Array; balance: bigint }[]
  parameters?: Partial<Genesis['parameters']>
}

/** Builds a devnet genesis: slot 0 is the newest whole slot, each site has a faucet account. */
export function makeGenesis(input: GenesisInput): GenesisJson {
  const balances = new Map<string, { address: Uint8Array; balance: bigint }>()
  const hasFaucet = input.parameters?.faucetMax !== 0n
  const fund = (address: Uint8Array, amount: bigint) => {
    const key = address.toString()
    balances.set(key, { address, balance: (balances.get(key)?.balance ?? 0n) + amount })
  }
  for (const site of input.sites) {
    if (hasFaucet) fund(addressOf(site.faucet), faucetFund)
    fund(addressOf(site.coordinator), coordinatorFund)
  }
  for (const key of input.coordinators ?? []) fund(addressOf(key), coordinatorFund)
  for (const { address, balance } of input.accounts ?? []) fund(address, balance)
  const json = genesisToJson({
    version: input.parameters?.market ? 2 : 1,
    chainId: input.chainId,
    genesisTimeMs: BigInt(Math.floor(input.nowMs / slotMs) * slotMs),
    parameters: { ...devnetParameters, ...input.parameters },
    authorities: input.sites.map(({ name, authority }) => ({ name, publicKey: authority })),
    faucets: hasFaucet ? input.sites.map(({ faucet }) => addressOf(faucet)) : [],
    accounts: [...balances.values()].sort((a, b) => compareBytes(a.address, b.address)),
  })
  const checked = parseGenesis(json)
  if (!checked.ok) throw new Error(`the genesis is not valid: ${checked.error.message}`)
  return json
}

/** The public keys of a site, from the seeds among its secrets. */
export function siteKeys(secrets: Record<string, string>): Omit<GenesisSite, 'name'> {
  const authority = seedOf('AUTHORITY_KEY', secrets)
  return {
    authority: ed25519.getPublicKey(authority),
    coordinator: ed25519.getPublicKey(seedOf('COORDINATOR_KEY', secrets)),
    faucet: ed25519.getPublicKey(deriveSeed(authority, 'faucet')),
  }
}

/**
 * Reads `genesis.json`, after making one for a single devnet site when there is none.
 *
 * @returns Its text, as `GENESIS_JSON` carries it, and whether it is new.
 */
export function ensureGenesis(
  secrets: Record<string, string>,
  path: string = genesisPath,
): { text: string; made: boolean } {
  if (existsSync(path)) {
    const json: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const parsed = parseGenesis(json)
    if (!parsed.ok) throw new Error(`genesis.json: ${parsed.error.message}`)
    return { text: JSON.stringify(json), made: false }
  }
  const json = makeGenesis({
    chainId: 'aitbc-devnet',
    nowMs: Date.now(),
    sites: [{ name: 'site-a', ...siteKeys(secrets) }],
  })
  writeGenesis(json, path)
  return { text: JSON.stringify(json), made: true }
}

/** Writes a genesis file; a start that is killed here leaves no half-written one. */
export function writeGenesis(json: GenesisJson, path: string = genesisPath): void {
  const temporary = `${path}.${process.pid}.new`
  writeFileSync(temporary, `${JSON.stringify(json, undefined, 2)}\n`)
  renameSync(temporary, path)
}

function seedOf(name: string, secrets: Record<string, string>): Uint8Array {
  const seed = fromHex(secrets[name] ?? '', 32)
  if (!seed.ok) throw new Error(`${name} must be 64 hex digits`)
  return seed.value
}
