/** What is over leaves after its time, some rows at a time. Rules: SPEC.md, MKT-13. */
import type { SqlDatabase } from '../coordinator/schema.ts'
import { marketPolicy as policy } from './limits.ts'

/** Forgets bids, agreements and bookings that are over. */
export function sweepMarket(database: SqlDatabase, nowMs: number): void {
  const keptFromMs = nowMs - policy.keptMs
  const { sweepRows: rows } = policy
  database.transactionSync(() => {
    database.sql.exec(deleteQuotes, rows, keptFromMs)
    database.sql.exec(deleteBids, rows, keptFromMs)
    database.sql.exec(deleteAgreements, rows, keptFromMs)
    database.sql.exec(deleteBookings, rows, keptFromMs)
  })
}

/** The oldest reviews of an offer that has very many. Inside the caller's write. */
export const trimReviews = (database: SqlDatabase, offerId: string, nowMs: number): void =>
  void database.sql.exec(
    deleteReviews,
    offerId,
    nowMs - policy.reviewsKeptMs,
    offerId,
    policy.reviewsPerOfferMax - 1,
  )

// The oldest alone are looked at: the search costs the same however many there are.
const oldBids = `SELECT bid_id FROM
  (SELECT bid_id, closes_at_ms FROM bids WHERE status <> 'open' ORDER BY seq LIMIT ?)
  WHERE closes_at_ms < ?`
const deleteQuotes = `DELETE FROM quotes WHERE bid_id IN (${oldBids})`
const deleteBids = `DELETE FROM bids WHERE bid_id IN (${oldBids})`
const deleteAgreements = `DELETE FROM agreements WHERE seq IN (SELECT seq FROM
  (SELECT seq, expires_at_ms FROM agreements WHERE state NOT IN ('open', 'booked') ORDER BY seq LIMIT ?)
  WHERE expires_at_ms < ?)`
const deleteBookings = `DELETE FROM bookings WHERE seq IN (SELECT seq FROM
  (SELECT seq, created_at_ms FROM bookings WHERE state IN ('ended', 'canceled', 'failed')
   ORDER BY seq LIMIT ?)
  WHERE created_at_ms < ?)`
const deleteReviews = `DELETE FROM reviews WHERE offer_id = ? AND created_at_ms < ? AND seq <
  (SELECT seq FROM reviews WHERE offer_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`
