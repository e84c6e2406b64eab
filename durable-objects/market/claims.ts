/**
 * Claims: what bookings and agreements give their buyers is told to the coordinator, which dispatches by it,
 * and what it counted of agreements is taken back. The whole list each time: whoever was killed in between says
 * or hears it again.
 */
import { toHex } from '../../core/base/bytes.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import { bookingIdOf } from '../../core/chain/transaction.ts'
import type { Claim } from '../../core/jobs/claim.ts'
import { bytesOf, rowsOf } from '../coordinator/schema.ts'
import type { AgreementRow, Bids } from './bids.ts'
import type { BookingRow } from './booking-row.ts'
import { marketPolicy } from './limits.ts'
import type { MarketHost } from './ports.ts'

export function openMarketClaims(host: MarketHost & { readonly bids: () => Bids }) {
  const { database, coordinator, settings, now } = host
  let told: string | undefined

  const bookings = (): Claim[] =>
    rowsOf<BookingRow>(database, selectActive).map((row) => ({
      kind: 'booking',
      claimId: row.booking_id,
      minerId: row.miner_id,
      owner: row.owner,
      untilMs: settings.genesisTimeMs + row.end_slot * slotMs,
      places: row.places,
      onChain: row.open_hash === null ? undefined : toHex(bookingIdOf(bytesOf(row.open_hash))),
    }))

  const agreements = (): Claim[] =>
    rowsOf<AgreementRow>(database, selectOpen, now()).map((row) => ({
      kind: 'agreement',
      claimId: row.agreement_id,
      minerId: row.miner_id,
      owner: row.owner,
      untilMs: row.expires_at_ms,
      models: JSON.parse(row.models) as string[],
      completionPer1000: BigInt(row.price),
      tokens: row.capacity,
    }))

  return {
    /** Tells what holds where that has changed, and asks what was used where anything can be. */
    sync: async (): Promise<void> => {
      const open = agreements()
      const claims = [...bookings(), ...open]
      const text = JSON.stringify(claims, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      const over = rowsOf<{ id: string }>(database, selectOver, now() - marketPolicy.usesLateMs)
      if (text === told && open.length === 0 && over.length === 0) return
      const used = await coordinator.setClaims(
        claims,
        over.map(({ id }) => id),
      )
      told = text
      database.transactionSync(() => {
        for (const [id, tokens] of Object.entries(used)) host.bids().used(id, tokens)
      })
    },
  }
}

// A booking of what was listed by hand keeps no places here: no miner stands behind it.
const selectActive = `SELECT bookings.* FROM bookings JOIN offers USING (offer_id)
  WHERE state = 'active' AND offers.kind IN ('agent', 'legacy') ORDER BY seq`
const selectOpen = `SELECT * FROM agreements
  WHERE state = 'open' AND kind = 'tokens' AND expires_at_ms > ? ORDER BY seq`
// Results of jobs that were under way when it ended.
const selectOver = `SELECT agreement_id AS id FROM agreements
  WHERE state IN ('fulfilled', 'lapsed') AND kind = 'tokens' AND expires_at_ms > ? LIMIT 1000`
