/**
 * The engine: drives the consensus reducer and carries out its effects over the store. See `engine-api.ts`.
 *
 * Every write path is one atomic write. Memory is changed along with it; when it fails, memory is thrown
 * away and read again from the store, which then holds what it held before.
 */
import { bytesEqual } from '../base/bytes.ts'
import { assert, err, ok, type Result } from '../base/result.ts'
import { auditState } from './audit.ts'
import { blockCoder, type Certificate, type Commit, commitSigningBytes } from './block.ts'
import {
  type BlockRef,
  type ConsensusEffect,
  type ConsensusInput,
  consensusDueMs,
  stepConsensus,
} from './consensus.ts'
import type { Engine, EngineOptions, ImportError, OpenError, Outbound, Step } from './engine-api.ts'
import { buildBlock, type ExecutedBlock } from './engine-build.ts'
import {
  createContext,
  type EngineContext,
  type EngineMemory,
  loadMemory,
  refOf,
} from './engine-core.ts'
import {
  deferBlocks,
  dropPooled,
  finalizeTo,
  layGenesis,
  moveHead,
  storeExecution,
} from './engine-head.ts'
import { certifies, executeImport, readBlock } from './engine-import.ts'
import { buildProof } from './engine-proof.ts'
import { decodeHeadRecord, encodeHeadRecord } from './engine-record.ts'
import { submitTransactions } from './engine-submit.ts'
import {
  viewAccount,
  viewBlock,
  viewEscrow,
  viewFinalized,
  viewHead,
  viewPool,
  viewStatus,
  viewTransaction,
} from './engine-views.ts'
import { hasReady } from './mempool.ts'

/**
 * Opens the chain that `store` holds, or lays down its genesis block. Reads the head record, the pool and
 * nothing else. Rejects a store of another genesis.
 */
export function openEngine(options: EngineOptions): Result<Engine, OpenError> {
  const context = createContext(options)
  const { store } = options
  if (!store.readHead()) store.atomically(() => layGenesis(context))
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
    const { consensus, pool } = current()
    return consensusDueMs(context.consensus, consensus, { nowMs, ready: hasReady(pool) })
  }
  const step: Stepper = (nowMs, inputs) => {
    if (!inputs) return { added: [], finalized: undefined, send: [], dueAtMs: dueAtMs(nowMs) }
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
        session.input({ kind: 'tick', nowMs, ready: hasReady(current().pool) })
      })
    },
    dueAtMs,
    importBlock: (input, nowMs) => importInto(context, current(), { ...input, nowMs }, step),
    resumeSigning(nowMs) {
      step(nowMs, (session) => session.input({ kind: 'resume', nowMs }))
    },
    status: (nowMs) => viewStatus(context, current(), nowMs),
    head: () => viewHead(context, current(), current().consensus.head.hash),
    account: (address) => viewAccount(context, current(), address),
    finalEscrow: (id) => viewEscrow(context, current(), id),
    transaction: (hash) => viewTransaction(context, current(), hash),
    blockAt(height) {
      const hash = store.readHeight(height)
      return hash && viewBlock(context, current(), hash)
    },
    block: (hash) => viewBlock(context, current(), hash),
    pool: (limit) => viewPool(current(), limit),
    finalizedFrom: (height, limit) => viewFinalized(context, current(), { height, limit }),
    audit: () => auditState(context.nodes.read, current().head.root),
    proof: (subject) => buildProof(context, current(), subject),
  }
}

/** Runs inputs as one atomic write; without any, says only when to come back. */
type Stepper = (nowMs: number, inputs: ((session: Session) => void) | undefined) => Step

type ImportInput = {
  readonly bytes: Uint8Array
  readonly certificate: Certificate | undefined
  readonly nowMs: number
}

function importInto(
  context: EngineContext,
  memory: EngineMemory,
  { bytes, certificate, nowMs }: ImportInput,
  step: Stepper,
): Result<Step, ImportError> {
  const read = readBlock(context, bytes)
  if (!read.ok) return read
  const { block, hash } = read.value
  const { header } = block.signedHeader
  const held = context.store.readBlock(hash) !== undefined
  const own = context.genesis.authorities[context.consensus.self ?? -1]?.publicKey
  if (!held && own && bytesEqual(own, header.proposer)) {
    step(nowMs, (session) => {
      session.input({ kind: 'own_signature_met', slot: Number(header.slot) })
    })
  }
  if (certificate && !certifies(context, certificate, { ...header, hash })) {
    return err({ code: 'CERTIFICATE_INVALID', message: 'no quorum certifies this block' })
  }
  const executed = held ? undefined : executeImport(context, memory, { block, hash, nowMs })
  if (executed && !executed.ok) return executed
  const certificates = [header.certificate, certificate].filter(
    (known) => known && Number(known.height) > memory.consensus.final.height,
  )
  if (!executed && certificates.length === 0) return ok(step(nowMs, undefined))
  return ok(
    step(nowMs, (session) => {
      if (executed) session.takeOver(executed.value)
      for (const known of certificates) {
        if (known) session.certified(known)
      }
    }),
  )
}

/** One atomic write in the making: feeds the reducer, carries out effects, gathers what to tell. */
type Session = {
  readonly input: (input: ConsensusInput) => void
  /** Stores a block made elsewhere and tells the reducer. */
  readonly takeOver: (executed: ExecutedBlock) => void
  readonly certified: (certificate: Certificate) => void
  /** Writes what was held back. */
  readonly flush: () => void
  readonly result: () => Omit<Step, 'dueAtMs'>
}

function openSession(context: EngineContext, memory: EngineMemory): Session {
  const { store, signer, rules } = context
  const table = deferBlocks(store)
  const added: BlockRef[] = []
  const send: Outbound[] = []
  let finalized: Step['finalized']

  const input = (given: ConsensusInput): void => {
    const { state, effects } = stepConsensus(context.consensus, memory.consensus, given)
    memory.consensus = state
    for (const effect of effects) carryOut(effect)
  }
  const take = (executed: ExecutedBlock, own: boolean): void => {
    table.writeBlock(storeExecution(context, memory, executed, table))
    input({ kind: 'executed', block: refOf(executed.block), own })
  }
  const carryOut = (effect: ConsensusEffect): void => {
    switch (effect.kind) {
      case 'propose':
        propose(effect.slot)
        return
      case 'adopt':
        added.push(...moveHead(context, memory, effect.block, table))
        return
      case 'commit':
        commitTo(effect.commit)
        return
      case 'finalize':
        finalizeTo(context, effect, table)
        finalized = {
          from: finalized?.from ?? effect.previous.height + 1,
          to: effect.block.height,
        }
        send.push({ kind: 'certificate', certificate: effect.certificate })
    }
  }
  const propose = (slot: number): void => {
    assert(signer, 'only a site with a key proposes')
    const { executed, dropped } = buildBlock(context, memory, { slot, signer })
    if (dropped.length > 0) dropPooled(context, memory, dropped)
    send.push({ kind: 'block', bytes: blockCoder.encode(executed.block) })
    take(executed, true)
  }
  const commitTo = (commit: Commit): void => {
    const { self } = context.consensus
    assert(signer && self !== undefined, 'only an authority commits')
    const signature = signer.sign(commitSigningBytes(rules.genesisHash, commit))
    input({ kind: 'commit', commit: { authority: self, commit, signature } })
  }
  return {
    input,
    takeOver: (executed) => take(executed, false),
    certified(certificate) {
      const indexed = store.readHeight(Number(certificate.height))
      const onHeadChain = indexed !== undefined && bytesEqual(indexed, certificate.block)
      input({ kind: 'certified', certificate, onHeadChain })
    },
    flush() {
      table.flush()
      const { consensus, nextNodeId } = memory
      const { genesisHash } = rules
      store.writeHead(encodeHeadRecord({ genesisHash, nextNodeId, consensus }))
    },
    result: () => ({
      added: added.map(({ hash }) => viewHead(context, memory, hash)),
      finalized,
      send,
    }),
  }
}
