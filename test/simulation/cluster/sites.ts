/** The sites of a simulated cluster: who there is, on what store, with which key. */
import { compareBytes } from '../../../core/base/bytes.ts'
import { openEngine } from '../../../core/chain/engine.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import type { Genesis } from '../../../core/chain/genesis.ts'
import { createMemoryChainStore, type MemoryChainStore } from '../../support/memory-chain-store.ts'
import { cheapPerson, cheapVerifier, type Person } from './keys.ts'
import type { Weather } from './weather.ts'

/** What a run is made of. All else follows from the seed. */
export type ClusterOptions = {
  readonly seed: number
  /** Authorities, one site each: 1 to 7. */
  readonly sites: number
  /** Slots of bad weather; afterwards it is calm until all agree. */
  readonly slots: number
  /** Authorities that exist twice, that also lie, and that never say anything: the last of the set. */
  readonly twins?: number
  readonly liars?: number
  readonly silent?: number
  /** Weather that does not follow from the seed. */
  readonly weather?: Partial<Weather>
}

/**
 * A site: an engine on a store, a clock and an alarm. A twin shares its key with another site; a follower
 * has none, and an index beyond the set.
 */
export type Site = {
  readonly name: string
  readonly index: number
  readonly honest: boolean
  readonly liar: boolean
  readonly silent: boolean
  readonly store: MemoryChainStore
  engine: Engine
  skewMs: number
  alarmMs: number
  /** Which part of a divided network it is in. */
  side: number
  /** From when to when it takes part, simulated Unix milliseconds; its store is empty before. */
  joinsAtMs: number
  leavesAtMs: number
}

/** Those who pay each other. */
export const users = ['ann', 'ben', 'cleo', 'dora'].map(cheapPerson)

/** The genesis of a cluster: users with money, cheap fees. */
export function clusterGenesis(sites: number): Genesis {
  const accounts = users.map(({ address }) => ({ address, balance: 1_000_000_000n }))
  return {
    version: 1,
    chainId: 'cluster',
    genesisTimeMs: 1_700_000_000_000n,
    parameters: {
      baseFee: 10n,
      feePerByte: 1n,
      feePerEntry: 100n,
      coordinatorShareBps: 500,
      closeNoticeSlots: 60n,
      authorisationLifeSlots: 20n,
      heartbeatSlots: 10n,
      faucetMax: 0n,
    },
    authorities: Array.from({ length: sites }, (_, index) => ({
      publicKey: authorityOf(index).publicKey,
      name: `site-${index}`,
    })),
    faucets: [],
    accounts: accounts.sort((a, b) => compareBytes(a.address, b.address)),
  }
}

/** The last authorities of the set are the villains: first those that exist twice, then the liars. */
export const twinIndexes = ({ sites, twins = 0 }: ClusterOptions): number[] =>
  Array.from({ length: twins }, (_, n) => sites - 1 - n)

export const liarIndexes = ({ sites, twins = 0, liars = 0 }: ClusterOptions): number[] =>
  Array.from({ length: liars }, (_, n) => sites - 1 - twins - n)

/** Opens all sites: those of the authorities, then the followers. */
export function openSites(options: ClusterOptions, genesis: Genesis, followers = 0): Site[] {
  const { sites, twins = 0, liars = 0, silent = 0 } = options
  const opened: Site[] = []
  for (let index = 0; index < sites + followers; index++) {
    const isFollower = index >= sites
    const isTwin = twinIndexes(options).includes(index)
    const isLiar = liarIndexes(options).includes(index)
    const isSilent = !isFollower && !isTwin && !isLiar && index >= sites - twins - liars - silent
    for (const copy of isTwin ? ['a', 'b'] : ['']) {
      const plan = {
        name: isFollower ? `follower-${index - sites}` : `site-${index}${copy}`,
        index,
        honest: !isTwin && !isLiar,
        liar: isLiar,
        silent: isSilent,
        store: createMemoryChainStore(),
        skewMs: 0,
        alarmMs: 0,
        side: 0,
        joinsAtMs: 0,
        leavesAtMs: Number.POSITIVE_INFINITY,
      }
      opened.push({ ...plan, engine: openSite(genesis, plan) })
    }
  }
  return opened
}

export function openSite(
  genesis: Genesis,
  { name, index, store }: Pick<Site, 'name' | 'index' | 'store'>,
): Engine {
  const opened = openEngine({
    store,
    genesis,
    verifier: cheapVerifier,
    signer: index < genesis.authorities.length ? authorityOf(index) : undefined,
  })
  if (!opened.ok) throw new Error(`${name}: ${opened.error.code} ${opened.error.message}`)
  return opened.value
}

/** The key of an authority. */
export const authorityOf = (index: number): Person => cheapPerson(`authority ${index}`)
