/** What is over leaves after its time, some rows at a time. Rules: SPEC.md, MKT-13. */
import type { SqlDatabase } from '../coordinator/schema.ts'
import { marketPolicy as policy } from './limits.ts'

/** Forgets bids, agreements and bookings that are over, and the oldest reviews of an offer with very many. */
export function sweepMarket(database: SqlDatabase, nowMs: number): void {
  const keptFromMs = nowMs - policy.keptMs
  const { sweepRows: rows } = policy
  database.transactionSync(() => {
    database.sql.exec(deleteQuotes, rows, keptFromMs)
    database.sql.exec(deleteBids, rows, keptFromMs)
    database.sql.exec(deleteAgreements, rows, keptFromMs)
    database.sql.exec(deleteBookings, rows, keptFromMs)
    database.sql.exec(deleteReviews, rows, nowMs - policy.reviewsKeptMs, policy.reviewsPerOfferMax)
  })
}

// The oldest alone are looked at: the search costs the same however many there are.
const oldBids = `SELECT bid_id FROM (SELECT * FROM bids ORDER BY seq LIMIT ?)
  WHERE status <> 'open' AND closes_at_ms < ?`
const deleteQuotes = `DELETE FROM quotes WHERE bid_id IN (${oldBids})`
const deleteBids = `DELETE FROM bids WHERE bid_id IN (${oldBids})`
const deleteAgreements = `DELETE FROM agreements WHERE seq IN (
  SELECT seq FROM (SELECT * FROM agreements ORDER BY seq LIMIT ?)
  WHERE state NOT IN ('open', 'booked') AND expires_at_ms < ?)`
const deleteBookings = `DELETE FROM bookings WHERE seq IN (
  SELECT seq FROM (SELECT * FROM bookings ORDER BY seq LIMIT ?)
  WHERE state IN ('ended', 'canceled', 'failed') AND created_at_ms < ?)`
const deleteReviews = `DELETE FROM reviews WHERE seq IN (
  SELECT seq FROM (SELECT * FROM reviews ORDER BY seq LIMIT ?) AS old
  WHERE created_at_ms < ? AND ? < (
    SELECT count(*) FROM reviews AS newer
    WHERE newer.offer_id = old.offer_id AND newer.seq > old.seq))`
