/** `/api/v1/chain`: the chain's lists by cursor and filter. */
import * as z from 'zod'
import {
  minerDaysAnswer,
  minerDaysQuery,
  minerListAnswer,
  minerListQuery,
  statsAnswer,
  statsQuery,
} from '../chain-figures.ts'
import {
  blockListAnswer,
  blockListQuery,
  ledgerListAnswer,
  ledgerListQuery,
  receiptListAnswer,
  receiptListQuery,
  transactionListAnswer,
  transactionListQuery,
} from '../chain-lists.ts'
import { chainSearchAnswer, chainSearchQuery } from '../chain-search.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { exampleValues } from './example-values.ts'
import { chainErrors } from './failures.ts'
import { addressParam, chainAt } from './paths.ts'

const get = { method: 'GET', auth: 'none', example: { query: { limit: '1' } } } as const
const errors = [
  ...chainErrors,
  'DATABASE_UNAVAILABLE',
  'VALIDATION_ERROR',
  'CURSOR_INVALID',
] as const

/** Lists with cursors. */
export const chainListsFamily = {
  id: 'lists',
  title: 'Lists by cursor',
  description:
    'Blocks, transactions and receipts, newest first, with filters; miners, figures by hour and day, and what a hash names. A page may hold fewer rows than asked for; only `next_cursor: null` says that there are no more. Unknown parameters are refused.',
  endpoints: [
    endpoint({
      ...get,
      ...chainAt('/blocks'),
      id: 'pageBlocks',
      summary: 'List blocks',
      query: blockListQuery,
      answers: [{ status: 200, description: 'A page', schema: blockListAnswer }],
      errors,
    }),
    endpoint({
      ...get,
      ...chainAt('/transactions'),
      id: 'pageTransactions',
      summary: 'List transactions that are in a block',
      query: transactionListQuery,
      answers: [{ status: 200, description: 'A page', schema: transactionListAnswer }],
      errors,
    }),
    endpoint({
      ...get,
      ...chainAt('/receipts'),
      id: 'pageReceipts',
      summary: 'List receipts',
      description: 'Payments in final blocks, and with them the hashes of the signed receipts.',
      query: receiptListQuery,
      answers: [{ status: 200, description: 'A page', schema: receiptListAnswer }],
      errors,
    }),
    endpoint({
      ...get,
      ...chainAt('/ledger'),
      id: 'pageLedger',
      summary: 'List postings of double entry',
      description:
        'Every final transaction as postings that sum to zero, over accounts, escrows, bookings, bonds, and what was minted and burned. `as_of.indexed_from` says where the books of this site begin; from genesis on, the postings of an account add up to what it holds.',
      query: ledgerListQuery,
      answers: [{ status: 200, description: 'A page', schema: ledgerListAnswer }],
      errors,
    }),
    endpoint({
      ...get,
      ...chainAt('/miners'),
      id: 'pageMiners',
      summary: 'List miners by what they were paid',
      description:
        'Every address that a final block paid for a job. A miner that is paid between two pages may move from one to another.',
      query: minerListQuery,
      answers: [{ status: 200, description: 'A page', schema: minerListAnswer }],
      errors,
    }),
    endpoint({
      ...get,
      ...chainAt('/miners/{address}/days'),
      id: 'readMinerDays',
      summary: 'Read what a miner was paid, day by day',
      description:
        'Out of the books of final blocks, in days of UTC: for jobs, for bookings that somebody else opened, and protocol rewards.',
      params: z.object({ address: addressParam }),
      query: minerDaysQuery,
      answers: [{ status: 200, description: 'The days', schema: minerDaysAnswer }],
      errors: [...chainErrors, 'DATABASE_UNAVAILABLE', 'VALIDATION_ERROR', 'ADDRESS_INVALID'],
      example: { params: { address: exampleValues.address }, query: { days: '1' } },
    }),
    endpoint({
      ...get,
      ...chainAt('/stats'),
      id: 'readStats',
      summary: 'Read what happened by hour or day',
      description:
        'Blocks, transactions, fees, paid jobs and who took part, of final blocks, in hours or days of UTC.',
      query: statsQuery,
      answers: [{ status: 200, description: 'The buckets', schema: statsAnswer }],
      errors: [...chainErrors, 'DATABASE_UNAVAILABLE', 'VALIDATION_ERROR', 'RANGE_INVALID'],
      example: { query: { bucket: 'day' } },
    }),
    endpoint({
      ...get,
      ...chainAt('/search'),
      id: 'searchChain',
      summary: 'Find what a hash names',
      description:
        'Blocks, transactions, escrows, receipts and jobs all have names of 32 bytes. What this site does not know is missing from the answer: that is no error.',
      query: chainSearchQuery,
      answers: [{ status: 200, description: 'What it names', schema: chainSearchAnswer }],
      errors: [...chainErrors, 'VALIDATION_ERROR'],
      example: { query: { hash: `0x${'a'.repeat(64)}` } },
    }),
  ],
} as const satisfies EndpointFamily
