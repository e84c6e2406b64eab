/** A booking as it is kept, and what its row says to the chain. */
import { bookingShares } from '../../core/chain/messages/booking.ts'
import { bookingIdOf } from '../../core/chain/transaction.ts'
import { parseAddress } from '../../core/crypto/address.ts'
import type { BookingState } from '../../core/market/booking.ts'
import { type Blob, bytesOf } from '../coordinator/schema.ts'
import type { Settings } from '../coordinator/settings.ts'

export type BookingRow = {
  readonly seq: number
  readonly booking_id: string
  readonly offer_id: string
  readonly miner_id: string
  readonly gpu: string | null
  readonly agreement_id: string | null
  readonly job_id: string | null
  readonly owner: string
  readonly buyer: string
  readonly seller: string
  readonly provider: string
  /** Public id of the API key whose account pays; null for a wallet. */
  readonly key_id: string | null
  readonly state: BookingState
  readonly places: number
  readonly price_hour: string
  readonly price_slot: string
  readonly total: string
  readonly offer_hash: Blob
  readonly start_slot: number
  readonly end_slot: number
  readonly open_bytes: Blob | null
  readonly open_hash: Blob | null
  readonly valid_until: number | null
  readonly close_bytes: Blob | null
  readonly close_hash: Blob | null
  readonly paid: string | null
  readonly returned: string | null
  readonly fault: string | null
  readonly created_at_ms: number
}

/** What opens a booking on the chain. */
export const openMessage = (settings: Settings, row: BookingRow) => {
  const provider = parseAddress(row.provider)
  if (!provider.ok) throw new Error('invariant broken: a booking names an address')
  return {
    TAG: 'booking_open',
    data: {
      provider: provider.value,
      coordinator: settings.coordinator.publicKey,
      offer: bytesOf(row.offer_hash),
      start: 0n,
      slots: BigInt(row.end_slot - row.start_slot),
      price: BigInt(row.price_slot),
    },
  } as const
}

/** Shares by the slot in which it was closed on the chain. */
export const shares = (
  settings: Settings,
  row: BookingRow,
  slot: number,
): { paid: string; returned: string } => {
  const provider = parseAddress(row.provider)
  const none = new Uint8Array(20)
  const split = bookingShares(
    {
      buyer: none,
      provider: provider.ok ? provider.value : none,
      coordinator: settings.coordinator.publicKey,
      offer: bytesOf(row.offer_hash),
      start: BigInt(row.start_slot),
      end: BigInt(row.end_slot),
      price: BigInt(row.price_slot),
    },
    {
      slot: BigInt(slot),
      shareBps: settings.genesis.parameters.coordinatorShareBps,
    },
  )
  return { paid: String(split.provider), returned: String(split.buyer) }
}

export const closePost = (row: BookingRow) => ({
  id: `close ${row.booking_id}`,
  message: {
    TAG: 'booking_close',
    data: { booking: bookingIdOf(bytesOf(row.open_hash as Blob)) },
  } as const,
})

/** Which bookings hold places. */
export const live = "state IN ('pending', 'active', 'closing')"
/** A close that nobody wants any more. */
export const unclose = `UPDATE bookings SET state = 'active', close_bytes = NULL, close_hash = NULL
  WHERE seq = ? AND state = 'closing'`
