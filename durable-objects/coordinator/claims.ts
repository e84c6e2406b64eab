/**
 * Claims: what bookings and agreements of the market give their buyers at the miners of this site. The market
 * says what holds; it is kept here on disk, so that a restart gives no booked place away, and what is used of
 * an agreement is counted here, with the results themselves.
 */

import {
  type AgreementClaim,
  type Claim,
  type ClaimRef,
  hasOpenPlace,
  isForModel,
  type Terms,
  termsOf,
} from '../../core/jobs/claim.ts'
import type { JobSize } from '../../core/jobs/estimate.ts'
import { liveAttempt } from '../../core/jobs/job.ts'
import { offerOf } from '../../core/jobs/matching.ts'
import type { MinerCard } from '../../core/jobs/miner-card.ts'
import type { ClaimBook } from '../../core/jobs/routing.ts'
import type { LiveJob } from './job-store.ts'
import { coordinatorLimits as limits } from './limits.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

export type ClaimParts = {
  readonly database: SqlDatabase
  /** Attempts that count as a miner's load. */
  readonly attemptsOf: (minerId: string) => ReadonlySet<string> | undefined
  /** Address of the account that owns a key of its own making; undefined for keys of the operator. */
  readonly accountOf: (publicId: string) => string | undefined
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
}

/** An attempt on a claim, while it is worked on: how many tokens of answer it may take. */
type Hold = { readonly claimId: string; readonly tokens: number }

export type Claims = ReturnType<typeof openClaims>

export function openClaims(parts: ClaimParts) {
  const { database, now } = parts
  for (const statement of tables) database.sql.exec(statement)
  const holds = new Map<string, Hold>()
  let byMiner = new Map<string, Claim[]>()
  let used = new Map<string, number>()
  /** The next end of a claim that nobody has been told of. */
  let endsAtMs = Number.POSITIVE_INFINITY

  const read = (): void => {
    byMiner = new Map()
    endsAtMs = Number.POSITIVE_INFINITY
    for (const { body } of rowsOf<{ body: string }>(database, 'SELECT body FROM claims')) {
      const claim = claimIn(body)
      byMiner.set(claim.minerId, [...(byMiner.get(claim.minerId) ?? []), claim])
      endsAtMs = Math.min(endsAtMs, claim.untilMs)
    }
    if (endsAtMs < Number.POSITIVE_INFINITY) parts.wakeAt(endsAtMs)
    used = new Map(
      rowsOf<{ claim_id: string; tokens: number }>(database, sumTaken).map((row) => [
        row.claim_id,
        row.tokens,
      ]),
    )
  }
  read()

  const liveOf = (minerId: string): readonly Claim[] => {
    const own = byMiner.get(minerId)
    if (!own) return none
    const nowMs = now()
    return own.filter(({ untilMs }) => untilMs > nowMs)
  }

  const namesOf = (client: string): readonly string[] => {
    if (client.startsWith('aitbc1')) return [`account:${client}`]
    const account = parts.accountOf(client)
    return [`key:client:${client}`, ...(account === undefined ? [] : [`account:${account}`])]
  }

  /** Attempts of a miner that are on a claim. */
  const heldOn = ({ minerId, claimId }: Claim): number => {
    let count = 0
    for (const attemptId of parts.attemptsOf(minerId) ?? []) {
      if (holds.get(attemptId)?.claimId === claimId) count += 1
    }
    return count
  }

  const tokensLeft = ({ claimId, tokens }: AgreementClaim): number => {
    let left = tokens - (used.get(claimId) ?? 0)
    for (const hold of holds.values()) if (hold.claimId === claimId) left -= hold.tokens
    return left
  }

  const hasRoom = (claim: Claim, size: JobSize): boolean =>
    claim.kind === 'booking' ? heldOn(claim) < claim.places : tokensLeft(claim) >= size.maxTokens

  const isOf = (claim: Claim, client: string): boolean => namesOf(client).includes(claim.owner)

  const book: ClaimBook = {
    termsFor: (card, { client, size }, isNow): Terms | undefined => {
      const live = liveOf(card.minerId)
      if (live.length === 0) return undefined
      const names = namesOf(client)
      const own = live.filter((each) => names.includes(each.owner) && isForModel(each, size.model))
      const fitting = isNow ? own.filter((each) => hasRoom(each, size)) : own
      // A booked place costs least, and what is agreed on costs no more than the list.
      const claim = fitting.find(({ kind }) => kind === 'booking') ?? fitting[0]
      const listed = claim && offerOf(card, size.model)?.price
      return listed && termsOf(claim, listed)
    },
    hasOpenPlace: (card: MinerCard): boolean => {
      const live = liveOf(card.minerId).filter(({ kind }) => kind === 'booking')
      if (live.length === 0) return true
      const inflight = parts.attemptsOf(card.minerId)?.size ?? 0
      const unbooked = inflight - live.reduce((sum, claim) => sum + heldOn(claim), 0)
      return hasOpenPlace(card.concurrency, { booked: bookedOf(live), unbooked })
    },
    isBookedOut: ({ minerId, concurrency }: MinerCard): boolean => {
      const live = liveOf(minerId)
      return live.length > 0 && concurrency > 0 && bookedOf(live) >= concurrency
    },
  }

  const enter = (attemptId: string, ref: ClaimRef | undefined, tokens: number): void => {
    if (ref) holds.set(attemptId, { claimId: ref.claimId, tokens })
  }

  return {
    book,

    /** Takes over what the market says; which miners have other claims than before. */
    set: (claims: readonly Claim[]): ReadonlySet<string> => {
      const before = new Map([...byMiner].map(([minerId, own]) => [minerId, textOf(own)]))
      const kept = claims.slice(0, limits.claimsMax)
      const wanted = new Map(kept.map((claim) => [claim.claimId, bodyOf(claim)]))
      const stored = rowsOf<{ claim_id: string; body: string }>(database, 'SELECT * FROM claims')
      database.transactionSync(() => {
        for (const { claim_id: id, body } of stored) {
          if (wanted.get(id) === body) wanted.delete(id)
          else database.sql.exec('DELETE FROM claims WHERE claim_id = ?', id)
        }
        for (const [id, body] of wanted) {
          database.sql.exec('INSERT INTO claims (claim_id, body) VALUES (?, ?)', id, body)
        }
      })
      read()
      const changed = new Set<string>()
      for (const minerId of new Set([...before.keys(), ...byMiner.keys()])) {
        if (before.get(minerId) !== textOf(byMiner.get(minerId) ?? [])) changed.add(minerId)
      }
      return changed
    },

    /** Attempts that were on a claim when this object was last in memory. */
    restore: (jobs: Iterable<LiveJob>): void => {
      for (const { life, terms, ask } of jobs) {
        const attemptId = liveAttempt(life)?.attemptId
        if (attemptId) enter(attemptId, terms.get(attemptId)?.claim, ask.size.maxTokens)
      }
    },
    enter,
    leave: (attemptId: string): void => void holds.delete(attemptId),

    /** Whether a booking of this client has a free place at a miner. */
    waitsFor: (minerId: string, client: string): boolean =>
      liveOf(minerId).some(
        (claim) => claim.kind === 'booking' && isOf(claim, client) && heldOn(claim) < claim.places,
      ),
    /** Whether any booking has a free place at a miner. */
    hasKeptPlace: (minerId: string): boolean =>
      liveOf(minerId).some((claim) => claim.kind === 'booking' && heldOn(claim) < claim.places),

    /** Counts the tokens of a result. Inside the write of that result. */
    writeUse: (jobId: string, ref: ClaimRef | undefined, tokens: number): void => {
      if (ref?.kind !== 'agreement') return
      database.sql.exec(insertUse, jobId, ref.claimId, tokens, now())
    },
    /** After that write. */
    used: (ref: ClaimRef | undefined, tokens: number): void => {
      if (ref?.kind !== 'agreement') return
      used.set(ref.claimId, (used.get(ref.claimId) ?? 0) + tokens)
    },

    /** Tokens of paid results, by agreement. */
    paidTokens: (claimIds: readonly string[]): Readonly<Record<string, number>> =>
      Object.fromEntries(
        rowsOf<{ claim_id: string; tokens: number }>(
          database,
          sumPaid,
          JSON.stringify(claimIds),
        ).map((row) => [row.claim_id, row.tokens]),
      ),

    /** Miners some of whose claims have ended since this was last asked. */
    ended: (): readonly string[] => {
      const nowMs = now()
      if (nowMs < endsAtMs) return none
      const over: string[] = []
      endsAtMs = Number.POSITIVE_INFINITY
      for (const [minerId, own] of byMiner) {
        const left = own.filter(({ untilMs }) => untilMs > nowMs)
        for (const { untilMs } of left) endsAtMs = Math.min(endsAtMs, untilMs)
        if (left.length === own.length) continue
        over.push(minerId)
        if (left.length > 0) byMiner.set(minerId, left)
        else byMiner.delete(minerId)
      }
      if (endsAtMs < Number.POSITIVE_INFINITY) parts.wakeAt(endsAtMs)
      return over
    },

    /** Forgets uses that no agreement asks for any more. */
    sweep: (beforeMs: number): void =>
      void database.sql.exec('DELETE FROM claim_uses WHERE at_ms < ?', beforeMs),
  }
}

const none: readonly never[] = []

const bookedOf = (claims: readonly Claim[]): number =>
  claims.reduce((sum, claim) => sum + (claim.kind === 'booking' ? claim.places : 0), 0)

const bodyOf = (claim: Claim): string =>
  JSON.stringify(claim, (_, value) => (typeof value === 'bigint' ? String(value) : value))

const textOf = (claims: readonly Claim[]): string => claims.map(bodyOf).sort().join('\n')

function claimIn(body: string): Claim {
  const read = JSON.parse(body) as Claim
  if (read.kind === 'booking') return read
  return { ...read, completionPer1000: BigInt(read.completionPer1000) }
}

const tables = [
  'CREATE TABLE IF NOT EXISTS claims (claim_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID',
  `CREATE TABLE IF NOT EXISTS claim_uses (
    job_id TEXT PRIMARY KEY,
    claim_id TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS claim_uses_claim ON claim_uses (claim_id)',
  'CREATE INDEX IF NOT EXISTS claim_uses_at ON claim_uses (at_ms)',
]
const insertUse =
  'INSERT OR IGNORE INTO claim_uses (job_id, claim_id, tokens, at_ms) VALUES (?, ?, ?, ?)'
// What is held may still be paid: it counts against what is left. What was refused does not.
const sumTaken = `SELECT claim_id, sum(tokens) AS tokens FROM claim_uses
  LEFT JOIN payments USING (job_id) WHERE ifnull(state, '') <> 'refused' GROUP BY claim_id`
const sumPaid = `SELECT claim_id, sum(tokens) AS tokens FROM claim_uses
  LEFT JOIN payments USING (job_id) WHERE ifnull(state, '') NOT IN ('held', 'refused')
  AND claim_id IN (SELECT value FROM json_each(?)) GROUP BY claim_id`
