/**
 * Bids, quotes and the agreements that auctions come to. Long because the rows of all three and their views
 * stand beside what is done with them.
 */
import { randomBytes } from 'node:crypto'
import type { ApiError } from '../../core/api/errors.ts'
import type { BidBody, QuoteBody } from '../../core/api/market-requests.ts'
import type { Agreement, Bid, Quote } from '../../core/api/schemas/market.ts'
import { ownerOf, type Principal } from '../../core/auth/principal.ts'
import { parseUnits } from '../../core/base/amount.ts'
import { toHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import type { AgreementEvent, AgreementState } from '../../core/market/agreement.ts'
import { nextAgreementState } from '../../core/market/agreement.ts'
import type { BidAnnouncement } from '../../core/market/announcement.ts'
import { endAuction } from '../../core/market/auction.ts'
import { marketLimits as limits } from '../../core/market/limits.ts'
import { modelNamesOf, type Offer } from '../../core/market/offer.ts'
import { type MarketQuery, matchesQuery, parseQuery } from '../../core/market/query.ts'
import { offerRows } from '../../core/market/row.ts'
import { rowsOf } from '../coordinator/schema.ts'
import { marketIdOf, type OfferRowOf, type Offers } from './offers.ts'
import type { MarketHost } from './ports.ts'

/** What a bid asks for; amounts decimal text. */
type Wanted = {
  readonly kind: 'tokens' | 'hours'
  readonly query: string
  readonly tokens: number | null
  readonly hours: number | null
  readonly places: number | null
  readonly price_max: string
  readonly notes: string | null
  readonly stated_provider: string | null
}

type BidRow = {
  readonly seq: number
  readonly bid_id: string
  readonly site: string
  readonly owner: string
  readonly bidder: string
  readonly wanted: string
  readonly status: Bid['status']
  readonly opened_at_ms: number
  readonly closes_at_ms: number
  readonly filled: number
  readonly announced: string | null
}

type QuoteRow = {
  readonly quote_id: string
  readonly bid_id: string
  readonly offer_id: string
  readonly miner_id: string
  readonly automatic: number
  readonly price: string
  readonly capacity: number
  readonly at_ms: number
}

export type AgreementRow = {
  readonly seq: number
  readonly agreement_id: string
  readonly bid_id: string
  readonly offer_id: string
  readonly miner_id: string
  readonly owner: string
  readonly buyer: string
  readonly seller: string
  readonly kind: 'tokens' | 'hours'
  readonly capacity: number
  readonly hours: number | null
  readonly price: string
  /** Names of models that it is for, as JSON; of tokens only. */
  readonly models: string
  /** Tokens of answer in paid results. */
  readonly used: number
  readonly state: AgreementState
  readonly booking_id: string | null
  readonly created_at_ms: number
  readonly expires_at_ms: number
}

export type BidParts = MarketHost & {
  readonly offers: Offers
  /** Places of an offer that nobody has taken for the next hours. */
  readonly freePlaces: (offer: OfferRowOf, hours: number) => number
  /** Something is to be said on the chain. */
  readonly sayBid: (bid: Bid, wanted: number) => void
  readonly sayEnd: (bid: Bid) => void
}

export type Bids = ReturnType<typeof openBids>

/** Owners that a principal stands for: its own name, and that of the account where it is one. */
export const namesOf = (who: Principal | undefined): readonly string[] =>
  who === undefined ? [] : [ownerOf(who)]

export function openBids(parts: BidParts) {
  const { database, offers, now } = parts

  const rowOf = (bidId: string): BidRow | undefined =>
    rowsOf<BidRow>(database, 'SELECT * FROM bids WHERE bid_id = ?', bidId)[0]

  const quotesOf = (bidId: string): QuoteRow[] =>
    rowsOf<QuoteRow>(database, 'SELECT * FROM quotes WHERE bid_id = ?', bidId)

  /** What offers answer by their lists; explicit quotes stand instead of them. */
  const automatic = (bid: BidRow, known: readonly QuoteRow[]): QuoteRow[] => {
    const wanted = JSON.parse(bid.wanted) as Wanted
    const query = parseQuery(wanted.query)
    if (!query.ok) return []
    const quoted = new Set(known.map((quote) => quote.offer_id))
    const found: QuoteRow[] = []
    for (const row of rowsOf<OfferRowOf>(database, selectHere)) {
      if (quoted.has(row.offer_id)) continue
      const offer = JSON.parse(row.body) as Offer
      const answer = answerOf(offer, row, wanted, query.value)
      if (!answer || BigInt(answer.price) > BigInt(wanted.price_max)) continue
      found.push({
        ...answer,
        quote_id: marketIdOf('quote', bid.bid_id, row.offer_id),
        bid_id: bid.bid_id,
        offer_id: row.offer_id,
        miner_id: row.miner_id,
        automatic: 1,
        at_ms: Math.max(bid.opened_at_ms, row.created_at_ms),
      })
    }
    const order = (a: QuoteRow, b: QuoteRow) => Number(BigInt(a.price) - BigInt(b.price))
    return found.sort(order).slice(0, limits.quotesPerBidMax - known.length)
  }

  const answerOf = (
    offer: Offer,
    row: OfferRowOf,
    wanted: Wanted,
    query: MarketQuery,
  ): { price: string; capacity: number } | undefined => {
    const found = offerRows(offer).find((each) => matchesQuery(query, each))
    if (!found || offer.status !== 'online') return undefined
    if (wanted.kind === 'hours') {
      if (offer.price_per_hour === null || offer.provider === null) return undefined
      const capacity = parts.freePlaces(row, wanted.hours ?? 1)
      return capacity > 0 ? { price: offer.price_per_hour, capacity } : undefined
    }
    if (found.price === null) return undefined
    // What it can compute while the agreement lasts, as measured; unmeasured it may try all of it.
    const seconds = limits.agreementLifeMs / 1_000
    const places = Math.max(1, offer.concurrency)
    const able = found.speed === null ? wanted.tokens : Math.floor(found.speed * places * seconds)
    const capacity = Math.min(wanted.tokens ?? 0, able ?? 0)
    return capacity > 0 ? { price: String(found.price), capacity } : undefined
  }

  const view = (bid: BidRow, who: Principal | undefined): Bid => {
    const wanted = JSON.parse(bid.wanted) as Wanted
    const known = quotesOf(bid.bid_id)
    const isHere = bid.site === parts.site()
    const all = bid.status === 'open' && isHere ? [...known, ...automatic(bid, known)] : known
    const agreements = rowsOf<{ agreement_id: string }>(
      database,
      'SELECT agreement_id FROM agreements WHERE bid_id = ? ORDER BY seq',
      bid.bid_id,
    )
    return {
      bid_id: bid.bid_id,
      site: bid.site,
      bidder: bid.bidder,
      stated_provider: wanted.stated_provider,
      own: namesOf(who).includes(bid.owner),
      query: wanted.query,
      kind: wanted.kind,
      tokens: wanted.tokens,
      hours: wanted.hours,
      places: wanted.places,
      price_max: wanted.price_max,
      unit: unitOf(wanted.kind),
      notes: wanted.notes,
      status: bid.status,
      opened_at: formatTime(bid.opened_at_ms),
      closes_at: formatTime(bid.closes_at_ms),
      filled: bid.filled,
      quotes: all.sort(compareRows).map(quoteView),
      agreements: agreements.map((each) => each.agreement_id),
      announced: bid.announced === null ? null : (JSON.parse(bid.announced) as Bid['announced']),
    }
  }

  /** Ends an auction: agreements with whoever is cheapest, in one write. */
  const close = (bid: BidRow): void => {
    const wanted = JSON.parse(bid.wanted) as Wanted
    const known = quotesOf(bid.bid_id)
    const all = [...known, ...automatic(bid, known)].filter((quote) => isStillGood(quote, wanted))
    const end = endAuction({
      wanted: wanted.tokens ?? wanted.places ?? 0,
      priceMax: BigInt(wanted.price_max),
      quotes: all.map((quote) => ({
        quoteId: quote.quote_id,
        offerId: quote.offer_id,
        price: BigInt(quote.price),
        capacity: quote.capacity,
        atMs: quote.at_ms,
      })),
    })
    const nowMs = now()
    database.transactionSync(() => {
      for (const quote of all.filter((each) => each.automatic === 1)) {
        database.sql.exec(insertQuote, ...quoteValues(quote))
      }
      for (const award of end.awards) {
        const quote = all.find((each) => each.quote_id === award.quoteId)
        const offer = offers.row(award.offerId)
        if (!quote || !offer) continue
        database.sql.exec(
          insertAgreement,
          marketIdOf('agreement', bid.bid_id, award.offerId),
          bid.bid_id,
          award.offerId,
          quote.miner_id,
          bid.owner,
          bid.bidder,
          offer.owner,
          wanted.kind,
          award.capacity,
          wanted.hours,
          String(award.price),
          JSON.stringify(modelsOf(offer, wanted)),
          nowMs,
          nowMs + limits.agreementLifeMs,
        )
      }
      database.sql.exec(setEnd, end.status, end.filled, nowMs, bid.bid_id)
      const closed = rowOf(bid.bid_id)
      if (closed) parts.sayEnd(view(closed, undefined))
    })
    parts.wakeAt(nowMs)
  }

  /** A quote counts while its miner is here, and for hours while its places are free. */
  const isStillGood = (quote: QuoteRow, wanted: Wanted): boolean => {
    const offer = offers.row(quote.offer_id)
    if (offer?.status !== 'online') return false
    return wanted.kind !== 'hours' || parts.freePlaces(offer, wanted.hours ?? 1) >= quote.capacity
  }

  const own = (who: Principal, bidId: string): Result<BidRow, ApiError> => {
    const bid = rowOf(bidId)
    if (!bid) return err({ code: 'BID_NOT_FOUND' })
    if (!namesOf(who).includes(bid.owner)) return err({ code: 'BID_NOT_FOUND' })
    return bid.status === 'open' ? ok(bid) : err({ code: 'BID_CLOSED' })
  }

  const seen = (bidId: string, who: Principal | undefined): Result<Bid, ApiError> => {
    const bid = rowOf(bidId)
    return bid ? ok(view(bid, who)) : err({ code: 'BID_NOT_FOUND' })
  }

  const agreementRow = (id: string): AgreementRow | undefined =>
    rowsOf<AgreementRow>(database, 'SELECT * FROM agreements WHERE agreement_id = ?', id)[0]

  /** Moves an agreement on; false where the event does not belong. Inside the caller's write. */
  const move = (id: string, event: AgreementEvent, bookingId: string | null): boolean => {
    const row = agreementRow(id)
    const state = row && nextAgreementState(row.state, event)
    if (!state) return false
    database.sql.exec(
      'UPDATE agreements SET state = ?, booking_id = ? WHERE agreement_id = ?',
      state,
      bookingId,
      id,
    )
    return true
  }

  return {
    submit: (who: Principal, body: BidBody): Result<Bid, ApiError> => {
      const query = parseQuery(body.query)
      if (!query.ok) {
        const { code, message, ...details } = query.error
        return err({ code, message, details })
      }
      const price = parseUnits(body.price_max)
      if (!price.ok || price.value === 0n) return err({ code: 'AMOUNT_INVALID' })
      const owner = ownerOf(who)
      const [all] = rowsOf<{ n: number }>(database, `${countOpen} AND owner NOT LIKE 'site:%'`)
      const [mine] = rowsOf<{ n: number }>(database, `${countOpen} AND owner = ?`, owner)
      if ((all?.n ?? 0) >= limits.openBidsMax || (mine?.n ?? 0) >= limits.openBidsPerOwnerMax) {
        return err({ code: 'BIDS_TOO_MANY' })
      }
      const isTokens = body.kind === 'tokens'
      const wanted: Wanted = {
        kind: body.kind,
        query: body.query,
        tokens: isTokens ? body.tokens : null,
        hours: isTokens ? null : body.hours,
        places: isTokens ? null : body.places,
        price_max: body.price_max,
        notes: body.notes ?? null,
        stated_provider: body.statedProvider ?? null,
      }
      const nowMs = now()
      const bidId = toHex(new Uint8Array(randomBytes(16)))
      const closesAtMs = nowMs + body.closes_in_s * 1_000
      database.transactionSync(() => {
        database.sql.exec(
          insertBid,
          bidId,
          parts.site(),
          owner,
          who.publicId,
          JSON.stringify(wanted),
          'open',
          nowMs,
          closesAtMs,
          null,
        )
        const bid = rowOf(bidId)
        if (bid) parts.sayBid(view(bid, undefined), wanted.tokens ?? wanted.places ?? 0)
      })
      parts.wakeAt(Math.min(closesAtMs, nowMs))
      return seen(bidId, who)
    },

    list: (
      who: Principal | undefined,
      page: {
        readonly before: number
        readonly limit: number
        readonly status: Bid['status'] | undefined
        readonly mine: boolean
      },
    ): { items: Bid[]; next: number | undefined } => {
      const owner = namesOf(who)[0] ?? ''
      const conditions = ['seq < ?']
      const values: (string | number)[] = [page.before]
      if (page.status !== undefined) {
        conditions.push('status = ?')
        values.push(page.status)
      }
      if (page.mine) {
        conditions.push('owner = ?')
        values.push(owner)
      }
      const rows = rowsOf<BidRow>(
        database,
        `SELECT * FROM bids WHERE ${conditions.join(' AND ')} ORDER BY seq DESC LIMIT ?`,
        ...values,
        page.limit + 1,
      )
      const shown = rows.slice(0, page.limit)
      return {
        items: shown.map((bid) => view(bid, who)),
        next: rows.length > page.limit ? shown.at(-1)?.seq : undefined,
      }
    },

    bid: seen,

    cancel: (who: Principal, bidId: string): Result<Bid, ApiError> => {
      const bid = own(who, bidId)
      if (!bid.ok) return bid
      database.transactionSync(() => {
        database.sql.exec(setEnd, 'canceled', 0, now(), bidId)
        const row = rowOf(bidId)
        if (row) parts.sayEnd(view(row, undefined))
      })
      parts.wakeAt(now())
      return seen(bidId, who)
    },

    award: (who: Principal, bidId: string): Result<Bid, ApiError> => {
      const bid = own(who, bidId)
      if (!bid.ok) return bid
      close(bid.value)
      return seen(bidId, who)
    },

    quote: (who: Principal, bidId: string, body: QuoteBody): Result<Quote, ApiError> => {
      const bid = rowOf(bidId)
      if (!bid) return err({ code: 'BID_NOT_FOUND' })
      if (bid.status !== 'open' || now() >= bid.closes_at_ms) return err({ code: 'BID_CLOSED' })
      const refused = (message: string) => err<ApiError>({ code: 'QUOTE_REFUSED', message })
      if (bid.site !== parts.site()) return refused(`Quote this bid at its own site, ${bid.site}.`)
      const offer = offers.row(body.offer_id)
      if (!offer || !isSeller(who, offer)) return err({ code: 'OFFER_NOT_FOUND' })
      if (offer.status === 'withdrawn') return refused('Your offer is withdrawn.')
      const wanted = JSON.parse(bid.wanted) as Wanted
      const price = parseUnits(body.price)
      if (!price.ok) return err({ code: 'AMOUNT_INVALID' })
      if (price.value > BigInt(wanted.price_max)) {
        return refused(`The bid pays at most ${wanted.price_max}.`)
      }
      const query = parseQuery(wanted.query)
      const listed = JSON.parse(offer.body) as Offer
      const isMet = query.ok && offerRows(listed).some((each) => matchesQuery(query.value, each))
      if (!isMet) return refused('Your offer does not meet the query of this bid.')
      if (wanted.kind === 'hours' && parts.freePlaces(offer, wanted.hours ?? 1) < body.capacity) {
        return refused('Your offer has fewer free places than that.')
      }
      const known = quotesOf(bidId)
      const isOther = !known.some((each) => each.offer_id === body.offer_id)
      if (isOther && known.length >= limits.quotesPerBidMax) {
        return refused('This bid has as many quotes as it takes.')
      }
      const row: QuoteRow = {
        quote_id: marketIdOf('quote', bidId, body.offer_id),
        bid_id: bidId,
        offer_id: body.offer_id,
        miner_id: offer.miner_id,
        automatic: 0,
        price: body.price,
        capacity: body.capacity,
        at_ms: now(),
      }
      database.sql.exec(insertQuote, ...quoteValues(row))
      return ok(quoteView(row))
    },

    /** Closes auctions and lets agreements lapse whose time is over. */
    tick: (): void => {
      const nowMs = now()
      for (const shift of [shiftBids, shiftAgreements]) database.sql.exec(shift, nowMs)
      for (const bid of rowsOf<BidRow>(database, `${selectDue} LIMIT 100`, nowMs)) {
        if (bid.site === parts.site()) close(bid)
        else database.sql.exec(setEnd, 'unmatched', 0, nowMs, bid.bid_id)
      }
      for (const row of rowsOf<AgreementRow>(database, selectExpired, nowMs)) {
        move(row.agreement_id, row.used > 0 ? 'expire_used' : 'expire', null)
      }
      const [next] = rowsOf<{ at: number | null }>(
        database,
        `SELECT min(at) AS at FROM (SELECT min(closes_at_ms) AS at FROM bids WHERE status = 'open'
         UNION ALL SELECT min(expires_at_ms) FROM agreements WHERE state = 'open')`,
      )
      if (next?.at) parts.wakeAt(next.at)
    },

    /** What another site announced. */
    announced: (said: BidAnnouncement, at: { txHash: string; height: number }): void => {
      const bidId = marketIdOf('remote', said.site, said.id)
      if (rowOf(bidId)) return
      const owner = `site:${said.site}`
      const [heard] = rowsOf<{ n: number }>(database, `${countOpen} AND owner = ?`, owner)
      if ((heard?.n ?? 0) >= limits.remotePerSiteMax) return
      // Whatever it says, no auction lasts longer here.
      const closesAtMs = Math.min(said.closes, now() + limits.auctionSecondsMax * 1_000)
      const isTokens = said.kind === 'tokens'
      const wanted: Wanted = {
        kind: said.kind,
        query: said.query,
        tokens: isTokens ? said.wanted : null,
        hours: said.hours,
        places: isTokens ? null : said.wanted,
        price_max: said.price,
        notes: null,
        stated_provider: null,
      }
      database.sql.exec(
        insertBid,
        bidId,
        said.site,
        owner,
        said.bidder,
        JSON.stringify(wanted),
        closesAtMs <= now() ? 'unmatched' : 'open',
        now(),
        closesAtMs,
        JSON.stringify({ tx_hash: at.txHash, height: at.height }),
      )
      parts.wakeAt(closesAtMs)
    },
    endedElsewhere: (site: string, id: string, status: Bid['status'], filled: number): void =>
      void database.sql.exec(setEnd, status, filled, now(), marketIdOf('remote', site, id)),
    confirm: (bidId: string, at: { txHash: string; height: number }): void =>
      void database.sql.exec(
        'UPDATE bids SET announced = ? WHERE bid_id = ?',
        JSON.stringify({ tx_hash: at.txHash, height: at.height }),
        bidId,
      ),

    agreements: (who: Principal, page: { readonly before: number; readonly limit: number }) => {
      const owner = ownerOf(who)
      const rows = rowsOf<AgreementRow>(
        database,
        `SELECT * FROM agreements WHERE (owner = ? OR seller = ?) AND seq < ?
         ORDER BY seq DESC LIMIT ?`,
        owner,
        owner,
        page.before,
        page.limit + 1,
      )
      const shown = rows.slice(0, page.limit)
      return {
        items: shown.map(agreementView),
        next: rows.length > page.limit ? shown.at(-1)?.seq : undefined,
      }
    },
    agreement: (who: Principal, id: string): Result<Agreement, ApiError> => {
      const row = agreementRow(id)
      const isParty = row && [row.owner, row.seller].includes(ownerOf(who))
      return isParty ? ok(agreementView(row)) : err({ code: 'AGREEMENT_NOT_FOUND' })
    },
    agreementRow,
    move,
    /** Tokens of answer that were paid under an agreement so far. Inside the caller's write. */
    used: (id: string, tokens: number): void => {
      const row = agreementRow(id)
      if (!row || row.used === tokens) return
      database.sql.exec('UPDATE agreements SET used = ? WHERE agreement_id = ?', tokens, id)
      if (tokens >= row.capacity) move(id, 'used_up', null)
      else if (tokens > 0 && row.state === 'lapsed') {
        // A job that was under way when its time was over.
        database.sql.exec("UPDATE agreements SET state = 'fulfilled' WHERE agreement_id = ?", id)
      }
    },
  }
}

/** Whether an offer is of whoever calls: the account that is paid, or the key that listed it. */
export const isSeller = (who: Principal, offer: Pick<OfferRowOf, 'owner'>): boolean =>
  ownerOf(who) === offer.owner

/** Models that an agreement is for: those of the name in its query, else the cheapest that was found. */
function modelsOf(row: OfferRowOf, wanted: Wanted): string[] {
  const query = parseQuery(wanted.query)
  if (wanted.kind !== 'tokens' || !query.ok) return []
  const offer = JSON.parse(row.body) as Offer
  const found = offerRows(offer).find((each) => matchesQuery(query.value, each))
  if (!found) return []
  const isMeant = (model: Offer['models'][number]): boolean =>
    found.name === ''
      ? Number(model.price_completion) === found.price
      : modelNamesOf(model.name).includes(found.name)
  return offer.models.filter(isMeant).map(({ name }) => name)
}

const unitOf = (kind: 'tokens' | 'hours'): Bid['unit'] =>
  kind === 'tokens' ? 'base_units_per_1000_completion_tokens' : 'base_units_per_place_hour'

const agreementView = (row: AgreementRow): Agreement => ({
  agreement_id: row.agreement_id,
  bid_id: row.bid_id,
  offer_id: row.offer_id,
  miner_id: row.miner_id,
  buyer: row.buyer,
  kind: row.kind,
  capacity: row.capacity,
  hours: row.hours,
  price: row.price,
  unit: unitOf(row.kind),
  models: JSON.parse(row.models) as string[],
  used: row.kind === 'tokens' ? row.used : null,
  state: row.state,
  booking_id: row.booking_id,
  created_at: formatTime(row.created_at_ms),
  expires_at: formatTime(row.expires_at_ms),
})

const quoteView = (row: QuoteRow): Quote => ({
  quote_id: row.quote_id,
  offer_id: row.offer_id,
  miner_id: row.miner_id,
  automatic: row.automatic === 1,
  price: row.price,
  capacity: row.capacity,
  at: formatTime(row.at_ms),
})

const compareRows = (a: QuoteRow, b: QuoteRow): number => {
  const byPrice = BigInt(a.price) - BigInt(b.price)
  if (byPrice !== 0n) return byPrice < 0n ? -1 : 1
  return a.at_ms - b.at_ms || (a.quote_id < b.quote_id ? -1 : 1)
}

const quoteValues = (row: QuoteRow) => [
  row.quote_id,
  row.bid_id,
  row.offer_id,
  row.miner_id,
  row.automatic,
  row.price,
  row.capacity,
  row.at_ms,
]

const selectHere = `SELECT * FROM offers WHERE status = 'online' AND kind <> 'remote'`
const countOpen = "SELECT count(*) AS n FROM bids WHERE status = 'open'"
const selectDue =
  "SELECT * FROM bids WHERE status = 'open' AND closes_at_ms <= ? ORDER BY closes_at_ms"
const selectExpired =
  "SELECT * FROM agreements WHERE state = 'open' AND expires_at_ms <= ? LIMIT 500"
// What began after this moment began before the clock was set back: it lasts as long as it was to.
const shiftBids = `UPDATE bids SET closes_at_ms = closes_at_ms - opened_at_ms + ?1, opened_at_ms = ?1
  WHERE status = 'open' AND opened_at_ms > ?1`
const shiftAgreements = `UPDATE agreements SET expires_at_ms = expires_at_ms - created_at_ms + ?1,
  created_at_ms = ?1 WHERE state = 'open' AND created_at_ms > ?1`
const insertBid = `INSERT INTO bids (bid_id, site, owner, bidder, wanted, status, opened_at_ms,
  closes_at_ms, filled, announced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`
const setEnd = `UPDATE bids SET status = ?, filled = ?, closes_at_ms = min(closes_at_ms, ?)
  WHERE bid_id = ? AND status = 'open'`
const insertQuote = `INSERT OR REPLACE INTO quotes
  (quote_id, bid_id, offer_id, miner_id, automatic, price, capacity, at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
const insertAgreement = `INSERT INTO agreements (agreement_id, bid_id, offer_id, miner_id, owner, buyer,
  seller, kind, capacity, hours, price, models, state, created_at_ms, expires_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)`
