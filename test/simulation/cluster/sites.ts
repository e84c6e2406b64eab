/** The sites of a simulated cluster: who there is, on what store, with which key. */
import { compareBytes } from '../../../core/base/bytes.ts'
import { openEngine } from '../../../core/chain/engine.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import type { Genesis } from '../../../core/chain/genesis.ts'
import { createMemoryChainStore, type MemoryChainStore } from '../../support/memory-chain-store.ts'
import { cheapPerson, cheapVerifier } from './keys.ts'

/** What a run is made of. All else follows from the seed. */
export type ClusterOptions = {
  readonly seed: number
  /** Authorities, one site each: 1 to 7. */
  readonly sites: number
  /** Slots of bad weather; afterwards it is calm until all agree. */
  readonly slots: number
  /** Authorities that exist twice, and that never say anything: the last ones of the set. */
  readonly twins?: number
  readonly silent?: number
}

/** A site: an engine on a store, a clock and an alarm. A twin shares its key with another site. */
export type Site = {
  readonly name: string
  readonly index: number
  readonly honest: boolean
  readonly silent: boolean
  readonly store: MemoryChainStore
  engine: Engine
  skewMs: number
  alarmMs: number
  /** Which part of a divided network it is in. */
  side: number
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
      publicKey: cheapPerson(`authority ${index}`).publicKey,
      name: `site-${index}`,
    })),
    faucets: [],
    accounts: accounts.sort((a, b) => compareBytes(a.address, b.address)),
  }
}

/** The last authorities of the set are the villains. */
export const twinIndexes = ({ sites, twins = 0 }: ClusterOptions): number[] =>
  Array.from({ length: twins }, (_, n) => sites - 1 - n)

export function openSites(options: ClusterOptions, genesis: Genesis): Site[] {
  const { sites, twins = 0, silent = 0 } = options
  const opened: Site[] = []
  for (let index = 0; index < sites; index++) {
    const isTwin = twinIndexes(options).includes(index)
    const isSilent = !isTwin && index >= sites - twins - silent
    for (const copy of isTwin ? ['a', 'b'] : ['']) {
      const plan = {
        name: `site-${index}${copy}`,
        index,
        honest: !isTwin,
        silent: isSilent,
        store: createMemoryChainStore(),
        skewMs: 0,
        alarmMs: 0,
        side: 0,
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
    signer: cheapPerson(`authority ${index}`),
  })
  if (!opened.ok) throw new Error(`${name}: ${opened.error.code} ${opened.error.message}`)
  return opened.value
}
