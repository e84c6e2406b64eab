/** `/rpc`: transactions, receipts, sending, and the streams of the chain. */
import * as z from 'zod'
import { receiptSearchQuery } from '../contract-requests.ts'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import { rpcQueries } from '../rpc-queries.ts'
import {
  estimateFeeSchema,
  mintFaucetSchema,
  sendTxSchema,
  submitReceiptSchema,
  submitSchema,
} from '../rpc-requests.ts'
import { acceptedSchema, blockSummarySchema, verdictSchema } from '../schemas/chain.ts'
import { address, hash, units, whole } from '../schemas/common.ts'
import { transactionSearchSchema } from '../schemas/contract.ts'
import {
  chainReceiptSchema,
  feeEstimateSchema,
  pooledSchema,
  transactionDetailSchema,
  transactionSchema,
} from '../schemas/transactions.ts'
import { exampleValues as values } from './example-values.ts'
import { bodyErrors, chainErrors, listErrors, siteErrors, transactionErrors } from './failures.ts'

const get = { method: 'GET', auth: 'none' } as const
const post = { method: 'POST', auth: 'none' } as const

/** Transactions by hash, lists of them, the mempool. */
export const transactionsFamily = {
  id: 'transactions',
  title: 'Transactions',
  description: 'Transactions of the chain, and those that wait for a block.',
  endpoints: [
    endpoint({
      ...get,
      id: 'listTransactions',
      path: '/rpc/transactions',
      summary: 'List the newest transactions',
      query: rpcQueries.transactions,
      answers: [
        {
          status: 200,
          description: 'Transactions, newest first',
          schema: z.strictObject({
            transactions: z.array(transactionSchema),
            total: whole,
            limit: whole,
            offset: whole,
          }),
        },
      ],
      errors: listErrors,
      example: { query: { limit: '1' } },
    }),
    endpoint({
      ...get,
      id: 'getTransaction',
      path: '/rpc/tx/{hash}',
      summary: 'Read a transaction, with its bytes and what it settled',
      params: z.object({ hash: z.string().describe('64 hex digits, with or without 0x') }),
      answers: [{ status: 200, description: 'The transaction', schema: transactionDetailSchema }],
      errors: [...chainErrors, 'NOT_FOUND'],
      example: { params: { hash: values.settlement } },
    }),
    endpoint({
      ...get,
      id: 'listMempool',
      path: '/rpc/mempool',
      summary: 'List transactions that wait for a block',
      query: rpcQueries.mempool,
      answers: [{ status: 200, description: 'Best fee first', schema: z.array(pooledSchema) }],
      errors: [
        ...chainErrors,
        'VALIDATION_ERROR',
        'RANGE_INVALID',
        'ADDRESS_INVALID',
        'ADDRESS_LEGACY',
      ],
      example: { query: { limit: '1' } },
    }),
  ],
} as const satisfies EndpointFamily

/** Receipts as far as the chain knows them. */
export const receiptsFamily = {
  id: 'receipts',
  title: 'Receipts on the chain',
  description:
    'Payments for accepted work, each with the hash of its receipt. Prompt, answer and the miner’s signature are for the parties only: see Jobs.',
  endpoints: [
    endpoint({
      ...get,
      id: 'listReceipts',
      path: '/rpc/receipts',
      summary: 'List the newest receipts',
      query: rpcQueries.receipts,
      answers: [
        {
          status: 200,
          description: 'Receipts of final payments, newest first',
          schema: z.strictObject({
            receipts: z.array(chainReceiptSchema),
            total: whole,
            limit: whole,
            offset: whole,
          }),
        },
      ],
      errors: listErrors,
      example: { query: { limit: '1' } },
    }),
    endpoint({
      ...get,
      id: 'getReceipt',
      path: '/rpc/receipts/{id}',
      summary: 'Read a receipt by its hash',
      params: z.object({
        id: z.string().describe('The receipt_hash of a job, with or without 0x'),
      }),
      answers: [{ status: 200, description: 'The receipt', schema: chainReceiptSchema }],
      errors: [...chainErrors, 'DATABASE_UNAVAILABLE', 'NOT_FOUND'],
      example: { params: { id: values.receipt } },
    }),
    endpoint({
      ...get,
      id: 'searchTransactions',
      path: '/rpc/transactions/search',
      summary: 'Find the payment that anchored a receipt',
      query: receiptSearchQuery,
      answers: [{ status: 200, description: 'One or none', schema: transactionSearchSchema }],
      errors: [...chainErrors, 'DATABASE_UNAVAILABLE', 'VALIDATION_ERROR'],
      legacy: 'Use GET /rpc/receipts/{id}.',
      example: { query: { receipt_id: values.receipt } },
    }),
  ],
} as const satisfies EndpointFamily

const refused = 'Always refused, with what to use instead.'

/** Sending transactions, their fee, and the faucet. */
export const sendingFamily = {
  id: 'sending',
  title: 'Sending transactions',
  description:
    'Every transaction is signed by its sender over this chain’s genesis hash; unsigned ones are refused. How to sign: /docs/getting-started.html.',
  endpoints: [
    endpoint({
      ...post,
      id: 'submitTransactions',
      path: '/rpc/transactions',
      summary: 'Send one signed transaction, or a batch',
      description:
        'One answers like `sendTx`, and is refused with an error code. A batch of up to 100 answers with a verdict each, in order; one bad transaction spoils no other. Sending the same bytes again changes nothing.',
      body: { schema: submitSchema, required: true },
      answers: [
        {
          status: 200,
          description: 'The hash of the one, or the verdicts of the batch',
          schema: z.union([
            z.strictObject({
              tx_hash: hash,
              known: z.boolean().describe('Whether it was there already'),
            }),
            z.strictObject({ verdicts: z.array(verdictSchema) }),
          ]),
        },
      ],
      errors: [...chainErrors, ...bodyErrors, ...transactionErrors],
      example: { body: { tx: values.transferBytes } },
    }),
    endpoint({
      ...post,
      id: 'sendTx',
      path: '/rpc/sendTx',
      aliases: ['/rpc/transaction'],
      summary: 'Send a transfer in the original’s fields',
      description:
        'The original’s JSON with the three fields of a real signature: `public_key`, `valid_until` and `sig`. Without them the answer is `SIGNATURE_REQUIRED`.',
      body: { schema: sendTxSchema, required: true },
      answers: [
        { status: 200, description: 'Its hash', schema: z.strictObject({ tx_hash: hash }) },
      ],
      errors: [
        ...chainErrors,
        ...bodyErrors,
        ...transactionErrors,
        'SIGNATURE_REQUIRED',
        'ADDRESS_INVALID',
        'ADDRESS_LEGACY',
        'NOT_BUILT',
      ],
      legacy: 'Use POST /rpc/transactions, which takes every kind of transaction.',
      example: { body: values.sendTx },
    }),
    endpoint({
      ...post,
      id: 'estimateFee',
      path: '/rpc/estimateFee',
      summary: 'Tell what a transfer costs',
      body: { schema: estimateFeeSchema, required: true },
      answers: [{ status: 200, description: 'The fee', schema: feeEstimateSchema }],
      errors: [...siteErrors, ...bodyErrors, 'NOT_BUILT'],
      example: {
        body: { type: 'TRANSFER', payload: { to: values.address, amount: 100_000_000 } },
      },
    }),
    endpoint({
      ...post,
      id: 'mintFaucet',
      path: '/rpc/admin/mintFaucet',
      summary: 'Get a gift from the faucet',
      description: 'Only where genesis has a faucet, and once a minute for an address.',
      body: { schema: mintFaucetSchema, required: true },
      answers: [
        {
          status: 200,
          description: 'The transaction that carries the gift; wait until it is final',
          schema: z.strictObject({
            address,
            balance: whole.describe('As of now, the gift not counted'),
            tx_hash: hash,
            amount: units,
            verdict: acceptedSchema,
          }),
        },
      ],
      errors: [
        ...chainErrors,
        ...bodyErrors,
        ...transactionErrors,
        'FAUCET_OFF',
        'FAUCET_COOLDOWN',
        'ADDRESS_INVALID',
        'ADDRESS_LEGACY',
      ],
      example: { body: { address: values.address, amount: '100000000' } },
    }),
    endpoint({
      ...post,
      id: 'submitReceipt',
      path: '/rpc/submitReceipt',
      summary: 'Claim a receipt, as in the original',
      description: refused,
      body: { schema: submitReceiptSchema, required: true },
      answers: [],
      errors: [...siteErrors, ...bodyErrors, 'NOT_BUILT'],
      legacy: 'Computed jobs are paid by their settlement; nothing has to be claimed.',
      example: { body: { sender: values.address, nonce: 0, fee: 0, payload: {} } },
    }),
  ],
} as const satisfies EndpointFamily

const listening =
  'Ask with `Upgrade: websocket`. Send the text `ping` from time to time: a listener that takes in more than 8388608 characters without one is closed with 1013. Any other message ends the stream with 1003.'

/** The streams of the chain. */
export const streamsFamily = {
  id: 'streams',
  title: 'Streams of the chain',
  description: 'What is new on the chain, as it happens, one JSON object a frame.',
  endpoints: [
    endpoint({
      ...get,
      id: 'streamBlocks',
      path: '/rpc/ws/blocks',
      summary: 'Listen to new blocks',
      answers: [{ status: 101, description: 'The WebSocket is open' }],
      errors: [...chainErrors, 'UPGRADE_REQUIRED'],
      stream: {
        kind: 'websocket',
        description: listening,
        received: [
          {
            name: 'block',
            description: 'A new block; it comes once, before it is final',
            schema: blockSummarySchema,
          },
        ],
      },
      example: {},
    }),
    endpoint({
      ...get,
      id: 'streamTransactions',
      path: '/rpc/ws/transactions',
      summary: 'Listen to transactions as they are taken',
      answers: [{ status: 101, description: 'The WebSocket is open' }],
      errors: [...chainErrors, 'UPGRADE_REQUIRED'],
      stream: {
        kind: 'websocket',
        description: listening,
        received: [
          { name: 'transaction', description: 'It waits for a block', schema: pooledSchema },
          {
            name: 'gap',
            description: 'So many were left out in this slot',
            schema: z.strictObject({ gap: whole }),
          },
        ],
      },
      example: {},
    }),
  ],
} as const satisfies EndpointFamily
