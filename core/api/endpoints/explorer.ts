/** `/api/explorer`: the original's four lists. */
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { rpcQueries } from '../rpc-queries.ts'
import {
  explorerAddressesSchema,
  explorerBlocksSchema,
  explorerReceiptsSchema,
  explorerTransactionsSchema,
} from '../schemas/explorer.ts'
import { chainErrors, listErrors } from './failures.ts'
import { explorerAt } from './paths.ts'

const get = { method: 'GET', auth: 'none', example: { query: { limit: '1' } } } as const

/** The lists of the original's explorer. */
export const explorerFamily = {
  id: 'explorer',
  title: 'Explorer lists',
  description:
    'The original’s four lists in its shapes, of what really is on the chain, newest first. New programs find the same and more under /rpc.',
  endpoints: [
    endpoint({
      ...get,
      ...explorerAt('/blocks'),
      id: 'explorerBlocks',
      summary: 'List blocks',
      query: rpcQueries.explorerBlocks,
      answers: [{ status: 200, description: 'Blocks', schema: explorerBlocksSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'RANGE_INVALID'],
      legacy: 'Use GET /rpc/blocks.',
    }),
    endpoint({
      ...get,
      ...explorerAt('/transactions'),
      id: 'explorerTransactions',
      summary: 'List transactions',
      query: rpcQueries.explorerList,
      answers: [{ status: 200, description: 'Transactions', schema: explorerTransactionsSchema }],
      errors: listErrors,
      legacy: 'Use GET /rpc/transactions.',
    }),
    endpoint({
      ...get,
      ...explorerAt('/addresses'),
      id: 'explorerAddresses',
      summary: 'List addresses',
      query: rpcQueries.explorerList,
      answers: [{ status: 200, description: 'Addresses', schema: explorerAddressesSchema }],
      errors: listErrors,
      legacy: 'Use GET /rpc/addresses.',
    }),
    endpoint({
      ...get,
      ...explorerAt('/receipts'),
      id: 'explorerReceipts',
      summary: 'List receipts',
      query: rpcQueries.explorerReceipts,
      answers: [{ status: 200, description: 'Receipts', schema: explorerReceiptsSchema }],
      errors: listErrors,
      legacy: 'Use GET /rpc/receipts.',
    }),
  ],
} as const satisfies EndpointFamily
