/**
 * Offers: what the coordinator's miners have for sale, what was listed by hand, and what other sites
 * announced. Each change is one atomic write; the read model follows. Long because offers come in three ways
 * and one list.
 */

import type { ApiError } from '../../core/api/errors.ts'
import type { MarketCard, MarketMiner, SignedHello } from '../../core/api/market-coordinator.ts'
import type { Listing } from '../../core/api/market-service.ts'
import { fromHex, toHex, utf8ToBytes } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { formatTime } from '../../core/base/rfc3339.ts'
import { dayMs, hasPassed } from '../../core/base/time.ts'
import { formatAddress } from '../../core/crypto/address.ts'
import { taggedHash } from '../../core/crypto/hash.ts'
import { minerChallengeBytes } from '../../core/jobs/miner-challenge.ts'
import type { OfferAnnouncement } from '../../core/market/announcement.ts'
import { marketLimits } from '../../core/market/limits.ts'
import type { Offer, UnverifiedReason } from '../../core/market/offer.ts'
import { averageRating } from '../../core/market/review.ts'
import { timePrices } from '../../core/market/time-price.ts'
import { type Interval, uptimeStrip, uptimeWithin } from '../../core/market/uptime.ts'
import { rowsOf } from '../coordinator/schema.ts'
import type { Settings } from '../coordinator/settings.ts'
import { live } from './booking-row.ts'
import { marketPolicy } from './limits.ts'
import type { MarketHost } from './ports.ts'

export type OfferRowOf = {
  readonly offer_id: string
  readonly miner_id: string
  readonly kind: Offer['kind']
  readonly owner: string
  readonly revision: string
  readonly status: Offer['status']
  readonly body: string
  readonly hello: string | null
  readonly capabilities: string
  readonly created_at_ms: number
  readonly version: number
  readonly said: string
  readonly said_at_ms: number
}

export type Offers = ReturnType<typeof openOffers>

/** An id of 16 bytes for something of this site. */
export const marketIdOf = (...parts: readonly string[]): string =>
  toHex(taggedHash('aitbc/market-id/1', utf8ToBytes(parts.join('\n')))).slice(0, 32)

/** Hash of what a booking is of: the offer as its provider stated it. */
export const offerHashOf = (row: Pick<OfferRowOf, 'offer_id' | 'revision'>): Uint8Array =>
  taggedHash('aitbc/offer/1', utf8ToBytes(`${row.offer_id}\n${row.revision}`))

export function openOffers(host: MarketHost) {
  const { database, settings, coordinator, now } = host
  let figuresAtMs = 0

  const row = (offerId: string): OfferRowOf | undefined =>
    rowsOf<OfferRowOf>(database, 'SELECT * FROM offers WHERE offer_id = ?', offerId)[0]

  const reviewsOf = (offerId: string): Offer['reviews'] => {
    const [found] = rowsOf<{ n: number; total: number | null }>(database, selectRating, offerId)
    return { count: found?.n ?? 0, average: averageRating(found?.total ?? 0, found?.n ?? 0) }
  }

  /** Writes an offer where it differs from what is listed; prices that differ go into the history. */
  const save = (
    offer: Offer,
    of: {
      readonly owner: string
      readonly revision: string
      readonly hello: SignedHello | undefined
      readonly capabilities?: readonly string[]
    },
  ): void => {
    const before = row(offer.offer_id)
    const old = before && (JSON.parse(before.body) as Offer)
    const fresh = { ...offer, updated_at: old?.updated_at ?? offer.updated_at }
    const isSame =
      before && before.revision === of.revision && JSON.stringify(fresh) === before.body
    if (isSame) return
    const body = JSON.stringify(offer)
    const nowMs = now()
    if (!before) {
      database.sql.exec('DELETE FROM gone WHERE offer_id = ?', offer.offer_id)
    }
    database.sql.exec(
      upsertOffer,
      offer.offer_id,
      offer.miner_id,
      offer.kind,
      of.owner,
      of.revision,
      offer.status,
      body,
      of.hello ? JSON.stringify(of.hello) : null,
      JSON.stringify(of.capabilities ?? []),
      nowMs,
      nowMs,
    )
    notePrices(old, offer, nowMs)
    noteStatus(old?.status, offer, nowMs)
  }

  const takeOff = (found: OfferRowOf, change: Partial<Offer> = {}): void => {
    const offer = { ...(JSON.parse(found.body) as Offer), ...change, status: 'withdrawn' as const }
    save(
      { ...offer, updated_at: formatTime(now()) },
      { ...found, hello: undefined, capabilities: [] },
    )
  }

  const notePrices = (old: Offer | undefined, offer: Offer, nowMs: number): void => {
    for (const model of offer.models) {
      const was = old?.models.find((each) => each.name === model.name)
      const isSame =
        was?.price_prompt === model.price_prompt && was.price_completion === model.price_completion
      if (isSame) continue
      const { name, price_prompt: prompt, price_completion: completion } = model
      database.sql.exec(insertPrice, offer.offer_id, nowMs, name, prompt, completion, null)
    }
    if (offer.price_per_hour !== (old?.price_per_hour ?? null)) {
      database.sql.exec(insertPrice, offer.offer_id, nowMs, null, null, null, offer.price_per_hour)
    }
    database.sql.exec(trimPrices, offer.offer_id, offer.offer_id)
  }

  const noteStatus = (was: Offer['status'] | undefined, offer: Offer, nowMs: number): void => {
    if (offer.kind === 'remote' || offer.kind === 'listed' || was === offer.status) return
    if (offer.status === 'online') {
      database.sql.exec(
        'INSERT OR IGNORE INTO presence (offer_id, from_ms) VALUES (?, ?)',
        offer.offer_id,
        nowMs,
      )
    } else {
      const close = 'UPDATE presence SET to_ms = ? WHERE offer_id = ? AND to_ms IS NULL'
      database.sql.exec(close, nowMs, offer.offer_id)
    }
  }

  const watched = (): Interval[] =>
    rowsOf<{ from_ms: number; to_ms: number }>(database, 'SELECT * FROM watches').map((each) => ({
      fromMs: each.from_ms,
      toMs: each.to_ms,
    }))

  const knownOf = (offerId: string, createdAtMs: number) => {
    const untilMs = lastWatchMs()
    const rows = rowsOf<{ from_ms: number; to_ms: number | null }>(
      database,
      'SELECT from_ms, to_ms FROM presence WHERE offer_id = ?',
      offerId,
    )
    return {
      seen: rows.map((each) => ({ fromMs: each.from_ms, toMs: each.to_ms ?? untilMs })),
      watched: watched().flatMap((each) =>
        each.toMs <= createdAtMs ? [] : [{ ...each, fromMs: Math.max(each.fromMs, createdAtMs) }],
      ),
    }
  }

  const lastWatchMs = (): number =>
    rowsOf<{ to_ms: number | null }>(database, 'SELECT max(to_ms) AS to_ms FROM watches')[0]
      ?.to_ms ?? 0

  const uptimeOf = (offerId: string, createdAtMs: number): number | null => {
    const toMs = now()
    const span = { fromMs: toMs - marketPolicy.uptimeDays * dayMs, toMs }
    const share = uptimeWithin(knownOf(offerId, createdAtMs), span)
    return share === null ? null : Math.round(share * 1_000) / 1_000
  }

  /** The clock was set back: what it wrote of a time that is still to come has not been. */
  const forgetAhead = (nowMs: number): void => {
    for (const table of ['watches', 'presence']) {
      database.sql.exec(`DELETE FROM ${table} WHERE from_ms > ?`, nowMs)
      database.sql.exec(`UPDATE ${table} SET to_ms = ? WHERE to_ms > ?`, nowMs, nowMs)
    }
    for (const column of ['created_at_ms', 'said_at_ms']) {
      database.sql.exec(`UPDATE offers SET ${column} = ? WHERE ${column} > ?`, nowMs, nowMs)
    }
  }

  /** The site looked just now. A gap that is too long was no looking. */
  const noteWatch = (nowMs: number): void => {
    const last = Math.min(lastWatchMs(), nowMs)
    if (lastWatchMs() > nowMs) forgetAhead(nowMs)
    else if (last > 0 && nowMs - last <= marketPolicy.watchGapMs) {
      database.sql.exec('UPDATE watches SET to_ms = ? WHERE to_ms = ?', nowMs, last)
      return
    }
    // Nobody knows who was there in between.
    database.sql.exec('UPDATE presence SET to_ms = max(?, from_ms) WHERE to_ms IS NULL', last)
    database.sql.exec(
      `INSERT OR IGNORE INTO presence (offer_id, from_ms)
       SELECT offer_id, ? FROM offers WHERE status = 'online' AND kind IN ('agent', 'legacy')`,
      nowMs,
    )
    database.sql.exec('INSERT OR REPLACE INTO watches VALUES (?, ?)', nowMs, nowMs)
  }

  const build = (miner: MarketMiner, card: MarketCard, before: OfferRowOf | undefined): Offer => {
    const site = host.site()
    const offerId = marketIdOf('offer', miner.minerId)
    const reasons = reasonsOf(card.hello && isSigned(settings, card.hello), miner.hasSignedReceipt)
    const old = before && (JSON.parse(before.body) as Offer)
    const isUnbound = card.card.concurrency === 0
    return {
      offer_id: offerId,
      miner_id: miner.minerId,
      site,
      provider: formatAddress(card.payout),
      status: 'online',
      kind: card.card.kind,
      engine: card.card.engine,
      models: card.card.models
        .filter((model) => model.name !== '')
        .map((model) => {
          const speed = miner.speeds.find((each) => each.model === model.name)
          return {
            name: model.name,
            context_tokens: model.contextTokens,
            price_prompt: String(model.price.promptPer1000),
            price_completion: String(model.price.completionPer1000),
            tokens_per_second: speed ? Math.round(speed.tokensPerSecond * 10) / 10 : null,
            samples: speed?.samples ?? 0,
          }
        }),
      gpus: card.card.gpus.map((gpu, index) => ({
        name: gpu.name,
        memory_mib: gpu.memoryMib,
        cuda: card.cudaByGpu[index] ?? null,
      })),
      vram_gb: gbOf(Math.max(0, ...card.card.gpus.map((gpu) => gpu.memoryMib))),
      region: card.card.region ?? null,
      price_per_gpu_second: textOf(card.pricePerGpuSecond),
      price_per_hour: textOf(card.pricePerHour),
      concurrency: card.card.concurrency,
      free_places: isUnbound ? null : miner.free,
      uptime_7d: old?.uptime_7d ?? null,
      reputation:
        miner.reputation.receipts === 0
          ? null
          : {
              score: miner.reputation.scoreMilli / 1_000,
              receipts: miner.reputation.receipts,
            },
      reviews: reviewsOf(offerId),
      verified: reasons.length === 0,
      unverified_because: reasons,
      updated_at: formatTime(now()),
      announced: old?.announced ?? null,
    }
  }

  const cards = new Map<string, { readonly revision: string; readonly card: MarketCard }>()

  const cardOf = async (miner: MarketMiner): Promise<MarketCard | undefined> => {
    const known = cards.get(miner.minerId)
    if (known?.revision === miner.revision) return known.card
    const card = await coordinator.marketCard(miner.minerId)
    if (card) cards.set(miner.minerId, { revision: miner.revision, card })
    return card
  }

  return {
    row,
    offer: (offerId: string): Offer | undefined => {
      const found = row(offerId)
      return found && (JSON.parse(found.body) as Offer)
    },

    /** Looks at who is here; everybody else is offline. Returns how many are here. */
    refresh: async (): Promise<number> => {
      const miners = await coordinator.marketMiners()
      const found: { miner: MarketMiner; card: MarketCard }[] = []
      for (const miner of miners) {
        const card = await cardOf(miner)
        if (card) found.push({ miner, card })
      }
      const here = new Set(miners.map((miner) => marketIdOf('offer', miner.minerId)))
      for (const minerId of cards.keys()) {
        if (!here.has(marketIdOf('offer', minerId))) cards.delete(minerId)
      }
      const nowMs = now()
      database.transactionSync(() => {
        const hello = found.find(({ card }) => card.hello)?.card.hello
        if (hello) host.noteHost(hello.site)
        noteWatch(nowMs)
        for (const { miner, card } of found) {
          const before = row(marketIdOf('offer', miner.minerId))
          const owner = `account:${formatAddress(card.payout)}`
          const { revision } = miner
          save(build(miner, card, before), { owner, revision, hello: card.hello })
        }
        for (const each of rowsOf<OfferRowOf>(database, selectOnline)) {
          if (here.has(each.offer_id)) continue
          const offer = JSON.parse(each.body) as Offer
          const hello = each.hello === null ? undefined : (JSON.parse(each.hello) as SignedHello)
          const left = { ...offer, status: 'offline', free_places: 0 } as const
          save({ ...left, updated_at: formatTime(nowMs) }, { ...each, capabilities: [], hello })
        }
      })
      return miners.length
    },

    /** Uptimes, and what is too old; now and then. */
    tidy: (): void => {
      const nowMs = now()
      if (!hasPassed(marketPolicy.figuresMs, figuresAtMs, nowMs)) return
      figuresAtMs = nowMs
      database.transactionSync(() => {
        database.sql.exec('DELETE FROM watches WHERE to_ms < ?', nowMs - marketPolicy.presenceMs)
        database.sql.exec('DELETE FROM presence WHERE to_ms < ?', nowMs - marketPolicy.presenceMs)
        // Strangers come under names that they make up: what they leave behind is bounded.
        const surplus = rowsOf<{ offer_id: string }>(
          database,
          selectSurplus,
          marketLimits.minersAwayMax,
        )
        for (const { offer_id: offerId } of surplus) remove(offerId)
        for (const each of rowsOf<OfferRowOf>(database, selectWatched)) {
          const offer = JSON.parse(each.body) as Offer
          const uptime = uptimeOf(each.offer_id, each.created_at_ms)
          if (uptime === offer.uptime_7d) continue
          database.sql.exec(setBody, JSON.stringify({ ...offer, uptime_7d: uptime }), each.offer_id)
        }
        const forgotten = rowsOf<{ offer_id: string }>(
          database,
          selectForgotten,
          nowMs - marketPolicy.forgetMs,
        )
        for (const { offer_id: offerId } of forgotten) remove(offerId)
      })
    },

    /** Rewrites an offer's reviews, after one came. */
    reviewed: (offerId: string): void => {
      const found = row(offerId)
      if (!found) return
      const offer = { ...(JSON.parse(found.body) as Offer), reviews: reviewsOf(offerId) }
      database.sql.exec(setBody, JSON.stringify(offer), offerId)
    },

    /** An offer entered by hand. The same owner’s same miner is the same offer. */
    list: (
      listing: Listing & { readonly owner: string; readonly provider: string | null },
    ): Result<OfferRowOf, ApiError> => {
      const offerId = marketIdOf('listed', listing.owner, listing.minerId, listing.gpu)
      const known = row(offerId)
      const [own] = rowsOf<{ kept: number; n: number }>(database, countListed, listing.owner)
      const [all] = rowsOf<{ n: number }>(database, 'SELECT count(*) AS n FROM offers')
      const isFull =
        (known?.status !== 'online' && (own?.n ?? 0) >= marketLimits.listedPerOwnerMax) ||
        (!known && (own?.kept ?? 0) >= marketLimits.listedKeptPerOwnerMax) ||
        (!known && (all?.n ?? 0) >= marketLimits.offersMax)
      if (isFull) return err({ code: 'OFFERS_TOO_MANY' })
      const offer: Offer = {
        offer_id: offerId,
        miner_id: listing.minerId,
        site: host.site(),
        provider: listing.provider,
        status: 'online',
        kind: 'listed',
        engine: 'listed',
        models: [],
        gpus: [
          { name: listing.gpu, memory_mib: listing.memoryGb * 1_024, cuda: listing.cuda || null },
        ],
        vram_gb: listing.memoryGb,
        region: listing.region || null,
        price_per_gpu_second: gpuSecondOf(listing.pricePerHour, listing.places, listing.places),
        price_per_hour: String(listing.pricePerHour),
        concurrency: listing.places,
        free_places: listing.places,
        uptime_7d: null,
        reputation: null,
        reviews: reviewsOf(offerId),
        verified: false,
        unverified_because: ['card_unsigned', 'no_signed_receipt'],
        updated_at: formatTime(now()),
        announced: null,
      }
      const { owner, capabilities } = listing
      const revision = marketIdOf(JSON.stringify({ ...offer, updated_at: '' }))
      database.transactionSync(() =>
        save(offer, { owner, revision, hello: undefined, capabilities }),
      )
      return ok(row(offerId) as OfferRowOf)
    },

    /** What another site announced. */
    announced: (said: OfferAnnouncement, at: { txHash: string; height: number }): void => {
      const offerId = marketIdOf('remote', said.site, said.id)
      const [count] = rowsOf<{ n: number }>(database, countRemote, said.site)
      if (!row(offerId) && (count?.n ?? 0) >= marketLimits.remotePerSiteMax) return
      const gpus = said.gpus.map(([name, memory]) => ({ name, memory_mib: memory, cuda: null }))
      const offer: Offer = {
        offer_id: offerId,
        miner_id: said.miner,
        site: said.site,
        provider: said.provider,
        status: 'online',
        kind: 'remote',
        engine: said.engine,
        models: said.models.map(([name, context, prompt, completion]) => ({
          name,
          context_tokens: context,
          price_prompt: prompt,
          price_completion: completion,
          tokens_per_second: null,
          samples: 0,
        })),
        gpus,
        vram_gb: gbOf(Math.max(0, ...gpus.map((gpu) => gpu.memory_mib))),
        region: said.region,
        price_per_gpu_second:
          said.hour === null ? null : gpuSecondOf(BigInt(said.hour), gpus.length, said.places),
        price_per_hour: said.hour,
        concurrency: said.places,
        free_places: null,
        uptime_7d: null,
        reputation: null,
        reviews: { count: 0, average: null },
        verified: false,
        unverified_because: ['announced_elsewhere'],
        updated_at: formatTime(now()),
        announced: { tx_hash: at.txHash, height: at.height },
      }
      save(offer, { owner: `site:${said.site}`, revision: at.txHash, hello: undefined })
    },

    withdrawnElsewhere: (site: string, id: string): void => {
      const found = row(marketIdOf('remote', site, id))
      if (found) takeOff(found)
    },
    takeOff,

    /** Our own announcement is final. */
    confirm: (offerId: string, at: { txHash: string; height: number }): void => {
      const found = row(offerId)
      if (!found) return
      const announced = { tx_hash: at.txHash, height: at.height }
      const offer = { ...(JSON.parse(found.body) as Offer), announced }
      database.sql.exec(setBody, JSON.stringify(offer), offerId)
    },

    strip: (offerId: string, createdAtMs: number) => {
      const untilMs = Math.ceil(now() / hourMs) * hourMs
      const steps = marketPolicy.uptimeDays * 24
      return uptimeStrip(knownOf(offerId, createdAtMs), { untilMs, stepMs: hourMs, steps })
    },
    uptimeOf,
  }

  function remove(offerId: string): void {
    database.sql.exec('DELETE FROM offers WHERE offer_id = ?', offerId)
    database.sql.exec('DELETE FROM presence WHERE offer_id = ?', offerId)
    database.sql.exec('DELETE FROM price_changes WHERE offer_id = ?', offerId)
    database.sql.exec('INSERT OR REPLACE INTO gone VALUES (?)', offerId)
  }
}

/** What an offer lacks to be verified. `isSigned` is undefined where its miner signed no card. */
function reasonsOf(isSigned: boolean | undefined, hasSignedReceipt: boolean): UnverifiedReason[] {
  const signature: UnverifiedReason[] =
    isSigned === undefined ? ['card_unsigned'] : isSigned ? [] : ['signature_invalid']
  return hasSignedReceipt ? signature : [...signature, 'no_signed_receipt']
}

function isSigned(settings: Settings, hello: SignedHello): boolean {
  const publicKey = fromHex(hello.publicKey, 32)
  const signature = fromHex(hello.signature, 64)
  const nonce = fromHex(hello.nonce, 32)
  if (!publicKey.ok || !signature.ok || !nonce.ok) return false
  const message = minerChallengeBytes(settings.genesisHash, {
    version: hello.version,
    site: hello.site,
    nonce: nonce.value,
    minerId: hello.label,
    publicKey: publicKey.value,
    card: hello.text,
  })
  return settings.verifier.verify({
    signature: signature.value,
    message,
    publicKey: publicKey.value,
  })
}

const hourMs = 3_600_000

/** What a GPU-second comes to at a price for a place and hour. A place listed by hand is a GPU. */
const gpuSecondOf = (pricePerHour: bigint, gpus: number, places: number): string | null =>
  textOf(timePrices({ pricePerHour, pricePerGpuSecond: undefined, gpus, places }).pricePerGpuSecond)

const gbOf = (mib: number): number => Math.round((mib / 1_024) * 10) / 10
const textOf = (units: bigint | undefined): string | null =>
  units === undefined ? null : String(units)

const upsertOffer = `INSERT INTO offers (offer_id, miner_id, kind, owner, revision, status, body, hello,
  capabilities, created_at_ms, seen_at_ms, version, projected, said, said_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, '', 0)
  ON CONFLICT (offer_id) DO UPDATE SET kind = excluded.kind, owner = excluded.owner,
  revision = excluded.revision, status = excluded.status, body = excluded.body,
  hello = excluded.hello,
  capabilities = CASE excluded.capabilities WHEN '[]' THEN capabilities ELSE excluded.capabilities END,
  seen_at_ms = excluded.seen_at_ms, version = version + 1`
const setBody = 'UPDATE offers SET body = ?, version = version + 1 WHERE offer_id = ?'
const insertPrice = `INSERT INTO price_changes (offer_id, at_ms, model, prompt, completion, hour)
  VALUES (?, ?, ?, ?, ?, ?)`
const trimPrices = `DELETE FROM price_changes WHERE offer_id = ? AND seq NOT IN
  (SELECT seq FROM price_changes WHERE offer_id = ? ORDER BY seq DESC LIMIT 500)`
const selectOnline = "SELECT * FROM offers WHERE status = 'online' AND kind IN ('agent', 'legacy')"
const selectWatched = "SELECT * FROM offers WHERE kind IN ('agent', 'legacy')"
// A miner with receipts, or with a booking that goes on, is displaced by nobody who has none.
const selectSurplus = `SELECT offer_id FROM offers
  WHERE kind IN ('agent', 'legacy') AND status <> 'online'
  AND offer_id NOT IN (SELECT offer_id FROM bookings WHERE ${live})
  ORDER BY json_extract(body, '$.verified') DESC, seen_at_ms DESC LIMIT 10000 OFFSET ?`
const selectForgotten =
  "SELECT offer_id FROM offers WHERE status <> 'online' AND seen_at_ms < ? LIMIT 100"
const selectRating = 'SELECT count(*) AS n, sum(rating) AS total FROM reviews WHERE offer_id = ?'
const countListed = `SELECT count(*) AS kept, count(*) FILTER (WHERE status = 'online') AS n
  FROM offers WHERE owner = ? AND kind = 'listed'`
const countRemote = "SELECT count(*) AS n FROM offers WHERE owner = 'site:' || ?"
