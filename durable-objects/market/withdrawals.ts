/**
 * Offers that were listed by hand and are taken off the market: by whoever listed them, or by an
 * administrator. What an administrator withdraws stands in the coordinator's audit log; the market follows
 * it, each entry once.
 */
import type { ApiError } from '../../core/api/errors.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { rowsOf } from '../coordinator/schema.ts'
import type { OfferRowOf, Offers } from './offers.ts'
import type { MarketHost } from './ports.ts'

export function openWithdrawals(host: MarketHost & { readonly offers: Offers }) {
  const { database, coordinator, offers } = host

  /** Its bookings stay, its quotes on open bids go. Inside the caller's write. */
  const takeOff = (found: OfferRowOf): void => {
    if (found.kind !== 'listed' || found.status === 'withdrawn') return
    offers.takeOff(found, { free_places: 0 })
    database.sql.exec(dropQuotes, found.offer_id)
  }

  return {
    /** For the owner that listed it. Withdrawn again, it stays as it is. */
    withdraw: (owner: string, offerId: string): Result<null, ApiError> => {
      const found = offers.row(offerId)
      if (!found) return err({ code: 'OFFER_NOT_FOUND' })
      if (found.kind !== 'listed') return err({ code: 'OFFER_NOT_LISTED' })
      if (owner !== found.owner) return err({ code: 'OFFER_NOT_FOUND' })
      database.transactionSync(() => takeOff(found))
      host.wakeAt(host.now())
      return ok(null)
    },

    /** Does what administrators have ordered since it was asked last. */
    follow: async (): Promise<void> => {
      const [last] = rowsOf<{ value: string }>(database, selectLast)
      const orders = await coordinator.withdrawals(Number(last?.value ?? 0))
      const newest = orders.at(-1)
      if (!newest) return
      database.transactionSync(() => {
        const [now] = rowsOf<{ value: string }>(database, selectLast)
        const done = Number(now?.value ?? 0)
        for (const { entry, offerId } of orders) {
          // Another call may have been faster, and the owner may have listed it again since.
          const found = entry > done ? offers.row(offerId) : undefined
          if (found) takeOff(found)
        }
        const reached = String(Math.max(done, newest.entry))
        database.sql.exec("INSERT OR REPLACE INTO meta VALUES ('withdrawals', ?)", reached)
      })
      host.wakeAt(host.now())
    },
  }
}

const selectLast = "SELECT value FROM meta WHERE name = 'withdrawals'"
const dropQuotes = `DELETE FROM quotes WHERE offer_id = ?
  AND bid_id IN (SELECT bid_id FROM bids WHERE status = 'open')`
