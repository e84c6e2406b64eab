/** The wallet daemon: keys that a site keeps for their owners. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import {
  createWalletRequest,
  ledgerQuery,
  ledgerSchema,
  receiptHistorySchema,
  receiptResultSchema,
  signedSchema,
  signRequest,
  unlockedSchema,
  unlockRequest,
  walletCreatedSchema,
  walletListSchema,
  walletRefusedSchema,
  walletRpcRequest,
  walletRpcSchema,
} from '../schemas/wallet.ts'
import { exampleValues as values } from './example-values.ts'
import { bodyErrors, walletErrors } from './failures.ts'
import { jobParams } from './paths.ts'

const get = { method: 'GET', auth: 'owner' } as const
const post = { method: 'POST', auth: 'owner' } as const
const walletParams = z.object({ id: z.string().describe('The wallet_id') })
const params = { id: values.wallet }
const { password } = values
const writeErrors = [...walletErrors, ...bodyErrors, 'ORIGIN_REFUSED'] as const
const keyErrors = [...writeErrors, 'WALLET_CREDENTIALS_INVALID', 'WALLET_UNSEALABLE'] as const
const receiptErrors = walletErrors

/** Wallets, their ledger, receipts, and the same by JSON-RPC. */
export const walletFamily = {
  id: 'wallet',
  title: 'Wallet daemon',
  description:
    'Keys that the site keeps, each encrypted under its owner’s password and sealed once more under the site’s key. Owners are whoever signed in, API keys and key pairs; nobody sees another’s wallets. Thirty uses a minute of each action.',
  endpoints: [
    endpoint({
      ...get,
      id: 'listWallets',
      path: '/wallet/v1/wallets',
      summary: 'List your wallets',
      answers: [{ status: 200, description: 'The wallets', schema: walletListSchema }],
      errors: walletErrors,
      example: {},
    }),
    endpoint({
      ...post,
      id: 'createWallet',
      path: '/wallet/v1/wallets',
      summary: 'Make a wallet, or import a key',
      body: { schema: createWalletRequest, required: true },
      answers: [
        { status: 201, description: 'The wallet', schema: walletCreatedSchema },
        { status: 400, description: 'No wallet, and why', schema: walletRefusedSchema },
      ],
      errors: [...writeErrors, 'WALLET_SECRET_INVALID'],
      example: { body: { wallet_id: values.wallet, password, metadata: { purpose: 'savings' } } },
    }),
    endpoint({
      ...post,
      id: 'unlockWallet',
      path: '/wallet/v1/wallets/{id}/unlock',
      summary: 'Check the password of a wallet',
      description: 'Nothing stays open: each signature wants the password again.',
      params: walletParams,
      body: { schema: unlockRequest, required: true },
      answers: [{ status: 200, description: 'It opens', schema: unlockedSchema }],
      errors: keyErrors,
      example: { params, body: { password } },
    }),
    endpoint({
      ...post,
      id: 'signWithWallet',
      path: '/wallet/v1/wallets/{id}/sign',
      summary: 'Sign bytes with a wallet',
      description:
        'Ed25519 over the bytes as they are. What they mean is your program’s business: sign what you made yourself.',
      params: walletParams,
      body: { schema: signRequest, required: true },
      answers: [{ status: 200, description: 'The signature', schema: signedSchema }],
      errors: [...keyErrors, 'WALLET_MESSAGE_INVALID'],
      example: { params, body: { password, message_base64: 'aGVsbG8=' } },
    }),
    endpoint({
      ...get,
      id: 'listWalletUses',
      path: '/wallet/v1/wallets/{id}/ledger',
      summary: 'List the uses of a wallet',
      params: walletParams,
      query: ledgerQuery,
      answers: [{ status: 200, description: 'The uses', schema: ledgerSchema }],
      errors: [...walletErrors, 'VALIDATION_ERROR', 'WALLET_NOT_FOUND'],
      example: { params },
    }),
    endpoint({
      ...get,
      id: 'checkReceipt',
      path: '/wallet/v1/receipts/{id}',
      summary: 'Check the signatures of the receipt of your job',
      params: jobParams,
      answers: [{ status: 200, description: 'Each signature', schema: receiptResultSchema }],
      errors: [...receiptErrors, 'RECEIPT_NOT_FOUND'],
      example: { params: { id: values.job } },
    }),
    endpoint({
      ...get,
      id: 'checkReceipts',
      path: '/wallet/v1/receipts/{id}/history',
      summary: 'Check the signatures of all receipts of your job',
      description: 'One at most: a job is completed once.',
      params: jobParams,
      answers: [{ status: 200, description: 'The receipts', schema: receiptHistorySchema }],
      errors: receiptErrors,
      example: { params: { id: values.job } },
    }),
    endpoint({
      ...post,
      id: 'callWallet',
      path: '/wallet/rpc',
      summary: 'Call the wallet daemon by JSON-RPC 2.0',
      description:
        'wallet.list, wallet.create, wallet.unlock, wallet.sign, receipts.verify_latest and receipts.verify_history; the same counts hold.',
      body: { schema: walletRpcRequest, required: true },
      answers: [{ status: 200, description: 'Result or error', schema: walletRpcSchema }],
      // What is no call is answered in its own shape.
      errors: [...walletErrors, 'BODY_TOO_LARGE', 'ORIGIN_REFUSED'],
      errorShape: 'json_rpc',
      example: { body: { jsonrpc: '2.0', id: 1, method: 'wallet.list', params: {} } },
    }),
  ],
} as const satisfies EndpointFamily
