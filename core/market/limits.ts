/** Bounds of the compute market. */
export const marketLimits = {
  pageDefault: 25,
  pageMax: 200,
  cursorCharsMax: 200,

  /** One query: characters, terms and words. */
  queryCharsMax: 512,
  queryTermsMax: 24,
  queryValuesMax: 8,

  priceDaysMax: 90,
  facetValuesMax: 50,
  /** Offers that are looked at for facets of a query that leaves some out. */
  facetOffersMax: 2_500,
  histogramBuckets: 20,

  notesCharsMax: 1_024,
  commentCharsMax: 2_000,

  /** A bid: how much it may ask for, and how long it stays open. */
  tokensMax: 1_000_000_000_000,
  hoursMax: 720,
  placesMax: 64,
  auctionSecondsMin: 5,
  auctionSecondsMax: 604_800,
  quotesPerBidMax: 256,
  openBidsPerOwnerMax: 100,
  openBidsMax: 10_000,

  /** How long an agreement waits to be taken up, after the auction. */
  agreementLifeMs: 86_400_000,

  liveBookingsPerOwnerMax: 100,
  liveBookingsMax: 10_000,

  /**
   * Offers in all, those listed by hand of one owner, the same with the withdrawn ones that are not
   * forgotten yet, and those of one other site.
   */
  offersMax: 200_000,
  listedPerOwnerMax: 32,
  listedKeptPerOwnerMax: 256,
  remotePerSiteMax: 2_048,
  /** Offers of miners of this site that are not here now. */
  minersAwayMax: 8_192,
} as const
