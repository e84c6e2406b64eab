/**
 * What the chain object reads from its environment: the genesis, and the key with which it proposes.
 */
import { readPeerUrls } from '../../core/api/peer-urls.ts'
import { readSnapshotEvery, readSnapshotStart } from '../../core/api/snapshot-every.ts'
import { fromHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { type Genesis, parseGenesis } from '../../core/chain/genesis.ts'
import { deriveSeed } from '../../core/crypto/derive.ts'
import { signerFromSeed } from '../../core/crypto/ed25519.ts'
import type { Signer } from '../../core/crypto/signature.ts'
import { snapshotLimits, snapshotStartLimits } from './limits.ts'

/** The variables that the object uses. */
export type ChainNodeEnv = {
  readonly AUTHORITY_KEY?: string
  readonly GENESIS_JSON?: string
  /** Comma-separated origins of the other sites of this chain. */
  readonly PEERS?: string
  /** Heights from one snapshot to the next; 0 makes none. */
  readonly SNAPSHOT_EVERY?: string
  /** Heights that a peer's snapshot has to save before the site begins from it; 0: never. */
  readonly SNAPSHOT_START?: string
}

export type ChainConfiguration = {
  readonly genesis: Genesis
  /** Proposes and votes where its key is in the set; elsewhere the site only follows. */
  readonly authority: Signer
  /** Account that gives on devnets, derived from the authority's key. */
  readonly faucet: Signer
  readonly peerUrls: readonly string[]
  readonly snapshotEvery: number
  readonly snapshotStart: number
}

/** Why the object cannot work. The message names variables, never their values. */
export type ConfigurationError = { readonly code: 'CONFIG_INVALID'; readonly message: string }

/** Reads the configuration. The first fault found is named. */
export function readChainConfiguration(
  env: ChainNodeEnv,
): Result<ChainConfiguration, ConfigurationError> {
  if (!env.GENESIS_JSON) return invalid('GENESIS_JSON is missing: npm run genesis writes one.')
  let json: unknown
  try {
    json = JSON.parse(env.GENESIS_JSON)
  } catch {
    return invalid('GENESIS_JSON is not JSON.')
  }
  const genesis = parseGenesis(json)
  if (!genesis.ok) return invalid(`GENESIS_JSON cannot be used: ${genesis.error.message}.`)
  if (!env.AUTHORITY_KEY) return invalid('AUTHORITY_KEY is missing.')
  const seed = fromHex(env.AUTHORITY_KEY, 32)
  if (!seed.ok) return invalid('AUTHORITY_KEY must be 64 hex digits.')
  const peerUrls = readPeerUrls(env.PEERS)
  if (!peerUrls.ok) return peerUrls
  const snapshotEvery = readSnapshotEvery(env.SNAPSHOT_EVERY)
  if (!snapshotEvery.ok) return snapshotEvery
  const snapshotStart = readSnapshotStart(env.SNAPSHOT_START)
  if (!snapshotStart.ok) return snapshotStart
  return ok({
    genesis: genesis.value,
    peerUrls: peerUrls.value,
    snapshotEvery: snapshotEvery.value ?? snapshotLimits.everyDefault,
    snapshotStart: snapshotStart.value ?? snapshotStartLimits.heightsDefault,
    authority: signerFromSeed(seed.value),
    faucet: signerFromSeed(deriveSeed(seed.value, 'faucet')),
  })
}

const invalid = (message: string): Result<never, ConfigurationError> =>
  err({ code: 'CONFIG_INVALID', message })
