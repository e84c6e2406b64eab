/**
 * The coordinator's parts, joined: who calls whom, and in which order they are rebuilt from the disk.
 */
import type { ChainService } from '../../core/api/chain-service.ts'
import { offer, openAgentFrames } from './agent-frames.ts'
import { openAgentSockets } from './agent-sockets.ts'
import { openApiKeys } from './api-keys.ts'
import { isLive } from './assignment.ts'
import { openChainView } from './chain-view.ts'
import { openClientJobs } from './client-jobs.ts'
import { openCustody } from './custody.ts'
import { openDispatcher } from './dispatcher.ts'
import { openFunds } from './funds.ts'
import { openGroup } from './grouping.ts'
import { openJobStore } from './job-store.ts'
import { openLegacyMiners } from './legacy-miners.ts'
import { coordinatorLimits as limits } from './limits.ts'
import { openMiners } from './miners.ts'
import { openResults } from './results.ts'
import { createTables } from './schema.ts'
import { openVault } from './sealing.ts'
import type { Settings } from './settings.ts'
import { openSettlement } from './settlement.ts'
import { openStreams } from './streams.ts'

export type CoordinatorParts = ReturnType<typeof openCoordinator>

export type CoordinatorHost = {
  readonly state: DurableObjectState
  readonly settings: Settings
  readonly chain: ChainService
  /** Unix milliseconds. */
  readonly now: () => number
  /** Makes sure that `work` is called at this time or a little later. */
  readonly wakeAt: (dueAtMs: number) => void
}

/** Opens everything over the storage of one object. */
export function openCoordinator(host: CoordinatorHost) {
  const { state, settings, chain, now, wakeAt } = host
  const database = state.storage
  createTables(database)
  const vault = openVault(settings.sealingKey)
  const { apiKeys: admitted, payouts } = settings
  const apiKeys = openApiKeys({ database, vault, apiKeys: admitted, payouts, nowMs: now() })
  const view = openChainView({ chain, settings, now })
  const store = openJobStore(database)
  const funds = openFunds(store.standing())
  const miners = openMiners(database)
  const streams = openStreams()
  const group = openGroup(() => state.storage.sync())

  const dispatcher = openDispatcher({
    database,
    store,
    miners,
    streams,
    funds,
    now,
    wakeAt,
    mayDispatch: (nowMs) => {
      const finalSlot = view.finalSlot()
      return finalSlot !== undefined && view.isFresh(finalSlot, nowMs)
    },
    sendOffer: (miner, job) => {
      if (miner.card.kind === 'legacy') legacyMiners.claimed(miner)
      else offer(miner, job)
    },
    sendCancel: (minerId, attemptId, reason) =>
      agentFrames.cancel(miners.get(minerId), attemptId, reason),
  })
  const settlement = openSettlement({
    database,
    settings,
    chain,
    view,
    funds,
    now,
    wakeAt,
    onSettled: (payment) => agentFrames.settled(payment),
  })
  const results = openResults({
    settings,
    store,
    funds,
    dispatcher,
    now,
    onDue: settlement.onDue,
  })
  const agentFrames = openAgentFrames({
    store,
    miners,
    dispatcher,
    results,
    now,
    misbehaved: (miner, code, message) => sockets.misbehaved(miner, code, message),
  })
  const legacyMiners = openLegacyMiners({ store, miners, apiKeys, dispatcher, results, now })
  const sockets = openAgentSockets({
    state,
    settings,
    apiKeys,
    miners,
    now,
    wakeAt,
    onHello: agentFrames.welcome,
    onFrame: agentFrames.handle,
    onGone: dispatcher.gone,
    group,
  })
  const custody = openCustody({
    database,
    settings,
    vault,
    apiKeys,
    chain,
    view,
    funds,
    now,
    wakeAt,
  })
  const clientJobs = openClientJobs({
    settings,
    store,
    apiKeys,
    view,
    custody,
    funds,
    dispatcher,
    streams,
    group,
    now,
  })
  restoreLoads(dispatcher, miners, now())
  const isBusy = () => !dispatcher.all().next().done
  if (isBusy()) wakeAt(now())

  let sweptAtMs = 0
  let headAtMs = 0

  return {
    settings,
    apiKeys,
    view,
    store,
    miners,
    funds,
    dispatcher,
    settlement,
    sockets,
    legacyMiners,
    clientJobs,

    /** Does all that is due. Each part asks for its next time by itself. */
    work: async (): Promise<void> => {
      const nowMs = now()
      dispatcher.flush()
      const nextSweepMs = sockets.sweep()
      if (nextSweepMs !== undefined) wakeAt(nextSweepMs)
      for (const miner of [...miners.all()]) {
        if (miner.card.kind === 'legacy' && !isLive(miner, nowMs)) miners.leave(miner.card.minerId)
      }
      // Work in hand keeps the final head fresh; an idle object asks the chain nothing.
      if (isBusy() && nowMs - headAtMs >= limits.headRefreshMs) {
        headAtMs = nowMs
        await view.readHead()
      }
      if (isBusy()) wakeAt(nowMs + limits.headRefreshMs)
      dispatcher.tick()
      await custody.tick()
      await settlement.tick()
      if (nowMs - sweptAtMs >= limits.retentionSweepMs) {
        sweptAtMs = nowMs
        const before = { endedAtMs: nowMs - limits.retentionMs, rows: limits.retentionSweepRows }
        database.transactionSync(() => {
          store.sweep(before)
          miners.sweep(before.endedAtMs, before.rows)
        })
      }
    },
  }
}

/** Counts the attempts of miners whose sockets outlived this object's memory. */
function restoreLoads(
  dispatcher: ReturnType<typeof openDispatcher>,
  miners: ReturnType<typeof openMiners>,
  nowMs: number,
): void {
  for (const job of dispatcher.all()) {
    const attempt = job.life.attempts.at(-1)
    if (attempt?.state !== 'offered' && attempt?.state !== 'running') continue
    const miner = miners.get(attempt.minerId)
    if (miner) miners.take(miner, attempt.attemptId, nowMs)
  }
}
