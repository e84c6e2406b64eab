/** What a site says of itself: models, prices, load, and whether it can work now. */
import type { ModelView, SiteView } from '../../core/api/coordinator-service.ts'
import { minBig } from '../../core/base/int.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
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
    settleMarginSlots: jobLimits.settleMarginSlots,
    authorisationLifeSlots: Number(settings.genesis.parameters.authorisationLifeSlots),
  }
}

function modelsOf(miners: readonly Miner[]): ModelView[] {
  const byName = new Map<string, ModelView>()
  for (const { card, draining } of miners) {
    if (draining) continue
    for (const { name, contextTokens, price } of card.models) {
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
      })
    }
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
