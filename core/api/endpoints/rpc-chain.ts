/** `/rpc`: the chain as a whole, its blocks, accounts, escrows and proofs. */
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
  lightStateSchema,
  lightTransactionSchema,
  lightUpdateSchema,
  stateProofSchema,
  statusSchema,
  syncStatusSchema,
  transactionProofSchema,
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

/** Final facts with what proves them. */
export const proofsFamily = {
  id: 'proofs',
  title: 'Proofs',
  description:
    'Final facts that a caller can check with the public keys of the authorities alone. Everything travels as hex of canonical bytes.',
  endpoints: [
    endpoint({
      ...rpc,
      id: 'proveTransaction',
      path: '/rpc/proof/transaction/{hash}',
      summary: 'Prove that a transaction is final, and what it did',
      params: z.object({ hash: hashParam }),
      answers: [{ status: 200, description: 'The proof', schema: transactionProofSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { hash: values.settlement } },
    }),
    endpoint({
      ...rpc,
      id: 'proveAccount',
      path: '/rpc/proof/account/{address}',
      summary: 'Prove what an account holds, or that there is none',
      params: z.object({ address: addressParam }),
      answers: [{ status: 200, description: 'The proof', schema: stateProofSchema }],
      errors: [...chainErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { address: values.address } },
    }),
    endpoint({
      ...rpc,
      id: 'proveEscrow',
      path: '/rpc/proof/escrow/{id}',
      summary: 'Prove what an escrow holds, or that there is none',
      params: z.object({ id: hashParam }),
      answers: [{ status: 200, description: 'The proof', schema: stateProofSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { id: values.escrow } },
    }),
    endpoint({
      ...rpc,
      id: 'proveBooking',
      path: '/rpc/proof/booking/{id}',
      summary: 'Prove a booking, or that there is none',
      params: z.object({ id: hashParam }),
      answers: [{ status: 200, description: 'The proof', schema: stateProofSchema }],
      errors: [...chainErrors, 'VALIDATION_ERROR', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { id: values.chainBooking } },
    }),
    endpoint({
      ...rpc,
      id: 'proveBond',
      path: '/rpc/proof/bond/{address}',
      summary: 'Prove the bond of a miner’s key, or that there is none',
      params: z.object({ address: addressParam }),
      answers: [{ status: 200, description: 'The proof', schema: stateProofSchema }],
      errors: [...chainErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { address: values.address } },
    }),
  ],
} as const satisfies EndpointFamily

const lightErrors = [...chainErrors, 'VALIDATION_ERROR', 'RANGE_INVALID'] as const

/** What a light client needs: see the rules LIGHT of the chain. */
export const lightFamily = {
  id: 'light',
  title: 'Light clients',
  description:
    'Who remembers one verified block asks from its height: each answer holds the way from there to the newest final block, by certificates and by every change of the authorities, so that nothing has to be believed. With Accept: application/octet-stream the same comes as canonical bytes.',
  endpoints: [
    endpoint({
      ...rpc,
      id: 'getLightUpdate',
      path: '/rpc/light',
      summary: 'Follow the chain from a verified block to the newest final one',
      query: rpcQueries.lightUpdate,
      answers: [
        {
          status: 200,
          description: 'The way; empty while only block 0 is final, or where none is held',
          schema: lightUpdateSchema,
        },
      ],
      errors: lightErrors,
      example: { query: { from: '7' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightTransaction',
      path: '/rpc/light/proof/transaction/{hash}',
      summary: 'Prove a transaction and its outcome under the newest final block',
      params: z.object({ hash: hashParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightTransactionSchema }],
      errors: [...lightErrors, 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { hash: values.settlement }, query: { from: '4' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightAccount',
      path: '/rpc/light/proof/account/{address}',
      summary: 'Prove an account, or that there is none, under the newest final block',
      params: z.object({ address: addressParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightStateSchema }],
      errors: [...lightErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { address: values.address }, query: { from: '7' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightEscrow',
      path: '/rpc/light/proof/escrow/{id}',
      summary: 'Prove an escrow, or that there is none, under the newest final block',
      params: z.object({ id: hashParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightStateSchema }],
      errors: [...lightErrors, 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { id: values.escrow }, query: { from: '7' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightBooking',
      path: '/rpc/light/proof/booking/{id}',
      summary: 'Prove a booking, or that there is none, under the newest final block',
      params: z.object({ id: hashParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightStateSchema }],
      errors: [...lightErrors, 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { id: values.chainBooking }, query: { from: '7' } },
    }),
    endpoint({
      ...rpc,
      id: 'getLightBond',
      path: '/rpc/light/proof/bond/{address}',
      summary: 'Prove a bond, or that there is none, under the newest final block',
      params: z.object({ address: addressParam }),
      query: rpcQueries.light,
      answers: [{ status: 200, description: 'Way and proof', schema: lightStateSchema }],
      errors: [...lightErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY', 'NOT_FOUND', 'NOT_FINAL'],
      example: { params: { address: values.address }, query: { from: '7' } },
    }),
  ],
} as const satisfies EndpointFamily
