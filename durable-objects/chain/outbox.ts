/**
 * The outbox: hands finalized blocks to the read model, in order of height, one writer. What it holds is a
 * cursor into the chain itself, so a block cannot be final without being in it. The read model says where
 * it stands, and refuses a block that it has; a crash at any instant repeats work but loses none.
 */
import { toHex } from '../../core/base/bytes.ts'
import type { Engine, FinalizedBlock } from '../../core/chain/engine-api.ts'
import type { AccountView } from '../../core/chain/views.ts'
import { backoffMs, chainNodeLimits as limits } from './limits.ts'
import type { BaseParties } from './next-chain.ts'
import type { SqliteStorage } from './sqlite-chain-store.ts'

/** The read model as the chain object sees it; the composition root injects it. */
export type Indexer = {
  /** Its newest block; undefined while it is empty. Hashes are hex. */
  readonly position: () => Promise<
    { readonly genesisHash: string; readonly height: number; readonly hash: string } | undefined
  >
  /** Empties it, a bounded part a call; true while there is more. From the first call on it has no position. */
  readonly clear: () => Promise<boolean>
  /**
   * Adds consecutive blocks from the next height on, all or none. `isFirst`: the chain begins here with the
   * first of them, and the read model is empty.
   */
  readonly add: (input: {
    readonly blocks: readonly FinalizedBlock[]
    readonly isFirst: boolean
    /** Owner and coordinator of an escrow that was opened below the first block of this site. */
    readonly partiesOf: (escrow: Uint8Array) => BaseParties | undefined
    /** An account in the newest final state. */
    readonly accountOf: (address: Uint8Array) => AccountView
  }) => Promise<void>
}

export type OutboxParts = {
  readonly sql: SqliteStorage['sql']
  readonly indexer: Indexer
  readonly engine: () => Engine
  /** Height of the newest final block, known without reading a block. */
  readonly finalHeight: () => number
  readonly partiesOf: (escrow: Uint8Array) => BaseParties | undefined
  /** Called when the state of the outbox changed and the alarm may have to move. */
  readonly onChange: () => void
}

export type Outbox = {
  /** Height up to which the read model has been filled; -1 before the first. */
  readonly indexedHeight: () => number
  /** When to call `drain` next, Unix milliseconds; undefined while there is nothing to do. */
  readonly dueAtMs: () => number | undefined
  /** Why the read model is behind, for people. */
  readonly fault: () => string | undefined
  /**
   * Brings the read model up to the final block. Never rejects; does nothing while one runs, or before the
   * wait after a failure is over.
   */
  readonly drain: () => Promise<void>
  /** The same without waiting, for the cron trigger. */
  readonly retry: () => Promise<void>
  /** Another chain stands in the store: where the read model is has to be found out again. */
  readonly relocate: () => void
}

/** Opens the outbox on its table. */
export function openOutbox(parts: OutboxParts): Outbox {
  const { sql, indexer, engine, finalHeight, onChange } = parts
  sql.exec(
    'CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY CHECK (id = 1), height INTEGER NOT NULL)',
  )
  let height = storedHeight(sql)
  let located = false
  /** Whether the read model has nothing yet. */
  let isEmpty = false
  let running = false
  let failures = 0
  let retryAtMs = 0
  let fault: string | undefined
  const moveTo = (to: number) => {
    if (to === height) return
    height = to
    sql.exec('INSERT OR REPLACE INTO outbox (id, height) VALUES (1, ?)', to)
  }
  const pending = () => height < finalHeight()

  const fill = async (): Promise<void> => {
    while (!located) {
      // Set first: whatever puts another chain in place meanwhile has it asked again.
      located = true
      const at = await locate(indexer, engine())
      isEmpty = at === undefined
      if (located) moveTo(at ?? lastUnlisted(engine()))
    }
    while (pending()) {
      const from = height + 1
      const blocks = takeBlocks(engine(), from)
      const accountOf = (address: Uint8Array) => engine().account(address)
      const { partiesOf } = parts
      await inTime(indexer.add({ blocks, isFirst: isEmpty, accountOf, partiesOf }))
      if (!located) return fill()
      isEmpty = false
      moveTo(height + blocks.length)
    }
  }

  const drain = async () => {
    if (running || !pending() || Date.now() < retryAtMs) return
    running = true
    try {
      await fill()
      failures = 0
      retryAtMs = 0
      fault = undefined
    } catch (error) {
      // A write that failed here may have arrived there: ask before the next one.
      located = false
      failures += 1
      const bounds = { first: limits.indexRetryMs, max: limits.indexRetryMsMax }
      retryAtMs = Date.now() + backoffMs(failures, bounds)
      fault = `read model: ${error instanceof Error ? error.message : String(error)}`
    } finally {
      running = false
    }
    onChange()
  }

  return {
    indexedHeight: () => height,
    dueAtMs: () => (running || !pending() ? undefined : retryAtMs),
    fault: () => fault,
    drain,
    retry: () => {
      retryAtMs = 0
      return drain()
    },
    relocate: () => {
      located = false
    },
  }
}

/**
 * The block below the first one that is listed. A site that began from a snapshot lists what came after its
 * first block: who stood behind an escrow that closed in that very block, nothing says any more.
 */
function lastUnlisted(engine: Engine): number {
  const base = engine.keptFrom()
  return base === 0 ? -1 : base
}

const turn = (): Promise<void> => new Promise((go) => setTimeout(go, 0))

/**
 * Where the read model stands, undefined while it is empty, after checking that it holds this chain. What
 * it has of blocks below the first one of this site is given up: between them and that one there would be a
 * gap.
 */
async function locate(indexer: Indexer, engine: Engine): Promise<number | undefined> {
  const position = await inTime(indexer.position())
  const base = engine.keptFrom()
  const isBelow = position !== undefined && position.height < base
  if (!position || (isBelow && position.genesisHash === toHex(engine.genesisHash))) {
    if (base > 0) while (await inTime(indexer.clear())) await turn()
    return undefined
  }
  if (position.genesisHash !== toHex(engine.genesisHash)) {
    throw new Error(
      `the database holds the chain of genesis ${position.genesisHash}; ` +
        'empty its chain tables or bind another database',
    )
  }
  const block = engine.blockAt(position.height)
  if (!block?.final || toHex(block.hash) !== position.hash) {
    throw new Error(
      `the database holds block ${position.hash} at height ${position.height}, which is not final here`,
    )
  }
  return position.height
}

function takeBlocks(engine: Engine, from: number): FinalizedBlock[] {
  const blocks: FinalizedBlock[] = []
  let transactions = 0
  while (blocks.length < limits.indexBlocksMax && transactions < limits.indexTransactionsMax) {
    const next = engine.finalizedFrom(from + blocks.length, 1)[0]
    if (!next) break
    blocks.push(next)
    transactions += next.transactions.length
  }
  if (blocks.length === 0) throw new Error(`block ${from} is not in the store`)
  return blocks
}

function storedHeight(sql: SqliteStorage['sql']): number {
  const row = sql.exec('SELECT height FROM outbox').toArray()[0]
  return row ? Number(row.height) : -1
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), limits.indexTimeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
