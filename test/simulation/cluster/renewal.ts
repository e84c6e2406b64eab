/**
 * Snapshots in the weather: sites make them piece by piece, killed at any write, and once in a run one site
 * loses its disk and begins again from what another has made, killed on the way as well.
 */
import type { Engine } from '../../../core/chain/engine-api.ts'
import type { SnapshotPart } from '../../../core/chain/engine-snapshot.ts'
import type { Genesis } from '../../../core/chain/genesis.ts'
import { beginInstall, resumeInstall } from '../../../core/chain/snapshot-install.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { randomFrom } from '../chain/network.ts'
import { cheapVerifier } from './keys.ts'
import type { Site } from './sites.ts'

export type RenewalParts = {
  readonly seed: number
  readonly genesis: Genesis
  readonly honest: readonly Site[]
  readonly isAway: (site: Site) => boolean
  readonly guarded: <T>(site: Site, action: (engine: Engine) => T) => T | undefined
  readonly clock: (site: Site) => number
  /** Whether a site may lose its disk now: it signs nothing for a while. */
  readonly mayBegin: () => boolean
  /** The site is there again, with a store that begins at a snapshot. */
  readonly begun: (site: Site) => void
}

type Whole = { readonly height: number; readonly parts: ReadonlyMap<SnapshotPart, Uint8Array> }

export type Renewal = {
  /** Something may happen. */
  readonly beat: () => void
  /** Gives up what is in the making, so that only the chain is left. */
  readonly letGo: (engine: Engine) => void
  readonly made: () => number
  readonly begun: () => number
}

/** Draws from numbers of its own, so that a run without it is the same as ever. */
export function createRenewal(parts: RenewalParts): Renewal {
  const random = randomFrom(parts.seed * 7 + 3)
  const chance = (p: number): boolean => random() < p
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const partial = new Map<Site, Map<SnapshotPart, Uint8Array>>()
  const whole: Whole[] = []
  let begun = 0

  const work = (site: Site): void => {
    parts.guarded(site, ({ snapshots }) => {
      if (snapshots.making() === undefined) {
        while (snapshots.prune(20));
        if (snapshots.begin()) partial.set(site, new Map())
        return
      }
      const piece = snapshots.next()
      const held = partial.get(site)
      if (piece === undefined || piece === 'again' || !held) return
      held.set(piece.part, piece.bytes)
      snapshots.keep()
      if (piece.part === 'description') whole.push({ height: piece.height, parts: held })
    })
  }
  const begin = (site: Site, { parts: stored }: Whole): void => {
    site.store.load(createMemoryChainStore().save())
    partial.delete(site)
    begun += 1
    const options = { store: site.store, genesis: parts.genesis, verifier: cheapVerifier }
    for (;;) {
      const writes = Math.floor(random() * 12)
      let count = 0
      site.store.fault = chance(0.5)
        ? () => {
            if (count++ === writes) throw new Error('killed')
          }
        : undefined
      try {
        takeAll(options, stored, parts.clock(site))
        return
      } catch (error) {
        if (!(error instanceof Error) || error.message !== 'killed') throw error
      } finally {
        site.store.fault = undefined
      }
    }
  }
  return {
    letGo: ({ snapshots }) => {
      snapshots.abandon()
      while (snapshots.prune(100));
    },
    made: () => whole.length,
    begun: () => begun,
    beat() {
      const here = parts.honest.filter((site) => !parts.isAway(site))
      if (chance(0.3)) work(pick(here))
      if (begun > 0 || whole.length === 0 || !chance(0.01) || !parts.mayBegin()) return
      const site = pick(here)
      begin(site, pick(whole))
      parts.begun(site)
    },
  }
}

function takeAll(
  options: Parameters<typeof beginInstall>[0],
  stored: Whole['parts'],
  nowMs: number,
): void {
  if (options.store.readHead()) return
  let install = resumeInstall(options)
  if (!install) {
    const fresh = beginInstall(options, stored.get('description') ?? new Uint8Array())
    if (!fresh.ok) throw new Error(`${fresh.error.code}: ${fresh.error.message}`)
    install = fresh.value
  }
  for (let part = install.wanted(); part !== undefined; part = install.wanted()) {
    const taken = install.take(stored.get(part) ?? new Uint8Array(), nowMs)
    if (!taken.ok) throw new Error(`${taken.error.code}: ${taken.error.message}`)
  }
}
