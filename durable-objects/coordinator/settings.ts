/**
 * What the operator sets for the coordinator, read once per instance. Values never leave through an
 * error: only names do.
 */
import { fromHex } from '../../core/base/bytes.ts'
import { type Genesis, genesisHash, parseGenesis } from '../../core/chain/genesis.ts'
import { parseAddress } from '../../core/crypto/address.ts'
import type { Signer, Verifier } from '../../core/crypto/signature.ts'
import type { RememberingVerifier } from '../../core/crypto/verified-cache.ts'
import { leastChargeOf } from '../../core/jobs/least-charge.ts'
import { sealingSecrets } from '../key-ring.ts'
import { createNativeVerifier, sharedVerifier } from '../native-ed25519.ts'
import { nativeSigner } from './native-signer.ts'

/** Bindings and variables that the coordinator reads. */
export type CoordinatorEnv = {
  readonly GENESIS_JSON?: string
  readonly COORDINATOR_KEY?: string
  readonly WALLET_ENCRYPTION_KEY?: string
  readonly WALLET_ENCRYPTION_KEY_OLD?: string
  readonly CLIENT_API_KEYS?: string
  readonly MINER_API_KEYS?: string
  readonly ADMIN_API_KEYS?: string
  /** JSON object from miner API key to the `aitbc1…` address that is paid. */
  readonly MINER_PAYOUTS?: string
  /** Name that miners sign, where it differs from the host name that they ask for. */
  readonly SITE_HOST?: string
}

/** Who may call under which scope. */
export type Scope = 'client' | 'miner' | 'admin'

export type Settings = {
  readonly genesis: Genesis
  readonly genesisHash: Uint8Array
  readonly genesisTimeMs: number
  /** Least that a finished job is charged, base units. */
  readonly chargeMin: bigint
  readonly verifier: Verifier
  /** For what the chain will be asked again: it and this object tell each other what they have seen. */
  readonly shared: RememberingVerifier
  /** Signs releases and settle transactions. */
  readonly coordinator: Signer
  /** Seal the keys that this site keeps for others, newest first; 32 bytes each. */
  readonly sealingKeys: readonly [Uint8Array, ...Uint8Array[]]
  readonly apiKeys: Readonly<Record<Scope, readonly string[]>>
  /** Address that is paid for the work of a legacy miner, by API key. */
  readonly payouts: ReadonlyMap<string, Uint8Array>
  /** Name of the site where that differs from the host that miners ask for. */
  readonly siteHost: string | undefined
}

/**
 * Reads the settings.
 *
 * @throws Error with `code: 'CONFIG_INVALID'` that names what cannot be used.
 */
export function readSettings(env: CoordinatorEnv): Settings {
  const genesis = parseGenesis(parseJson('GENESIS_JSON', env.GENESIS_JSON))
  if (!genesis.ok) throw configInvalid('GENESIS_JSON')
  return {
    genesis: genesis.value,
    genesisHash: genesisHash(genesis.value),
    genesisTimeMs: Number(genesis.value.genesisTimeMs),
    chargeMin: leastChargeOf(genesis.value.parameters),
    verifier: createNativeVerifier(),
    shared: sharedVerifier,
    coordinator: nativeSigner(require32('COORDINATOR_KEY', fromHex(env.COORDINATOR_KEY ?? '', 32))),
    sealingKeys: sealingSecrets(env),
    apiKeys: {
      client: keyList('CLIENT_API_KEYS', env.CLIENT_API_KEYS),
      miner: keyList('MINER_API_KEYS', env.MINER_API_KEYS),
      admin: keyList('ADMIN_API_KEYS', env.ADMIN_API_KEYS),
    },
    payouts: readPayouts(env.MINER_PAYOUTS),
    siteHost: env.SITE_HOST || undefined,
  }
}

function readPayouts(text: string | undefined): Map<string, Uint8Array> {
  const payouts = new Map<string, Uint8Array>()
  const json = parseJson('MINER_PAYOUTS', text || '{}')
  if (typeof json !== 'object' || json === null) throw configInvalid('MINER_PAYOUTS')
  for (const [apiKey, address] of Object.entries(json)) {
    const parsed = parseAddress(String(address))
    if (!parsed.ok) throw configInvalid('MINER_PAYOUTS')
    payouts.set(apiKey.trim(), parsed.value)
  }
  return payouts
}

function keyList(name: string, text: string | undefined): string[] {
  const json = parseJson(name, text)
  if (!Array.isArray(json)) throw configInvalid(name)
  return json.map((key) => String(key).trim()).filter((key) => key !== '')
}

function parseJson(name: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    throw configInvalid(name)
  }
}

function require32(
  name: string,
  parsed: { readonly ok: true; readonly value: Uint8Array } | { readonly ok: false },
): Uint8Array {
  if (!parsed.ok) throw configInvalid(name)
  return parsed.value
}

function configInvalid(name: string): Error & { code: string } {
  return Object.assign(new Error(`${name} is missing or cannot be used`), {
    code: 'CONFIG_INVALID',
  })
}
