/** Queries of `/rpc` and of the explorer's lists, as schemas: what they default to and how far they reach. */
import * as z from 'zod'
import { rpcLimits } from './rpc-limits.ts'

/** A whole number of the query, as the original reads it. */
const wholeText = z
  .string()
  .regex(/^-?[0-9]{1,15}$/, 'not an integer')
  .transform(Number)

const notNegative = (name: string) => wholeText.pipe(z.int().min(0, `${name} must be non-negative`))

/** `limit` and `offset` of a list. A number out of bounds is a `RANGE_INVALID`. */
export const pageQuery = (bounds: { readonly limit: number; readonly limitMax: number }) =>
  z.object({ limit: limitOf(bounds), offset: offset.default(0) })

const limitOf = ({ limit, limitMax }: { readonly limit: number; readonly limitMax: number }) => {
  const message = `limit must be between 1 and ${limitMax}`
  return wholeText.pipe(z.int().min(1, message).max(limitMax, message)).default(limit)
}

const offset = wholeText.pipe(
  z
    .int()
    .min(0, 'offset must be non-negative')
    .max(rpcLimits.offsetMax, `offset must not exceed ${rpcLimits.offsetMax}`),
)

const verifiedHeight = notNegative('from')
  .default(0)
  .describe('Height of the newest block that you have verified')

const { pageMax, poolPageMax, explorerPageMax, addressTransactionsMax } = rpcLimits

/** One schema a list. */
export const rpcQueries = {
  light: z.object({ from: verifiedHeight }),
  claimable: z.object({
    expiry: notNegative('expiry').describe(
      'Last slot in which it counts: that of the settlement and claim_window_slots',
    ),
  }),
  lightUpdate: z.object({
    from: verifiedHeight,
    to: notNegative('to')
      .optional()
      .describe('Height of the final block to which the way leads; the newest one unless given'),
  }),
  blocks: pageQuery({ limit: 10, limitMax: pageMax }),
  transactions: pageQuery({ limit: 20, limitMax: pageMax }),
  receipts: pageQuery({ limit: 20, limitMax: pageMax }),
  mempool: z.object({
    limit: limitOf({ limit: 100, limitMax: poolPageMax }),
    sender: z
      .string()
      .max(90)
      .optional()
      .describe('Those of this account alone, by nonce, also those stuck behind a missing one'),
  }),
  address: pageQuery({ limit: 20, limitMax: addressTransactionsMax }),
  addresses: pageQuery({ limit: 20, limitMax: pageMax }).extend({
    min_balance: z
      .string()
      .regex(/^(?:0|[1-9][0-9]{0,15})$/, 'not a whole number of base units')
      .describe('Base units; leaves out accounts that hold less')
      .default('0'),
  }),
  /** Both variants of the original: which parameters there are decides. */
  range: z.object({
    start: notNegative('start').optional().describe('With `end`: an object, ascending'),
    end: notNegative('end').optional().describe(`At most ${rpcLimits.rangeMax} above start`),
    start_height: notNegative('start_height')
      .optional()
      .describe('Without `start` and `end`: a bare array from this height, 0 when absent'),
    end_height: wholeText.pipe(z.int()).optional().describe('100 when absent'),
    limit: limitOf({ limit: 1_000, limitMax: rpcLimits.bareRangeMax }).describe(
      'Most blocks of the bare array',
    ),
  }),
  explorerBlocks: pageQuery({ limit: 20, limitMax: explorerPageMax }),
  explorerList: pageQuery({ limit: 50, limitMax: explorerPageMax }),
  explorerReceipts: pageQuery({ limit: 50, limitMax: explorerPageMax }).extend({
    job_id: z.string().optional().describe('Hash of what was asked, as receipts show it'),
  }),
} as const
