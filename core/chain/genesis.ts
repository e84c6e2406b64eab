/**
 * Genesis: the constants on which all sites of one chain agree. Its hash enters everything that is
 * signed; the chain id is only a name, since a reset devnet keeps it and must not replay.
 */
import * as P from 'micro-packed'
import * as z from 'zod/mini'
import { parseUnits, supplyMax } from '../base/amount.ts'
import { bytesEqual, compareBytes, fromHex, toHex } from '../base/bytes.ts'
import { bytes20, bytes32, type Coder, listOf, text, u8, u16, u64 } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { readBy } from '../base/schema.ts'
import { formatAddress, parseAddress } from '../crypto/address.ts'
import { isStrictPoint } from '../crypto/ed25519.ts'
import { taggedHash } from '../crypto/hash.ts'

/** Milliseconds in a slot. No parameter: governance cannot change it. */
export const slotMs = 2_000

/** Parameters that genesis sets. Amounts in base units, durations in slots. */
export const parametersCoder = P.struct({
  /** Fee of any transaction, before size. */
  baseFee: u64,
  /** Fee for each byte of the signed transaction. */
  feePerByte: u64,
  /** Fee for each state entry that the transaction creates. */
  feePerEntry: u64,
  /** The coordinator's share of a settlement, in hundredths of a percent. */
  coordinatorShareBps: u16,
  /** N: slots between a close or revoke and its effect on the chain. */
  closeNoticeSlots: u64,
  /** M: most slots between now and an authorisation's settle-by. Well below N. */
  authorisationLifeSlots: u64,
  /** Slots between heartbeat blocks while there is nothing to do. */
  heartbeatSlots: u64,
  /** Most that one faucet transaction gives; 0 turns the faucet off. */
  faucetMax: u64,
})
export type Parameters = P.UnwrapCoder<typeof parametersCoder>

/** Authorities take turns by slot; the name is for people. */
export const authoritySetCoder = P.array(u8, P.struct({ publicKey: bytes32, name: text }))
export type AuthoritySet = P.UnwrapCoder<typeof authoritySetCoder>

/** The constants of one chain; field by field as in `genesisCoder`. */
export type Genesis = {
  version: number
  chainId: string
  genesisTimeMs: bigint
  parameters: Parameters
  authorities: AuthoritySet
  faucets: Uint8Array[]
  accounts: { address: Uint8Array; balance: bigint }[]
}

/** Canonical bytes of a genesis. */
export const genesisCoder: Coder<Genesis> = P.struct({
  version: u8,
  chainId: text,
  /** Unix time of slot 0, milliseconds, a multiple of the slot length. */
  genesisTimeMs: u64,
  parameters: parametersCoder,
  authorities: authoritySetCoder,
  /** Addresses that may send faucet transactions, one a site. */
  faucets: P.array(u8, bytes20),
  /** Balances at height 0, in strictly rising order of address. */
  accounts: listOf(P.struct({ address: bytes20, balance: u64 })),
})

/** Why a genesis cannot be used; the message names the field. */
export type GenesisError = { readonly code: 'GENESIS_INVALID'; readonly message: string }

/** Names the chain: 32 bytes. */
export const genesisHash = (genesis: Genesis): Uint8Array =>
  taggedHash('aitbc/genesis/1', genesisCoder.encode(genesis))

/** Names an authority set in headers, votes and certificates: 32 bytes. */
export const authoritySetHash = (authorities: AuthoritySet): Uint8Array =>
  taggedHash('aitbc/authorities/1', authoritySetCoder.encode(authorities))

const units = z.string().check(z.regex(/^(?:0|[1-9][0-9]{0,19})$/))
const whole = z.int().check(z.minimum(0))

/** `genesis.json` and `GENESIS_JSON`: amounts are decimal strings of base units. */
export const genesisJsonSchema = z.strictObject({
  version: z.literal(1),
  chain_id: z.string().check(z.regex(/^[a-z0-9-]{1,40}$/)),
  genesis_time_ms: whole,
  parameters: z.strictObject({
    base_fee: units,
    fee_per_byte: units,
    fee_per_entry: units,
    coordinator_share_bps: z.int().check(z.minimum(0), z.maximum(10_000)),
    close_notice_slots: whole,
    authorisation_life_slots: whole,
    heartbeat_slots: whole,
    faucet_max: units,
  }),
  authorities: z
    .array(
      z.strictObject({
        public_key: z.string(),
        name: z.string().check(z.minLength(1), z.maxLength(64)),
      }),
    )
    .check(z.minLength(1), z.maxLength(64)),
  faucets: z.array(z.string()).check(z.maxLength(64)),
  accounts: z
    .array(z.strictObject({ address: z.string(), balance: units }))
    .check(z.maxLength(10_000)),
})
export type GenesisJson = z.infer<typeof genesisJsonSchema>

/** Reads and checks a genesis file (already parsed JSON). The first fault found is named. */
export function parseGenesis(json: unknown): Result<Genesis, GenesisError> {
  const parsed = readBy(genesisJsonSchema, json)
  return parsed.ok ? convert(parsed.value) : invalid(parsed.error)
}

/** Writes a genesis as its JSON form. */
export function genesisToJson(genesis: Genesis): GenesisJson {
  const p = genesis.parameters
  return {
    version: 1,
    chain_id: genesis.chainId,
    genesis_time_ms: Number(genesis.genesisTimeMs),
    parameters: {
      base_fee: String(p.baseFee),
      fee_per_byte: String(p.feePerByte),
      fee_per_entry: String(p.feePerEntry),
      coordinator_share_bps: p.coordinatorShareBps,
      close_notice_slots: Number(p.closeNoticeSlots),
      authorisation_life_slots: Number(p.authorisationLifeSlots),
      heartbeat_slots: Number(p.heartbeatSlots),
      faucet_max: String(p.faucetMax),
    },
    authorities: genesis.authorities.map(({ publicKey, name }) => ({
      public_key: toHex(publicKey),
      name,
    })),
    faucets: genesis.faucets.map(formatAddress),
    accounts: genesis.accounts.map(({ address, balance }) => ({
      address: formatAddress(address),
      balance: String(balance),
    })),
  }
}

function convert(json: GenesisJson): Result<Genesis, GenesisError> {
  const authorities: Genesis['authorities'] = []
  for (const { public_key, name } of json.authorities) {
    const key = fromHex(public_key, 32)
    if (!key.ok) return invalid(`authorities.${name}: ${key.error.message}`)
    if (!isStrictPoint(key.value)) return invalid(`authorities.${name}: no usable public key`)
    if (authorities.some((other) => bytesEqual(other.publicKey, key.value))) {
      return invalid(`authorities.${name}: the key appears twice`)
    }
    authorities.push({ publicKey: key.value, name })
  }
  const faucets: Uint8Array[] = []
  for (const address of json.faucets) {
    const parsed = parseAddress(address)
    if (!parsed.ok) return invalid(`faucets: ${parsed.error.message}`)
    faucets.push(parsed.value)
  }
  const accounts: Genesis['accounts'] = []
  let supply = 0n
  for (const { address, balance } of json.accounts) {
    const parsed = parseAddress(address)
    if (!parsed.ok) return invalid(`accounts: ${parsed.error.message}`)
    const amount = parseUnits(balance)
    if (!amount.ok) return invalid(`accounts: ${amount.error.message}`)
    supply += amount.value
    accounts.push({ address: parsed.value, balance: amount.value })
  }
  if (supply > supplyMax) return invalid('accounts: the supply must stay below 2^53 base units')
  accounts.sort((a, b) => compareBytes(a.address, b.address))
  const twice = accounts.some((account, index) => {
    const before = accounts[index - 1]
    return before !== undefined && compareBytes(before.address, account.address) === 0
  })
  if (twice) return invalid('accounts: an address appears twice')
  if (json.genesis_time_ms % slotMs !== 0)
    return invalid('genesis_time_ms: no multiple of the slot length')
  const p = json.parameters
  if (p.authorisation_life_slots * 2 > p.close_notice_slots) {
    return invalid('parameters: close_notice_slots must be at least twice authorisation_life_slots')
  }
  if (p.base_fee === '0')
    return invalid('parameters: base_fee must be above 0: no fee is ever zero')
  if (p.heartbeat_slots < 1) return invalid('parameters: heartbeat_slots must be at least 1')
  return ok({
    version: 1,
    chainId: json.chain_id,
    genesisTimeMs: BigInt(json.genesis_time_ms),
    parameters: {
      baseFee: BigInt(p.base_fee),
      feePerByte: BigInt(p.fee_per_byte),
      feePerEntry: BigInt(p.fee_per_entry),
      coordinatorShareBps: p.coordinator_share_bps,
      closeNoticeSlots: BigInt(p.close_notice_slots),
      authorisationLifeSlots: BigInt(p.authorisation_life_slots),
      heartbeatSlots: BigInt(p.heartbeat_slots),
      faucetMax: BigInt(p.faucet_max),
    },
    authorities,
    faucets,
    accounts,
  })
}

const invalid = (message: string): Result<never, GenesisError> =>
  err({ code: 'GENESIS_INVALID', message })
