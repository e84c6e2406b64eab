/**
 * Requests and answers of the chain's lists under `/api/v1/chain/` (and `/api/chain/`): newest first, a page
 * at a time by cursor, with filters. A page may hold fewer rows than asked for; only `next_cursor: null`
 * says that there are no more.
 *
 * Amounts are decimal strings of base units, times RFC 3339 UTC, hashes `0x…`, keys plain hex, addresses
 * `aitbc1…`. Nothing here depends on a clock: times of requests are text, to be converted by the host.
 */
import * as z from 'zod'
import { fromHex, toHex } from '../base/bytes.ts'
import { outcomeCodes } from '../chain/outcome.ts'
import type { MessageKind } from '../chain/transaction.ts'
import { formatAddress, isLegacyAddress, parseAddress } from '../crypto/address.ts'
import { cursorCharsMax } from './list-cursor.ts'

/** Bounds of one request. */
export const chainListLimits = {
  /** Rows of a page that names no `limit`. */
  pageDefault: 25,
  pageMax: 500,
  /** Most blocks above the read model that one request looks through for rows that match. */
  freshBlocksMax: 1_000,
  /** Most calls to the chain object for one page. */
  freshCallsMax: 10,
} as const

/** Every kind of transaction, as `kind` names it. */
export const transactionKinds = [
  'transfer',
  'faucet',
  'escrow_open',
  'escrow_top_up',
  'escrow_close',
  'authority_change',
  'delegate_grant',
  'delegate_revoke',
  'settle',
  'bond',
  'unbond',
  'slash',
  'receipt_claim',
  'booking_open',
  'booking_close',
  'announce',
] as const satisfies readonly MessageKind[]

/** Names of all outcomes, and `failed` for any but `applied`. */
export const outcomeFilters = [
  'failed',
  ...(Object.keys(outcomeCodes) as (keyof typeof outcomeCodes)[]),
] as const

const wholeText = z
  .string()
  .regex(/^[0-9]{1,15}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(0))
const limitBounds = `must be between 1 and ${chainListLimits.pageMax}`
const limit = z
  .string()
  .regex(/^[0-9]{1,4}$/, 'must be a whole number')
  .transform(Number)
  .pipe(z.int().min(1, limitBounds).max(chainListLimits.pageMax, limitBounds))
  .default(chainListLimits.pageDefault)
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
/** A hash in a query, with or without `0x`: as 64 plain hex digits. */
export const requestHash = z
  .string()
  .max(66)
  .transform((text, context) => {
    const read = fromHex(text, 32)
    if (read.ok) return toHex(read.value)
    context.addIssue({ code: 'custom', message: read.error.message })
    return z.NEVER
  })
/** An address of this network, or of the original, in a query. */
export const requestAddress = z
  .string()
  .max(90)
  .transform((text, context) => {
    // Addresses of the original network hold nothing here, which is an answer and no fault.
    if (isLegacyAddress(text)) return text
    const read = parseAddress(text)
    if (read.ok) return formatAddress(read.value)
    context.addIssue({ code: 'custom', message: read.error.message })
    return z.NEVER
  })
/** A time in a query. */
export const moment = z.iso.datetime({
  offset: true,
  message: 'must be a time such as 2026-02-14T12:00:00Z',
})

const ranges = {
  /** Heights and times, both ends included. */
  height_min: wholeText.optional().describe('From this height on, itself included'),
  height_max: wholeText.optional().describe('Up to this height, itself included'),
  time_from: moment.optional().describe('From this time on, such as 2026-02-14T12:00:00Z'),
  time_to: moment.optional().describe('Up to this time'),
}
/** What every list takes. */
export const paging = {
  limit,
  /** `next_cursor` or `previous_cursor` of an answer to the same filters. */
  cursor: z
    .string()
    .max(cursorCharsMax)
    .optional()
    .describe('next_cursor or previous_cursor of an answer to the same filters'),
}

/** Query of `GET /api/v1/chain/blocks`. Unknown parameters are refused, not ignored. */
export const blockListQuery = z.strictObject({
  ...paging,
  ...ranges,
  slot_min: wholeText.optional(),
  slot_max: wholeText.optional(),
  /** Public key of the authority, hex. */
  proposer: requestHash.optional().describe('Public key of the authority, hex'),
  /** Leaves out blocks without transactions when `true`. */
  with_transactions: flag.optional().describe('true leaves out blocks without transactions'),
})
/** A checked query. */
export type BlockListQuery = z.infer<typeof blockListQuery>

/** Query of `GET /api/v1/chain/transactions`. */
export const transactionListQuery = z.strictObject({
  ...paging,
  ...ranges,
  kind: z.enum(transactionKinds).optional(),
  sender: requestAddress.optional(),
  recipient: requestAddress.optional(),
  /** Sender, recipient, or miner that a settlement paid. */
  address: requestAddress.optional().describe('Sender, recipient, or miner that a settlement paid'),
  outcome: z.enum(outcomeFilters).optional().describe('failed means any but applied'),
})
/** A checked query. */
export type TransactionListQuery = z.infer<typeof transactionListQuery>

/** Query of `GET /api/v1/chain/receipts`. */
export const receiptListQuery = z.strictObject({
  ...paging,
  ...ranges,
  miner: requestAddress.optional(),
  client: requestAddress.optional(),
  /** Hash of what was asked. */
  job: requestHash.optional().describe('Hash of what was asked'),
})
/** A checked query. */
export type ReceiptListQuery = z.infer<typeof receiptListQuery>

/** Query of `GET /api/v1/chain/ledger`. */
export const ledgerListQuery = z.strictObject({
  ...paging,
  ...ranges,
  account: z
    .string()
    .max(100)
    .regex(
      /^(?:(?:account:|bond:)?aitbc1[0-9a-z]{38}|(?:escrow|booking):[0-9a-f]{64}|genesis|minted|burned)$/,
      'an address, or account:, bond: with one, escrow:, booking: with an id, genesis, minted, burned',
    )
    .transform((text) => (text.startsWith('aitbc1') ? `account:${text}` : text))
    .optional()
    .describe('An address, or bond:aitbc1…, escrow:<id>, booking:<id>, genesis, minted or burned'),
  transaction: requestHash.optional().describe('Hash of a transaction: its postings sum to zero'),
})
/** A checked query. */
export type LedgerListQuery = z.infer<typeof ledgerListQuery>

const whole = z.int().min(0)
const units = z.string().regex(/^(?:0|[1-9][0-9]{0,19})$/)
const hash0x = z.string().regex(/^0x[0-9a-f]{64}$/)
const key = z.string().regex(/^[0-9a-f]{64}$/)
/** A time in an answer. */
export const time = z.iso.datetime()
/** An address in an answer. */
export const addressText = z.string().regex(/^aitbc1[0-9a-z]+$/)

/** One block of a list. */
export const listedBlock = z.strictObject({
  height: whole,
  hash: hash0x,
  parent_hash: hash0x,
  slot: whole,
  time,
  proposer: key,
  state_root: hash0x,
  transaction_count: whole,
  /** All fees charged in it; null until the read model has the block. */
  fees: units.nullable(),
  final: z.boolean(),
})
/** One block of a list. */
export type ListedBlock = z.infer<typeof listedBlock>

/** One transaction of a list: in a block, final or not. */
export const listedTransaction = z.strictObject({
  hash: hash0x,
  height: whole,
  position: whole,
  slot: whole,
  time,
  kind: z.string(),
  sender: addressText,
  recipient: addressText.nullable(),
  /** What the transaction moves or locks; null for kinds that name no amount. */
  amount: units.nullable(),
  /** What it was charged. */
  fee: units,
  nonce: whole,
  /** Last slot in which it could have entered a block. */
  valid_until: whole,
  outcome: z.string(),
  final: z.boolean(),
})
/** One transaction of a list. */
export type ListedTransaction = z.infer<typeof listedTransaction>

/** One receipt of a list: a payment in a final block, and with it the hash of the signed receipt. */
export const listedReceipt = z.strictObject({
  receipt_hash: hash0x,
  job_hash: hash0x,
  transaction_hash: hash0x,
  height: whole,
  position: whole,
  item: whole,
  slot: whole,
  time,
  client: addressText,
  miner: addressText,
  coordinator: addressText,
  amount: units,
  miner_amount: units,
  coordinator_amount: units,
  escrow: hash0x,
  /** Number of the job in its escrow. */
  number: z.string().regex(/^[0-9]{1,20}$/),
  authorisation: hash0x,
  release_signature: z.string().regex(/^[0-9a-f]{128}$/),
})
/** One receipt of a list. */
export type ListedReceipt = z.infer<typeof listedReceipt>

/** One posting of double entry. */
export const listedPosting = z.strictObject({
  height: whole,
  position: whole,
  item: whole,
  slot: whole,
  time,
  transaction_hash: hash0x.nullable().describe('Null for what genesis gave'),
  account: z.string().describe('account:aitbc1…, bond:aitbc1…, escrow:<id>, booking:<id>, …'),
  amount: z
    .string()
    .regex(/^-?[1-9][0-9]{0,15}$/)
    .describe('Base units; below zero where the account loses them'),
  unit: z.literal('base units'),
  reason: z.string().describe('fee, transfer, payment, share, burn, reward …'),
})
/** One posting. */
export type ListedPosting = z.infer<typeof listedPosting>

/** A page of such items. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({
    items: z.array(item).max(chainListLimits.pageMax),
    /** Leads to older rows; null where there are none. */
    next_cursor: z.string().nullable().describe('Leads to older rows; null where there are none'),
    /** Leads to newer rows; null on the newest page. */
    previous_cursor: z.string().nullable().describe('Leads to newer rows; null on the newest page'),
    /** First and newest height that could have been in the list, and when it was read. */
    as_of: z
      .strictObject({
        indexed_from: whole.describe('Where the list begins: 0, or above where this site began'),
        height: z.int().min(-1),
        time,
      })
      .describe('First and newest height that could have been in the list, and when it was read'),
    /** Where the rows come from. */
    source: z.enum(['chain_node', 'read_model', 'both']).describe('Where the rows come from'),
  })

/** Answer of `GET /api/v1/chain/blocks`. */
export const blockListAnswer = listOf(listedBlock)
/** Answer of `GET /api/v1/chain/transactions`. */
export const transactionListAnswer = listOf(listedTransaction)
/** Answer of `GET /api/v1/chain/receipts`. */
export const receiptListAnswer = listOf(listedReceipt)

/** Answer of `GET /api/v1/chain/ledger`. */
export const ledgerListAnswer = listOf(listedPosting)

/** A page of any of the lists. */
export type ListAnswer<T> = Omit<z.infer<typeof blockListAnswer>, 'items'> & {
  readonly items: readonly T[]
}
