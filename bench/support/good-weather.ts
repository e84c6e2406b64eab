/**
 * Time from submission to final in virtual time: sites of the cluster simulator on a network that is as it
 * should be. Nothing is lost, clocks agree, a message takes some tens of milliseconds.
 */
import { toHex } from '../../core/base/bytes.ts'
import type { Engine, Outbound, Step } from '../../core/chain/engine-api.ts'
import { sufficientFee } from '../../core/chain/fees.ts'
import { type Genesis, genesisHash, slotMs } from '../../core/chain/genesis.ts'
import {
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../../core/chain/transaction.ts'
import { randomFrom } from '../../test/simulation/chain/network.ts'
import { clusterGenesis, openSites, type Site, users } from '../../test/simulation/cluster/sites.ts'

export type GoodWeather = {
  readonly seed: number
  readonly sites: number
  readonly slots: number
  /** One way between two sites, milliseconds. */
  readonly delayMs: { readonly min: number; readonly max: number }
  /** Mean slots between two transactions. */
  readonly everySlots: number
}

/** Slots from submission until the transaction was final where it was submitted. */
export type GoodWeatherResult = { readonly slots: readonly number[]; readonly open: number }

type Event = { readonly atMs: number; readonly run: () => void }

/** A last transaction has this long. */
const drainSlots = 20

/** Runs one network; the same seed gives the same result. */
export function runGoodWeather(options: GoodWeather): GoodWeatherResult {
  const random = randomFrom(options.seed)
  const genesis = clusterGenesis(options.sites)
  const sites = openSites({ seed: options.seed, sites: options.sites, slots: 0 }, genesis)
  const startMs = Number(genesis.genesisTimeMs)
  const endMs = startMs + options.slots * slotMs
  const submitted = new Map<string, { readonly atMs: number; readonly site: Site }>()
  const taken: number[] = []
  const queue: Event[] = []
  let nowMs = startMs

  const later = (afterMs: number, run: () => void): void =>
    insert(queue, { atMs: nowMs + afterMs, run })
  const delay = (): number =>
    Math.round(options.delayMs.min + random() * (options.delayMs.max - options.delayMs.min))
  const arm = (site: Site): void => {
    const dueMs = Math.max(site.engine.dueAtMs(nowMs), nowMs)
    if (dueMs >= site.alarmMs) return
    site.alarmMs = dueMs
    insert(queue, { atMs: dueMs, run: () => tick(site, dueMs) })
  }
  const tick = (site: Site, dueMs: number): void => {
    if (site.alarmMs !== dueMs) return
    site.alarmMs = Number.POSITIVE_INFINITY
    follow(site, site.engine.tick(nowMs))
  }
  const follow = (site: Site, step: Step): void => {
    for (const out of step.send) {
      for (const to of sites) if (to !== site) later(delay(), () => take(to, out))
    }
    if (step.finalized) note(site, step.finalized)
    arm(site)
  }
  const take = (site: Site, out: Outbound): void => {
    const { engine } = site
    if (out.kind === 'message') follow(site, engine.receive([out.bytes], nowMs).step)
    else {
      const done =
        out.kind === 'block'
          ? engine.importBlock({ bytes: out.bytes, certificate: undefined }, nowMs)
          : engine.importCertificate(out.certificate, nowMs)
      if (done.ok) follow(site, done.value)
      // Its block is still on the way: a later message did overtake it.
      else if (done.error.code === 'PARENT_UNKNOWN') later(20, () => take(site, out))
      else if (done.error.code !== 'BEHIND_FINAL') throw new Error(done.error.message)
    }
  }
  const note = (site: Site, { from, to }: { readonly from: number; readonly to: number }): void => {
    for (let height = from; height <= to; height++) {
      for (const hash of site.engine.blockAt(height)?.transactionHashes ?? []) {
        const known = submitted.get(toHex(hash))
        if (known?.site !== site) continue
        taken.push((nowMs - known.atMs) / slotMs)
        submitted.delete(toHex(hash))
      }
    }
  }
  const pay = (): void => {
    if (nowMs > endMs) return
    // Each site has a payer of its own, so that no two sites use one nonce.
    const site = sites[Math.floor(random() * sites.length)] as Site
    const bytes = nextTransfer(genesis, site.engine, site.index)
    submitted.set(toHex(transactionHash(bytes)), { atMs: nowMs, site })
    for (const to of sites) {
      later(to === site ? 0 : delay(), () => {
        to.engine.submit([bytes], nowMs)
        arm(to)
      })
    }
    later(Math.round(-Math.log(1 - random()) * options.everySlots * slotMs), pay)
  }

  for (const site of sites) {
    site.alarmMs = Number.POSITIVE_INFINITY
    arm(site)
  }
  later(slotMs, pay)
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (next.atMs > endMs + drainSlots * slotMs) break
    nowMs = Math.max(nowMs, next.atMs)
    next.run()
  }
  return { slots: taken, open: submitted.size }
}

function nextTransfer(genesis: Genesis, engine: Engine, turn: number): Uint8Array {
  const by = users[turn] as (typeof users)[number]
  const to = users[(turn + 1) % users.length] as (typeof users)[number]
  const draft: TransactionBody = {
    version: 1,
    sender: by.publicKey,
    nonce: engine.account(by.address).nextNonce,
    fee: 0n,
    validUntil: 40_000n,
    message: { TAG: 'transfer', data: { to: to.address, amount: 1n } },
  }
  const fee = sufficientFee(genesis.parameters, draft)
  return signTransaction(genesisHash(genesis), { ...draft, fee }, by)
}

/** Keeps the order of time; of two at one time, the first to come goes first. */
function insert(queue: Event[], event: Event): void {
  let at = queue.length
  while (at > 0 && (queue[at - 1] as Event).atMs > event.atMs) at -= 1
  queue.splice(at, 0, event)
}
