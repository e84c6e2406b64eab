/** Signing in, sessions and users: what is sent and what is answered, as schemas. */
import * as z from 'zod'
import { hasHiddenText } from '../../wallet/visible-text.ts'
import { legacyTime, legacyUnits, time, whole } from './common.ts'

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^(?:0x)?[0-9a-fA-F]{${bytes * 2}}$`), `must be ${bytes * 2} hex digits`)

/** `POST /auth/challenge`. */
export const challengeRequest = z.object({
  address: z.string().min(1).max(128).describe('The account that wants to sign in, aitbc1…'),
})

const proof = {
  wallet_address: z.string().min(1).max(128).describe('The account, aitbc1…'),
  message: z.string().max(2_048).nullish().describe('The message of the challenge, as it came'),
  public_key: hexOf(32).nullish().describe('The account’s public key, 64 hex digits'),
  signature: z
    .string()
    .max(256)
    .nullish()
    .describe('Its signature over the message as the protocol signs messages, 128 hex digits'),
}

/** `POST /users/login`. */
export const loginRequest = z.looseObject(proof)

/** A proof of holding an account, as it is sent. */
export type LoginRequest = z.infer<typeof loginRequest>

/** `POST /users/register`. */
export const registerRequest = z.looseObject({
  ...proof,
  email: z.email().max(254).describe('Nobody checks that it is yours'),
  username: z
    .string()
    .regex(/^[^\p{C}]{1,64}$/u, 'must be 1 to 64 characters that can be seen')
    .refine((text) => !hasHiddenText(text), 'must be visible')
    .refine((text) => text.trim() === text, 'must not begin or end with a space'),
})

/** `POST /auth/logout`. */
export const logoutRequest = z.object({
  all: z.boolean().default(false).describe('All of your sessions, not this one alone'),
})

/** `GET /users/{id}/transactions`. */
export const userTransactionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20).describe('Transactions at most'),
})

/** A challenge. */
export const challengeSchema = z
  .strictObject({
    message: z.string().describe('Sign this text'),
    nonce: z.string().regex(/^[0-9a-f]{64}$/),
    expires_at: time,
  })
  .meta({ id: 'Challenge', description: 'A text to sign' })

/** A user, in the original's fields and ours. */
export const userProfileSchema = z
  .strictObject({
    user_id: z.uuid(),
    email: z.string().describe('Empty when none was given'),
    username: z.string(),
    created_at: legacyTime,
    session_token: z
      .string()
      .nullable()
      .describe('Send it as X-Session-Token; null where the session came as a cookie'),
    address: z.string(),
    expires_at: time.describe('End of the session'),
  })
  .meta({ id: 'UserProfile', description: 'A user and the session' })

/** `POST /users/logout`. */
export const loggedOutSchema = z.strictObject({ message: z.literal('Logged out successfully') })

/** `GET /users/{id}/balance`. */
export const userBalanceSchema = z
  .strictObject({
    user_id: z.uuid(),
    address: z.string(),
    balance: legacyUnits,
    updated_at: legacyTime.optional(),
  })
  .meta({ id: 'UserBalance', description: 'Spendable balance on the chain' })

/** `GET /users/{id}/transactions`. */
export const userTransactionsSchema = z
  .strictObject({
    user_id: z.uuid(),
    transactions: z.array(
      z.strictObject({
        tx_hash: z.string(),
        block_height: whole,
        direction: z.enum(['sent', 'received']),
        counterparty: z.string(),
        payload: z.unknown(),
        created_at: legacyTime,
      }),
    ),
    total: whole,
  })
  .meta({ id: 'UserTransactions', description: 'Final transactions, newest first' })

/** `GET /auth/sessions`. */
export const sessionListSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        session_id: z.string(),
        created_at: time,
        last_used_at: time.describe('To the minute'),
        expires_at: time,
        agent: z.string().describe('What the program called itself'),
        current: z.boolean().describe('Whether it is the one that asks'),
      }),
    ),
    next_cursor: z.null(),
    as_of: time,
    source: z.literal('site'),
  })
  .meta({ id: 'SessionList', description: 'Your sessions, newest first' })

/** `POST /auth/logout` and `DELETE /auth/sessions/{id}`. */
export const endedSchema = z
  .strictObject({ ended: whole.describe('Sessions that were ended') })
  .meta({ id: 'SessionsEnded' })
