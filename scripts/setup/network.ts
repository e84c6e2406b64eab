/** Several sites on one chain: one genesis with all their keys, and the variables of each. */
import {
  type Genesis,
  type GenesisJson,
  genesisToJson,
  parseGenesis,
} from '../../core/chain/genesis.ts'
import { freshSecrets } from './dev-vars.ts'
import { type GenesisInput, type GenesisSite, makeGenesis, siteKeys } from './genesis.ts'

/** A site of the network. Its own secrets, and the public keys that genesis knows. */
export type NetworkSite = GenesisSite & {
  readonly secrets: Readonly<Record<string, string>>
  /** Whether its key is in the authority set; a follower proposes and votes for nothing. */
  readonly isAuthority: boolean
}

export type Network = {
  readonly genesis: Genesis
  readonly json: GenesisJson
  readonly sites: readonly NetworkSite[]
}

export type NetworkInput = Pick<GenesisInput, 'chainId' | 'nowMs' | 'accounts' | 'parameters'> & {
  /** Names of the authorities, in the order of their turns. */
  readonly authorities: readonly string[]
  /** Names of sites that only follow. Their coordinators begin with funds too. */
  readonly followers?: readonly string[]
}

/** Makes fresh secrets for every site, and the genesis on which they agree. Slot 0 is `nowMs`. */
export function makeNetwork(input: NetworkInput): Network {
  const { authorities, followers = [], ...rest } = input
  const freshSite = (name: string, isAuthority: boolean): NetworkSite => {
    const secrets = freshSecrets()
    return { name, isAuthority, secrets, ...siteKeys(secrets) }
  }
  const sites = [
    ...authorities.map((name) => freshSite(name, true)),
    ...followers.map((name) => freshSite(name, false)),
  ]
  const json = makeGenesis({
    ...rest,
    sites: sites.filter(({ isAuthority }) => isAuthority),
    coordinators: sites.filter((site) => !site.isAuthority).map((site) => site.coordinator),
  })
  const genesis = parseGenesis(json)
  if (!genesis.ok) throw new Error(genesis.error.message)
  return { genesis: genesis.value, json: genesisToJson(genesis.value), sites }
}

/**
 * The variables with which a site of the network starts.
 *
 * @param peers Origins of the other sites, as this one reaches them.
 */
export function networkVars(
  network: Network,
  site: NetworkSite,
  peers: readonly string[],
): Record<string, string> {
  return {
    ...site.secrets,
    GENESIS_JSON: JSON.stringify(network.json),
    PEERS: peers.join(','),
  }
}
