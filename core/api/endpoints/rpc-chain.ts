/** `/rpc`: the chain as a whole, its blocks, accounts, escrows, bookings and bonds. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { rpcQueries } from '../rpc-queries.ts'
import {
  accountFields,
  accountSchema,
  blockSchema,
  blockSummarySchema,
  bondSchema,
  bookingSchema,
  claimableSchema,
  escrowSchema,
  genesisSchema,
  headSchema,
  legacyAccountFields,
  legacyAccountSchema,
  statusSchema,
  syncStatusSchema,
} from '../schemas/chain.ts'
import { legacyTime, whole } from '../schemas/common.ts'
import { movementSchema } from '../schemas/transactions.ts'
import { exampleValues as values } from './example-values.ts'
import { chainErrors, listErrors, siteErrors } from './failures.ts'
import { addressParam, hashParam } from './paths.ts'

const rpc = { method: 'GET', auth: 'none' } as const

/** Head, status, genesis. */
export const chainFamily = {
  id: 'chain',
  title: 'Chain',
  description:
    'What the chain is and where it stands. A site that follows another chain passes everything under /rpc on to it.',
  endpoints: [
    endpoint({
      ...rpc,
      id: 'getHead',
      path: '/rpc/head',
      summary: 'Read the newest block, and how far finality is',
      answers: [{ status: 200, description: 'The head', schema: headSchema }],
      errors: chainErrors,
      example: {},
    }),
    endpoint({
      ...rpc,
      id: 'getStatus',
      path: '/rpc/status',
      summary: 'Read the state of the chain and of this site',
      description: 'All that a wallet or a light client needs to begin: genesis, head, supply.',
      answers: [{ status: 200, description: 'The status', schema: statusSchema }],
      errors: chainErrors,
      example: {},
    }),
    endpoint({
      ...rpc,
      id: 'getGenesis',
      path: '/rpc/genesis',
      summary: 'Read the constants of the chain',
      description: 'The hash of the genesis goes into everything that is signed for this chain.',
      answers: [{ status: 200, description: 'The genesis', schema: genesisSchema }],
      errors: siteErrors,
      example: {},
    }),
    endpoint({
      ...rpc,
      id: 'getSyncStatus',
      path: '/rpc/syncStatus',
      summary: 'Read the state of the chain in the original’s words',
      answers: [{ status: 200, description: 'The state', schema: syncStatusSchema }],
      errors: chainErrors,
      legacy: 'Use GET /rpc/status.',
      example: {},
    }),
    endpoint({
      ...rpc,
      id: 'getTestEndpoint',
      path: '/rpc/test-endpoint',
      summary: 'Answer a fixed word',
      answers: [
        {
          status: 200,
          description: 'Always the same',
          schema: z.strictObject({ status: z.literal('updated_code_running') }),
        },
      ],
      errors: siteErrors,
      legacy: 'Kept for scripts of the original. Use GET /health.',
      example: {},
    }),
  ],
} as const satisfies EndpointFamily

/** Blocks by height or hash, and lists of them. */
export const blocksFamily = {
  id: 'blocks',
  title: 'Blocks',
  description: 'Final blocks come from the read model, newer ones from the chain itself.',
  endpoints: [
    endpoint({
      ...rpc,
      id: 'listBlocks',
      path: '/rpc/blocks',
      summary: 'List the newest blocks',
      query: rpcQueries.blocks,
      answers: [
        {
          status: 200,
          description: 'Blocks, newest first',
          schema: z.strictObject({
            blocks: z.array(blockSummarySchema),
            total: whole,
            limit: whole,
            offset: whole,
          }),
        },
      ],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'RANGE_INVALID'],
      example: { query: { limit: '1' } },
    }),
    endpoint({
      ...rpc,
      id: 'getBlock',
      path: '/rpc/blocks/{at}',
      summary: 'Read a block',
      params: z.object({
        at: z
          .string()
          .regex(/^(?:[0-9]{1,15}|(?:0x)?[0-9a-fA-F]{64})$/)
          .describe('Height, or hash'),
      }),
      answers: [{ status: 200, description: 'The block', schema: blockSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND', 'BLOCK_NOT_KEPT'],
      example: { params: { at: '1' } },
    }),
    endpoint({
      ...rpc,
      id: 'listBlockRange',
      path: '/rpc/blocks-range',
      summary: 'List blocks by height, ascending',
      description:
        'The original has two forms. With start and end (both) the answer is an object, without them a bare array. Heights above the head are left out; a start below the first block that this site keeps is refused.',
      query: rpcQueries.range,
      answers: [
        {
          status: 200,
          description: 'An object for start and end, else an array',
          schema: z.union([
            z.strictObject({
              blocks: z.array(blockSummarySchema),
              start: whole,
              end: whole,
              count: whole,
            }),
            z.array(blockSummarySchema),
          ]),
        },
      ],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'RANGE_INVALID', 'BLOCK_NOT_KEPT'],
      example: { query: { start: '1', end: '1' } },
    }),
  ],
} as const satisfies EndpointFamily

/** Balances, addresses, escrows. */
export const accountsFamily = {
  id: 'accounts',
  title: 'Accounts and escrows',
  description:
    'What an address holds, and what is locked for coordinators. Balances are those of the head; final_balance is what no longer changes by itself.',
  endpoints: [
    endpoint({
      ...rpc,
      id: 'getBalance',
      path: '/rpc/getBalance/{address}',
      aliases: ['/rpc/balance/{address}'],
      summary: 'Read the balance and the next nonce of an address',
      params: z.object({ address: addressParam }),
      answers: [
        {
          status: 200,
          description: 'The account; one that does not exist has nothing',
          schema: z.union([accountSchema, legacyAccountSchema]),
        },
      ],
      errors: [...chainErrors, 'ADDRESS_INVALID'],
      example: { params: { address: values.address } },
    }),
    endpoint({
      ...rpc,
      id: 'getAddress',
      path: '/rpc/address/{address}',
      summary: 'Read an address with its newest transactions',
      params: z.object({ address: addressParam }),
      query: rpcQueries.address,
      answers: [
        {
          status: 200,
          description: 'The account and two lists, newest first, of what is final',
          schema: z.union([
            z.strictObject({
              ...accountFields,
              total_transactions_sent: whole,
              total_transactions_received: whole,
              latest_sent: z.array(movementSchema),
              latest_received: z.array(movementSchema),
            }),
            z.strictObject({
              ...legacyAccountFields,
              total_transactions_sent: z.literal(0),
              total_transactions_received: z.literal(0),
              latest_sent: z.array(movementSchema).length(0),
              latest_received: z.array(movementSchema).length(0),
            }),
          ]),
        },
      ],
      errors: [...listErrors, 'ADDRESS_INVALID'],
      example: { params: { address: values.address }, query: { limit: '1' } },
    }),
    endpoint({
      ...rpc,
      id: 'listAddresses',
      path: '/rpc/addresses',
      summary: 'List addresses',
      description: 'Those that a final block has touched, the richest first.',
      query: rpcQueries.addresses,
      answers: [
        {
          status: 200,
          description: 'Addresses',
          schema: z.strictObject({
            addresses: z.array(
              z.strictObject({
                address: accountFields.address,
                balance: whole,
                nonce: whole,
                total_transactions_sent: whole,
                total_transactions_received: whole,
                updated_at: legacyTime,
              }),
            ),
            total: whole,
            limit: whole,
            offset: whole,
          }),
        },
      ],
      errors: listErrors,
      example: { query: { limit: '1', min_balance: '100000000' } },
    }),
    endpoint({
      ...rpc,
      id: 'getEscrow',
      path: '/rpc/escrow/{id}',
      summary: 'Read an escrow in the newest final state',
      params: z.object({ id: hashParam }),
      answers: [{ status: 200, description: 'The escrow', schema: escrowSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND'],
      example: { params: { id: values.escrow } },
    }),
    endpoint({
      ...rpc,
      id: 'getChainBooking',
      path: '/rpc/booking/{id}',
      summary: 'Read a booking in the newest final state',
      params: z.object({ id: hashParam }),
      answers: [{ status: 200, description: 'The booking', schema: bookingSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND'],
      example: { params: { id: values.chainBooking } },
    }),
    endpoint({
      ...rpc,
      id: 'getBond',
      path: '/rpc/bond/{address}',
      summary: 'Read the bond of a miner’s key in the newest final state',
      params: z.object({ address: addressParam }),
      answers: [{ status: 200, description: 'The bond', schema: bondSchema }],
      errors: [...chainErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND'],
      example: { params: { address: values.address } },
    }),
    endpoint({
      ...rpc,
      id: 'getClaimable',
      path: '/rpc/claimable/{authorisation}',
      summary: 'Read what may still be claimed for a settled job',
      params: z.object({ authorisation: hashParam }),
      query: rpcQueries.claimable,
      answers: [{ status: 200, description: 'The claim', schema: claimableSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'RANGE_INVALID', 'NOT_FOUND'],
      example: { params: { authorisation: values.authorisation }, query: { expiry: '37' } },
    }),
  ],
} as const satisfies EndpointFamily
