/** Reviews: who may write one, and what they come to. Rules: SPEC.md, REVIEW. */
import { floor } from '../base/int.ts'
import { err, ok, type Result } from '../base/result.ts'

/** A receipt as the coordinator knows it: whose job it was, and whose work. */
export type ReceiptParties = { readonly owners: readonly string[]; readonly minerId: string }

/** Why a review is not taken. */
export type ReviewError = { readonly code: 'REVIEW_NOT_EARNED' | 'REVIEW_EXISTS' }

/**
 * Whether somebody may review a miner by a receipt: it is of a job that he asked for and this miner did,
 * and no review names it yet. A receipt that does not exist is as one of somebody else.
 */
export function mayReview(input: {
  readonly owner: string
  readonly minerId: string
  readonly receipt: ReceiptParties | undefined
  readonly isUsed: boolean
}): Result<null, ReviewError> {
  const { receipt } = input
  const isEarned = receipt?.owners.includes(input.owner) && receipt.minerId === input.minerId
  if (!isEarned) return err({ code: 'REVIEW_NOT_EARNED' })
  return input.isUsed ? err({ code: 'REVIEW_EXISTS' }) : ok(null)
}

/** The average of ratings with two decimals; null where there is none. */
export const averageRating = (sum: number, count: number): number | null =>
  count === 0 ? null : floor((sum * 100) / count + 0.5) / 100
