/**
 * Announcements: offers, bids and their ends as sites tell each other on the chain. The body is JSON text
 * of at most 4 096 bytes; whoever reads one takes nothing in it on trust. Rules: SPEC.md, ANNOUNCE.
 */
import { utf8 } from '@scure/base'
import * as z from 'zod'
import { utf8ToBytes } from '../base/bytes.ts'
import { announcementTopics } from '../chain/messages/announce.ts'
import { marketLimits as limits } from './limits.ts'

/** Most bytes of a body. */
export const announceBytesMax = 4_096

const line = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u)
const id = z.string().regex(/^[0-9a-f]{32}$/)
const units = z.string().regex(/^(?:0|[1-9][0-9]{0,15})$/)
const count = z
  .int()
  .min(0)
  .max(2 ** 31)
const host = z.string().regex(/^[a-z0-9.:[\]-]{1,128}$/)

const offerBody = z.strictObject({
  v: z.literal(1),
  site: host,
  id,
  miner: line(128),
  provider: z
    .string()
    .regex(/^aitbc1[0-9a-z]{38}$/)
    .nullable(),
  engine: line(32),
  region: line(64).nullable(),
  /** Name, context, price of prompt and completion. */
  models: z.array(z.tuple([line(128), count, units, units])).max(16),
  /** Name, MiB. */
  gpus: z.array(z.tuple([line(128), count])).max(16),
  hour: units.nullable(),
  places: count,
})
const goneBody = z.strictObject({ v: z.literal(1), site: host, id })
const bidBody = z.strictObject({
  v: z.literal(1),
  site: host,
  id,
  bidder: line(128),
  query: z
    .string()
    .max(limits.queryCharsMax)
    .regex(/^[^\p{C}]*$/u),
  kind: z.enum(['tokens', 'hours']),
  wanted: z.int().min(1).max(limits.tokensMax),
  hours: z.int().min(1).max(limits.hoursMax).nullable(),
  price: units,
  closes: z
    .int()
    .min(0)
    .max(2 ** 43),
})
const endedBody = z.strictObject({
  v: z.literal(1),
  site: host,
  id,
  status: z.enum(['matched', 'partial', 'unmatched']),
  filled: z.int().min(0).max(limits.tokensMax),
})

export type OfferAnnouncement = z.infer<typeof offerBody>
export type BidAnnouncement = z.infer<typeof bidBody>

/** What an announcement says. */
export type Announcement =
  | { readonly topic: 'offer'; readonly body: OfferAnnouncement }
  | { readonly topic: 'offer_withdrawn'; readonly body: z.infer<typeof goneBody> }
  | { readonly topic: 'bid'; readonly body: BidAnnouncement }
  | { readonly topic: 'bid_withdrawn'; readonly body: z.infer<typeof goneBody> }
  | { readonly topic: 'award'; readonly body: z.infer<typeof endedBody> }

/** Writes an announcement; undefined where it would be too long. */
export function encodeAnnouncement(
  said: Announcement,
): { readonly topic: number; readonly body: Uint8Array } | undefined {
  const body = utf8ToBytes(JSON.stringify(said.body))
  if (body.length > announceBytesMax) return undefined
  return { topic: announcementTopics[said.topic], body }
}

/** Reads an announcement; undefined for whatever is none that this version knows. */
export function decodeAnnouncement(topic: number, bytes: Uint8Array): Announcement | undefined {
  const named = (Object.keys(announcementTopics) as (keyof typeof announcementTopics)[]).find(
    (name) => announcementTopics[name] === topic,
  )
  const value = parsed(bytes)
  if (named === undefined || value === undefined) return undefined
  const read = schemas[named].safeParse(value)
  return read.success ? ({ topic: named, body: read.data } as Announcement) : undefined
}

const schemas = {
  offer: offerBody,
  offer_withdrawn: goneBody,
  bid: bidBody,
  bid_withdrawn: goneBody,
  award: endedBody,
}

function parsed(bytes: Uint8Array): unknown {
  if (bytes.length > announceBytesMax) return undefined
  try {
    return JSON.parse(utf8.encode(bytes))
  } catch {
    return undefined
  }
}
