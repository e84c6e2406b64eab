/**
 * What the coordinator knows of the chain: the newest final head and the escrows in use, from memory, so
 * that a job never waits for the chain. A view that is in use is read again every few seconds; one that
 * is too old to have seen a notice of closing is worth nothing, and then nothing is dispatched.
 */
import type { ChainService, EscrowView, HeadView } from '../../core/api/chain-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { toHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { slotAt as slotOf } from '../../core/chain/consensus.ts'
import { coordinatorLimits } from './limits.ts'
import type { Settings } from './settings.ts'

/** An escrow in the final state of `finalSlot`, or its absence there. */
export type KnownEscrow = {
  readonly escrow: EscrowView | undefined
  readonly finalSlot: number
  readonly readAtMs: number
}

export type ChainView = {
  readonly slotAt: (nowMs: number) => number
  /** The slot of this moment; never before one that is final, however wrong the clock. */
  readonly slotNow: () => number
  /** The same, for what is sent after reading the head: not so far ahead that it stays valid for days. */
  readonly slotToSend: () => number
  /** Whether a final head of this slot is new enough to have seen every notice that could matter. */
  readonly isFresh: (finalSlot: number, nowMs: number) => boolean
  /** Slot of the newest final head that was read; undefined before the first. */
  readonly finalSlot: () => number | undefined
  /** Reads the head now. */
  readonly readHead: () => Promise<Result<HeadView, ApiError>>
  /** The escrow as known, when that is fresh enough; else undefined. Starts a new reading when due. */
  readonly peek: (escrowId: Uint8Array, nowMs: number) => KnownEscrow | undefined
  /** The escrow, read now. */
  readonly read: (escrowId: Uint8Array) => Promise<Result<KnownEscrow, ApiError>>
  /**
   * The escrow, in a reading that began after this call: what a payment that has become final left of it.
   */
  readonly readAgain: (escrowId: Uint8Array) => Promise<Result<KnownEscrow, ApiError>>
  /** Why the chain could not be read last; undefined when it could. */
  readonly fault: () => string | undefined
}

/** A view of `chain`; `now` is the host's clock in Unix milliseconds. */
export function openChainView(input: {
  readonly chain: ChainService
  readonly settings: Settings
  readonly now: () => number
}): ChainView {
  const { chain, settings, now } = input
  const { closeNoticeSlots, authorisationLifeSlots } = settings.genesis.parameters
  const staleSlots = Number(closeNoticeSlots - authorisationLifeSlots)
  const escrows = new Map<string, KnownEscrow>()
  const reading = new Map<string, Promise<Result<KnownEscrow, ApiError>>>()
  let finalSlot: number | undefined
  let fault: string | undefined

  const slotAt = (nowMs: number) => slotOf(settings, nowMs)
  const slotNow = () => Math.max(slotAt(now()), finalSlot ?? 0)
  const isFresh = (slot: number, nowMs: number) => slotAt(nowMs) - slot < staleSlots

  const ask = async <T>(question: () => Promise<T>): Promise<Result<T, ApiError>> => {
    try {
      const value = await withTimeout(question(), coordinatorLimits.chainWaitMs)
      fault = undefined
      return ok(value)
    } catch (error) {
      fault = error instanceof Error ? error.message : 'the chain does not answer'
      return err({ code: 'CHAIN_UNAVAILABLE' })
    }
  }

  const readHead = async (): Promise<Result<HeadView, ApiError>> => {
    const head = await ask(() => chain.head())
    if (head.ok) finalSlot = Math.max(finalSlot ?? head.value.finalSlot, head.value.finalSlot)
    return head
  }

  const readNow = async (escrowId: Uint8Array): Promise<Result<KnownEscrow, ApiError>> => {
    // The head first: the escrow is then at least as new as the slot that it is noted under.
    const head = await readHead()
    if (!head.ok) return head
    const escrow = await ask(() => chain.finalEscrow(escrowId))
    if (!escrow.ok) return escrow
    const known = {
      escrow: escrow.value,
      finalSlot: head.value.finalSlot,
      readAtMs: now(),
    }
    const key = toHex(escrowId)
    escrows.delete(key)
    escrows.set(key, known)
    for (const oldest of escrows.keys()) {
      if (escrows.size <= coordinatorLimits.escrowsCachedMax) break
      escrows.delete(oldest)
    }
    return ok(known)
  }

  const read = (escrowId: Uint8Array): Promise<Result<KnownEscrow, ApiError>> => {
    const key = toHex(escrowId)
    const running = reading.get(key)
    if (running) return running
    const fresh = readNow(escrowId).finally(() => reading.delete(key))
    reading.set(key, fresh)
    return fresh
  }

  return {
    slotAt,
    slotNow,
    slotToSend: () => Math.min(slotNow(), (finalSlot ?? slotNow()) + staleSlots),
    isFresh,
    finalSlot: () => finalSlot,
    readHead,
    peek: (escrowId, nowMs) => {
      const known = escrows.get(toHex(escrowId))
      if (!known || !isFresh(known.finalSlot, nowMs)) return undefined
      // Read before the clock was set back: nobody knows how long ago.
      if (nowMs < known.readAtMs) return undefined
      if (nowMs - known.readAtMs >= coordinatorLimits.escrowRefreshMs) void read(escrowId)
      return known
    },
    read,
    readAgain: async (escrowId) => {
      // Readings of one escrow never overlap, so an older one cannot overwrite a newer.
      await reading.get(toHex(escrowId))
      return read(escrowId)
    },
    fault: () => fault,
  }
}

/** Gives up on a promise after a while. What it was for goes on; its result is dropped. */
export function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
  })
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}
