/** Miners that are here, by the models that they serve: what placement looks at for a job. */
import type { Miner } from './miners.ts'

export function openMinerIndex() {
  const byModel = new Map<string, Set<Miner>>()
  /** Miners of the original: some take any model, and all take jobs that name none. */
  const legacy = new Set<Miner>()
  return {
    enter: (miner: Miner): void => {
      if (miner.card.kind === 'legacy') legacy.add(miner)
      for (const { name } of miner.card.models) {
        const serving = byModel.get(name) ?? new Set()
        byModel.set(name, serving.add(miner))
      }
    },

    leave: (miner: Miner): void => {
      legacy.delete(miner)
      for (const { name } of miner.card.models) {
        const serving = byModel.get(name)
        serving?.delete(miner)
        if (serving?.size === 0) byModel.delete(name)
      }
    },

    serving: (model: string): Iterable<Miner> => {
      if (legacy.size === 0) return byModel.get(model) ?? []
      return new Set([...(byModel.get(model) ?? []), ...legacy])
    },
  }
}
