/** What the market's object is given: the coordinator, the chain, the read model, a clock. */
import type { ChainService } from '../../core/api/chain-service.ts'
import type { MarketCoordinator } from '../../core/api/market-coordinator.ts'
import type { Offer } from '../../core/market/offer.ts'
import type { SqlDatabase } from '../coordinator/schema.ts'
import type { Settings } from '../coordinator/settings.ts'

/** One announcement of a final block, as the read model has it. */
export type SaidRow = {
  readonly height: number
  readonly position: number
  readonly txHash: string
  readonly sender: string
  readonly topic: number
  readonly body: Uint8Array
}

/** Prices of a model on a day of UTC. */
export type PriceDayRow = {
  readonly name: string
  readonly day: string
  readonly least: number
  readonly median: number
  readonly most: number
  readonly offers: number
}

/** The read model as the market writes and reads it. */
export type MarketReadModel = {
  put(offers: readonly Offer[], gone: readonly string[]): Promise<void>
  prices(days: readonly PriceDayRow[]): Promise<void>
  /** Announcements after a place, oldest first. */
  said(
    after: { readonly height: number; readonly position: number },
    limit: number,
  ): Promise<readonly SaidRow[]>
}

export type MarketHost = {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly coordinator: MarketCoordinator
  readonly chain: ChainService
  readonly readModel: MarketReadModel
  /** Host name of this site, as others see it. */
  readonly site: () => string
  /** Names it, where nobody has. */
  readonly noteHost: (host: string) => void
  /** Unix milliseconds. */
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
}
