/**
 * The engine: drives the consensus reducer and carries out its effects over the store. See `engine-api.ts`.
 *
 * Every write path is one atomic write. Memory is changed along with it; when it fails, memory is thrown
 * away and read again from the store, which then holds what it held before.
 */
import { bytesEqual } from '../base/bytes.ts'
import { max } from '../base/int.ts'
import { assert, err, ok, type Result } from '../base/result.ts'
import { auditState } from './audit.ts'
import { consensusDueMs, slotAt } from './consensus.ts'
import type { Engine, EngineOptions, OpenError } from './engine-api.ts'
import { createContext, type EngineContext, type EngineMemory, loadMemory } from './engine-core.ts'
import { layGenesis } from './engine-head.ts'
import { buildLightAnswer, buildUpdate, lightStateOf } from './engine-light.ts'
import { openMessages, receiveMessages } from './engine-messages.ts'
import { buildProof } from './engine-proof.ts'
import { decodeHeadRecord } from './engine-record.ts'
import { nothing, openSession, type Stepper } from './engine-session.ts'
import { openSnapshotMaker } from './engine-snapshot.ts'
import { submitTransactions } from './engine-submit.ts'
import { importInto, takeCertificate } from './engine-take.ts'
import {
  viewAccount,
  viewBlock,
  viewBond,
  viewBooking,
  viewClaimable,
  viewEscrow,
  viewFinalized,
  viewHead,
  viewPool,
  viewStatus,
  viewTransaction,
  viewWaiting,
} from './engine-views.ts'
import { hasReady } from './mempool.ts'
import { wayCoder } from './snapshot.ts'

/**
 * Opens the chain that `store` holds, or lays down its genesis block. Reads the head record, the pool and
 * nothing else. Rejects a store of another genesis.
 */
export function openEngine(options: EngineOptions): Result<Engine, OpenError> {
  const context = createContext(options)
  const { store } = options
  if (!store.readHead()) {
    if (store.readNote('installed')) {
      const message = 'the store holds a part of a snapshot, and no chain yet'
      return err({ code: 'INSTALL_UNFINISHED', message })
    }
    store.atomically(() => layGenesis(context))
  }
  const loaded = loadStore(context)
  return loaded.ok ? ok(engineOver(context, loaded.value)) : loaded
}

function loadStore(context: EngineContext): Result<EngineMemory, OpenError> {
  const record = context.store.readHead()
  try {
    assert(record, 'the head record is stored')
    if (!bytesEqual(decodeHeadRecord(record).genesisHash, context.rules.genesisHash)) {
      const message = 'the store holds the chain of another genesis'
      return err({ code: 'GENESIS_MISMATCH', message })
    }
    return ok(loadMemory(context, record))
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unreadable'
    return err({ code: 'STORE_CORRUPT', message })
  }
}

function engineOver(context: EngineContext, loaded: EngineMemory): Engine {
  const { store } = context
  let memory: EngineMemory | undefined = loaded
  let keptFrom: number | undefined

  const current = (): EngineMemory => {
    if (!memory) {
      const record = store.readHead()
      assert(record, 'an open engine has a head record')
      memory = loadMemory(context, record)
    }
    return memory
  }
  const write = <T>(action: (memory: EngineMemory) => T): T => {
    const held = current()
    try {
      return store.atomically(() => action(held))
    } catch (error) {
      memory = undefined
      context.nodes.clear()
      context.recent.clear()
      throw error
    }
  }
  const dueAtMs = (nowMs: number): number => {
    const { rules, consensus } = current()
    return consensusDueMs(rules, consensus, { nowMs, ...workOf(current()) })
  }
  const step: Stepper = (nowMs, inputs) => {
    if (!inputs) return { ...nothing, dueAtMs: dueAtMs(nowMs) }
    const session = write((held) => {
      const opened = openSession(context, held)
      inputs(opened)
      opened.flush()
      return opened
    })
    return { ...session.result(), dueAtMs: dueAtMs(nowMs) }
  }

  return {
    genesisHash: context.rules.genesisHash,
    submit: (transactions, nowMs) =>
      write((held) => submitTransactions(context, held, transactions, nowMs)),
    tick(nowMs) {
      // Nothing due is the common case of an early or repeated alarm: no atomic write for it.
      if (dueAtMs(nowMs) > nowMs) return step(nowMs, undefined)
      return step(nowMs, (session) => {
        session.input({ kind: 'tick', nowMs, ...workOf(current()) })
      })
    },
    dueAtMs,
    importBlock: (input, nowMs) => importInto(context, current(), { ...input, nowMs }, step),
    importCertificate: (certificate, nowMs) =>
      takeCertificate(context, current(), { certificate, nowMs }, step),
    receive: (messages, nowMs) => receiveMessages(context, current(), { messages, nowMs }, step),
    openMessages: () => openMessages(current().consensus),
    blockBytes: (hash) => store.readBlock(hash)?.block,
    keptFrom: () => {
      keptFrom ??= lowestKept(context)
      return keptFrom
    },
    hashesFrom(height, limit) {
      const hashes: Uint8Array[] = []
      for (let at = height; hashes.length < limit; at++) {
        const hash = store.readHeight(at)
        if (!hash) break
        hashes.push(hash)
      }
      return hashes
    },
    suspendSigning(nowMs) {
      const slot = max(slotAt(current().rules, nowMs), 0)
      step(nowMs, (session) => session.input({ kind: 'own_signature_met', slot }))
    },
    resumeSigning(nowMs) {
      step(nowMs, (session) => session.input({ kind: 'resume', nowMs }))
    },
    status: (nowMs) => viewStatus(context, current(), nowMs),
    head: () => viewHead(context, current(), current().consensus.head.hash),
    account: (address) => viewAccount(context, current(), address),
    finalEscrow: (id) => viewEscrow(context, current(), id),
    finalBooking: (id) => viewBooking(context, current(), id),
    finalBond: (owner) => viewBond(context, current(), owner),
    finalClaimable: (name) => viewClaimable(context, current(), name),
    transaction: (hash) => viewTransaction(context, current(), hash),
    blockAt(height) {
      const hash = store.readHeight(height)
      return hash && viewBlock(context, current(), hash)
    },
    block: (hash) => viewBlock(context, current(), hash),
    pool: (limit) => viewPool(current(), limit),
    waiting: (sender) => viewWaiting(current(), sender),
    finalizedFrom: (height, limit) => viewFinalized(context, current(), { height, limit }),
    audit: () => auditState(context.nodes.read, current().head.root),
    proof: (subject) => buildProof(context, current(), subject),
    snapshots: openSnapshotMaker(context, current, write),
    lightUpdate: (from, to) => buildUpdate(context, current(), { from, to }),
    lightState: () => lightStateOf(context, current()),
    lightProof: (subject, from) => buildLightAnswer(context, current(), { subject, from }),
  }
}

/** Height of the block with which this site began. */
function lowestKept({ store }: EngineContext): number {
  const way = store.readNote('base')
  return way ? Number(wayCoder.decode(way).at(-1)?.header.height) : 0
}

/** Whether there is work, and whether the head waits for its set of authorities to end. */
function workOf({ closesAt, consensus, pool }: EngineMemory): {
  readonly ready: boolean
  readonly sealed: boolean
} {
  const { head, final } = consensus
  const sealed = head.height === closesAt && final.height < head.height
  return { ready: hasReady(pool) || (closesAt !== undefined && closesAt > head.height), sealed }
}
