/** What a site says of itself: models, prices, load, and whether it can work now. */
import { type OnlineMiners, publicLimits } from '../../core/api/coordinator-public.ts'
import type { ModelView, SiteView } from '../../core/api/coordinator-service.ts'
import { minBig } from '../../core/base/int.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { featuresOf } from '../../core/jobs/miner-card.ts'
import { knownFeatures } from '../../core/jobs/model-features.ts'
import type { Miner } from './miners.ts'
import type { Settings } from './settings.ts'

/** Engine name of the built-in demo model (miner agent). */
const embeddedEngine = 'embedded'

/** Composes the view from the live miners. */
export function siteView(input: {
  readonly settings: Settings
  readonly miners: readonly Miner[]
  readonly queued: number
  readonly running: number
  readonly dispatching: boolean
  readonly fault: string | undefined
}): SiteView {
  const { settings, miners, queued, running, dispatching, fault } = input
  const isDemo = miners.length > 0 && miners.every(({ card }) => card.engine === embeddedEngine)
  return {
    coordinatorKey: settings.coordinator.publicKey,
    models: modelsOf(miners),
    minersOnline: miners.length,
    queued,
    running,
    notice: isDemo ? 'EMBEDDED_ONLY' : undefined,
    dispatching,
    fault,
    chargeMin: settings.chargeMin,
    settleMarginSlots: jobLimits.settleMarginSlots,
    authorisationLifeSlots: Number(settings.genesis.parameters.authorisationLifeSlots),
  }
}

/** Who is here now, by name. */
export function onlineMiners(miners: readonly Miner[]): OnlineMiners {
  const sorted = [...miners].sort((a, b) => (a.card.minerId < b.card.minerId ? -1 : 1))
  return {
    total: miners.length,
    miners: sorted.slice(0, publicLimits.minersMax).map(({ card, payout, inflight, draining }) => ({
      minerId: card.minerId,
      payout,
      kind: card.kind,
      engine: card.engine,
      models: card.models.map(({ name, contextTokens, price }) => ({
        name,
        contextTokens,
        pricePrompt: price.promptPer1000,
        priceCompletion: price.completionPer1000,
      })),
      gpus: card.gpus.map(({ name, memoryMib }) => ({ name, memoryMib })),
      region: card.region,
      concurrency: card.concurrency,
      busy: inflight,
      draining,
    })),
  }
}

function modelsOf(miners: readonly Miner[]): ModelView[] {
  const byName = new Map<string, ModelView>()
  for (const { card, draining } of miners) {
    if (draining) continue
    for (const offer of card.models) {
      const { name, contextTokens, price } = offer
      if (name === '') continue
      const known = byName.get(name)
      byName.set(name, {
        name,
        contextTokens: Math.max(known?.contextTokens ?? 0, contextTokens),
        miners: (known?.miners ?? 0) + 1,
        pricePrompt: minBig(known?.pricePrompt ?? price.promptPer1000, price.promptPer1000),
        priceCompletion: minBig(
          known?.priceCompletion ?? price.completionPer1000,
          price.completionPer1000,
        ),
        engines: [...new Set([...(known?.engines ?? []), card.engine])].sort(),
        features: knownFeatures([...(known?.features ?? []), ...featuresOf(offer)]),
      })
    }
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
