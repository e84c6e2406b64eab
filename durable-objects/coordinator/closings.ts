/**
 * Closings: what is left in an escrow whose time is over goes back to its owner without anybody asking. An
 * escrow that has paid here is noted with its last slot; after that slot this object sends the close, which
 * pays the owner and nobody else. Who never paid here closes by himself, so that nobody can have the
 * coordinator pay fees for escrows that brought it nothing.
 */
import type { EscrowView } from '../../core/api/chain-service.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import { slotMs } from '../../core/chain/genesis.ts'
import type { ChainView } from './chain-view.ts'
import { coordinatorLimits } from './limits.ts'
import type { Posts } from './posts.ts'
import { rowsOf, type SqlDatabase } from './schema.ts'
import type { Settings } from './settings.ts'

export type ClosingParts = {
  readonly database: SqlDatabase
  readonly settings: Settings
  readonly view: ChainView
  readonly posts: Posts
  readonly now: () => number
  readonly wakeAt: (dueAtMs: number) => void
}

export type Closings = ReturnType<typeof openClosings>

/** Takes up the escrows on disk. */
export function openClosings(parts: ClosingParts) {
  const { database, settings, view, posts, now } = parts
  const next = (): number | undefined =>
    rowsOf<{ n: number | null }>(database, 'SELECT min(look_slot) AS n FROM escrows')[0]?.n ??
    undefined
  let nextSlot = next()
  const wake = (): void => {
    if (nextSlot === undefined) return
    const dueAtMs = settings.genesisTimeMs + (nextSlot + 1) * slotMs
    parts.wakeAt(Math.max(dueAtMs, now() + coordinatorLimits.closingPauseMs))
  }

  /** The slot from which on anybody may close it. */
  const endOf = ({ expirySlot, closesAtSlot = expirySlot }: EscrowView): number =>
    Math.min(expirySlot, closesAtSlot)

  /** Looks at one whose time should be over: gone, prolonged, or to be closed. */
  const look = async (key: string, slot: number): Promise<void> => {
    const escrow = fromHex(key, 32)
    const read = escrow.ok ? await view.readAgain(escrow.value) : undefined
    if (!escrow.ok || !read?.ok) return
    const found = read.value.escrow
    if (!found) {
      database.sql.exec('DELETE FROM escrows WHERE escrow = ?', key)
      return
    }
    const end = endOf(found)
    if (end <= slot) {
      const id = `escrow_close ${key}`
      const message = { TAG: 'escrow_close', data: { escrow: escrow.value } } as const
      // One that was sent and came to nothing is sent again.
      posts.put({ id, message, again: posts.posted(id)?.isOpen === false })
    }
    const lookSlot = end <= slot ? slot + coordinatorLimits.closingLookSlots : end
    database.sql.exec('UPDATE escrows SET look_slot = ? WHERE escrow = ?', lookSlot, key)
  }

  wake()
  return {
    /** Notes an escrow that has paid. Inside the caller's atomic write. */
    note: (escrow: EscrowView): void => {
      const end = endOf(escrow)
      database.sql.exec(insertEscrow, toHex(escrow.id), end)
      nextSlot = Math.min(nextSlot ?? end, end)
      wake()
    },

    /** Sends what is due to be closed; true when there is something to send. */
    tick: async (): Promise<boolean> => {
      const finalSlot = view.finalSlot() ?? 0
      if (nextSlot === undefined || view.slotNow() <= nextSlot) return false
      if (finalSlot <= nextSlot && !(await view.readHead()).ok) return false
      const slot = view.finalSlot() ?? 0
      const rows = rowsOf<{ escrow: string }>(database, selectEnded, slot, rowsAtOnce)
      for (const { escrow } of rows) await look(escrow, slot)
      nextSlot = next()
      wake()
      return posts.due() > 0
    },
  }
}

/** Escrows looked at in one go. */
const rowsAtOnce = 32
const insertEscrow = `INSERT INTO escrows (escrow, look_slot) VALUES (?, ?)
  ON CONFLICT (escrow) DO UPDATE SET look_slot = excluded.look_slot`
const selectEnded = 'SELECT escrow FROM escrows WHERE look_slot <= ? ORDER BY look_slot LIMIT ?'
