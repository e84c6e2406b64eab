/**
 * Genesis: the constants on which all sites of one chain agree. Its hash enters everything that is
 * signed; the chain id is only a name, since a reset devnet keeps it and must not replay.
 */
import * as P from 'micro-packed'
import * as z from 'zod/mini'
import { parseUnits, supplyMax } from '../base/amount.ts'
import { bytesEqual, compareBytes, fromHex, toHex } from '../base/bytes.ts'
import { bytes20, bytes32, type Coder, listOf, text, u8, u16, u64 } from '../base/coders.ts'
import { assert, err, ok, type Result } from '../base/result.ts'
import { readBy } from '../base/schema.ts'
import { formatAddress, parseAddress } from '../crypto/address.ts'
import { isStrictPoint } from '../crypto/ed25519.ts'
import { taggedHash } from '../crypto/hash.ts'

/** Milliseconds in a slot. No parameter: governance cannot change it. */
export const slotMs = 2_000

/** What a genesis of version 2 sets besides: rewards out of what settlements burn, and bonds. */
export const marketParametersCoder = P.struct({
  /** Part of each settlement that is burned, in hundredths of a percent. */
  burnBps: u16,
  /** Part of what a settlement burned that its miner may claim, in hundredths of a percent. */
  rewardBps: u16,
  /** Slots after a settlement in which its miner may claim. */
  claimWindowSlots: u64,
  /** Slots between an unbond and the payment; evidence lapses before. */
  unbondNoticeSlots: u64,
})
export type MarketParameters = P.UnwrapCoder<typeof marketParametersCoder>

const baseParametersCoder = P.struct({
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

/**
 * Parameters that genesis sets. Amounts in base units, durations in slots. `market`: absent under a genesis
 * of version 1, where settlements burn nothing and nothing can be claimed.
 */
export type Parameters = P.UnwrapCoder<typeof baseParametersCoder> & {
  market?: MarketParameters | undefined
}

/** Canonical bytes of parameters; what version 1 does not have takes none. */
export const parametersCoder: Coder<Parameters> = P.wrap<Parameters>({
  encodeStream(writer, { market, ...base }) {
    baseParametersCoder.encodeStream(writer, base)
    if (market) marketParametersCoder.encodeStream(writer, market)
  },
  decodeStream(reader) {
    const base = baseParametersCoder.decodeStream(reader)
    return reader.isEnd() ? base : { ...base, market: marketParametersCoder.decodeStream(reader) }
  },
})

/** Slots between an unbond and the payment: without a word of genesis twice the notice of a close. */
export const unbondNoticeOf = ({ market, closeNoticeSlots }: Parameters): bigint =>
  market?.unbondNoticeSlots ?? 2n * closeNoticeSlots

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

const baseGenesisCoder: Coder<Genesis> = P.struct({
  version: u8,
  chainId: text,
  /** Unix time of slot 0, milliseconds, a multiple of the slot length. */
  genesisTimeMs: u64,
  parameters: baseParametersCoder,
  authorities: authoritySetCoder,
  /** Addresses that may send faucet transactions, one a site. */
  faucets: P.array(u8, bytes20),
  /** Balances at height 0, in strictly rising order of address. */
  accounts: listOf(P.struct({ address: bytes20, balance: u64 })),
})

/** Canonical bytes of a genesis: those of version 2 end with what only it has. */
export const genesisCoder: Coder<Genesis> = P.wrap<Genesis>({
  encodeStream(writer, genesis) {
    const { market, ...parameters } = genesis.parameters
    assert(
      (market !== undefined) === (genesis.version === 2),
      'version 2 alone has market parameters',
    )
    baseGenesisCoder.encodeStream(writer, { ...genesis, parameters })
    if (market) marketParametersCoder.encodeStream(writer, market)
  },
  decodeStream(reader) {
    const genesis = baseGenesisCoder.decodeStream(reader)
    if (genesis.version !== 2) return genesis
    const market = marketParametersCoder.decodeStream(reader)
    return { ...genesis, parameters: { ...genesis.parameters, market } }
  },
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
  version: z.literal([1, 2]),
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
    /** In version 2 alone. */
    market: z.optional(
      z.strictObject({
        burn_bps: z.int().check(z.minimum(0), z.maximum(10_000)),
        reward_bps: z.int().check(z.minimum(0), z.maximum(10_000)),
        claim_window_slots: whole,
        unbond_notice_slots: whole,
      }),
    ),
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
    version: p.market ? 2 : 1,
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
      ...(p.market && {
        market: {
          burn_bps: p.market.burnBps,
          reward_bps: p.market.rewardBps,
          claim_window_slots: Number(p.market.claimWindowSlots),
          unbond_notice_slots: Number(p.market.unbondNoticeSlots),
        },
      }),
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
  const market = convertMarket(json)
  if (!market.ok) return market
  return ok({
    version: json.version,
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
      ...(market.value && { market: market.value }),
    },
    authorities,
    faucets,
    accounts,
  })
}

function convertMarket({
  version,
  parameters: p,
}: GenesisJson): Result<MarketParameters | undefined, GenesisError> {
  const { market } = p
  if ((market !== undefined) !== (version === 2)) {
    return invalid('parameters: version 2, and no other, has market')
  }
  if (!market) return ok(undefined)
  if (market.burn_bps + p.coordinator_share_bps > 10_000) {
    return invalid('parameters: burn_bps and coordinator_share_bps are more than the whole')
  }
  if (market.claim_window_slots < 1) {
    return invalid('parameters: claim_window_slots must be at least 1')
  }
  // An offence of the last moment before an unbond must still be punishable when it comes to light.
  if (market.unbond_notice_slots < 2 * p.authorisation_life_slots) {
    return invalid(
      'parameters: unbond_notice_slots must be at least twice authorisation_life_slots',
    )
  }
  return ok({
    burnBps: market.burn_bps,
    rewardBps: market.reward_bps,
    claimWindowSlots: BigInt(market.claim_window_slots),
    unbondNoticeSlots: BigInt(market.unbond_notice_slots),
  })
}

const invalid = (message: string): Result<never, GenesisError> =>
  err({ code: 'GENESIS_INVALID', message })
