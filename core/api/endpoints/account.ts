/** Signing in by an account's signature; sessions; users as the original had them. */
import * as z from 'zod'
import { type EndpointFamily, endpoint } from '../endpoint.ts'
import {
  challengeRequest,
  challengeSchema,
  endedSchema,
  loggedOutSchema,
  loginRequest,
  logoutRequest,
  registerRequest,
  sessionListSchema,
  userBalanceSchema,
  userProfileSchema,
  userTransactionsQuery,
  userTransactionsSchema,
} from '../schemas/account.ts'
import { exampleValues as values } from './example-values.ts'
import { bodyErrors, sessionErrors, signInErrors, siteErrors } from './failures.ts'
import { coordinatorAt, usersAt } from './paths.ts'

const mine = { method: 'GET', auth: 'session' } as const
const userParams = z.object({ id: z.string().describe('Your user_id') })
const ofUser = { params: userParams, example: { params: { id: values.user } } } as const
const userErrors = [...sessionErrors, 'WALLET_NOT_FOUND'] as const
const changeErrors = [...sessionErrors, 'ORIGIN_REFUSED'] as const

/** A signed challenge; the signature is of another message, so that it signs nobody in. */
const signedChallenge = {
  wallet_address: values.address,
  message: 'edge.example.org wants you to sign in with your AITBC account: …',
  public_key: values.sendTx.public_key,
  signature: values.sendTx.sig,
}

/** Challenges and sessions. */
export const signInFamily = {
  id: 'sign-in',
  title: 'Sign-in',
  description:
    'Whoever holds an account’s key signs in with it: ask for a challenge, sign its message as the protocol signs messages (with the site’s origin), and send it to POST /api/v1/users/login. The session lasts a day, as a cookie that no script can read, or as a token in X-Session-Token.',
  endpoints: [
    endpoint({
      ...coordinatorAt('/auth/challenge'),
      method: 'POST',
      auth: 'none',
      id: 'createChallenge',
      summary: 'Ask for a message to sign',
      description: 'In the manner of EIP-4361. It can be answered once, for ten minutes.',
      body: { schema: challengeRequest, required: true },
      answers: [{ status: 200, description: 'The message', schema: challengeSchema }],
      errors: [...siteErrors, ...bodyErrors, 'ADDRESS_INVALID', 'ADDRESS_LEGACY'],
      example: { body: { address: values.address } },
    }),
    endpoint({
      ...mine,
      ...coordinatorAt('/auth/sessions'),
      id: 'listSessions',
      summary: 'List your sessions',
      answers: [{ status: 200, description: 'The sessions', schema: sessionListSchema }],
      errors: sessionErrors,
      example: {},
    }),
    endpoint({
      ...coordinatorAt('/auth/sessions/{id}'),
      method: 'DELETE',
      auth: 'session',
      id: 'endSession',
      summary: 'End one of your sessions',
      params: z.object({ id: z.string().describe('The session_id') }),
      answers: [{ status: 200, description: 'It is ended', schema: endedSchema }],
      errors: [...changeErrors, 'SESSION_NOT_FOUND'],
      example: { params: { id: values.job } },
    }),
    endpoint({
      ...coordinatorAt('/auth/logout'),
      method: 'POST',
      auth: 'session',
      id: 'endSessions',
      summary: 'End this session, or all of yours',
      body: { schema: logoutRequest, required: false },
      answers: [{ status: 200, description: 'How many were ended', schema: endedSchema }],
      errors: [...changeErrors, ...bodyErrors],
      example: { body: { all: true } },
    }),
  ],
} as const satisfies EndpointFamily

/** Users. */
export const usersFamily = {
  id: 'users',
  title: 'Users',
  description:
    'The original’s users, with the signature that it never checked. A token in the address is refused: addresses are written down everywhere.',
  endpoints: [
    endpoint({
      ...usersAt('/login'),
      method: 'POST',
      auth: 'none',
      id: 'login',
      summary: 'Sign in with a signed challenge',
      body: { schema: loginRequest, required: true },
      answers: [{ status: 200, description: 'User and session', schema: userProfileSchema }],
      errors: [...signInErrors, ...bodyErrors],
      example: { body: signedChallenge },
    }),
    endpoint({
      ...usersAt('/register'),
      method: 'POST',
      auth: 'none',
      id: 'register',
      summary: 'Sign in and take a name',
      description:
        'Login does without: an account needs no registration. An email address and a user name belong to the account that took them first. A password is not wanted, and not kept.',
      body: { schema: registerRequest, required: true },
      answers: [{ status: 200, description: 'User and session', schema: userProfileSchema }],
      errors: [...signInErrors, ...bodyErrors, 'EMAIL_TAKEN', 'USERNAME_TAKEN'],
      example: { body: { ...signedChallenge, email: 'mira@example.org', username: 'mira' } },
    }),
    endpoint({
      ...mine,
      ...usersAt('/me'),
      id: 'getMe',
      summary: 'Read who is signed in',
      answers: [{ status: 200, description: 'User and session', schema: userProfileSchema }],
      errors: sessionErrors,
      example: {},
    }),
    endpoint({
      ...mine,
      ...ofUser,
      ...usersAt('/{id}/balance'),
      id: 'getUserBalance',
      summary: 'Read your balance on the chain',
      answers: [{ status: 200, description: 'The balance', schema: userBalanceSchema }],
      errors: [...userErrors, 'CHAIN_UNAVAILABLE'],
    }),
    endpoint({
      ...mine,
      ...ofUser,
      ...usersAt('/{id}/transactions'),
      id: 'listUserTransactions',
      summary: 'List your transactions',
      query: userTransactionsQuery,
      answers: [{ status: 200, description: 'The newest', schema: userTransactionsSchema }],
      errors: [...userErrors, 'VALIDATION_ERROR', 'DATABASE_UNAVAILABLE'],
    }),
    endpoint({
      ...usersAt('/logout'),
      method: 'POST',
      auth: 'session',
      id: 'logout',
      summary: 'End this session',
      answers: [{ status: 200, description: 'It is ended', schema: loggedOutSchema }],
      errors: changeErrors,
      example: {},
    }),
  ],
} as const satisfies EndpointFamily
