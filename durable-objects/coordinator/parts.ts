/**
 * The coordinator's parts, joined: who calls whom, and in which order they are rebuilt from the disk.
 */
import type { ChainService } from '../../core/api/chain-service.ts'
import { hasPassed } from '../../core/base/time.ts'
import { offerOf } from '../../core/jobs/matching.ts'
import { joined, plausibility } from '../../core/jobs/plausibility.ts'
import { openAccountDesk } from './account-desk.ts'
import { openAccountKeys } from './account-keys.ts'
import { openAdminDesk } from './admin-desk.ts'
import { offer, openAgentFrames } from './agent-frames.ts'
import { openAgentSockets } from './agent-sockets.ts'
import { openApiKeys, withAccountKeys } from './api-keys.ts'
import { isLive } from './assignment.ts'
import { openBars } from './bars.ts'
import { openChainView } from './chain-view.ts'
import { openClaims } from './claims.ts'
import { openClientJobs } from './client-jobs.ts'
import { openClosings } from './closings.ts'
import { openCounting } from './counting.ts'
import { type Custody, type Gifts, openCustody } from './custody.ts'
import { type Dispatcher, openDispatcher } from './dispatcher.ts'
import { openFunds } from './funds.ts'
import { openGroup } from './grouping.ts'
import { openHeld } from './held.ts'
import { openIdempotencies } from './idempotency.ts'
import { openJobStore } from './job-store.ts'
import { openKeyMoney } from './key-money.ts'
import { openLegacyMiners } from './legacy-miners.ts'
import { coordinatorLimits as limits } from './limits.ts'
import { createHellos, type MarketDesk, openMarketDesk } from './market-desk.ts'
import { openMinerDesk } from './miner-desk.ts'
import { type Miners, openMiners } from './miners.ts'
import { openPartials } from './partials.ts'
import { openPosts } from './posts.ts'
import { openReputations } from './reputations.ts'
import { openResults } from './results.ts'
import { createTables } from './schema.ts'
import { openVault } from './sealing.ts'
import type { Settings } from './settings.ts'
import { openSettlement } from './settlement.ts'
import { openStanding } from './standing.ts'
import { openStreams } from './streams.ts'
import { openUsage } from './usage.ts'
import { openWebhooks } from './webhooks.ts'

export type CoordinatorParts = ReturnType<typeof openCoordinator>

export type CoordinatorHost = {
  readonly state: DurableObjectState
  readonly settings: Settings
  readonly chain: ChainService
  /** Unix milliseconds. */
  readonly now: () => number
  /** Makes sure that `work` is called at this time or a little later. */
  readonly wakeAt: (dueAtMs: number) => void
  /** A miner has come, gone or changed its card. */
  readonly minersChanged?: () => void
  /** The site's faucet cool-down, by address; absent: gifts follow each other freely. */
  readonly cooldown?: {
    readonly take: (address: string, nowSeconds: number) => Promise<number>
    readonly release: (address: string) => Promise<unknown>
  }
  /** Posts webhooks; the platform's `fetch` where nothing else is given. */
  readonly post?: typeof fetch
}

/** Opens everything over the storage of one object. */
export function openCoordinator(host: CoordinatorHost) {
  const ground = openGround(host)
  const { miners, now, wakeAt } = ground
  const working = openWorking(ground)
  const { dispatcher } = working
  const custody = openCustody({ ...ground, gifts: giftsOf(ground) })
  const clientJobs = openClientJobs({ ...ground, ...working, custody })
  restoreLoads(dispatcher, miners, now())
  // After a restart the age of the final head is not known: jobs wait for it.
  if (isBusy(dispatcher)) wakeAt(now())
  const minerDesk = openMinerDesk({ ...ground, dispatcher })
  const marketDesk = openMarketDesk({
    ...ground,
    ...custody,
    ownerOfKey: (publicId) => ground.accountKeys.ownerOf(publicId),
    onPost: working.settlement.onPost,
    fill: dispatcher.fill,
  })
  const onRevoked = (keyId: string): void => {
    const revoked = { kind: 'api_key', scope: 'miner', publicId: keyId } as const
    if (miners.get(keyId)) minerDesk.remove(revoked)
  }
  const accountDesk = openAccountDesk({ ...ground, custody, onRevoked })
  const { run, sweep } = openWork({ ...ground, ...working, custody, accountDesk, marketDesk })
  const adminDesk = openAdminDesk({
    ...ground,
    dispatcher,
    held: working.held,
    recordOf: accountDesk.recordOf,
    onRevoked,
    perform: async (action): Promise<Record<string, number>> => {
      if (action === 'sweep') return { forgotten: sweep(now()) }
      await (action === 'settle' ? working.settlement.tick() : run())
      return { ...dispatcher.counts() }
    },
  })
  return {
    ...ground,
    ...working,
    clientJobs,
    minerDesk,
    marketDesk,
    accountDesk,
    adminDesk,
    work: run,
  }
}

/** Keys of the operator are funded freely, consoles of accounts under the faucet's cool-down. */
function giftsOf({ accountKeys, cooldown, now }: Ground): Gifts {
  return {
    isFunded: (owner) => !isOfAccount(owner) || accountKeys.mayBeFunded(owner),
    take: async (owner) => {
      const address = accountKeys.ownerOf(owner)
      if (address === undefined || !cooldown) return 0
      return await cooldown.take(address, Math.floor(now() / 1_000))
    },
    release: async (owner) => {
      const address = accountKeys.ownerOf(owner)
      if (address !== undefined) await cooldown?.release(address)
    },
  }
}

/** Public ids of keys of accounts, also of those that were forgotten. */
const isOfAccount = (publicId: string): boolean => /^(?:key|console)_/.test(publicId)

/** What stands by itself: the disk and what is read from it, the chain as it is known, memory. */
function openGround(host: CoordinatorHost) {
  const { state, settings, now } = host
  const database = state.storage
  createTables(database)
  const vault = openVault(settings.sealingKeys)
  const { apiKeys: admitted, payouts } = settings
  const store = openJobStore(database)
  const funds = openFunds(store.standing())
  const reputations = openReputations({ ...host, database })
  const accountKeys = openAccountKeys({ database, vault, now })
  const usage = openUsage(database)
  const bars = openBars(database)
  const miners = openMiners(database, bars)
  const { chargeMin } = settings
  const view = openChainView(host)
  const posts = openPosts({ ...host, database })
  const claims = openClaims({
    ...host,
    database,
    attemptsOf: (minerId) => miners.get(minerId)?.attempts,
    accountOf: (publicId) => accountKeys.ownerOf(publicId),
  })
  return {
    ...host,
    database,
    vault,
    store,
    counting: openCounting(database),
    startedAtMs: now(),
    accountKeys,
    usage,
    keyMoney: openKeyMoney({ accountKeys, usage, funds }),
    bars,
    apiKeys: withAccountKeys(
      openApiKeys({ database, vault, apiKeys: admitted, payouts, nowMs: now() }),
      accountKeys,
    ),
    view,
    funds,
    miners,
    partials: openPartials({ ...host, database, store, funds, miners, chargeMin }),
    reputations,
    standing: openStanding({
      ...host,
      database,
      reputationOf: reputations.scoreOf,
      claims: claims.book,
    }),
    idempotency: openIdempotencies({ ...host, database }),
    webhooks: openWebhooks({
      ...host,
      database,
      vault,
      post: host.post ?? ((input, init) => fetch(input, init)),
    }),
    streams: openStreams(),
    group: openGroup(() => state.storage.sync()),
    posts,
    claims,
    closings: openClosings({ ...host, database, view, posts }),
  }
}

type Ground = ReturnType<typeof openGround>

/** What works: each tells the others through the callbacks given here. */
function openWorking(ground: Ground) {
  const { miners, view, reputations, standing } = ground
  const dispatcher = openDispatcher({
    ...ground,
    mayDispatch: (nowMs) => {
      const finalSlot = view.finalSlot()
      return finalSlot !== undefined && view.isFresh(finalSlot, nowMs)
    },
    sendOffer: (miner, job) => {
      if (miner.card.kind === 'legacy') legacyMiners.claimed(miner, job)
      else offer(miner, job, ground.settings.chargeMin)
    },
    sendCancel: (minerId, attemptId, reason) =>
      agentFrames.cancel(miners.get(minerId), attemptId, reason),
  })
  const saveHello = createHellos(ground.database)
  const settlement = openSettlement({
    ...ground,
    onSettled: (payment) => {
      const by = ground.store.deliveredBy(payment.jobId)
      if (!by) return
      reputations.settled(by.minerId, payment.height)
      agentFrames.settled(payment, by)
    },
  })
  const held = openHeld({
    ...ground,
    onDue: settlement.onDue,
    onDecided: (row) => agentFrames.decided(row),
  })
  const results = openResults({
    ...ground,
    dispatcher,
    held,
    judge: joined([plausibility]),
    cardOf: (minerId, model) => {
      const card = miners.get(minerId)?.card
      const named = card && offerOf(card, model)
      return named && { contextTokens: named.contextTokens, claimedRate: undefined }
    },
    measuredRate: standing.speedOf,
    onDue: settlement.onDue,
    onHeld: (minerId) => standing.implausible(minerId, 'held'),
  })
  const agentFrames = openAgentFrames({
    ...ground,
    dispatcher,
    results,
    held,
    misbehaved: (miner, code, message) => sockets.misbehaved(miner, code, message),
  })
  const legacyMiners = openLegacyMiners({
    ...ground,
    dispatcher,
    results,
    held,
    onChanged: () => ground.minersChanged?.(),
  })
  const sockets = openAgentSockets({
    ...ground,
    onHello: agentFrames.welcome,
    onFrame: agentFrames.handle,
    onGone: (minerId) => {
      dispatcher.gone(minerId)
      ground.minersChanged?.()
    },
    onSigned: (hello) => {
      saveHello(hello)
      ground.minersChanged?.()
    },
  })
  return { dispatcher, settlement, held, legacyMiners, sockets }
}

type Working = ReturnType<typeof openWorking>

/** Returns what does all that is due; each part asks for its next time by itself. */
function openWork(
  parts: Ground &
    Working & {
      readonly custody: Custody
      readonly accountDesk: { tick: () => Promise<void> }
      readonly marketDesk: MarketDesk
    },
): {
  readonly run: () => Promise<void>
  /** Forgets what is past its time now, a part at a time; how many jobs. */
  readonly sweep: (nowMs: number) => number
} {
  const { database, store, miners, view, dispatcher, sockets, settlement, custody, now } = parts
  let sweptAtMs = 0
  let headAtMs = 0
  const sweep = (nowMs: number): number => {
    const endedAtMs = nowMs - limits.retentionMs
    const rows = limits.retentionSweepRows
    const swept = database.transactionSync(() => {
      miners.sweep(endedAtMs, rows)
      parts.idempotency.sweep(nowMs)
      parts.webhooks.sweep(nowMs)
      parts.posts.sweep()
      parts.posts.sweep()
      parts.claims.sweep(endedAtMs)
      parts.marketDesk.sweep(endedAtMs)
      return store.sweep({
        endedAtMs,
        unpaidEndedAtMs: nowMs - limits.unpaidRetentionMs,
        unpaidKept: limits.unpaidKeptMax,
        slot: view.slotAt(endedAtMs),
        rows,
      })
    })
    // What leaves must keep up with what comes.
    if (swept >= rows) parts.wakeAt(nowMs + limits.retryMs)
    else sweptAtMs = nowMs
    return swept
  }
  const run = async () => {
    const nowMs = now()
    dispatcher.flush()
    // Seen before the clock was set back: whoever is silent from now on is found to be.
    for (const miner of miners.all()) miner.seenAtMs = Math.min(miner.seenAtMs, nowMs)
    const nextSweepMs = sockets.sweep()
    if (nextSweepMs !== undefined) parts.wakeAt(nextSweepMs)
    for (const miner of [...miners.all()]) {
      if (miner.card.kind === 'legacy' && !isLive(miner, nowMs)) miners.leave(miner.card.minerId)
    }
    // Work in hand keeps the final head fresh; an idle object asks the chain nothing.
    if (isBusy(dispatcher)) {
      parts.wakeAt(nowMs + limits.headRefreshMs)
      if (hasPassed(limits.headRefreshMs, headAtMs, nowMs)) {
        headAtMs = nowMs
        await view.readHead()
      }
    }
    dispatcher.tick()
    parts.standing.tick()
    parts.webhooks.tick()
    parts.partials.tick()
    parts.held.tick()
    await custody.tick()
    await parts.accountDesk.tick()
    if (await parts.closings.tick()) settlement.onPost()
    await settlement.tick()
    if (hasPassed(limits.retentionSweepMs, sweptAtMs, nowMs)) sweep(nowMs)
  }
  return { run, sweep }
}

const isBusy = (dispatcher: Dispatcher): boolean => !dispatcher.all().next().done

/** Counts the attempts of miners whose sockets outlived this object's memory. */
function restoreLoads(dispatcher: Dispatcher, miners: Miners, nowMs: number): void {
  for (const job of dispatcher.all()) {
    const attempt = job.life.attempts.at(-1)
    if (attempt?.state !== 'offered' && attempt?.state !== 'running') continue
    const miner = miners.get(attempt.minerId)
    if (miner) miners.take(miner, attempt.attemptId, nowMs)
  }
}
