/**
 * Bookings: places that are held, their price on the chain, and their end by themselves. A booking is
 * written before anything is sent for it; what was sent is followed until it is final, so that a restart at
 * any instant goes on with it.
 *
 * Long because booking and canceling are each one act with many refusals.
 */
import { randomBytes } from 'node:crypto'
import type { ApiError } from '../../core/api/errors.ts'
import type { Booking, BookingTerms } from '../../core/api/schemas/market.ts'
import { ownerOf, type Principal } from '../../core/auth/principal.ts'
import { bytesEqual, fromHex, toHex, toHex0x } from '../../core/base/bytes.ts'
import { decodeCanonical } from '../../core/base/coders.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { slotAt } from '../../core/chain/consensus.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import {
  bookingIdOf,
  type Transaction,
  transactionCoder,
  transactionHash,
} from '../../core/chain/transaction.ts'
import { addressOf, formatAddress, parseAddress } from '../../core/crypto/address.ts'
import {
  type BookingState,
  bookingCost,
  fitsBeside,
  isLiveBooking,
  nextBookingState,
  nextFit,
  placesTaken,
  type Span,
  slotsPerHour,
} from '../../core/market/booking.ts'
import { marketLimits as limits } from '../../core/market/limits.ts'
import type { Offer } from '../../core/market/offer.ts'
import { withTimeout } from '../coordinator/chain-view.ts'
import { bytesOf, rowsOf } from '../coordinator/schema.ts'
import type { Settings } from '../coordinator/settings.ts'
import { type Bids, isSeller } from './bids.ts'
import { followBookings, type MoveBooking } from './booking-follow.ts'
import { type BookingRow, live, openMessage, unclose } from './booking-row.ts'
import { marketPolicy } from './limits.ts'
import { type OfferRowOf, type Offers, offerHashOf } from './offers.ts'
import type { MarketHost } from './ports.ts'

/** What is asked for; slots instead of hours, since the original books parts of hours. */
export type BookingAsk = {
  readonly offerId: string
  readonly slots: number
  /** Undefined: all of them. */
  readonly places: number | undefined
  readonly agreementId: string | undefined
  readonly jobId: string | undefined
  readonly transaction: string | undefined
}

type Terms = {
  readonly offer: OfferRowOf
  readonly provider: string
  readonly places: number
  readonly slots: number
  readonly pricePerHour: bigint
  readonly perSlot: bigint
  readonly total: bigint
  readonly offerHash: Uint8Array
  readonly startSlot: number
}

export type Bookings = ReturnType<typeof openBookings>

export function openBookings(
  parts: MarketHost & { readonly offers: Offers; readonly bids: () => Bids },
) {
  const { database, offers, coordinator, chain, settings, now } = parts
  const ask = <T>(question: Promise<T>) => withTimeout(question, marketPolicy.chainWaitMs)
  const slotNow = (): number => slotAt(settings, now())
  const timeOf = (slot: number): string => formatTime(settings.genesisTimeMs + slot * slotMs)

  const rowOf = (id: string): BookingRow | undefined =>
    rowsOf<BookingRow>(database, 'SELECT * FROM bookings WHERE booking_id = ?', id)[0]

  const liveOf = (offerId: string): BookingRow[] =>
    rowsOf<BookingRow>(database, selectLive, offerId)

  const spansOf = (offerId: string): Span[] =>
    liveOf(offerId).map((row) => ({
      // It holds its places now, and until its end is final, whatever this clock says.
      startSlot: Math.min(row.start_slot, slotNow()),
      endSlot: Math.max(row.end_slot, slotNow() + 1),
      places: row.places,
    }))

  /** What a booking would cost; whether it fits is asked again when it is written. */
  const termsOf = (wanted: BookingAsk): Result<Terms, ApiError> => {
    const offer = offers.row(wanted.offerId)
    if (!offer) return err({ code: 'OFFER_NOT_FOUND' })
    const listed = JSON.parse(offer.body) as Offer
    const not = (message: string) => err<ApiError>({ code: 'OFFER_NOT_BOOKABLE', message })
    if (offer.kind === 'remote') return not(`Book this offer at its own site, ${listed.site}.`)
    if (listed.status === 'withdrawn') return not('This offer was withdrawn.')
    if (listed.status !== 'online') return not('The miner of this offer is not here.')
    if (listed.provider === null) return not('Nobody is known who could be paid for it.')
    if (listed.price_per_hour === null) return not('This offer names no price for an hour.')
    if (listed.concurrency === 0) return not('This offer does not say how many places it has.')
    const agreed = agreedPrice(wanted)
    if (!agreed.ok) return agreed
    const pricePerHour = agreed.value ?? BigInt(listed.price_per_hour)
    const places = wanted.places ?? listed.concurrency
    const cost = bookingCost({ slots: wanted.slots, places, pricePerHour })
    if (!cost.ok) return err({ code: 'AMOUNT_INVALID' })
    const { slots, perSlot, total } = cost.value
    const startSlot = slotNow()
    const fits = fitting(offer, { startSlot, endSlot: startSlot + slots, places })
    if (!fits.ok) return fits
    return ok({
      offer,
      provider: listed.provider,
      places,
      slots,
      pricePerHour,
      perSlot,
      total,
      offerHash: offerHashOf(offer),
      startSlot,
    })
  }

  const agreedPrice = (wanted: BookingAsk): Result<bigint | undefined, ApiError> => {
    if (wanted.agreementId === undefined) return ok(undefined)
    const agreement = parts.bids().agreementRow(wanted.agreementId)
    const fits =
      agreement?.state === 'open' &&
      agreement.kind === 'hours' &&
      agreement.offer_id === wanted.offerId &&
      (wanted.places ?? 1) <= agreement.capacity &&
      wanted.slots <= (agreement.hours ?? 0) * slotsPerHour &&
      agreement.expires_at_ms > now()
    return fits ? ok(BigInt(agreement.price)) : err({ code: 'AGREEMENT_CLOSED' })
  }

  const fitting = (offer: OfferRowOf, span: Span): Result<null, ApiError> => {
    const { concurrency } = JSON.parse(offer.body) as Offer
    const taken = spansOf(offer.offer_id)
    if (fitsBeside(taken, span, concurrency)) return ok(null)
    const next = nextFit(taken, span, concurrency)
    const details = { next_free_at: next === undefined ? null : timeOf(next), places: concurrency }
    return err({ code: 'OFFER_FULL', details })
  }

  const reserve = (
    who: Principal,
    terms: Terms,
    wanted: BookingAsk,
    signed: { readonly bytes: Uint8Array; readonly transaction: Transaction } | undefined,
  ): Result<string, ApiError> => {
    const owner = ownerOf(who)
    const bookingId = toHex(new Uint8Array(randomBytes(16)))
    return database.transactionSync(() => {
      const { startSlot, slots, places } = terms
      const span = { startSlot, endSlot: startSlot + slots, places }
      const fits = fitting(terms.offer, span)
      if (!fits.ok) return fits
      const [mine] = rowsOf<{ n: number }>(database, `${countLive} AND owner = ?`, owner)
      const [all] = rowsOf<{ n: number }>(database, countLive)
      const isFull =
        (mine?.n ?? 0) >= limits.liveBookingsPerOwnerMax || (all?.n ?? 0) >= limits.liveBookingsMax
      if (isFull) return err<ApiError>({ code: 'BOOKINGS_TOO_MANY' })
      const hash = signed && transactionHash(signed.bytes)
      if (hash && rowsOf(database, selectByHash, hash).length > 0) {
        const message = 'This transaction has been sent for a booking already.'
        return err<ApiError>({ code: 'BOOKING_TERMS_DIFFER', message })
      }
      if (wanted.agreementId !== undefined) {
        if (!parts.bids().move(wanted.agreementId, 'book', bookingId)) {
          return err<ApiError>({ code: 'AGREEMENT_CLOSED' })
        }
      }
      const listed = JSON.parse(terms.offer.body) as Offer
      database.sql.exec(
        insertBooking,
        bookingId,
        terms.offer.offer_id,
        terms.offer.miner_id,
        listed.gpus[0]?.name ?? null,
        wanted.agreementId ?? null,
        wanted.jobId ?? null,
        owner,
        who.publicId,
        terms.offer.owner,
        terms.provider,
        who.kind === 'api_key' ? who.publicId : null,
        terms.total === 0n ? 'active' : 'pending',
        places,
        String(terms.pricePerHour),
        String(terms.perSlot),
        String(terms.total),
        terms.offerHash,
        startSlot,
        startSlot + slots,
        signed?.bytes ?? null,
        hash ?? null,
        signed ? Number(signed.transaction.body.validUntil) : null,
        now(),
      )
      return ok(bookingId)
    })
  }

  /** Moves a booking on, with its agreement, in one write. */
  const move: MoveBooking = (row, event, change = {}) => {
    const state = nextBookingState(row.state, event)
    if (!state) return
    const columns = Object.entries({ ...change, state })
    database.transactionSync(() => {
      database.sql.exec(
        `UPDATE bookings SET ${columns.map(([name]) => `${name} = ?`).join(', ')} WHERE seq = ?`,
        ...columns.map(([, value]) => value as SqlStorageValue),
        row.seq,
      )
      if (row.agreement_id === null || isLiveBooking(state)) return
      const outcome =
        state === 'failed'
          ? 'booking_failed'
          : state === 'ended'
            ? 'booking_ended'
            : 'booking_canceled'
      const booking = state === 'failed' ? null : row.booking_id
      parts.bids().move(row.agreement_id, outcome, booking)
    })
    parts.wakeAt(now())
  }

  /** Has the key's account sign and send; what it signed is the same however often it is asked. */
  const sendByKey = async (row: BookingRow): Promise<Result<null, ApiError>> => {
    const sent = await coordinator.keySend({
      id: `open ${row.booking_id}`,
      publicId: row.key_id ?? '',
      message: openMessage(settings, row),
    })
    if (!sent.ok) {
      move(row, 'refused', { fault: sent.error.code })
      return sent
    }
    const { bytes } = sent.value
    const read = decodeCanonical(transactionCoder, bytes)
    database.sql.exec(
      'UPDATE bookings SET open_bytes = ?, open_hash = ?, valid_until = ? WHERE seq = ?',
      bytes,
      transactionHash(bytes),
      read.ok ? Number(read.value.body.validUntil) : 0,
      row.seq,
    )
    return ok(null)
  }

  const book = async (who: Principal, wanted: BookingAsk): Promise<Result<Booking, ApiError>> => {
    const terms = termsOf(wanted)
    if (!terms.ok) return terms
    const isFree = terms.value.total === 0n
    const signed =
      wanted.transaction === undefined || isFree ? undefined : readSigned(wanted.transaction)
    if (signed && !signed.ok) return signed
    if (signed) {
      const fits = checkOpen(settings, who, terms.value, signed.value.transaction)
      if (!fits.ok) return fits
    } else if (!isFree && (who.kind !== 'api_key' || who.scope !== 'client')) {
      const message =
        'Send the booking_open that your wallet signed: POST /api/v1/market/bookings/terms says what.'
      return err({ code: 'ESCROW_REQUIRED', message })
    }
    const reserved = reserve(who, terms.value, wanted, signed?.value)
    if (!reserved.ok) return reserved
    parts.wakeAt(now() + marketPolicy.followMs)
    const row = rowOf(reserved.value) as BookingRow
    const sent = isFree ? ok(null) : signed ? await submitOpen(row) : await sendByKey(row)
    if (!sent.ok) return sent
    return ok(view(rowOf(reserved.value) as BookingRow))
  }

  const submitOpen = async (row: BookingRow): Promise<Result<null, ApiError>> => {
    if (!row.open_bytes) return ok(null)
    try {
      const [verdict] = await ask(chain.submit([bytesOf(row.open_bytes)]))
      if (!verdict || verdict.ok) return ok(null)
      move(row, 'refused', { fault: verdict.error.code })
      return err({ code: verdict.error.code, message: verdict.error.message })
    } catch {
      // It is on disk and is sent again; whoever asked reads `pending`.
      return ok(null)
    }
  }

  const followed = followBookings({ ...parts, ask, slotNow, move, sendByKey })

  const view = (row: BookingRow): Booking => ({
    booking_id: row.booking_id,
    offer_id: row.offer_id,
    miner_id: row.miner_id,
    gpu: row.gpu,
    agreement_id: row.agreement_id,
    job_id: row.job_id,
    buyer: row.buyer,
    state: row.state,
    places: row.places,
    hours: (row.end_slot - row.start_slot) / slotsPerHour,
    price_per_hour: row.price_hour,
    price_per_slot: row.price_slot,
    total: row.total,
    start: timeOf(row.start_slot),
    end: timeOf(row.end_slot),
    start_slot: row.start_slot,
    end_slot: row.end_slot,
    escrow:
      row.open_hash === null
        ? null
        : {
            booking: toHex0x(bookingIdOf(bytesOf(row.open_hash))),
            opened_by: toHex0x(bytesOf(row.open_hash)),
            closed_by: row.close_hash === null ? null : toHex0x(bytesOf(row.close_hash)),
          },
    paid: row.paid,
    returned: row.returned,
    fault: row.fault,
    created_at: formatTime(row.created_at_ms),
    unit: 'base_units',
  })

  const partyOf = (who: Principal, row: BookingRow): 'buyer' | 'seller' | undefined => {
    if (ownerOf(who) === row.owner) return 'buyer'
    return isSeller(who, { owner: row.seller }) ? 'seller' : undefined
  }

  /** Ends a booking before its time; the chain counts the slots. */
  const cancel = async (
    who: Principal,
    bookingId: string,
    transaction: string | undefined,
  ): Promise<Result<Booking, ApiError>> => {
    const row = rowOf(bookingId)
    const party = row && partyOf(who, row)
    if (!row || !party) return err({ code: 'BOOKING_NOT_FOUND' })
    if (row.state !== 'active') return err({ code: 'BOOKING_OVER' })
    if (row.total === '0' || !row.open_hash) {
      move(row, 'canceled', { paid: '0', returned: '0' })
      return ok(view(rowOf(bookingId) as BookingRow))
    }
    const booking = bookingIdOf(bytesOf(row.open_hash))
    const bytes =
      transaction === undefined
        ? await closeByKey(who, row, booking)
        : checkClose(who, transaction, booking)
    if (!bytes.ok) return bytes
    const fresh = rowOf(bookingId) as BookingRow
    if (fresh.state !== 'active') return err({ code: 'BOOKING_OVER' })
    move(fresh, 'close', { close_bytes: bytes.value, close_hash: transactionHash(bytes.value) })
    try {
      const [verdict] = await ask(chain.submit([bytes.value]))
      if (verdict && !verdict.ok) {
        // It stays as it was: nothing of this is on the chain.
        database.sql.exec(unclose, fresh.seq)
        return err({ code: verdict.error.code, message: verdict.error.message })
      }
    } catch {
      // It is on disk and is sent again.
    }
    return ok(view(rowOf(bookingId) as BookingRow))
  }

  const closeByKey = async (
    who: Principal,
    row: BookingRow,
    booking: Uint8Array,
  ): Promise<Result<Uint8Array, ApiError>> => {
    if (who.kind !== 'api_key' || who.publicId !== row.key_id) {
      const message = 'Send the booking_close that your wallet signed.'
      return err({ code: 'ESCROW_REQUIRED', message })
    }
    const sent = await coordinator.keySend({
      id: `cancel ${row.booking_id}`,
      publicId: row.key_id,
      message: { TAG: 'booking_close', data: { booking } },
    })
    return sent.ok ? ok(sent.value.bytes) : sent
  }

  return {
    terms: (wanted: BookingAsk): Result<BookingTerms, ApiError> => {
      const terms = termsOf(wanted)
      if (!terms.ok) return terms
      const { offer, provider, places, slots, pricePerHour, perSlot, total, offerHash } =
        terms.value
      return ok({
        offer_id: offer.offer_id,
        places,
        hours: slots / slotsPerHour,
        price_per_hour: String(pricePerHour),
        price_per_slot: String(perSlot),
        total: String(total),
        slots,
        start: timeOf(terms.value.startSlot),
        end: timeOf(terms.value.startSlot + slots),
        provider,
        coordinator: toHex(settings.coordinator.publicKey),
        offer_hash: toHex0x(offerHash),
        unit: 'base_units',
      })
    },
    book,
    cancel,
    view,
    liveOf,
    partyOf,
    booking: (who: Principal, id: string): Result<Booking, ApiError> => {
      const row = rowOf(id)
      return row && partyOf(who, row) ? ok(view(row)) : err({ code: 'BOOKING_NOT_FOUND' })
    },
    list: (
      who: Principal,
      page: {
        readonly before: number
        readonly limit: number
        readonly role: 'buyer' | 'provider'
      },
    ) => {
      const column = page.role === 'buyer' ? 'owner' : 'seller'
      const rows = rowsOf<BookingRow>(
        database,
        `SELECT * FROM bookings WHERE ${column} = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
        ownerOf(who),
        page.before,
        page.limit + 1,
      )
      const shown = rows.slice(0, page.limit)
      return {
        items: shown.map(view),
        next: rows.length > page.limit ? shown.at(-1)?.seq : undefined,
      }
    },
    orders: (states: readonly BookingState[], limit: number): Booking[] =>
      rowsOf<BookingRow>(
        database,
        `SELECT * FROM bookings WHERE state IN (SELECT value FROM json_each(?))
         ORDER BY seq DESC LIMIT ?`,
        JSON.stringify(states),
        limit,
      ).map(view),

    /** Places that are free for the next hours. */
    freePlaces: (offer: OfferRowOf, hours: number): number => {
      const { concurrency } = JSON.parse(offer.body) as Offer
      const startSlot = slotNow()
      const within = { startSlot, endSlot: startSlot + hours * slotsPerHour }
      return Math.max(0, concurrency - placesTaken(spansOf(offer.offer_id), within))
    },
    nextFree: (offer: OfferRowOf): string | null => {
      const { concurrency } = JSON.parse(offer.body) as Offer
      const startSlot = slotNow()
      const span = { startSlot, endSlot: startSlot + slotsPerHour, places: 1 }
      const next = nextFit(spansOf(offer.offer_id), span, concurrency)
      return next === undefined ? null : timeOf(next)
    },
    taken: (offerId: string) =>
      liveOf(offerId).map((row) => ({
        start: timeOf(row.start_slot),
        end: timeOf(row.end_slot),
        places: row.places,
      })),

    tick: followed.tick,
  }
}

const readSigned = (
  hex: string,
): Result<{ bytes: Uint8Array; transaction: Transaction }, ApiError> => {
  const bytes = fromHex(hex)
  const transaction = bytes.ok ? decodeCanonical(transactionCoder, bytes.value) : bytes
  if (!bytes.ok || !transaction.ok) return err({ code: 'ENCODING_INVALID' })
  return ok({ bytes: bytes.value, transaction: transaction.value })
}

/** A wallet signs exactly what the terms say. */
const checkOpen = (
  settings: Settings,
  who: Principal,
  terms: Terms,
  { body }: Transaction,
): Result<null, ApiError> => {
  const differs = (message: string) => err<ApiError>({ code: 'BOOKING_TERMS_DIFFER', message })
  if (body.message.TAG !== 'booking_open') return differs('It is no booking_open.')
  const { data } = body.message
  const sender = formatAddress(addressOf(body.sender))
  const provider = parseAddress(terms.provider)
  if (who.kind !== 'api_key' && sender !== who.publicId) return differs('Somebody else signed it.')
  if (!provider.ok || !bytesEqual(data.provider, provider.value)) {
    return differs('It pays another provider.')
  }
  if (!bytesEqual(data.coordinator, settings.coordinator.publicKey)) {
    return differs('It names another coordinator.')
  }
  if (!bytesEqual(data.offer, terms.offerHash)) return differs('The offer has changed.')
  if (data.start !== 0n) return differs('It begins later: start is to be 0.')
  if (data.slots !== BigInt(terms.slots)) return differs('It is for another time.')
  if (data.price !== terms.perSlot) return differs('It holds another price.')
  return ok(null)
}

const checkClose = (
  who: Principal,
  hex: string,
  booking: Uint8Array,
): Result<Uint8Array, ApiError> => {
  const read = readSigned(hex)
  if (!read.ok) return read
  const { body } = read.value.transaction
  const isIt =
    body.message.TAG === 'booking_close' &&
    bytesEqual(body.message.data.booking, booking) &&
    (who.kind === 'api_key' || formatAddress(addressOf(body.sender)) === who.publicId)
  if (isIt) return ok(read.value.bytes)
  const message = 'It does not close this booking, or somebody else signed it.'
  return err({ code: 'BOOKING_TERMS_DIFFER', message })
}

const selectLive = `SELECT * FROM bookings WHERE offer_id = ? AND ${live}`
const countLive = `SELECT count(*) AS n FROM bookings WHERE ${live}`
const selectByHash = 'SELECT 1 FROM bookings WHERE open_hash = ?'
const insertBooking = `INSERT INTO bookings (booking_id, offer_id, miner_id, gpu, agreement_id, job_id,
  owner, buyer, seller, provider, key_id, state, places, price_hour, price_slot, total, offer_hash,
  start_slot, end_slot, open_bytes, open_hash, valid_until, created_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
