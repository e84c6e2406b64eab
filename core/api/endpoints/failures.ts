/** Failures that many endpoints share, by what they do. */
import type { ErrorCode } from '../errors.ts'

/** Of everything that a site answers by program: configuration, the limiter, and what nobody foresaw. */
export const siteErrors = [
  'CONFIG_MISSING',
  'CONFIG_INVALID',
  'RATE_LIMIT_EXCEEDED',
  'INTERNAL_ERROR',
] as const satisfies readonly ErrorCode[]

/** Of whatever asks the chain. */
export const chainErrors = [...siteErrors, 'CHAIN_UNAVAILABLE'] as const

/** Of lists that come from the read model. */
export const listErrors = [
  ...chainErrors,
  'DATABASE_UNAVAILABLE',
  'VALIDATION_ERROR',
  'RANGE_INVALID',
] as const

/** Of a body that is read as JSON of a shape. */
export const bodyErrors = [
  'JSON_INVALID',
  'VALIDATION_ERROR',
  'BODY_TOO_LARGE',
] as const satisfies readonly ErrorCode[]

/** Of whatever asks the coordinator without credentials. */
export const openErrors = [...siteErrors, 'COORDINATOR_UNAVAILABLE'] as const

/** Of credentials of clients: API key or signed request. */
export const keyErrors = [
  'AUTHENTICATION_ERROR',
  'REQUEST_SIGNATURE_INVALID',
  'REQUEST_EXPIRED',
  'QUOTA_EXCEEDED',
  'KEY_EXPIRED',
  'KEY_REVOKED',
  'KEY_ROTATED',
  'SCOPE_MISSING',
] as const satisfies readonly ErrorCode[]

/** Of a session that is shown and does not hold. */
const sessionFaults = [
  'SESSION_INVALID',
  'SESSION_EXPIRED',
  'SESSION_REVOKED',
  'SESSION_RETIRED',
] as const satisfies readonly ErrorCode[]

/** Of routes of clients: API key, signed request or session. */
export const clientErrors = [
  ...openErrors,
  ...keyErrors,
  ...sessionFaults,
  'ORIGIN_REFUSED',
] as const

/** Of routes of miners: a miner's key, and no signed request. */
export const minerErrors = [...openErrors, ...keyErrors, 'AUTHORIZATION_ERROR'] as const

/** Of a signed transaction that is not taken. */
export const transactionErrors = [
  'ENCODING_INVALID',
  'TRANSACTION_TOO_LARGE',
  'SIGNATURE_INVALID',
  'NONCE_STALE',
  'NONCE_TOO_FAR',
  'FEE_TOO_LOW',
  'BALANCE_TOO_LOW',
  'AMOUNT_INVALID',
  'VALIDITY_EXPIRED',
  'VALIDITY_TOO_FAR',
  'KIND_NOT_ALLOWED',
  'MEMPOOL_FULL',
  'REPLACEMENT_UNDERPRICED',
  'MESSAGE_INVALID',
] as const satisfies readonly ErrorCode[]

/** Of a job that is asked for. */
export const submissionErrors = [
  'MODEL_NOT_SERVED',
  'NOT_SERVABLE',
  'PRICE_TOO_LOW',
  'CONTEXT_EXCEEDED',
  'QUEUE_FULL',
  'ESCROW_REQUIRED',
  'ESCROW_NOT_FINAL',
  'ESCROW_EXHAUSTED',
  'ESCROW_EXPIRED',
  'BUDGET_EXCEEDED',
  'DELEGATE_EXPIRED',
  'KEY_BUDGET_EXCEEDED',
  'AUTHORIZATION_ERROR',
  'CHAIN_UNAVAILABLE',
] as const satisfies readonly ErrorCode[]

/** Of credentials of whoever signed in, and of what needs them. */
export const sessionErrors = [
  ...siteErrors,
  'COORDINATOR_UNAVAILABLE',
  'SIGN_IN_REQUIRED',
  'TOKEN_IN_URL',
  ...sessionFaults,
  ...keyErrors,
] as const

/** Of what an account does with its own: whoever signed in, or signs each request. */
export const accountErrors = [...sessionErrors, 'ORIGIN_REFUSED'] as const

/** Of administration: an administrator who signed in or signs each request, or an admin key. */
export const adminErrors = [...accountErrors, 'ADMIN_REQUIRED', 'VALIDATION_ERROR'] as const

/** Of a signed challenge. */
export const signInErrors = [
  ...siteErrors,
  'COORDINATOR_UNAVAILABLE',
  'ADDRESS_INVALID',
  'ADDRESS_LEGACY',
  'SIGN_IN_UNSIGNED',
  'SIGN_IN_MALFORMED',
  'SIGN_IN_DOMAIN_WRONG',
  'SIGN_IN_CHAIN_WRONG',
  'SIGN_IN_ADDRESS_WRONG',
  'SIGN_IN_CLOCK_SKEW',
  'SIGN_IN_EXPIRED',
  'SIGN_IN_NONCE_UNKNOWN',
  'SIGN_IN_NONCE_USED',
  'SIGN_IN_SIGNATURE_INVALID',
] as const satisfies readonly ErrorCode[]

/** Of the wallet daemon. */
export const walletErrors = [...sessionErrors, 'WALLET_LIMIT_EXCEEDED'] as const
