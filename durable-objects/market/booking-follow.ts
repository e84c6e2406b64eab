/** Follows bookings on the chain: what waits for its opening, its time or its end goes on from its row alone. */
import type { TransactionView } from '../../core/api/chain-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import type { Result } from '../../core/base/result.ts'
import { hasPassed } from '../../core/base/time.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import { outcomeCodes } from '../../core/chain/outcome.ts'
import { bookingIdOf } from '../../core/chain/transaction.ts'
import type { BookingEvent } from '../../core/market/booking.ts'
import { type Blob, bytesOf, rowsOf } from '../coordinator/schema.ts'
import { type BookingRow, closePost, live, shares, unclose } from './booking-row.ts'
import { marketPolicy } from './limits.ts'
import type { MarketHost } from './ports.ts'

/** Moves a booking on, with its agreement, in one write. */
export type MoveBooking = (
  row: BookingRow,
  event: BookingEvent,
  change?: Partial<Record<keyof BookingRow, SqlStorageValue | Uint8Array>>,
) => void

type Steps = {
  /** Asks the chain, and waits so long at most. */
  readonly ask: <T>(question: Promise<T>) => Promise<T>
  readonly slotNow: () => number
  readonly move: MoveBooking
  readonly sendByKey: (row: BookingRow) => Promise<Result<null, ApiError>>
}

/** `tick` goes on with all that is under way. */
export function followBookings(parts: MarketHost & Steps) {
  const { database, coordinator, chain, settings, now, ask, slotNow, move, sendByKey } = parts

  /** When the chain was asked last whether it still holds the money of a booking. */
  const lookedAtMs = new Map<string, number>()

  const lookFor = (hash: Blob): Promise<TransactionView | undefined> =>
    ask(chain.transaction(bytesOf(hash)))

  const followPending = async (row: BookingRow): Promise<void> => {
    if (!row.open_hash || !row.open_bytes) {
      if (row.key_id !== null) await sendByKey(row)
      else move(row, 'refused', { fault: 'no transaction' })
      return
    }
    const found = await lookFor(row.open_hash)
    if (found?.final && found.block) {
      const isApplied = found.outcome?.code === outcomeCodes.applied
      if (!isApplied) return move(row, 'refused', { fault: `outcome ${found.outcome?.code}` })
      const start = found.block.slot
      const length = row.end_slot - row.start_slot
      return move(row, 'opened', { start_slot: start, end_slot: start + length })
    }
    if (found) return
    const head = await ask(chain.head())
    if (head.finalSlot > (row.valid_until ?? 0)) {
      const again = await lookFor(row.open_hash)
      if (!again) move(row, 'refused', { fault: 'VALIDITY_EXPIRED' })
      return
    }
    await ask(chain.submit([bytesOf(row.open_bytes)]))
  }

  const followClosing = async (row: BookingRow): Promise<void> => {
    const posted = await coordinator.posted(closePost(row).id)
    const hashes = [row.close_hash, posted?.txHash].flatMap((hash) => (hash ? [hash] : []))
    for (const hash of hashes) {
      const found = await lookFor(hash)
      if (!found?.final || !found.block) continue
      if (found.outcome?.code !== outcomeCodes.applied) continue
      const isEarly = found.block.slot < row.end_slot
      const done = {
        ...shares(settings, row, found.block.slot),
        close_hash: bytesOf(hash),
        fault: null,
      }
      return move(row, isEarly ? 'canceled' : 'closed', done)
    }
    if (slotNow() < row.end_slot) {
      if (row.close_bytes) await ask(chain.submit([bytesOf(row.close_bytes)]))
      // Nobody wants it closed: this clock was ahead when its time seemed over.
      else if (!posted?.isOpen) database.sql.exec(unclose, row.seq)
      return
    }
    if (!posted) return coordinator.post({ ...closePost(row), again: false })
    if (posted.isOpen) return
    const found = posted.txHash && (await lookFor(posted.txHash))
    if (!found) return coordinator.post({ ...closePost(row), again: true })
    if (!found.final) return
    if (await isOnChain(row)) {
      // Its time was not over yet by the clock of the chain.
      const { slot } = await ask(chain.head())
      if (slot >= row.end_slot) await coordinator.post({ ...closePost(row), again: true })
      return
    }
    // Somebody else has closed it, as anybody may from its end on.
    move(row, 'closed', { ...shares(settings, row, row.end_slot), fault: null })
  }

  /** Whether the chain holds the money of a booking that has begun. */
  const isOnChain = async (row: BookingRow): Promise<boolean> => {
    const id = bookingIdOf(bytesOf(row.open_hash as Blob))
    const { finalSlot } = await ask(chain.head())
    // A chain that has not come so far yet says nothing of it.
    return finalSlot < row.start_slot || (await ask(chain.finalBooking(id))) !== undefined
  }

  /** Its parties may close it on the chain themselves, and take the money back: then it holds no places. */
  const closedElsewhere = async (row: BookingRow): Promise<boolean> => {
    const isDue = hasPassed(marketPolicy.lookEveryMs, lookedAtMs.get(row.booking_id) ?? 0, now())
    if (row.open_hash === null || !isDue) return false
    lookedAtMs.set(row.booking_id, now())
    return !(await isOnChain(row))
  }

  const followActive = async (row: BookingRow): Promise<void> => {
    if (await closedElsewhere(row)) {
      return move(row, 'canceled', { fault: 'closed on the chain by one of its parties' })
    }
    if (slotNow() < row.end_slot) {
      parts.wakeAt(
        Math.min(
          settings.genesisTimeMs + row.end_slot * slotMs,
          row.open_hash ? now() + marketPolicy.lookEveryMs : Number.POSITIVE_INFINITY,
        ),
      )
      return
    }
    if (row.total === '0') {
      return move(row, 'closed', { paid: '0', returned: '0' })
    }
    move(row, 'close')
    await coordinator.post({ ...closePost(row), again: false })
  }

  return {
    /** Goes on with what is under way, one after the other; a fault of one is not one of the others. */
    tick: async (): Promise<void> => {
      let isUnderWay = false
      for (const row of rowsOf<BookingRow>(database, selectAllLive)) {
        try {
          if (row.state === 'pending') await followPending(row)
          else if (row.state === 'closing') await followClosing(row)
          else await followActive(row)
        } catch (error) {
          const fault = error instanceof Error ? error.message : 'failed'
          console.error(JSON.stringify({ msg: 'booking', booking: row.booking_id, fault }))
        }
        const state = rowsOf<Pick<BookingRow, 'state'>>(database, selectState, row.seq)[0]?.state
        if (state !== 'active') lookedAtMs.delete(row.booking_id)
        isUnderWay ||= state === 'pending' || state === 'closing'
      }
      if (isUnderWay) parts.wakeAt(now() + marketPolicy.followMs)
    },
  }
}

const selectAllLive = `SELECT * FROM bookings WHERE ${live} ORDER BY seq`
const selectState = 'SELECT state FROM bookings WHERE seq = ?'
