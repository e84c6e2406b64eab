/**
 * Announce: words that every site of the chain reads, such as offers and bids of a market. They change
 * nothing: no entry keeps them, and they cost what their bytes cost.
 */
import * as P from 'micro-packed'
import { type Coder, u8, u16 } from '../../base/coders.ts'

/** What announcements are about. Sites ignore topics that they do not know. Never reused. */
export const announcementTopics = {
  offer: 1,
  offer_withdrawn: 2,
  bid: 3,
  bid_withdrawn: 4,
  award: 5,
} as const

/** `topic`: how to read the body, a number of `announcementTopics`; `body`: 1 to `announcementBytesMax` bytes. */
export type Announce = { topic: number; body: Uint8Array }

/** Canonical bytes of an announcement. */
export const announceCoder: Coder<Announce> = P.struct({ topic: u8, body: P.bytes(u16) })
