/**
 * Bounds of the job rules: every queue, list, text and duration has one, and a name.
 */

/** Durations in milliseconds or seconds as named, sizes in UTF-8 bytes. */
export const jobLimits = {
  /** Time to live of a job that names none, as in the original. */
  ttlSecondsDefault: 900,
  ttlSecondsMin: 1,
  ttlSecondsMax: 3_600,

  /** How long a miner may take to answer an offer. */
  offerMs: 5_000,
  /** How long a running attempt may go without progress. */
  leaseMs: 30_000,
  /** The same for miners of the original, which report nothing before their result. */
  legacyLeaseMs: 120_000,
  /** How long after a lapse its result is still taken, if nobody else finished. */
  graceMs: 30_000,
  /** Attempts that ran (or might have run) on a miner. Rejected offers do not count. */
  attemptsMax: 3,
  /** Offers that were rejected, over the life of a job. */
  rejectionsMax: 32,
  /** How long a miner that failed or lapsed is passed over for this job. */
  excludeMs: 30_000,
  /** How long a miner that rejected an offer is passed over for this job. */
  excludeRejectedMs: 2_000,

  /** How long the money of a canceled job is kept for the miner to sign for what it delivered. */
  partMs: 30_000,
  /** Reasons that one verdict names. */
  holdReasonsMax: 16,

  /** Jobs that wait in one coordinator. */
  queueMax: 10_000,
  /** Jobs of one client that have not ended. */
  openJobsPerClientMax: 256,
  /** Of these, how many may be of high priority: it costs nothing, so it is scarce. */
  highJobsPerClientMax: 16,
  /** Jobs of one batch. */
  batchMax: 64,
  /** Miner ids and models that one job's routing may name. */
  routingMinersMax: 32,
  routingModelsMax: 8,
  /** Holds on one escrow that are neither freed nor settled. */
  holdsPerEscrowMax: 1_024,
  /** Miners connected to one coordinator. */
  minersMax: 1_024,

  /** Canonical job specification: what fits hex-encoded into an offer. */
  specBytesMax: 65_536,
  /** Payload as JSON. */
  payloadBytesMax: 65_536,
  constraintsBytesMax: 4_096,
  messagesMax: 256,
  modelBytesMax: 128,
  stopMax: 4,
  stopBytesMax: 256,
  /** Text of one answer: with its receipt it fits into one result frame. */
  answerBytesMax: 131_072,
  maxTokensDefault: 512,
  maxTokensMax: 16_384,
  temperatureMilliMax: 2_000,
  temperatureMilliDefault: 800,
  topPMilliMax: 1_000,
  /** Tokens that a chat template may add to each message: roles, separators, turn marks. */
  templateTokensPerMessage: 64,

  /** Slots kept free between a job's last moment and its settle-by slot, to get the payment on the chain. */
  settleMarginSlots: 60,
  /** Items of one settle transaction. */
  settlementBatchMax: 64,
  /** How long a released payment may wait for company before it is sent. */
  settlementDelayMs: 1_000,
  /** How far a miner's clock may run ahead in a receipt. */
  receiptSkewMsMax: 300_000,
  /** How much longer than observed a receipt may say that the work took. */
  durationSlackMs: 1_000,

  /** Longest that a miner of the original may be made to wait for a job: its clients give up at five. */
  pollWaitMsMax: 4_000,
  /** Rows of one page of a list. */
  pageMax: 200,
  pageDefault: 50,
} as const
