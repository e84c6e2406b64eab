/**
 * Bookings: work whose time is paid for on the chain, and whose tokens cost nothing. A site that says so is
 * believed as far as the light client is: the booking must stand in the newest final state, pay this miner for
 * now, and pay for as many jobs at a time as are offered. Rules: core/jobs/SPEC.md, CLAIM.
 */
import { bytesEqual, fromHex } from '../core/base/bytes.ts'
import { err, ok, type Result } from '../core/base/result.ts'
import type { Booking } from '../core/chain/entries.ts'
import type { Genesis } from '../core/chain/genesis.ts'
import { placesPaid } from '../core/jobs/claim.ts'
import { slotsPerHour } from '../core/market/booking.ts'
import type { SiteIdentity } from './agent-state.ts'
import type { LightClient } from './light.ts'

/** What a booking is held against. */
export type BookedWork = {
  /** Id on the chain, hex. */
  readonly booking: string
  readonly site: SiteIdentity
  /** Jobs of this booking that are in hand already. */
  readonly inHand: number
}

/** Why work on a booking is not taken; undefined: it is. */
export type BookingCheck = (work: BookedWork) => Promise<string | undefined>

/** So long a booking that was shown is not asked for again. */
const trustMs = 15_000

type Shown = { readonly booking: Booking | undefined; readonly slot: number; readonly atMs: number }

/** Builds the check. `leastPerHour`: least that a place costs in an hour, base units; undefined: none is let. */
export function createBookingCheck(parts: {
  readonly light: Pick<LightClient, 'check'>
  /** The genesis of the chain that the site is on, where it can be had. */
  readonly genesis: (site: SiteIdentity) => Promise<Genesis | undefined>
  /** 20-byte address that is paid. */
  readonly address: Uint8Array
  readonly leastPerHour: bigint | undefined
  readonly nowMs: () => number
}): BookingCheck {
  const known = new Map<string, Shown>()

  const shown = async ({ booking, site }: BookedWork): Promise<Result<Shown, string>> => {
    const held = known.get(booking)
    if (held && parts.nowMs() - held.atMs < trustMs) return ok(held)
    known.delete(booking)
    const id = fromHex(booking, 32)
    const genesis = await parts.genesis(site)
    if (!id.ok || genesis === undefined) return err('the chain cannot be asked for the booking')
    const found = await parts.light.check(genesis, { kind: 'booking', id: id.value })
    if (!found.ok) return err(`the booking is not shown: ${found.error.message}`)
    const { fact } = found.value
    if (fact?.kind !== 'booking') return err('the proof is of something else')
    const fresh = { booking: fact.booking, slot: fact.block.slot, atMs: parts.nowMs() }
    if (known.size >= bookingsKept) known.clear()
    if (fresh.booking) known.set(booking, fresh)
    return ok(fresh)
  }

  return async (work) => {
    const { leastPerHour } = parts
    if (leastPerHour === undefined) return 'this miner is not to be booked'
    const found = await shown(work)
    if (!found.ok) return found.error
    const { booking, slot } = found.value
    if (!booking) return 'there is no such booking in the newest final state'
    if (!bytesEqual(booking.provider, parts.address)) return 'the booking pays somebody else'
    if (!bytesEqual(booking.coordinator, work.site.coordinator)) {
      return 'the booking is with another site'
    }
    if (slot < Number(booking.start) || slot >= Number(booking.end))
      return 'the booking does not cover this time'
    const places = placesPaid(booking.price, leastPerHour, slotsPerHour)
    if (BigInt(work.inHand) < places) return undefined
    return `the booking pays for ${places} jobs at a time, and ${work.inHand} are in hand`
  }
}

const bookingsKept = 256
