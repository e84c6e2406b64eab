/** An account at a site: its API keys, its console, what it used and spent. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import {
  accountKeySchema,
  accountSchema,
  changeKeyRequest,
  createKeyRequest,
  fundKeyRequest,
  keyListSchema,
  keyWithSecretSchema,
  rotateKeyRequest,
  usageQuery,
  usageSchema,
} from '../schemas/account-keys.ts'
import { exampleValues as values } from './example-values.ts'
import { accountErrors, bodyErrors } from './failures.ts'
import { coordinatorAt } from './paths.ts'

const get = { method: 'GET', auth: 'account' } as const
const keyParams = z.object({ id: z.string().describe('The key_id') })
const ofKey = { params: keyParams, example: { params: { id: values.accountKey } } } as const
const keyErrors = [...accountErrors, 'KEY_NOT_FOUND'] as const

/** Keys, console, usage. */
export const accountFamily = {
  id: 'account',
  title: 'Account and API keys',
  description:
    'For whoever signed in, or signs each request. A key has scopes, a budget and an end; its secret is shown once. Money: create the key, let your wallet send `escrow_open` with the key’s `delegate` and the site’s `coordinator` (or `delegate_grant` in an escrow that you have), then link it with PUT /api/v1/account/keys/{id}/escrow. A session calls routes of clients as the account’s console key, which is funded the same way, or by the faucet of a devnet. Programs of miners register with a key of scope `miner`.',
  endpoints: [
    endpoint({
      ...get,
      ...coordinatorAt('/account'),
      id: 'getAccount',
      summary: 'Read your account at this site',
      answers: [{ status: 200, description: 'The account', schema: accountSchema }],
      errors: accountErrors,
      example: {},
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/account/keys'),
      id: 'listKeys',
      summary: 'List your API keys',
      answers: [{ status: 200, description: 'The keys', schema: keyListSchema }],
      errors: accountErrors,
      example: {},
    }),
    endpoint({
      ...coordinatorAt('/account/keys'),
      method: 'POST',
      auth: 'account',
      id: 'createKey',
      summary: 'Create an API key',
      body: { schema: createKeyRequest, required: true },
      answers: [
        { status: 201, description: 'The key, with its secret', schema: keyWithSecretSchema },
      ],
      errors: [
        ...accountErrors,
        ...bodyErrors,
        'KEYS_TOO_MANY',
        'ADDRESS_INVALID',
        'ADDRESS_LEGACY',
      ],
      example: {
        body: { name: 'notebook', scopes: ['jobs:read', 'jobs:submit'], budget: '500000000' },
      },
    }),
    endpoint({
      ...get,
      ...ofKey,
      ...coordinatorAt('/account/keys/{id}'),
      id: 'getKey',
      summary: 'Read one of your keys',
      answers: [{ status: 200, description: 'The key', schema: accountKeySchema }],
      errors: keyErrors,
    }),
    endpoint({
      ...coordinatorAt('/account/keys/{id}'),
      method: 'PUT',
      auth: 'account',
      id: 'changeKey',
      summary: 'Change name, budget or end of a key',
      params: keyParams,
      body: { schema: changeKeyRequest, required: true },
      answers: [{ status: 200, description: 'The key', schema: accountKeySchema }],
      errors: [...keyErrors, ...bodyErrors, 'KEY_REVOKED'],
      example: { params: { id: values.accountKey }, body: { name: 'desk' } },
    }),
    endpoint({
      ...ofKey,
      ...coordinatorAt('/account/keys/{id}'),
      method: 'DELETE',
      auth: 'account',
      id: 'revokeKey',
      summary: 'Revoke a key, at once and for ever',
      description: 'What it has begun goes on and is paid; its delegate signs nothing any more.',
      answers: [{ status: 200, description: 'The key', schema: accountKeySchema }],
      errors: keyErrors,
    }),
    endpoint({
      ...coordinatorAt('/account/keys/{id}/rotate'),
      method: 'POST',
      auth: 'account',
      id: 'rotateKey',
      summary: 'Replace the secret of a key',
      params: keyParams,
      body: { schema: rotateKeyRequest, required: false },
      answers: [
        { status: 200, description: 'The key, with its new secret', schema: keyWithSecretSchema },
      ],
      errors: [...keyErrors, ...bodyErrors, 'KEY_REVOKED'],
      example: { params: { id: values.accountKey }, body: { grace_seconds: 3600 } },
    }),
    endpoint({
      ...coordinatorAt('/account/keys/{id}/escrow'),
      method: 'PUT',
      auth: 'account',
      id: 'fundKey',
      summary: 'Link an escrow of yours to a key',
      description:
        'The escrow names this coordinator and grants the key’s delegate. One that is not final yet is linked as soon as it is; the key is `pending` until then.',
      params: keyParams,
      body: { schema: fundKeyRequest, required: true },
      answers: [{ status: 200, description: 'The key', schema: accountKeySchema }],
      errors: [
        ...keyErrors,
        ...bodyErrors,
        'KEY_REVOKED',
        'KEY_NOT_FUNDABLE',
        'ESCROW_REQUIRED',
        'CHAIN_UNAVAILABLE',
      ],
      example: { params: { id: values.accountKey }, body: { escrow: values.escrow } },
    }),
    endpoint({
      ...coordinatorAt('/account/console'),
      method: 'POST',
      auth: 'account',
      id: 'openConsole',
      summary: 'Make your console key, and begin to fund it where there is a faucet',
      description:
        'What a session acts as: jobs and chats of the browser. It has no secret. Asked again, it answers how the key stands.',
      answers: [{ status: 200, description: 'The console key', schema: accountKeySchema }],
      errors: accountErrors,
      example: {},
    }),
    endpoint({
      ...get,
      ...coordinatorAt('/account/usage'),
      id: 'getUsage',
      summary: 'Read what you used and spent',
      description:
        'Exact sums over your jobs by the day (UTC) on which they ended, of all your keys and of jobs that you signed yourself. They are kept when the jobs are forgotten.',
      query: usageQuery,
      answers: [{ status: 200, description: 'The sums', schema: usageSchema }],
      errors: [...accountErrors, 'VALIDATION_ERROR', 'RANGE_INVALID'],
      example: { query: { group_by: 'model' } },
    }),
  ],
} as const satisfies EndpointFamily
