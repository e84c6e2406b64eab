/** Keys of an account, its console, usage and spend: what is sent and what is answered, as schemas. */
import * as z from 'zod'
import { keyScopes } from '../../auth/key-scopes.ts'
import { hasHiddenText } from '../../wallet/visible-text.ts'
import { address, hash, publicKey, time, units, whole } from './common.ts'

/** Bounds of what an account asks for. */
export const keyLimits = {
  /** Keys of one account that are not revoked; beside them its console key. */
  keysMax: 50,
  /** Keys of one account in all; the longest revoked are forgotten for new ones. */
  keysKeptMax: 200,
  /** Consoles of one account, those that it revoked included; the longest revoked are forgotten. */
  consolesKeptMax: 8,
  nameCharsMax: 64,
  /** How long an old secret may go on after a rotation, and how long when nothing is said: seconds. */
  graceSecondsMax: 604_800,
  graceSecondsDefault: 86_400,
  /** Days that one question of usage may cover, and that are looked at when none are named. */
  usageDaysMax: 366,
  usageDaysDefault: 30,
} as const

/** A name that people give: visible, on one line. */
const visibleName = z
  .string()
  .regex(/^[^\p{C}]{1,64}$/u, 'must be 1 to 64 characters that can be seen')
  .refine((text) => !hasHiddenText(text), 'must be visible')
  .refine((text) => text.trim() === text, 'must not begin or end with a space')

const scope = z.enum(keyScopes).meta({
  id: 'KeyScope',
  description:
    'jobs:read: reads jobs, answers, receipts; jobs:submit: submits, cancels, chats; market: bids, books, reviews; miner: serves jobs over HTTP',
})

const scopesField = z
  .array(scope)
  .min(1)
  .max(keyScopes.length)
  .refine((given) => new Set(given).size === given.length, 'must name each scope once')
  .refine(
    (given) => !given.includes('miner') || given.length === 1,
    'miner stands alone: a key is for a client or for a miner',
  )

const moment = z.iso
  .datetime({ offset: false, precision: 3 })
  .or(z.iso.datetime({ offset: false, precision: 0 }))
  .describe('RFC 3339 in UTC, such as 2027-01-01T00:00:00Z')

/** `POST /account/keys`. */
export const createKeyRequest = z.strictObject({
  name: visibleName.describe('For you: what the key is for'),
  scopes: scopesField,
  budget: units
    .nullish()
    .describe('Most that it may ever spend here; null: as much as its delegate may on the chain'),
  expires_at: moment.nullish().describe('When it ends; null: never'),
  payout: z
    .string()
    .max(128)
    .nullish()
    .describe('Of a miner’s key: the address that is paid; else your own'),
})

/** A request for a key. */
export type CreateKeyRequest = z.infer<typeof createKeyRequest>

/** `PUT /account/keys/{id}`. */
export const changeKeyRequest = z
  .strictObject({
    name: visibleName.optional(),
    budget: units.nullish(),
    expires_at: moment.nullish(),
  })
  .refine((given) => Object.keys(given).length > 0, 'must change something')

/** What of a key is to change; null takes a bound away. */
export type ChangeKeyRequest = z.infer<typeof changeKeyRequest>

/** `PUT /account/keys/{id}/escrow`. */
export const fundKeyRequest = z
  .strictObject({
    escrow: z
      .string()
      .regex(/^(?:0x)?[0-9a-fA-F]{64}$/)
      .optional()
      .describe('Id of your escrow'),
    tx_hash: z
      .string()
      .regex(/^(?:0x)?[0-9a-fA-F]{64}$/)
      .optional()
      .describe('Or the hash of the escrow_open that opens it'),
  })
  .refine(
    (given) => (given.escrow === undefined) !== (given.tx_hash === undefined),
    'give one of escrow and tx_hash',
  )

/** `POST /account/keys/{id}/rotate`. */
export const rotateKeyRequest = z.strictObject({
  grace_seconds: z
    .int()
    .min(0)
    .max(keyLimits.graceSecondsMax)
    .default(keyLimits.graceSecondsDefault)
    .describe('How long the old secret goes on; 0 ends it at once'),
})

const day = z.iso.date()

/** `GET /account/usage`. */
export const usageQuery = z.object({
  from: day.optional().describe('First day, UTC: 2026-11-01'),
  to: day.optional().describe('Last day, UTC'),
  group_by: z.enum(['day', 'key', 'model']).default('day'),
  key: z.string().max(64).optional().describe('Of this key_id alone'),
  model: z.string().max(128).optional().describe('Of this model alone'),
})

/** Where a key stands. */
export const keyStates = [
  'unfunded',
  'pending',
  'active',
  'exhausted',
  'expired',
  'revoked',
] as const

/** One of them. */
export type KeyState = (typeof keyStates)[number]

const fundingSchema = z
  .strictObject({
    by: z.enum(['escrow', 'faucet']).nullable().describe('Who locks the money; null: nobody yet'),
    coordinator: publicKey.describe('The escrow has to name it'),
    delegate: publicKey.describe('Signs for this key: grant it a budget in the escrow'),
    escrow: hash.nullable(),
    escrow_balance: units.nullable().describe('What the escrow holds, as final'),
    escrow_expires_at: time.nullable(),
    delegate_budget: units.nullable().describe('What is left of the grant on the chain, as final'),
    delegate_expires_at: time.nullable(),
    available: units.nullable().describe('What can be promised now: less what jobs reserve'),
    fault: z.string().nullable().describe('What stands in the way, for people'),
  })
  .meta({ id: 'KeyFunding', description: 'The money behind a key' })

/** One key. */
export const accountKeySchema = z
  .strictObject({
    key_id: z.string().describe('Public: jobs name it as their client'),
    kind: z.enum(['key', 'console']).describe('console: what a session acts as'),
    name: z.string(),
    scopes: z.array(scope),
    state: z.enum(keyStates),
    hint: z.string().nullable().describe('The last four characters of the secret'),
    created_at: time,
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
    last_used_at: time.nullable().describe('To the minute'),
    old_secret_until: time.nullable().describe('End of the grace of the secret before this one'),
    budget: units.nullable().describe('Most that it may ever spend here'),
    spent: units.describe('What was charged through it so far'),
    funding: fundingSchema.nullable().describe('Null of a miner’s key'),
    payout: address.nullable().describe('Of a miner’s key: who is paid'),
  })
  .meta({ id: 'AccountKey', description: 'A key of an account' })

/** A key as it is answered. */
export type AccountKeyView = z.infer<typeof accountKeySchema>

/** `POST /account/keys` and `POST /account/keys/{id}/rotate`. */
export const keyWithSecretSchema = z
  .strictObject({
    key: accountKeySchema,
    secret: z
      .string()
      .regex(/^aitbc_[\w-]{43}$/)
      .describe('Shown this once: the site keeps only a keyed hash of it'),
  })
  .meta({ id: 'KeyWithSecret', description: 'A key and its secret' })

/** A key with its secret as it is answered. */
export type KeyWithSecretView = z.infer<typeof keyWithSecretSchema>

const envelope = { as_of: time, source: z.literal('site') }

/** `GET /account/keys`. */
export const keyListSchema = z
  .strictObject({ items: z.array(accountKeySchema), next_cursor: z.null(), ...envelope })
  .meta({ id: 'AccountKeyList', description: 'Your keys, newest first' })

/** `GET /account`. */
export const accountSchema = z
  .strictObject({
    address,
    user_id: z.uuid(),
    role: z.enum(['user', 'admin']),
    coordinator: publicKey,
    keys: whole.describe('That are not revoked'),
    keys_max: whole,
    faucet: z.boolean().describe('Whether the console is funded by the faucet (devnet)'),
    console: accountKeySchema.nullable().describe('Null before POST /account/console'),
    ...envelope,
  })
  .meta({ id: 'AccountSummary', description: 'Your account at this site' })

/** `GET /account` as it is answered. */
export type AccountSummary = z.infer<typeof accountSchema>

const sums = {
  jobs: whole.describe('That ended'),
  completed: whole,
  failed: whole.describe('Failed, expired or canceled'),
  prompt_tokens: whole,
  completion_tokens: whole,
  spent: units,
}

/** `GET /account/usage`. */
export const usageSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        day: z.string().nullable(),
        key_id: z.string().nullable().describe('Or your address, of jobs that you signed'),
        key_name: z.string().nullable(),
        model: z.string().nullable(),
        ...sums,
      }),
    ),
    total: z.strictObject(sums),
    group_by: z.enum(['day', 'key', 'model']),
    from: z.string(),
    to: z.string(),
    unit: z.literal('base units'),
    next_cursor: z.null(),
    ...envelope,
  })
  .meta({
    id: 'AccountUsage',
    description: 'What your jobs used and cost, by the day on which they ended',
  })

/** `GET /account/usage` as it is answered. */
export type UsageView = z.infer<typeof usageSchema>
