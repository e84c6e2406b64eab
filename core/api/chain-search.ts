/**
 * `GET /api/v1/chain/search`: what a hash names. Blocks, transactions, escrows, receipts and jobs all have
 * names of 32 bytes; one answer says which of them this site knows, so that nobody asks for each in turn.
 */
import * as z from 'zod'
import { requestHash } from './chain-lists.ts'

/** What may be named by a hash, in the order of an answer. */
export const namedByHash = ['block', 'transaction', 'escrow', 'receipt', 'job'] as const
/** One of them. */
export type NamedByHash = (typeof namedByHash)[number]

/** Query of `GET /api/v1/chain/search`. */
export const chainSearchQuery = z.strictObject({
  hash: requestHash.describe('64 hex digits, with or without 0x'),
})

/** Its answer. What is in neither list is not known by that name. */
export const chainSearchAnswer = z.strictObject({
  hash: z.string().regex(/^0x[0-9a-f]{64}$/),
  found: z.array(z.enum(namedByHash)).describe('What this hash names'),
  unread: z.array(z.enum(namedByHash)).describe('What could not be asked just now'),
})
/** As a program reads it. */
export type ChainSearchAnswer = z.infer<typeof chainSearchAnswer>
