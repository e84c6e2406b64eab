/** Reviews, by whoever holds a receipt. */
import { randomBytes } from 'node:crypto'
import type { ApiError } from '../../core/api/errors.ts'
import type { ReviewBody } from '../../core/api/market-requests.ts'
import type { Review } from '../../core/api/schemas/market.ts'
import { ownerOf, type Principal } from '../../core/auth/principal.ts'
import { toHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { mayReview } from '../../core/market/review.ts'
import { rowsOf } from '../coordinator/schema.ts'
import type { Offers } from './offers.ts'
import type { MarketHost } from './ports.ts'
import { trimReviews } from './sweep.ts'

type ReviewRow = {
  readonly seq: number
  readonly review_id: string
  readonly offer_id: string
  readonly receipt_id: string
  readonly reviewer: string
  readonly rating: number
  readonly comment: string
  readonly created_at_ms: number
}

export function openReviews(host: MarketHost & { readonly offers: Offers }) {
  const { database, offers, coordinator, now } = host
  return {
    add: async (
      who: Principal,
      offerId: string,
      review: ReviewBody,
    ): Promise<Result<Review, ApiError>> => {
      const offer = offers.row(offerId)
      if (!offer) return err({ code: 'OFFER_NOT_FOUND' })
      const receipt = await coordinator.receiptParties(review.receipt_id)
      const reviewId = toHex(new Uint8Array(randomBytes(16)))
      // One write decides who was first.
      return database.transactionSync((): Result<Review, ApiError> => {
        const may = mayReview({
          owner: ownerOf(who),
          minerId: offer.miner_id,
          receipt,
          isUsed: rowsOf(database, selectUsed, review.receipt_id).length > 0,
        })
        if (!may.ok) return may
        database.sql.exec(
          insertReview,
          reviewId,
          offerId,
          review.receipt_id,
          ownerOf(who),
          who.publicId,
          review.rating,
          review.comment,
          now(),
        )
        trimReviews(database, offerId, now())
        offers.reviewed(offerId)
        const [row] = rowsOf<ReviewRow>(database, selectReview, reviewId)
        if (!row) throw new Error('invariant broken: an insert leaves its row')
        host.wakeAt(now())
        return ok(view(row))
      })
    },
    list: (offerId: string, page: { readonly before: number; readonly limit: number }) => {
      const rows = rowsOf<ReviewRow>(
        database,
        'SELECT * FROM reviews WHERE offer_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
        offerId,
        page.before,
        page.limit + 1,
      )
      const shown = rows.slice(0, page.limit)
      return {
        items: shown.map(view),
        next: rows.length > page.limit ? shown.at(-1)?.seq : undefined,
      }
    },
  }
}

const view = (row: ReviewRow): Review => ({
  review_id: row.review_id,
  offer_id: row.offer_id,
  receipt_id: row.receipt_id,
  rating: row.rating,
  comment: row.comment,
  reviewer: row.reviewer,
  created_at: formatTime(row.created_at_ms),
})

const selectUsed = 'SELECT 1 FROM reviews WHERE receipt_id = ?'
const selectReview = 'SELECT * FROM reviews WHERE review_id = ?'
const insertReview = `INSERT INTO reviews
  (review_id, offer_id, receipt_id, owner, reviewer, rating, comment, created_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
