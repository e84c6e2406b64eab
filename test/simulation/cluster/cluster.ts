/**
 * A network of authorities in simulated time, from one seed: messages that are late, lost, doubled or out
 * of order, partitions that heal, clocks that run off, alarms that come late or twice, sites that are
 * killed at any write and come back with what was durable, backups that are restored, sites that join
 * late or leave for good, followers without a key, and authorities that are silent, lie or exist twice.
 *
 * An authority that exists twice is the worst kind of liar that still follows the rules' form: each copy
 * is honest by itself, and the two know nothing of each other, so that they sign two blocks for a slot and
 * vote on two branches. A liar (liar.ts) breaks the form as well.
 *
 * Long because all that happens shares one clock, one queue and one stream of random numbers.
 */
import { toHex } from '../../../core/base/bytes.ts'
import { quorumOf } from '../../../core/base/int.ts'
import type { Engine, FoundOffence, Outbound, Step } from '../../../core/chain/engine-api.ts'
import { sufficientFee } from '../../../core/chain/fees.ts'
import { type Genesis, genesisHash, slotMs } from '../../../core/chain/genesis.ts'
import { answerPull, applyPull, type PullResponse, pullRequest } from '../../../core/chain/sync.ts'
import {
  bookingIdOf,
  type Message,
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../../../core/chain/transaction.ts'
import { finalityMessageCoder } from '../../../core/chain/vote.ts'
import type { Backup } from '../../support/memory-chain-store.ts'
import { randomFrom } from '../chain/network.ts'
import { createChecks } from './checks.ts'
import { createLiar, type Lie } from './liar.ts'
import { createRenewal } from './renewal.ts'
import {
  type ClusterOptions,
  clusterGenesis,
  liarIndexes,
  openSite,
  openSites,
  type Site,
  twinIndexes,
  users,
} from './sites.ts'
import { planLives, rollWeather } from './weather.ts'

export type ClusterReport = {
  /** What was wrong; empty for a good run. */
  readonly faults: readonly string[]
  readonly events: number
  readonly blocks: number
  readonly final: number
  readonly reorganisations: number
  readonly kills: number
  readonly partitions: number
  readonly restores: number
  readonly lies: number
  readonly transactions: number
  /** Snapshots that became whole, and sites that began again from one. */
  readonly snapshots: number
  readonly renewals: number
  /** Slots from the end of the bad weather until all heads were one and final. */
  readonly calmSlots: number
  readonly offences: readonly FoundOffence[]
  /** Whether two blocks of one height became final: only with more villains than are borne. */
  readonly conflict: boolean
  readonly log: string
}

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void }

/** Slots that calm may take until all honest sites have one final head. */
export const calmSlotsMax = 40

/** The command that runs the same network again. */
export const replayCommand = ({
  seed,
  sites,
  slots,
  weather,
  ...villains
}: ClusterOptions): string =>
  [
    `npm run simulate -- --seed ${seed} --sites ${sites} --slots ${slots}`,
    ...Object.entries(villains).map(([name, count]) => (count ? `--${name} ${count}` : '')),
    weather && Object.keys(weather).length > 0 ? `--weather '${JSON.stringify(weather)}'` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')

/** Runs one network to its end. What is thrown is a fault like any other. */
export function runCluster(options: ClusterOptions): ClusterReport {
  const world = createWorld(options)
  try {
    world.weather()
    world.calm()
  } catch (error) {
    world.threw(error)
  }
  return world.report()
}

/** What the chain promises with so many villains, and whether a site may be restored meanwhile. */
function boundsOf({ sites, twins = 0, liars = 0, silent = 0 }: ClusterOptions) {
  const villains = twins + liars
  const tolerated = villains <= Math.floor((sites - 1) / 3) && !(villains > 0 && silent > 0)
  // A restored site signs nothing for a while: only where the others are a quorum without it.
  return { tolerated, mayRest: sites - villains - silent - 1 >= quorumOf(sites) }
}

function createWorld(options: ClusterOptions) {
  const { seed, slots } = options
  const random = randomFrom(seed)
  const chance = (p: number): boolean => random() < p
  const below = (n: number): number => Math.floor(random() * n)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const genesis = clusterGenesis(options.sites)
  const startMs = Number(genesis.genesisTimeMs)
  const endMs = startMs + slots * slotMs
  const counts = { events: 0, kills: 0, partitions: 0, restores: 0, transactions: 0, lies: 0 }
  const lines: string[] = []
  const weather = { ...rollWeather(random), ...options.weather }
  let nowMs = startMs
  let isCalm = false
  let order = 0
  let queue: Event[] = []
  const sites = openSites(options, genesis, weather.followers)
  const { tolerated, mayRest } = boundsOf(options)
  planLives(sites, { random, weather, startMs, endMs, mayLeave: mayRest })
  const honest = sites.filter(
    (site) => site.honest && !site.silent && site.leavesAtMs > Number.MAX_SAFE_INTEGER,
  )
  const villains = [...twinIndexes(options), ...liarIndexes(options)]
  const checks = createChecks({ genesis, tolerated, villains })
  const liar = createLiar({ genesis, below })

  const at = (atMs: number, run: () => void): void => {
    queue.push({ atMs, order: order++, run })
  }
  const clock = (site: Site): number => nowMs + site.skewMs
  const isAway = (site: Site): boolean => nowMs < site.joinsAtMs || nowMs >= site.leavesAtMs

  /** Runs an action on a site; a killed one comes back from its store and has told nobody anything. */
  const guarded = <T>(site: Site, action: (engine: Engine) => T): T | undefined => {
    const dies = !isCalm && chance(weather.kill)
    const writes = below(8)
    let count = 0
    site.store.fault = dies ? () => void (count++ === writes && kill()) : undefined
    try {
      return action(site.engine)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      counts.kills += 1
      site.store.fault = undefined
      site.engine = reopen(site)
      checks.reopened(site)
      announceOpen(site)
      return undefined
    } finally {
      site.store.fault = undefined
    }
  }
  const reopen = (site: Site): Engine => openSite(genesis, site)

  /** After a restart a site says again what it had signed. */
  const announceOpen = (site: Site): void => {
    site.alarmMs = nowMs
    for (const bytes of site.engine.openMessages()) tell(site, { kind: 'message', bytes, slot: 0 })
  }
  const follow = (site: Site, step: Step | undefined): void => {
    if (!step) return
    site.alarmMs = Math.min(site.alarmMs, step.dueAtMs - site.skewMs)
    if (step.added.length > 0) {
      lines.push(`${nowMs - startMs} ${site.name} ${headOf(site.engine)}`)
    }
    for (const out of step.send) tell(site, out)
    checks.afterStep(site, step)
    if (site === resting && step.send.some(({ kind }) => kind === 'message')) resting = undefined
    // A twin or liar is told by its operator to go on whatever it meets: that is what makes it dishonest.
    if (!site.honest && site.engine.status(clock(site)).fault) {
      site.engine.resumeSigning(clock(site))
    }
  }
  const tell = (from: Site, out: Outbound): void => {
    checks.sent(from, out)
    if (from.silent) return
    for (const to of sites) {
      if (to === from || to.index === from.index) continue
      // A liar does not tell everybody the same.
      if (from.liar && out.kind === 'message' && chance(0.5)) {
        lie(from, liar.twist(from, out.bytes), to)
        continue
      }
      deliver(from, to, () => take(to, from, out))
    }
    if (!from.liar || out.kind !== 'block') return
    for (let n = 0; n < 3; n++) lie(from, liar.spoil(from, out.bytes))
  }
  /** Says something untrue to one site, and perhaps another thing to the next. */
  const lie = (from: Site, { out, isSigned, forged }: Lie, to = pick(sites)): void => {
    counts.lies += 1
    if (isSigned) checks.sent(from, out)
    if (forged) checks.forged(forged)
    if (to.index !== from.index) deliver(from, to, () => take(to, from, out))
  }
  /** Puts something on the wire between two sites. */
  const deliver = (from: Site, to: Site, run: () => void): void => {
    if (!isCalm && (from.side !== to.side || chance(weather.loss))) return
    const copies = !isCalm && chance(weather.twice) ? 2 : 1
    for (let n = 0; n < copies; n++) {
      at(nowMs + 10 + below(isCalm ? 200 : weather.delayMs), () => {
        if (!isAway(to)) run()
      })
    }
  }
  const take = (site: Site, from: Site, out: Outbound): void => {
    if (out.kind === 'block') {
      const done = guarded(site, (engine) =>
        engine.importBlock({ bytes: out.bytes, certificate: undefined }, clock(site)),
      )
      if (done?.ok) follow(site, done.value)
      else if (done?.error.code === 'PARENT_UNKNOWN') pull(site, from)
      else if (done?.error.code === 'BLOCK_EARLY' && chance(0.9)) {
        at(nowMs + 500, () => take(site, from, out))
      }
      return
    }
    if (out.kind === 'certificate') {
      const done = guarded(site, (engine) => engine.importCertificate(out.certificate, clock(site)))
      if (done?.ok) follow(site, done.value)
      return
    }
    const done = guarded(site, (engine) => engine.receive([out.bytes], clock(site)))
    if (done) follow(site, done.step)
  }
  const pull = (site: Site, from: Site): void => {
    if (from.silent || from.index === site.index || isAway(from) || isAway(site)) return
    const request = pullRequest(site.engine)
    deliver(site, from, () => {
      const response = answerPull(from.engine, request)
      deliver(from, site, () => {
        const heard = site.liar ? withoutOwn(site, response) : response
        const done = guarded(site, (engine) => applyPull(engine, heard, clock(site)))
        for (const step of done?.steps ?? []) follow(site, step)
        if (done) checks.refused(site, from, done.refused)
        if (done?.more) pull(site, from)
        exchangePool(from, site)
      })
    })
  }
  const exchangePool = (from: Site, to: Site): void => {
    const pooled = from.engine.pool(100).map(({ bytes }) => bytes)
    if (pooled.length > 0) guarded(to, (engine) => engine.submit(pooled, clock(to)))
    to.alarmMs = Math.min(to.alarmMs, to.engine.dueAtMs(clock(to)) - to.skewMs)
  }
  const alarm = (site: Site): void => {
    if (site.alarmMs > nowMs || isAway(site)) return
    if (!isCalm && chance(weather.lateAlarms)) {
      site.alarmMs = nowMs + below(5_000)
      return
    }
    site.alarmMs = Number.POSITIVE_INFINITY
    const step = guarded(site, (engine) => engine.tick(clock(site)))
    follow(site, step)
    if (!isCalm && chance(weather.twiceAlarms)) {
      follow(
        site,
        guarded(site, (engine) => engine.tick(clock(site))),
      )
    }
    const dueMs = site.engine.dueAtMs(clock(site)) - site.skewMs
    site.alarmMs = Math.min(site.alarmMs, Math.max(dueMs, nowMs + 1))
  }
  /** What each user has booked last. */
  const booked = new Map<User, Uint8Array>()
  const pay = (): void => {
    const site = pick(honest)
    if (isAway(site)) return
    const by = pick(users)
    const to = pick(users).address
    const { nextNonce } = site.engine.account(by.address)
    const draft: TransactionBody = {
      version: 1,
      sender: by.publicKey,
      nonce: nextNonce,
      fee: 0n,
      validUntil: BigInt(slots + 10_000),
      message: messageOf(counts.transactions, below(1_000), { to, genesis, of: booked.get(by) }),
    }
    const fee = sufficientFee(genesis.parameters, draft) + BigInt(below(50))
    const bytes = signTransaction(genesisHash(genesis), { ...draft, fee }, by)
    const verdict = guarded(site, (engine) => engine.submit([bytes], clock(site)))?.[0]
    if (!verdict?.ok) return
    counts.transactions += 1
    if (draft.message.TAG === 'booking_open') {
      booked.set(by, bookingIdOf(transactionHash(bytes)))
    }
    checks.submitted(site, bytes)
    site.alarmMs = Math.min(site.alarmMs, site.engine.dueAtMs(clock(site)) - site.skewMs)
    for (const to of sites) {
      if (to === site) continue
      deliver(site, to, () => {
        guarded(to, (engine) => engine.submit([bytes], clock(to)))
        to.alarmMs = Math.min(to.alarmMs, to.engine.dueAtMs(clock(to)) - to.skewMs)
      })
    }
  }
  const backups = new Map<Site, Backup>()
  /** Restored, and not yet voting again: until then the others must be a quorum. */
  let resting: Site | undefined
  const mayBegin = (): boolean => mayRest && !resting
  const begun = (site: Site): void => {
    resting = site
    site.engine = reopen(site)
    checks.restored(site)
    site.alarmMs = nowMs
  }
  const renewal = createRenewal({ seed, genesis, honest, isAway, guarded, clock, mayBegin, begun })
  const misfortune = (): void => {
    if (isCalm) return
    if (weather.snapshots) renewal.beat()
    if (chance(weather.cut)) {
      counts.partitions += 1
      const parts = 2 + below(2)
      for (const site of sites) site.side = below(parts)
      at(nowMs + below(40) * slotMs, () => {
        for (const site of sites) site.side = 0
      })
    }
    if (weather.skewMs > 0 && chance(0.02)) {
      pick(sites).skewMs = Math.floor((random() - 0.5) * 2 * weather.skewMs)
    }
    if (weather.restore > 0 && mayRest) {
      if (chance(0.02)) {
        const site = pick(honest)
        backups.set(site, site.store.save())
      }
      if (chance(weather.restore)) {
        const site = pick(honest.filter(({ index }) => index < options.sites))
        const backup = backups.get(site)
        if (!backup || resting || isAway(site)) return
        counts.restores += 1
        resting = site
        site.store.load(backup)
        site.engine = reopen(site)
        site.engine.suspendSigning(clock(site))
        checks.restored(site)
        site.alarmMs = nowMs
      }
    }
  }
  const slotNow = (): number => Math.floor((nowMs - startMs) / slotMs)
  const lieNowAndThen = (site: Site): void => {
    const slot = slotNow()
    if (chance(0.4)) lie(site, liar.invent(site, slot))
    const mine = slot % options.sites === site.index
    const forged = mine && chance(0.4) ? liar.forge(site, slot) : undefined
    if (forged) lie(site, forged)
  }
  const beat = (): void => {
    for (const site of sites) alarm(site)
    if (chance(isCalm ? 0.05 : weather.load * 0.15)) pay()
    if (chance(isCalm ? 0.2 : 0.08)) pull(pick(sites), pick(sites))
    for (const site of sites) {
      if (site.liar) lieNowAndThen(site)
    }
    misfortune()
  }
  const runUntil = (untilMs: number, stop: () => boolean): void => {
    let beats = 0
    // Looking at every head costs more than a beat: now and then is enough.
    while (nowMs < untilMs && !(beats++ % 8 === 0 && stop()) && checks.faults.length === 0) {
      nowMs += 100 + below(200)
      const due = queue.filter(({ atMs }) => atMs <= nowMs)
      queue = queue.filter(({ atMs }) => atMs > nowMs)
      due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
      for (const { run } of due) {
        counts.events += 1
        run()
      }
      beat()
    }
  }
  const agreed = (): boolean => {
    const heads = honest.map(({ engine }) => engine.head())
    const [first] = heads
    return heads.every(
      (head) =>
        first !== undefined &&
        toHex(head.hash) === toHex(first.hash) &&
        head.finalHeight === head.height &&
        head.slot * slotMs + startMs > endMs,
    )
  }
  let calmMs = 0
  return {
    weather: () => runUntil(endMs, () => false),
    calm: () => {
      isCalm = true
      for (const site of sites) Object.assign(site, { side: 0, skewMs: 0, alarmMs: nowMs })
      const begunMs = nowMs
      runUntil(nowMs + calmSlotsMax * slotMs, agreed)
      calmMs = nowMs - begunMs
      for (const { engine } of honest) renewal.letGo(engine)
      checks.atEnd(honest, agreed())
    },
    threw: (error: unknown): void => {
      checks.faults.push(`threw: ${error instanceof Error ? error.message : String(error)}`)
    },
    report: (): ClusterReport => ({
      faults: checks.faults,
      events: counts.events,
      blocks: Math.max(...honest.map(({ engine }) => engine.head().height)),
      final: Math.max(...honest.map(({ engine }) => engine.head().finalHeight)),
      reorganisations: checks.moves(),
      kills: counts.kills,
      partitions: counts.partitions,
      restores: counts.restores,
      lies: counts.lies,
      transactions: counts.transactions,
      snapshots: renewal.made(),
      renewals: renewal.begun(),
      calmSlots: Math.ceil(calmMs / slotMs),
      offences: checks.offences,
      conflict: checks.conflict(),
      log: lines.join('\n'),
    }),
  }
}

/** A liar does not stop at its own lies when they come back to it. */
const withoutOwn = ({ index }: Site, response: PullResponse): PullResponse => ({
  ...response,
  messages: response.messages.filter(
    (bytes) => finalityMessageCoder.decode(bytes).data.authority !== index,
  ),
})

class Killed extends Error {}

function kill(): never {
  throw new Killed('killed at a write')
}

function headOf(engine: Engine): string {
  const { height, hash, finalHeight } = engine.head()
  return `${height}:${toHex(hash).slice(0, 6)}/${finalHeight}`
}

type User = (typeof users)[number]

/** Mostly payments; by number and not by chance, so that a seed gives the weather that it always gave. */
function messageOf(
  count: number,
  size: number,
  { to, genesis, of: booking }: { to: Uint8Array; genesis: Genesis; of: Uint8Array | undefined },
): Message {
  const amount = BigInt(1 + size)
  if (count % 8 === 2) {
    const [{ publicKey: coordinator }] = users as [User]
    const terms = { provider: to, coordinator, offer: genesisHash(genesis), start: 0n }
    return { TAG: 'booking_open', data: { ...terms, slots: 1n + amount / 20n, price: amount } }
  }
  if (count % 8 === 5 && booking) return { TAG: 'booking_close', data: { booking } }
  if (count % 8 === 7) return { TAG: 'bond', data: { amount } }
  return { TAG: 'transfer', data: { to, amount } }
}
