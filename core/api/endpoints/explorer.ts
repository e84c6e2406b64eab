/** `/api/explorer`: the original's four lists, and one of what they list. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { rpcQueries } from '../rpc-queries.ts'
import {
  explorerAddressSchema,
  explorerBlockSchema,
  explorerTransactionSchema,
} from '../schemas/contract.ts'
import {
  explorerAddressesSchema,
  explorerBlocksSchema,
  explorerReceiptsSchema,
  explorerTransactionsSchema,
} from '../schemas/explorer.ts'
import { exampleValues } from './example-values.ts'
import { chainErrors, listErrors } from './failures.ts'
import { addressParam, explorerAt, hashParam } from './paths.ts'

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
    endpoint({
      ...explorerAt('/blocks/{at}'),
      method: 'GET',
      auth: 'none',
      id: 'explorerBlock',
      summary: 'Read a block',
      params: z.object({ at: z.string().describe('Height, or hash with or without 0x') }),
      answers: [{ status: 200, description: 'The block', schema: explorerBlockSchema }],
      errors: [...chainErrors, 'NOT_FOUND', 'VALIDATION_ERROR', 'BLOCK_NOT_KEPT'],
      legacy: 'Use GET /rpc/blocks/{at}.',
      example: { params: { at: '1' } },
    }),
    endpoint({
      ...explorerAt('/transactions/{hash}'),
      method: 'GET',
      auth: 'none',
      id: 'explorerTransaction',
      summary: 'Read a transaction',
      params: z.object({ hash: hashParam }),
      answers: [{ status: 200, description: 'The transaction', schema: explorerTransactionSchema }],
      errors: [...chainErrors, 'NOT_FOUND'],
      legacy: 'Use GET /rpc/tx/{hash}.',
      example: { params: { hash: exampleValues.settlement } },
    }),
    endpoint({
      ...explorerAt('/addresses/{address}'),
      method: 'GET',
      auth: 'none',
      id: 'explorerAddress',
      summary: 'Read an address',
      params: z.object({ address: addressParam }),
      answers: [{ status: 200, description: 'The address', schema: explorerAddressSchema }],
      errors: [...chainErrors, 'DATABASE_UNAVAILABLE', 'ADDRESS_INVALID'],
      legacy: 'Use GET /rpc/address/{address}.',
      example: { params: { address: exampleValues.address } },
    }),
  ],
} as const satisfies EndpointFamily
