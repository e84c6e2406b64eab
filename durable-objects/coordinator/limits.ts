/** Bounds of the coordinator's object: its policy, beside the job rules' own in core/jobs/limits.ts. */
export const coordinatorLimits = {
  /** Miners at one time; their sockets in all, from one address, and of these before a valid hello. */
  minersMax: 1_024,
  /** Of these, miners of the original by keys of accounts, which anybody can make. */
  minersOfAccountsMax: 512,
  /** Names of miners that are remembered while they are away; each comes with a card of up to 64 kB. */
  minerNamesMax: 8_192,
  socketsMax: 1_280,
  socketsPerAddressMax: 128,
  pendingPerAddressMax: 32,
  pendingMax: 256,

  /** How often an agent is to report; a miner that stays silent for three of them is not offered work. */
  heartbeatMs: 10_000,
  minerSilentMsMax: 30_000,
  /** How long a live attempt is kept for a miner that lost its socket, or after a restart of ours. */
  resumeMs: 10_000,

  /** Progress (accepts, token text, renewed leases) is written at most this often. */
  flushMs: 250,
  /** Pause before something is tried again whose write failed. */
  retryMs: 1_000,

  /** Bytes that one reader of a stream may lag behind before it is dropped. */
  readerLagBytesMax: 1_048_576,
  readersPerJobMax: 16,
  readersMax: 4_096,

  /** Bytes of specifications and payloads of open jobs, which are all in memory: in all, and of one client. */
  openBytesMax: 16_777_216,
  openBytesPerClientMax: 4_194_304,

  /** Jobs looked at in one line of the queue before a freed miner goes on to its next. */
  queueScanMax: 64,

  /** Speeds that are remembered, and how often they are written. */
  speedsMax: 16_384,
  speedsFlushMs: 10_000,
  /** Age at which a reputation is worked out anew for placement, and how many at one time. */
  trustKeptMs: 60_000,
  trustTickMs: 1_000,
  trustAtOnce: 4,
  /** Newest jobs from which a miner reads why it got none. */
  recentJobsMax: 512,

  /** Idempotency keys are kept for a day, and this many at most. */
  idempotencyMs: 86_400_000,
  idempotencyKept: 100_000,

  /** Deliveries of webhooks: under way at one time, time for each, and how long their record is kept. */
  webhooksAtOnce: 8,
  webhooksPerClientAtOnce: 2,
  webhookTimeoutMs: 10_000,
  webhookKeptMs: 604_800_000,
  webhookKept: 100_000,
  /** Deliveries of one client that wait: more are not taken. */
  webhooksPerClientMax: 2_048,
  /** How long a secret that was replaced signs along. */
  webhookSecretGraceMs: 86_400_000,

  /** Age at which the view of an escrow that is in use is read again. */
  escrowRefreshMs: 2_000,
  escrowsCachedMax: 4_096,
  /** Age at which the final head is read again while jobs are open. */
  headRefreshMs: 30_000,
  /** How long a caller waits for the chain. */
  chainWaitMs: 3_000,

  /** Pause between looks at escrows whose time is over, and slots until a close is looked after. */
  closingPauseMs: 5_000,
  closingLookSlots: 60,

  /** How long a computed reputation is good for matching, and how many are kept. */
  reputationKeptMs: 60_000,
  reputationsKeptMax: 2_048,
  /** Rows of one page of held results and of receipts. */
  heldPageMax: 200,

  /** Settle transactions under way at one time. */
  openBatchesMax: 64,
  /** Slots for which a settle transaction is valid: a lost one is known to be lost after that. */
  settleValiditySlots: 60,
  /** Pause before the chain is asked again about what is under way, and after a fault. */
  settlePollMs: 1_000,
  settleBackoffMsMax: 30_000,
  /** Balance that the site's account keeps for payments, base units, and how long others wait for more. */
  postReserve: 1_000_000n,
  postPauseMs: 60_000,
  /** Miners that come and go within this time are told to the market together. */
  tellMarketMs: 250,

  /** Devnet: how long the first request of a key waits for its escrow. */
  custodyWaitMs: 10_000,
  custodyPollMs: 250,
  /** Pause before work on an escrow goes on when nobody waits, and before a gift is asked for again. */
  custodyTickMs: 2_000,
  custodyGiftMs: 10_000,
  /** Escrows that are worked on side by side while nobody waits for them. */
  custodyAtOnce: 16,
  /** Devnet: life of an escrow that this site opens (30 days), and how early it is prolonged (1 day). */
  custodyLifeSlots: 1_296_000,
  custodyRenewSlots: 43_200,
  /** Devnet: left on the account for later fees, base units. */
  custodyFeeReserve: 100_000_000n,

  /** Jobs that ended are kept this long, with result and receipt (30 days). */
  retentionMs: 2_592_000_000,
  /** Those without a result, which cost their client nothing: a day, and this many at most. */
  unpaidRetentionMs: 86_400_000,
  unpaidKeptMax: 100_000,
  /** Bookings and open agreements that dispatch goes by. */
  claimsMax: 20_000,

  retentionSweepRows: 200,
  retentionSweepMs: 3_600_000,
} as const
