/**
 * What this site says of its market on the chain, at a bounded rate, and what it hears of others. A name of
 * a site belongs to the account that used it first; whatever others say in its name is not heard.
 */

import type { Bid } from '../../core/api/schemas/market.ts'
import { toHex, utf8ToBytes } from '../../core/base/bytes.ts'
import { hasPassed } from '../../core/base/time.ts'
import { addressOf, formatAddress } from '../../core/crypto/address.ts'
import { taggedHash } from '../../core/crypto/hash.ts'
import {
  type Announcement,
  decodeAnnouncement,
  encodeAnnouncement,
} from '../../core/market/announcement.ts'
import type { Offer } from '../../core/market/offer.ts'
import { type Blob, bytesOf, rowsOf } from '../coordinator/schema.ts'
import type { Bids } from './bids.ts'
import { marketPolicy } from './limits.ts'
import type { OfferRowOf, Offers } from './offers.ts'
import type { MarketHost, SaidRow } from './ports.ts'

export function openSayings(
  host: MarketHost & { readonly offers: Offers; readonly bids: () => Bids },
) {
  const { database, coordinator, settings, offers, now } = host
  const ownAddress = formatAddress(addressOf(settings.coordinator.publicKey))
  let saidAtMs = 0

  /** Puts something in the row of what is to be said. Inside the caller's write. */
  const say = (said: Announcement): void => {
    const encoded = encodeAnnouncement(said)
    if (!encoded) return
    const id = `say ${toHex(taggedHash('aitbc/saying/1', encoded.body)).slice(0, 32)} ${now()}`
    database.sql.exec(insertSaying, id, encoded.topic, encoded.body)
  }

  const metaOf = (name: string): string | undefined =>
    rowsOf<{ value: string }>(database, 'SELECT value FROM meta WHERE name = ?', name)[0]?.value

  /** Offers whose words differ from what was said of them; each at most now and then. */
  const sayOffers = (): void => {
    const nowMs = now()
    const rows = rowsOf<OfferRowOf>(
      database,
      selectUnsaid,
      nowMs - marketPolicy.announceOfferEveryMs,
    )
    for (const row of rows) {
      const offer = JSON.parse(row.body) as Offer
      const announcement = announcementOf(offer)
      const said = announcement === undefined ? 'gone' : JSON.stringify(announcement.body)
      const hash = toHex(taggedHash('aitbc/said/1', utf8ToBytes(said))).slice(0, 16)
      if (hash === row.said || (announcement === undefined && row.said === '')) continue
      database.transactionSync(() => {
        say(
          announcement ?? {
            topic: 'offer_withdrawn',
            body: { v: 1, site: host.site(), id: offer.offer_id },
          },
        )
        database.sql.exec(setSaid, hash, nowMs, offer.offer_id)
      })
    }
  }

  /** What others may know of an offer; undefined for one that is not for sale now. */
  const announcementOf = (offer: Offer): Announcement | undefined => {
    if (offer.status !== 'online') return undefined
    return {
      topic: 'offer',
      body: {
        v: 1,
        site: offer.site,
        id: offer.offer_id,
        miner: offer.miner_id,
        provider: offer.provider,
        engine: offer.engine,
        region: offer.region,
        models: offer.models
          .slice(0, 16)
          .map((model) => [
            model.name,
            model.context_tokens,
            model.price_prompt,
            model.price_completion,
          ]),
        gpus: offer.gpus.slice(0, 16).map((gpu) => [gpu.name, gpu.memory_mib]),
        hour: offer.price_per_hour,
        places: offer.concurrency,
      },
    }
  }

  const hear = (row: SaidRow): void => {
    const said = decodeAnnouncement(row.topic, row.body)
    if (!said) return
    const { site, id } = said.body
    const at = { txHash: row.txHash, height: row.height }
    if (row.sender === ownAddress) {
      if (said.topic === 'offer') offers.confirm(id, at)
      else if (said.topic === 'bid') host.bids().confirm(id, at)
      return
    }
    if (site === host.site() || !isHolder(site, row.sender)) return
    switch (said.topic) {
      case 'offer':
        offers.announced(said.body, at)
        return
      case 'offer_withdrawn':
        offers.withdrawnElsewhere(site, id)
        return
      case 'bid':
        host.bids().announced(said.body, at)
        return
      case 'bid_withdrawn':
        host.bids().endedElsewhere(site, id, 'canceled', 0)
        return
      case 'award':
        host.bids().endedElsewhere(site, id, said.body.status, said.body.filled)
        return
      default:
        said satisfies never
    }
  }

  const isHolder = (site: string, sender: string): boolean => {
    database.sql.exec('INSERT OR IGNORE INTO sites VALUES (?, ?)', site, sender)
    const query = 'SELECT sender FROM sites WHERE site = ?'
    return rowsOf<{ sender: string }>(database, query, site)[0]?.sender === sender
  }

  return {
    bid: (bid: Bid, wanted: number): void =>
      say({
        topic: 'bid',
        body: {
          v: 1,
          site: bid.site,
          id: bid.bid_id,
          bidder: bid.bidder,
          query: bid.query,
          kind: bid.kind,
          wanted,
          hours: bid.hours,
          price: bid.price_max,
          closes: Date.parse(bid.closes_at),
        },
      }),
    ended: (bid: Bid): void => {
      const { site, bid_id: id, status, filled } = bid
      if (status === 'open') return
      if (status === 'canceled') say({ topic: 'bid_withdrawn', body: { v: 1, site, id } })
      else say({ topic: 'award', body: { v: 1, site, id, status, filled } })
    },

    /** Hands the oldest saying to the coordinator, which sends it; the next one a little later. */
    tick: async (): Promise<void> => {
      sayOffers()
      const nowMs = now()
      const [next] = rowsOf<{ seq: number; id: string; topic: number; body: Blob }>(
        database,
        'SELECT * FROM sayings ORDER BY seq LIMIT 1',
      )
      if (!next) return
      if (!hasPassed(marketPolicy.announceEveryMs, saidAtMs, nowMs)) {
        host.wakeAt(saidAtMs + marketPolicy.announceEveryMs)
        return
      }
      const message = {
        TAG: 'announce',
        data: { topic: next.topic, body: bytesOf(next.body) },
      } as const
      // Known to the coordinator by its id: told twice, it is said once.
      await coordinator.post({ id: next.id, message, again: false })
      database.sql.exec('DELETE FROM sayings WHERE seq = ?', next.seq)
      saidAtMs = nowMs
      host.wakeAt(nowMs + marketPolicy.announceEveryMs)
    },

    /** Reads what is new on the chain, in order, each once. */
    listen: async (): Promise<void> => {
      const [height = 0, position = -1] = (metaOf('heard') ?? '0 -1').split(' ').map(Number)
      const limit = marketPolicy.announcementsAtOnce
      const rows = await host.readModel.said({ height, position }, limit)
      const last = rows.at(-1)
      if (!last) return
      database.transactionSync(() => {
        for (const row of rows) hear(row)
        const place = `${last.height} ${last.position}`
        database.sql.exec("INSERT OR REPLACE INTO meta VALUES ('heard', ?)", place)
      })
      if (rows.length === limit) host.wakeAt(now())
    },
  }
}

const insertSaying = 'INSERT OR IGNORE INTO sayings (id, topic, body) VALUES (?, ?, ?)'
const selectUnsaid = `SELECT * FROM offers WHERE kind IN ('agent', 'legacy', 'listed')
  AND said_at_ms <= ? LIMIT 200`
const setSaid = 'UPDATE offers SET said = ?, said_at_ms = ? WHERE offer_id = ?'
