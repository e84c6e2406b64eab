/** The market's parts, joined, and the order in which what is due is done. */
import { hasPassed } from '../../core/base/time.ts'
import { rowsOf } from '../coordinator/schema.ts'
import { type Bids, openBids } from './bids.ts'
import { openBookings } from './bookings.ts'
import { openMarketClaims } from './claims.ts'
import { marketPolicy } from './limits.ts'
import { openOffers } from './offers.ts'
import type { MarketHost } from './ports.ts'
import { openProjection } from './projection.ts'
import { openReviews } from './reviews.ts'
import { openSayings } from './sayings.ts'
import { sweepMarket } from './sweep.ts'
import { createMarketTables } from './tables.ts'
import { openWithdrawals } from './withdrawals.ts'

export type MarketParts = ReturnType<typeof openMarket>

/** Opens everything over the storage of one object. */
export function openMarket(input: Omit<MarketHost, 'site' | 'noteHost'>) {
  const { database, settings, now } = input
  createMarketTables(database)
  let site =
    settings.siteHost ??
    rowsOf<{ value: string }>(database, "SELECT value FROM meta WHERE name = 'site'")[0]?.value
  const noteHost = (name: string): void => {
    if (site !== undefined) return
    site = name
    database.sql.exec("INSERT OR REPLACE INTO meta VALUES ('site', ?)", name)
  }
  const host: MarketHost = { ...input, site: () => site ?? 'localhost', noteHost }
  let bids: Bids | undefined
  const lateBids = (): Bids => bids as Bids
  const offers = openOffers(host)
  const bookings = openBookings({ ...host, offers, bids: lateBids })
  const sayings = openSayings({ ...host, offers, bids: lateBids })
  bids = openBids({
    ...host,
    offers,
    freePlaces: bookings.freePlaces,
    sayBid: sayings.bid,
    sayEnd: sayings.ended,
  })
  const claims = openMarketClaims({ ...host, bids: lateBids })
  const reviews = openReviews({ ...host, offers })
  const withdrawals = openWithdrawals({ ...host, offers })
  const projection = openProjection(host)
  let lookedAtMs = 0
  let here = 0

  /** One thing after the other; what fails is tried again, and keeps nobody else waiting. */
  const attempt = async (name: string, work: () => unknown): Promise<void> => {
    try {
      await work()
    } catch (error) {
      console.error(JSON.stringify({ msg: `market: ${name}`, error: String(error) }))
      host.wakeAt(now() + marketPolicy.retryMs)
    }
  }

  return {
    ...host,
    offers,
    bids,
    bookings,
    claims,
    reviews,
    withdrawals,
    /** Does all that is due. `looks`: at the miners too, though it was done a moment ago. */
    work: async (looks: boolean): Promise<void> => {
      const nowMs = now()
      if (looks || hasPassed(marketPolicy.refreshMs, lookedAtMs, nowMs)) {
        await attempt('offers', async () => {
          here = await offers.refresh()
          lookedAtMs = nowMs
        })
        await attempt('withdrawals', withdrawals.follow)
        await attempt('announcements', sayings.listen)
      }
      if (here > 0) host.wakeAt(lookedAtMs + marketPolicy.refreshMs)
      // What was used counts before a time is over.
      await attempt('uses', claims.sync)
      await attempt('auctions', lateBids().tick)
      await attempt('bookings', bookings.tick)
      await attempt('claims', claims.sync)
      await attempt('figures', offers.tidy)
      await attempt('retention', () => sweepMarket(database, now()))
      await attempt('sayings', sayings.tick)
      await attempt('read model', projection.tick)
      if (projection.isBehind()) host.wakeAt(now() + marketPolicy.retryMs)
    },
  }
}
