/**
 * Every error code that a caller can meet, with its HTTP status and public text: one closed table. A more
 * precise message may replace the text; the code and the status never vary.
 */

const table = {
  // Requests
  JSON_INVALID: [400, 'The body is not valid JSON.'],
  VALIDATION_ERROR: [422, 'Request validation failed'],
  CURSOR_INVALID: [422, 'The cursor is none that this list gave out; begin without one.'],
  RANGE_INVALID: [400, 'The range asked for is not valid.'],
  BODY_TOO_LARGE: [413, 'The body is larger than this route accepts.'],
  NOT_FOUND: [404, 'There is nothing at this address.'],
  METHOD_NOT_ALLOWED: [405, 'This route does not answer to this method.'],
  UPGRADE_REQUIRED: [426, 'This route speaks WebSocket only.'],
  RATE_LIMIT_EXCEEDED: [429, 'Too many requests; try again in a minute.'],
  QUOTA_EXCEEDED: [429, 'This key has used up its quota; try again later.'],
  NOT_BUILT: [501, 'This part of the network has not been built yet.'],
  // Who is asking
  AUTHENTICATION_ERROR: [401, 'invalid api key'],
  REQUEST_SIGNATURE_INVALID: [
    401,
    'The request signature does not fit; sign method, path, body and time anew.',
  ],
  REQUEST_EXPIRED: [
    401,
    'The request is too old or from the future; check the clock and sign it anew.',
  ],
  AUTHORIZATION_ERROR: [403, 'This key may not do that.'],
  KEY_EXPIRED: [401, 'This API key has expired.'],
  KEY_REVOKED: [401, 'This API key was revoked.'],
  KEY_ROTATED: [401, 'This secret was replaced, and its grace is over.'],
  SCOPE_MISSING: [403, 'This API key lacks the scope for that.'],
  ADMIN_REQUIRED: [403, 'Only an administrator of this site may do that.'],
  // Signing in
  SIGN_IN_REQUIRED: [401, 'Invalid or expired token: sign in first.'],
  SIGN_IN_UNSIGNED: [
    401,
    'An address alone signs nobody in: ask for a challenge and sign its message.',
  ],
  SIGN_IN_MALFORMED: [400, 'The message is not one that this site asked to be signed.'],
  SIGN_IN_DOMAIN_WRONG: [401, 'The message was signed for another site.'],
  SIGN_IN_CHAIN_WRONG: [401, 'The message was signed for another chain.'],
  SIGN_IN_ADDRESS_WRONG: [401, 'The message was signed for another account.'],
  SIGN_IN_CLOCK_SKEW: [401, 'The message is from the future; check the clock.'],
  SIGN_IN_EXPIRED: [401, 'The time to answer this challenge is over.'],
  SIGN_IN_NONCE_UNKNOWN: [401, 'The nonce is none that this site gave out for this account.'],
  SIGN_IN_NONCE_USED: [401, 'Somebody has signed in with this message already.'],
  SIGN_IN_SIGNATURE_INVALID: [401, 'The signature is not that of this account.'],
  SESSION_INVALID: [401, 'This is no session of this site.'],
  SESSION_EXPIRED: [401, 'The session is over: they last a day.'],
  SESSION_REVOKED: [401, 'The session was ended.'],
  SESSION_RETIRED: [401, 'The site has changed its secret, which ended the session.'],
  SESSION_NOT_FOUND: [404, 'You have no such session.'],
  ORIGIN_REFUSED: [403, 'A page of another site may not do that with your cookie.'],
  TOKEN_IN_URL: [400, 'A token must not stand in an address, where it would be written down.'],
  EMAIL_TAKEN: [400, 'Email already registered'],
  USERNAME_TAKEN: [400, 'Username already taken'],
  // Keys of accounts
  KEY_NOT_FOUND: [404, 'You have no such key.'],
  KEYS_TOO_MANY: [400, 'You have as many keys as one account may have.'],
  KEY_NOT_FUNDABLE: [409, 'This key spends nothing, or its money comes from elsewhere.'],
  REASON_REQUIRED: [422, 'An administrator says why.'],
  MINER_NOT_FOUND: [404, 'This site knows no such miner.'],
  // The wallet daemon
  WALLET_CREDENTIALS_INVALID: [401, 'invalid credentials'],
  WALLET_NOT_FOUND: [404, 'Wallet not found'],
  WALLET_EXISTS: [400, 'You have a wallet of this name.'],
  WALLETS_TOO_MANY: [400, 'You have as many wallets here as one may have.'],
  WALLET_SECRET_INVALID: [400, 'invalid base64 secret'],
  WALLET_MESSAGE_INVALID: [400, 'invalid base64 message'],
  WALLET_LIMIT_EXCEEDED: [429, 'rate limit exceeded'],
  WALLET_UNSEALABLE: [503, 'This site lacks the key under which the wallet is sealed.'],
  PASSWORD_TOO_WEAK: [400, 'The password is too easy to guess.'],
  // The site
  CONFIG_MISSING: [503, 'This site lacks configuration.'],
  CONFIG_INVALID: [503, 'This site has configuration that cannot be used.'],
  CHAIN_UNAVAILABLE: [503, 'The chain cannot be reached now; nothing was charged. Try again.'],
  COORDINATOR_UNAVAILABLE: [
    503,
    'The coordinator cannot be reached now; nothing was charged. Try again.',
  ],
  DATABASE_UNAVAILABLE: [503, 'The read model cannot be reached now. Try again.'],
  INTERNAL_ERROR: [500, 'Something broke here; it has been noted under the request id.'],
  // Transactions
  ENCODING_INVALID: [400, 'The transaction bytes are not canonical.'],
  TRANSACTION_TOO_LARGE: [413, 'The transaction is larger than the chain accepts.'],
  SIGNATURE_INVALID: [400, 'The signature does not fit; it must cover this chain’s genesis hash.'],
  SIGNATURE_REQUIRED: [
    401,
    'Unsigned transactions are refused; see /docs/getting-started.html#signing.',
  ],
  NONCE_STALE: [409, 'A transaction with this nonce is already on the chain.'],
  NONCE_TOO_FAR: [409, 'The nonce leaves a gap that is too large.'],
  FEE_TOO_LOW: [400, 'The fee is below the floor.'],
  BALANCE_TOO_LOW: [402, 'The balance does not cover amount and fee.'],
  AMOUNT_INVALID: [422, 'The amount must be a whole number of base units in range.'],
  VALIDITY_EXPIRED: [400, 'The slot until which the transaction is valid has passed.'],
  VALIDITY_TOO_FAR: [400, 'The slot until which the transaction is valid lies too far ahead.'],
  KIND_NOT_ALLOWED: [400, 'This kind of transaction is not allowed here.'],
  MEMPOOL_FULL: [503, 'The mempool is full of better paid transactions; raise the fee or wait.'],
  REPLACEMENT_UNDERPRICED: [
    409,
    'A transaction with this nonce is waiting; replacing it needs a higher fee.',
  ],
  MESSAGE_INVALID: [422, 'The transaction asks for something that cannot be done.'],
  ADDRESS_INVALID: [422, 'This is not an address of this network.'],
  ADDRESS_LEGACY: [422, 'Addresses of the original network have no key here.'],
  BLOCK_NOT_KEPT: [404, 'This site begins at a later height; ask one that keeps all blocks.'],
  NOT_FINAL: [409, 'This is not final yet; try again in a slot or two.'],
  FAUCET_OFF: [403, 'This chain has no faucet.'],
  FAUCET_COOLDOWN: [429, 'This address was served a short while ago.'],
  // Other sites of the chain
  SYNC_ENCODING_INVALID: [400, 'The bytes are no message between sites, or too many.'],
  PROTOCOL_MISMATCH: [409, 'The message is of another version of the protocol.'],
  GENESIS_MISMATCH: [409, 'The message is for the chain of another genesis.'],
  AUTHORITY_REQUIRED: [403, 'Only an authority of this chain may do that.'],
  BLOCK_EXISTS: [409, 'Another block stands at this height.'],
  PARENT_NOT_FOUND: [400, 'Parent block not found'],
  BLOCK_UNSIGNED: [400, 'Only a block signed by an authority is taken: send its bytes in block.'],
  BLOCK_HASH_INVALID: [400, 'The hash is not that of the block.'],
  BLOCK_REFUSED: [400, 'The block is not valid on this chain.'],
  // Jobs
  JOB_NOT_FOUND: [404, 'job not found'],
  JOB_NOT_READY: [425, 'job not ready'],
  BATCH_REFUSED: [422, 'The batch holds jobs that cannot be taken; none was.'],
  IDEMPOTENCY_KEY_REUSED: [422, 'This idempotency key was used for another request.'],
  WEBHOOK_SECRET_MISSING: [409, 'News are signed: make a secret for webhooks first.'],
  JOB_NOT_CANCELABLE: [409, 'job not cancelable'],
  RECEIPT_NOT_FOUND: [404, 'receipt not available'],
  RESULT_HELD: [
    409,
    'The payment of this result was held: there is no receipt until it is released.',
  ],
  HELD_NOT_FOUND: [404, 'No payment is held for this job.'],
  HELD_DECIDED: [409, 'This has been decided already, or its time is over.'],
  PAYMENT_NOT_FOUND: [404, 'Payment not found for this job'],
  PAYMENT_FIXED: [409, 'What a job may cost is fixed when it is submitted.'],
  PAYMENT_NOT_RELEASABLE: [400, 'Failed to release payment'],
  PAYMENT_NOT_REFUNDABLE: [400, 'Failed to refund payment'],
  SERVICE_UNKNOWN: [404, 'There is no such service.'],
  MODEL_NOT_SERVED: [404, 'No miner serves this model now.'],
  NOT_SERVABLE: [409, 'No live miner can serve this job as constrained.'],
  PRICE_TOO_LOW: [402, 'The limit does not cover what the cheapest miner may charge.'],
  CONTEXT_EXCEEDED: [422, 'The prompt does not fit the context of the model.'],
  QUEUE_FULL: [503, 'The queue is full; try again shortly.'],
  ESCROW_REQUIRED: [402, 'No funds are locked for this; open an escrow first.'],
  ESCROW_NOT_FINAL: [409, 'The escrow is not final yet; try again in a slot or two.'],
  ESCROW_EXHAUSTED: [
    402,
    'The escrow does not hold enough that is not reserved already; top it up.',
  ],
  ESCROW_EXPIRED: [402, 'The escrow expires too soon for this; prolong it or open another.'],
  BUDGET_EXCEEDED: [402, 'The delegate’s budget does not cover this.'],
  DELEGATE_EXPIRED: [402, 'The delegate’s grant was revoked or expires too soon; grant it anew.'],
  KEY_BUDGET_EXCEEDED: [402, 'The budget of this API key does not cover this.'],
  AUTHORISATION_INVALID: [400, 'The authorisation does not fit this job, escrow or signer.'],
  AUTHORISATION_USED: [409, 'This authorisation was used before.'],
  AUTHORISATION_EXPIRED: [400, 'The authorisation’s settle-by slot is too near, past or too far.'],
  // Miners
  MINER_NOT_REGISTERED: [404, 'miner not registered'],
  LEASE_NOT_HELD: [409, 'This attempt is not leased to this miner.'],
  ALREADY_COMPLETED: [409, 'This job has been completed already.'],
  RESULT_INVALID: [422, 'The result contradicts what was delivered or agreed.'],
  // The compute market
  QUERY_INVALID: [422, 'The query cannot be read.'],
  OFFER_NOT_FOUND: [404, 'offer not found'],
  OFFER_NOT_LISTED: [409, 'Only an offer that was listed by hand can be withdrawn.'],
  OFFER_NOT_BOOKABLE: [409, 'This offer cannot be booked.'],
  OFFER_FULL: [409, 'The places of this offer are taken for that time.'],
  OFFERS_TOO_MANY: [409, 'There are as many offers as this site lists.'],
  FILTER_INVALID: [400, 'invalid filter'],
  BID_NOT_FOUND: [404, 'bid not found'],
  BID_CLOSED: [409, 'This bid is over.'],
  BIDS_TOO_MANY: [409, 'There are as many open bids as this site takes.'],
  QUOTE_REFUSED: [409, 'The quote does not fit the bid.'],
  AGREEMENT_NOT_FOUND: [404, 'agreement not found'],
  AGREEMENT_CLOSED: [409, 'This agreement has been taken up or has lapsed.'],
  BOOKING_NOT_FOUND: [404, 'booking not found'],
  BOOKING_OVER: [409, 'This booking is over, or not yet on the chain.'],
  BOOKING_TERMS_DIFFER: [409, 'The transaction does not say what this booking costs.'],
  BOOKINGS_TOO_MANY: [409, 'There are as many bookings as this site takes.'],
  REVIEW_NOT_EARNED: [403, 'Only whoever holds the receipt of work by this miner may review it.'],
  REVIEW_EXISTS: [409, 'This receipt has been used for a review.'],
  GPU_NOT_FOUND: [404, 'GPU not found'],
  GPU_NOT_BOOKED: [400, 'GPU is not booked'],
  PRICING_NOT_FOUND: [404, 'No GPUs found for this model'],
  // Talking to a model
  JOB_FAILED: [502, 'The job failed at the miner; nothing was charged.'],
  JOB_EXPIRED: [504, 'The job was not done in time; nothing was charged.'],
  JOB_CANCELED: [409, 'The job was canceled.'],
} as const satisfies Record<string, readonly [number, string]>

/** The closed set of error codes. */
export type ErrorCode = keyof typeof table

/** An error as domain and hosts pass it on: `message` replaces the public text when given. */
export type ApiError = {
  readonly code: ErrorCode
  readonly message?: string
  /** What to act on, such as the fields at fault or the cheapest alternative. JSON values only. */
  readonly details?: unknown
}

/** HTTP status of a code. */
export const statusOf = (code: ErrorCode): number => table[code][0]

/** Public text of an error. */
export const messageOf = (error: ApiError): string => error.message ?? table[error.code][1]

/** Every code, for documents and tests. */
export const errorCodes = Object.keys(table) as ErrorCode[]

/** The one shape of an error body; `detail` repeats the message for callers of the original. */
export type ErrorBody = {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly status: number
    readonly details: unknown
    readonly request_id: string
  }
  readonly detail: string
  readonly timestamp: string
}

/** Builds the error body. `timestamp` is RFC 3339 UTC. */
export function errorBody(
  error: ApiError,
  context: { readonly requestId: string; readonly timestamp: string },
): ErrorBody {
  const message = messageOf(error)
  return {
    error: {
      code: error.code,
      message,
      status: statusOf(error.code),
      details: error.details ?? null,
      request_id: context.requestId,
    },
    detail: message,
    timestamp: context.timestamp,
  }
}
