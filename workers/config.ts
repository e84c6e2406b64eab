/**
 * Configuration, checked once per isolate: what is missing or unusable is named, never shown.
 */
import { readPeerUrls } from '../core/api/peer-urls.ts'
import { readSnapshotEvery, readSnapshotStart } from '../core/api/snapshot-every.ts'
import { fromBase64Url, fromHex } from '../core/base/bytes.ts'
import { isLoopback } from '../core/base/loopback.ts'
import { type Genesis, genesisHash, parseGenesis } from '../core/chain/genesis.ts'
import { formatAddress, parseAddress } from '../core/crypto/address.ts'
import type { Env } from './env.ts'

export type Config = {
  readonly appEnv: string
  readonly genesis: Genesis
  readonly genesisHash: Uint8Array
  readonly corsOrigins: ReadonlySet<string>
  readonly chainUpstream: string | undefined
  /** Sign sessions; the first makes new ones, all of them are good. */
  readonly sessionSecrets: readonly string[]
  /** Mark the nonces of challenges; the first makes new ones, all of them are good. */
  readonly challengeSecrets: readonly string[]
  /** Where the development mock listens that answers `/v1/`; undefined: the coordinator does. */
  readonly v1Mock: string | undefined
  /** Accounts that administer this site: `aitbc1…` in their one spelling. */
  readonly adminAddresses: ReadonlySet<string>
}

/** Names only: a value never leaves this module through an error. */
export type ConfigFault = {
  readonly code: 'CONFIG_MISSING' | 'CONFIG_INVALID'
  readonly names: readonly string[]
  readonly message: string
}

export type ConfigCheck =
  | { readonly ok: true; readonly value: Config }
  | { readonly ok: false; readonly error: ConfigFault }

/** The origins of the original's own clients (seed, section Security). */
const defaultOrigins = [3000, 8080, 8000, 8011].map((port) => `http://localhost:${port}`)

const checks: Readonly<Record<string, (value: string) => boolean>> = {
  JWT_SECRET: isSecretList,
  SESSION_SECRET: isSecretList,
  WALLET_ENCRYPTION_KEY: (value) => fromBase64Url(value, 32).ok,
  AUTHORITY_KEY: (value) => fromHex(value, 32).ok,
  COORDINATOR_KEY: (value) => fromHex(value, 32).ok,
  CLIENT_API_KEYS: isKeyList,
  MINER_API_KEYS: isKeyList,
  ADMIN_API_KEYS: isKeyList,
  GENESIS_JSON: (value) => readGenesis(value) !== undefined,
}

/** The names that a deployment must set. */
export const requiredNames = Object.keys(checks)

/** Where `npm run mock` listens unless it is told otherwise. */
const mockUrlDefault = 'http://127.0.0.1:8090'

const cache = new WeakMap<Env, ConfigCheck>()

/** Reads and checks the configuration of this environment. */
export function configOf(env: Env): ConfigCheck {
  const known = cache.get(env)
  if (known) return known
  const fresh = readConfig(env)
  cache.set(env, fresh)
  return fresh
}

function readConfig(env: Env): ConfigCheck {
  const values = env as unknown as Readonly<Record<string, unknown>>
  const textOf = (name: string) => {
    const value = values[name]
    return typeof value === 'string' && value.trim() !== '' ? value : undefined
  }
  const missing = requiredNames.filter((name) => textOf(name) === undefined)
  if (missing.length > 0) return fault('CONFIG_MISSING', missing, 'This site lacks configuration')
  const invalid = requiredNames.filter((name) => !checks[name]?.(textOf(name) as string))
  const upstream = textOf('CHAIN_UPSTREAM')
  if (upstream !== undefined && !isHttpUrl(upstream)) invalid.push('CHAIN_UPSTREAM')
  // Who follows by HTTP keeps no chain of its own that peers could speak of.
  const peers = textOf('PEERS')
  if (!readPeerUrls(peers).ok || (peers && upstream)) invalid.push('PEERS')
  // Keys that were in use before, while what they sealed is sealed anew.
  const oldKeys = splitList(textOf('WALLET_ENCRYPTION_KEY_OLD'))
  if (!oldKeys.every((key) => fromBase64Url(key, 32).ok)) invalid.push('WALLET_ENCRYPTION_KEY_OLD')
  if (!readSnapshotEvery(textOf('SNAPSHOT_EVERY')).ok) invalid.push('SNAPSHOT_EVERY')
  if (!readSnapshotStart(textOf('SNAPSHOT_START')).ok) invalid.push('SNAPSHOT_START')
  // A development setting: nobody is to take invented answers of a site in use for real ones.
  if (env.V1_UPSTREAM === 'mock' && env.APP_ENV === 'production') invalid.push('V1_UPSTREAM')
  if (!isLoopbackUrl(textOf('MOCK_URL') ?? mockUrlDefault)) invalid.push('MOCK_URL')
  const admins = splitList(textOf('ADMIN_ADDRESSES')).map(parseAddress)
  if (!admins.every(({ ok }) => ok)) invalid.push('ADMIN_ADDRESSES')
  if (invalid.length > 0) return fault('CONFIG_INVALID', invalid, 'This site cannot use')
  const genesis = readGenesis(env.GENESIS_JSON as string) as Genesis
  return {
    ok: true,
    value: {
      appEnv: env.APP_ENV ?? 'dev',
      genesis,
      genesisHash: genesisHash(genesis),
      corsOrigins: new Set([...defaultOrigins, ...splitList(env.CORS_ORIGINS)]),
      chainUpstream: upstream?.replace(/\/+$/, ''),
      sessionSecrets: splitList(env.JWT_SECRET),
      challengeSecrets: splitList(env.SESSION_SECRET),
      v1Mock: env.V1_UPSTREAM === 'mock' ? (textOf('MOCK_URL') ?? mockUrlDefault) : undefined,
      adminAddresses: new Set(admins.flatMap((each) => (each.ok ? formatAddress(each.value) : []))),
    },
  }
}

function fault(
  code: ConfigFault['code'],
  names: readonly string[],
  text: string,
): { ok: false; error: ConfigFault } {
  return { ok: false, error: { code, names, message: `${text}: ${names.join(', ')}.` } }
}

/** Newest first; the others are those that are being replaced. */
function isSecretList(value: string): boolean {
  const secrets = splitList(value)
  return secrets.length > 0 && secrets.length <= 8 && secrets.every(({ length }) => length >= 32)
}

function isKeyList(value: string): boolean {
  try {
    const keys: unknown = JSON.parse(value)
    return Array.isArray(keys) && keys.every((key) => typeof key === 'string' && key.length >= 8)
  } catch {
    return false
  }
}

function readGenesis(value: string): Genesis | undefined {
  try {
    const parsed = parseGenesis(JSON.parse(value))
    return parsed.ok ? parsed.value : undefined
  } catch {
    return undefined
  }
}

function isLoopbackUrl(value: string): boolean {
  return isHttpUrl(value) && isLoopback(new URL(value).hostname)
}

function isHttpUrl(value: string): boolean {
  return /^https?:\/\/[^/?#]+\/?$/.test(value)
}

function splitList(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
