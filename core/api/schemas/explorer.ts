/** Answers of `/api/explorer`, the four lists of the original, as schemas. */
import * as z from 'zod'
import { address, hash, legacyTime, publicKey, whole } from './common.ts'
import { paymentOfReceiptSchema } from './transactions.ts'

const nextOffset = whole.nullable().describe('Where the next page begins; null at the end')

/** `GET /api/explorer/blocks`. */
export const explorerBlocksSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        height: whole,
        hash,
        timestamp: legacyTime,
        txCount: whole,
        proposer: publicKey,
        final: z.boolean(),
      }),
    ),
    next_offset: nextOffset,
  })
  .meta({ id: 'ExplorerBlocks' })

/** `GET /api/explorer/transactions`. */
export const explorerTransactionsSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        hash,
        block: whole.nullable(),
        from: address,
        to: address.nullable(),
        value: z.string().describe('Base units'),
        status: z.enum(['Queued', 'Succeeded', 'Failed']),
        kind: z.string(),
        timestamp: legacyTime.nullable(),
      }),
    ),
    next_offset: nextOffset,
  })
  .meta({ id: 'ExplorerTransactions' })

/** `GET /api/explorer/addresses`. */
export const explorerAddressesSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        address,
        balance: z
          .string()
          .regex(/^[0-9]+\.[0-9]{6}$/)
          .describe('AITBC with six decimals, the rest cut off'),
        txCount: whole,
        lastActive: legacyTime,
        recentTransactions: z.array(hash).max(5),
      }),
    ),
    next_offset: nextOffset,
  })
  .meta({ id: 'ExplorerAddresses' })

/** `GET /api/explorer/receipts`. */
export const explorerReceiptsSchema = z
  .strictObject({
    jobId: z.string().describe('What was asked for, or all'),
    items: z.array(
      z.strictObject({
        receiptId: hash,
        jobId: hash,
        miner: address,
        coordinator: address,
        issuedAt: legacyTime,
        status: z.literal('Succeeded'),
        payload: paymentOfReceiptSchema,
      }),
    ),
    next_offset: nextOffset,
  })
  .meta({ id: 'ExplorerReceipts' })
