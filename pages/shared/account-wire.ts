/** Answers about an account as pages read them. What the fields mean: `core/api/schemas/account-keys.ts`. */
import { amount, moment } from '../explorer/wire.ts'
import { flag, integer, list, maybe, object, oneOf, type ShapeOf, text } from './live/shape.ts'

const count = integer(0)

export const accountKey = object({
  key_id: text,
  kind: oneOf('key', 'console'),
  name: text,
  scopes: list(text),
  state: oneOf('unfunded', 'pending', 'active', 'exhausted', 'expired', 'revoked'),
  hint: maybe(text),
  created_at: moment,
  expires_at: maybe(moment),
  revoked_at: maybe(moment),
  last_used_at: maybe(moment),
  old_secret_until: maybe(moment),
  budget: maybe(amount),
  spent: amount,
  funding: maybe(
    object({
      by: maybe(oneOf('escrow', 'faucet')),
      coordinator: text,
      delegate: text,
      escrow: maybe(text),
      escrow_balance: maybe(amount),
      delegate_budget: maybe(amount),
      delegate_expires_at: maybe(moment),
      available: maybe(amount),
      fault: maybe(text),
    }),
  ),
  payout: maybe(text),
})
export type AccountKey = ShapeOf<typeof accountKey>

export const accountAnswer = object({
  address: text,
  role: oneOf('user', 'admin'),
  keys: count,
  keys_max: count,
  faucet: flag,
  console: maybe(accountKey),
})

export const keyListAnswer = object({ items: list(accountKey) })

export const keyWithSecret = object({ key: accountKey, secret: text })

const sums = {
  jobs: count,
  completed: count,
  failed: count,
  prompt_tokens: count,
  completion_tokens: count,
  spent: amount,
}

export const usageAnswer = object({
  items: list(
    object({
      day: maybe(text),
      key_id: maybe(text),
      key_name: maybe(text),
      model: maybe(text),
      ...sums,
    }),
  ),
  total: object(sums),
  from: text,
  to: text,
})
export type UsageAnswer = ShapeOf<typeof usageAnswer>
