/** A chain with some thousand accounts, and shorthand for making and taking over its snapshots. */

import { compareBytes, utf8ToBytes } from '../../core/base/bytes.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import type { SnapshotPart } from '../../core/chain/engine-snapshot.ts'
import {
  beginInstall,
  type InstallOptions,
  resumeInstall,
  type SnapshotInstall,
} from '../../core/chain/snapshot-install.ts'
import { sha256 } from '../../core/crypto/hash.ts'
import { alice, bob, coordinator, createGenesis, sign, timeOf, transfer } from './chain-world.ts'

/** Accounts beside those of the small world: enough for several chunks. */
export const crowd = 3_000

const many = Array.from({ length: crowd }, (_, index) => ({
  address: sha256(utf8ToBytes(`account ${index}`)).slice(0, 20),
  balance: BigInt(index + 1),
}))

const small = createGenesis()

/** The genesis of this world. */
export const crowdedGenesis = createGenesis({
  accounts: [...small.accounts, ...many].sort((a, b) => compareBytes(a.address, b.address)),
})

export type Parts = ReadonlyMap<SnapshotPart, Uint8Array>

/** Makes the next blocks: one transfer each, and an escrow in the first. Returns the last slot. */
export function runBlocks(
  engine: Engine,
  { from, to }: { from: number; to: number },
  of = crowdedGenesis,
): number {
  for (let slot = from; slot <= to; slot++) {
    const nonce = BigInt(slot - 1)
    const target = many[(slot * 7) % crowd]?.address ?? bob.address
    const data = { coordinator: coordinator.publicKey, amount: 5_000_000n, expiry: 900n }
    const message =
      slot === 1 ? { TAG: 'escrow_open' as const, data } : transfer(target, BigInt(slot))
    const [verdict] = engine.submit([sign({ by: alice, message, nonce, of })], timeOf(slot, of))
    if (!verdict?.ok) throw new Error(verdict?.error.message)
    engine.tick(timeOf(slot, of) + 1)
  }
  return to
}

/** Makes a snapshot of the newest final block; `between` runs after each piece. */
export function makeSnapshot(engine: Engine, between: () => void = () => undefined): Parts {
  if (!engine.snapshots.begin()) throw new Error('nothing was begun')
  return finishSnapshot(engine, between)
}

/** Goes on with the one in the making. */
export function finishSnapshot(engine: Engine, between: () => void = () => undefined): Parts {
  const parts = new Map<SnapshotPart, Uint8Array>()
  for (;;) {
    const piece = engine.snapshots.next()
    if (piece === undefined) return parts
    if (piece === 'again') continue
    parts.set(piece.part, piece.bytes)
    engine.snapshots.keep()
    between()
  }
}

/** The part, which must be there. */
export function partOf(parts: Parts, part: SnapshotPart): Uint8Array {
  const bytes = parts.get(part)
  if (!bytes) throw new Error(`part ${part} is missing`)
  return bytes
}

/** Begins or goes on, to the end. */
export function installAll(options: InstallOptions, parts: Parts, nowMs: number): void {
  const install = resumeInstall(options) ?? mustBegin(options, parts)
  for (let part = install.wanted(); part !== undefined; part = install.wanted()) {
    const taken = install.take(partOf(parts, part), nowMs)
    if (!taken.ok) throw new Error(`${taken.error.code}: ${taken.error.message}`)
  }
}

export function mustBegin(options: InstallOptions, parts: Parts): SnapshotInstall {
  const begun = beginInstall(options, partOf(parts, 'description'))
  if (!begun.ok) throw new Error(`${begun.error.code}: ${begun.error.message}`)
  return begun.value
}
