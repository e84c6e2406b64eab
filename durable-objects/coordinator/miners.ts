/**
 * Miners: who is here now, with which card, how loaded. A miner of the socket protocol is its key pair;
 * one of the original is its API key.
 */
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { assert } from '../../core/base/result.ts'
import { addressOf } from '../../core/crypto/address.ts'
import type { LiveMiner } from '../../core/jobs/matching.ts'
import { cardFromAgent, cardFromLegacy, type MinerCard } from '../../core/jobs/miner-card.ts'
import { type CapabilityCard, capabilityCardSchema } from '../../core/jobs/miner-protocol.ts'
import type { Bars } from './bars.ts'
import type { LiveJob } from './job-store.ts'
import { coordinatorLimits } from './limits.ts'
import { openMinerIndex } from './miner-index.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'

/** A miner that is here. Fits `LiveMiner`, so that matching looks at it as it is. */
export type Miner = LiveMiner & {
  card: MinerCard
  inflight: number
  idleSinceMs: number
  draining: boolean
  seenAtMs: number
  /** 32 bytes; undefined for a miner of the original. */
  readonly publicKey: Uint8Array | undefined
  /** 20-byte address that is paid. */
  readonly payout: Uint8Array
  /** Attempts that count as its load. */
  readonly attempts: Set<string>
  /** Its socket; undefined for a miner of the original. */
  socket: WebSocket | undefined
  /** Ends the waiting poll of a miner of the original, with a job or without; undefined: none waits. */
  poll: ((job: LiveJob | undefined) => void) | undefined
}

/** A registration of the original. */
type LegacyStatement = {
  readonly capabilities: Record<string, unknown>
  readonly concurrency: number
  readonly region: string | undefined
  readonly session: string
}

type MinerRow = {
  readonly miner_id: string
  readonly kind: 'agent' | 'legacy'
  readonly card: string
  /** Public key of an agent in hex, session token of a miner of the original. */
  readonly identity: string
  readonly seen_at_ms: number
}

export type Miners = ReturnType<typeof openMiners>

/** The registry. Its rows outlive a miner's visit, so that names stay with their keys. */
export function openMiners(
  database: SqlDatabase,
  bars: Pick<Bars, 'isBarred'> = { isBarred: () => false },
) {
  const here = new Map<string, Miner>()
  const byModel = openMinerIndex()

  let names = rowsOf<{ n: number }>(database, 'SELECT count(*) AS n FROM miners')[0]?.n ?? 0

  const save = (row: Omit<MinerRow, 'seen_at_ms'>, nowMs: number): void => {
    const isNew = rowOf(row.miner_id) === undefined
    if (isNew && names >= coordinatorLimits.minerNamesMax) forgetOldest()
    database.sql.exec(upsert, row.miner_id, row.kind, row.card, row.identity, nowMs)
    if (isNew) names += 1
  }

  /** Strangers make names up for nothing: the longest unused ones make room, some at a time. */
  const forgetOldest = (): void => {
    const rows = rowsOf<{ miner_id: string }>(database, selectOldest, here.size + forgottenAtOnce)
    const gone = rows.filter((row) => !here.has(row.miner_id)).slice(0, forgottenAtOnce)
    for (const { miner_id: minerId } of gone) forget(minerId)
  }

  const forget = (minerId: string): void => {
    database.sql.exec('DELETE FROM miners WHERE miner_id = ?', minerId)
    names -= 1
  }

  const rowOf = (minerId: string): MinerRow | undefined =>
    rowsOf<MinerRow>(database, 'SELECT * FROM miners WHERE miner_id = ?', minerId)[0]

  const enter = (
    card: MinerCard,
    of: Pick<Miner, 'publicKey' | 'payout' | 'socket'>,
    nowMs: number,
  ): Miner => {
    const before = here.get(card.minerId)
    const attempts = before?.attempts ?? new Set<string>()
    const miner: Miner = {
      ...of,
      card,
      attempts,
      inflight: attempts.size,
      idleSinceMs: before?.idleSinceMs ?? nowMs,
      seenAtMs: nowMs,
      draining: bars.isBarred(card.minerId, of.publicKey),
      poll: before?.poll,
    }
    if (before) byModel.leave(before)
    here.set(card.minerId, miner)
    byModel.enter(miner)
    return miner
  }

  return {
    get: (minerId: string): Miner | undefined => here.get(minerId),
    all: (): IterableIterator<Miner> => here.values(),
    count: (): number => here.size,

    /** Miners that are here and may serve a model, with perhaps some that do not. */
    serving: byModel.serving,
    /** Whether this name was ever used here. */
    isKnown: (minerId: string): boolean => here.has(minerId) || rowOf(minerId) !== undefined,

    /**
     * The id under which a key is known here: the name that it gives itself, or, where another key had
     * that name first, the name with the beginning of its key; the key itself where even that is taken.
     */
    idFor: (label: string, publicKey: Uint8Array): string => {
      const key = toHex(publicKey)
      const isFree = (name: string): boolean => {
        const holder = rowOf(name)
        return holder === undefined || holder.identity === key
      }
      if (!isPublicId(label) && isFree(label)) return label
      const longer = `${label.slice(0, 47)}.${key.slice(0, 16)}`
      return isFree(longer) ? longer : key
    },

    /** An agent that has proved its key. `cardText` is kept, for the time after a hibernation. */
    enterAgent: (
      agent: {
        readonly minerId: string
        readonly publicKey: Uint8Array
        readonly card: CapabilityCard
        readonly cardText: string
        readonly socket: WebSocket
      },
      nowMs: number,
    ): Miner => {
      const { minerId, publicKey, card, cardText, socket } = agent
      const identity = toHex(publicKey)
      save({ miner_id: minerId, kind: 'agent', card: cardText, identity }, nowMs)
      const of = { publicKey, payout: addressOf(publicKey), socket }
      return enter(cardFromAgent(minerId, card), of, nowMs)
    },

    /** An agent whose socket outlived this object's memory. */
    restoreAgent: (minerId: string, socket: WebSocket, nowMs: number): Miner | undefined => {
      const row = rowOf(minerId)
      if (row?.kind !== 'agent') return undefined
      const card = capabilityCardSchema.safeParse(JSON.parse(row.card))
      const publicKey = fromHex(row.identity, 32)
      if (!card.success || !publicKey.ok) return undefined
      const of = { publicKey: publicKey.value, payout: addressOf(publicKey.value), socket }
      return enter(cardFromAgent(minerId, card.data), of, nowMs)
    },

    enterLegacy: (
      legacy: {
        readonly minerId: string
        readonly payout: Uint8Array
        readonly capabilities: Record<string, unknown>
        readonly concurrency: number
        readonly region: string | undefined
        readonly session: string
      },
      nowMs: number,
    ): Miner => {
      const { minerId, payout, session, ...stated } = legacy
      const card = JSON.stringify(stated)
      save({ miner_id: minerId, kind: 'legacy', card, identity: session }, nowMs)
      const of = { publicKey: undefined, payout, socket: undefined }
      return enter(cardFromLegacy({ minerId, ...stated }), of, nowMs)
    },

    /** A miner of the original that registered before this object's memory began. */
    restoreLegacy: (minerId: string, payout: Uint8Array, nowMs: number): Miner | undefined => {
      const row = rowOf(minerId)
      if (row?.kind !== 'legacy') return undefined
      const stated = JSON.parse(row.card) as Omit<Parameters<typeof cardFromLegacy>[0], 'minerId'>
      const of = { publicKey: undefined, payout, socket: undefined }
      return enter(cardFromLegacy({ minerId, ...stated }), of, nowMs)
    },

    /** What a miner of the original stated when it registered; undefined for any other. */
    statedBy: (minerId: string): LegacyStatement | undefined => statementIn(rowOf(minerId)),

    /** Forgets the name of a miner that has left for good. */
    forgetName: (minerId: string): void => void (rowOf(minerId) && forget(minerId)),

    /** What a row alone says: for results of miners that are not here now. */
    payoutOf: (minerId: string): { publicKey: Uint8Array; payout: Uint8Array } | undefined => {
      const row = rowOf(minerId)
      if (row?.kind !== 'agent') return undefined
      const publicKey = fromHex(row.identity, 32)
      assert(publicKey.ok, 'an agent’s row holds its key')
      return { publicKey: publicKey.value, payout: addressOf(publicKey.value) }
    },

    leave: (minerId: string): void => {
      const miner = here.get(minerId)
      if (!miner) return
      byModel.leave(miner)
      here.delete(minerId)
    },

    take: (miner: Miner, attemptId: string, nowMs: number): void => {
      miner.attempts.add(attemptId)
      miner.inflight = miner.attempts.size
      miner.idleSinceMs = nowMs
    },

    free: (minerId: string, attemptId: string, nowMs: number): Miner | undefined => {
      const miner = here.get(minerId)
      if (!miner?.attempts.delete(attemptId)) return undefined
      miner.inflight = miner.attempts.size
      miner.idleSinceMs = nowMs
      return miner
    },

    /** Forgets names that nobody has used since. Whoever is here is using its name. */
    sweep: (seenBeforeMs: number, rows: number): void => {
      const old = rowsOf<{ miner_id: string }>(database, selectOld, seenBeforeMs, rows)
      for (const { miner_id: minerId } of old) {
        const miner = here.get(minerId)
        if (miner) database.sql.exec(touch, miner.seenAtMs, minerId)
        else forget(minerId)
      }
    },
  }
}

function statementIn(row: MinerRow | undefined): LegacyStatement | undefined {
  if (row?.kind !== 'legacy') return undefined
  return { ...(JSON.parse(row.card) as LegacyStatement), session: row.identity }
}

const upsert = `INSERT INTO miners (miner_id, kind, card, identity, seen_at_ms)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (miner_id) DO UPDATE SET kind = excluded.kind,
  card = excluded.card, identity = excluded.identity, seen_at_ms = excluded.seen_at_ms`
const selectOld = 'SELECT miner_id FROM miners WHERE seen_at_ms < ? ORDER BY seen_at_ms LIMIT ?'
const selectOldest = "SELECT miner_id FROM miners WHERE kind = 'agent' ORDER BY seen_at_ms LIMIT ?"
const touch = 'UPDATE miners SET seen_at_ms = ? WHERE miner_id = ?'

/** Names forgotten together, so that the search for them is not made for each new one. */
const forgottenAtOnce = 256

/** Public ids of API keys look so (api-keys.ts); a miner of the original is known by its key's. */
const isPublicId = (label: string): boolean =>
  /^(?:client|miner|admin|key|console)_[0-9a-f]{16}$/.test(label)
