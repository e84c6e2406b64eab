/** `/api/v1/chain`: the chain's lists by cursor and filter. */
import {
  blockListAnswer,
  blockListQuery,
  receiptListAnswer,
  receiptListQuery,
  transactionListAnswer,
  transactionListQuery,
} from '../chain-lists.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { chainErrors } from './failures.ts'
import { chainAt } from './paths.ts'

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
    'Blocks, transactions and receipts, newest first, with filters. A page may hold fewer rows than asked for; only `next_cursor: null` says that there are no more. Unknown parameters are refused.',
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
  ],
} as const satisfies EndpointFamily
