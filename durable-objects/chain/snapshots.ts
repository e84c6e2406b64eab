/**
 * Makes a snapshot every so many heights, a few pieces at a time beside the running chain, keeps the newest
 * and serves them. Nothing here is waited for by block production, and nothing that fails here stops it.
 */
import type { SnapshotsView, SnapshotView } from '../../core/api/snapshot-service.ts'
import { headerHash } from '../../core/chain/block.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import type { SnapshotPart } from '../../core/chain/engine-snapshot.ts'
import { chunksOf, decodeSnapshot } from '../../core/chain/snapshot.ts'
import type { snapshotLimits } from './limits.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export type SnapshotsParts = {
  readonly store: SnapshotStore
  readonly engine: () => Engine
  /** Height of the newest final block, known without reading a block. */
  readonly finalHeight: () => number
  /** Heights from one snapshot to the next; 0 makes none. */
  readonly every: number
  readonly now: () => number
  /** Called when the next piece is due at another time. */
  readonly onChange: () => void
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
  readonly limits: { readonly [Name in keyof typeof snapshotLimits]: number }
}

export type Snapshots = {
  /** When to call `work` next, Unix milliseconds; undefined while there is nothing to do. */
  readonly dueAtMs: () => number | undefined
  /** Does a bounded part of what is due. Never rejects; does nothing while one runs. */
  readonly work: () => Promise<void>
  readonly view: () => Promise<SnapshotsView>
  /** A part of a whole snapshot. */
  readonly part: (height: number, part: SnapshotPart) => Promise<Uint8Array | undefined>
}

/** Opens the making and serving of snapshots. */
export function openSnapshots(parts: SnapshotsParts): Snapshots {
  const { store, engine, limits, every } = parts
  /** Height of the newest whole one; undefined before it was looked up. */
  let newest: number | undefined
  let running = false
  let isBusy = true
  let dueMs = 0

  /** One bounded part of the work; false when there is nothing more to do for now. */
  const workSome = async (): Promise<boolean> => {
    newest ??= (await store.list())[0]?.height ?? 0
    const { snapshots } = engine()
    if (snapshots.prune(limits.pruneNodesMax)) return true
    const making = snapshots.making()
    if (making === undefined) {
      if (every === 0 || parts.finalHeight() - newest < every) return false
      return engine().snapshots.begin()
    }
    // A state that is kept for long keeps everything that the chain has left since.
    if (parts.finalHeight() - making > 2 * Math.max(every, limits.abandonHeightsMin)) {
      snapshots.abandon()
      await store.delete(making)
      return true
    }
    return await putPieces()
  }
  const putPieces = async (): Promise<boolean> => {
    for (let count = 0; count < limits.piecesMax; count++) {
      const piece = engine().snapshots.next()
      if (piece === undefined) return true
      if (piece !== 'again') {
        await store.put(piece.height, piece.part, piece.bytes)
        engine().snapshots.keep()
        if (piece.part === 'description') await finish(piece.height)
      }
      await turn()
    }
    return true
  }
  const finish = async (height: number): Promise<void> => {
    newest = height
    const whole = await store.list()
    const oldest = whole[limits.keep - 1]
    if (oldest) await store.deleteBelow(oldest.height)
    parts.log({ level: 'info', msg: 'snapshot made', height, bytes: whole[0]?.bytes })
  }
  const work = async (): Promise<void> => {
    if (running || parts.now() < dueMs) return
    running = true
    try {
      isBusy = await workSome()
      dueMs = isBusy ? parts.now() + limits.restMs : 0
    } catch (error) {
      isBusy = true
      dueMs = parts.now() + limits.retryMs
      const reason = error instanceof Error ? error.message : String(error)
      parts.log({ msg: 'snapshot failed', error: reason })
    } finally {
      running = false
    }
    if (isBusy) parts.onChange()
  }

  return {
    dueAtMs: () => (isBusy && !running ? dueMs : undefined),
    work,
    part: async (height, part) =>
      (await store.get(height, 'description')) && (await store.get(height, part)),
    view: async () => {
      const whole: SnapshotView[] = []
      for (const { height, bytes } of await store.list()) {
        const description = await store.get(height, 'description')
        const view = description && viewOf(description, { height, bytes })
        if (view) whole.push(view)
      }
      return { every, making: engine().snapshots.making(), snapshots: whole }
    },
  }
}

function viewOf(
  description: Uint8Array,
  stored: { readonly height: number; readonly bytes: number },
): SnapshotView | undefined {
  const read = decodeSnapshot(description)
  const header = read.ok ? read.value.way.at(-1)?.header : undefined
  if (!read.ok || !header) return undefined
  const chunks = chunksOf(read.value.trunk)
  return {
    ...stored,
    hash: headerHash(header),
    slot: Number(header.slot),
    stateRoot: header.stateRoot,
    chunks: chunks.length,
    entries: chunks.reduce((sum, { entries }) => sum + entries, 0),
  }
}

/** Lets others have their turn between two pieces. */
const turn = (): Promise<void> => new Promise((go) => setTimeout(go, 0))
