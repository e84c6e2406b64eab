/** Policy of the market's object, beside the bounds of core/market/limits.ts. */
export const marketPolicy = {
  /** How often it looks at the coordinator's miners while any is here, and what it does not count as watching. */
  refreshMs: 10_000,
  watchGapMs: 45_000,
  /** Pause before the chain is asked again about what is under way. */
  followMs: 1_000,
  /** How often the chain is asked whether a booking that runs is still there. */
  lookEveryMs: 30_000,
  retryMs: 2_000,
  /** Offers that go to the read model in one batch. */
  projectAtOnce: 100,
  /** How often uptime and prices of the day are computed anew. */
  figuresMs: 60_000,
  /** What an offer or bid announces on the chain: one in this time for the site, and for one offer. */
  announceEveryMs: 2_000,
  announceOfferEveryMs: 600_000,
  announcementsAtOnce: 200,
  /** An offer whose miner stays away is forgotten after this long (30 days), what is over too. */
  forgetMs: 2_592_000_000,
  presenceMs: 691_200_000,
  chainWaitMs: 5_000,
  /** So long after its end an agreement takes results of jobs that were under way (1 hour). */
  usesLateMs: 3_600_000,
  /** Bids, quotes, agreements and bookings that are over are kept so long (90 days); so many are looked at a time. */
  keptMs: 7_776_000_000,
  sweepRows: 500,
  /** Reviews stay for good, but of one offer the newest; none goes while its receipt could be reviewed again. */
  reviewsPerOfferMax: 1_000,
  reviewsKeptMs: 5_184_000_000,
  /** Bids that are over and quotes looked at in one answer. */
  uptimeDays: 7,
} as const
