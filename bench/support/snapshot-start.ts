/** A fresh site that begins from a snapshot: how long making one takes, and taking it over. */
import { bytesEqual } from '../../core/base/bytes.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import type { SnapshotPart } from '../../core/chain/engine-snapshot.ts'
import { beginInstall } from '../../core/chain/snapshot-install.ts'
import { openSqliteChainStore } from '../../durable-objects/chain/sqlite-chain-store.ts'
import { createNativeVerifier } from '../../durable-objects/native-ed25519.ts'
import {
  benchAuthority,
  makeBenchGenesis,
  makeSenders,
  openBenchEngine,
  slotStartMs,
} from './bench-ledger.ts'
import { buildBlocks } from './block-cost.ts'
import { monotonicMs } from './clock.ts'
import { layLargeState } from './large-state.ts'
import { openMeasuredStorage } from './measured-storage.ts'
import { say } from './report.ts'
import { rounded } from './statistics.ts'

export type SnapshotStart = {
  readonly accounts: number
  readonly parts: number
  readonly mib: number
  readonly lay_seconds: number
  readonly make_seconds: number
  /** Checking and writing every part, and opening the chain. */
  readonly install_seconds: number
}

const height = 1_000
const blocks = 2
const perBlock = 100

/** Lays a chain of so many accounts, makes its snapshot, and begins a fresh store from it. */
export function measureSnapshotStart(
  accounts: number,
  paths: { readonly source: string; readonly fresh: string },
): SnapshotStart {
  say(`a snapshot of ${accounts} accounts`)
  const genesis = makeBenchGenesis()
  const verifier = createNativeVerifier()
  const from = monotonicMs()
  const storage = openMeasuredStorage(paths.source)
  const store = openSqliteChainStore(storage)
  const senders = makeSenders(perBlock)
  layLargeState({ store, genesis, senders, accounts, height })
  const engine = openBenchEngine({ store, genesis, verifier, signer: benchAuthority })
  const plan = { engine, genesis, senders, accounts, transactions: perBlock, rows: storage.rows }
  buildBlocks({ ...plan, blocks })
  const laid = monotonicMs()
  const parts = makeSnapshot(engine)
  const made = monotonicMs()
  const fresh = openMeasuredStorage(paths.fresh)
  const target = { store: openSqliteChainStore(fresh), genesis, verifier }
  install(target, parts, slotStartMs(genesis, engine.head().slot))
  const begun = openBenchEngine(target)
  const installed = monotonicMs()
  if (!bytesEqual(begun.head().finalHash, engine.head().finalHash)) {
    throw new Error('the run does not count: the fresh site has another final block')
  }
  const bytes = [...parts.values()].reduce((sum, part) => sum + part.length, 0)
  storage.close()
  fresh.close()
  const result = {
    accounts,
    parts: parts.size,
    mib: rounded(bytes / 2 ** 20),
    lay_seconds: rounded((laid - from) / 1_000),
    make_seconds: rounded((made - laid) / 1_000),
    install_seconds: rounded((installed - made) / 1_000),
  }
  say(`  made in ${result.make_seconds} s, begun from in ${result.install_seconds} s`)
  return result
}

function makeSnapshot({ snapshots }: Engine): Map<SnapshotPart, Uint8Array> {
  if (!snapshots.begin()) throw new Error('there is no final block to begin with')
  const parts = new Map<SnapshotPart, Uint8Array>()
  for (let piece = snapshots.next(); piece; piece = snapshots.next()) {
    if (piece === 'again') continue
    parts.set(piece.part, piece.bytes)
    snapshots.keep()
  }
  return parts
}

function install(
  options: Parameters<typeof beginInstall>[0],
  parts: ReadonlyMap<SnapshotPart, Uint8Array>,
  nowMs: number,
): void {
  const begun = beginInstall(options, partOf(parts, 'description'))
  if (!begun.ok) throw new Error(begun.error.message)
  const { wanted, take } = begun.value
  for (let part = wanted(); part !== undefined; part = wanted()) {
    const taken = take(partOf(parts, part), nowMs)
    if (!taken.ok) throw new Error(taken.error.message)
  }
}

function partOf(parts: ReadonlyMap<SnapshotPart, Uint8Array>, name: SnapshotPart): Uint8Array {
  const bytes = parts.get(name)
  if (!bytes) throw new Error(`the snapshot has no part ${name}`)
  return bytes
}
