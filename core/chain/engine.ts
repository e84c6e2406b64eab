/**
 * The engine: drives the consensus reducer and carries out its effects over the store. See `engine-api.ts`.
 *
 * Every write path is one atomic write. Memory is changed along with it; when it fails, memory is thrown
 * away and read again from the store, which then holds what it held before.
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { max, quorumOf } from '../base/int.ts'
import { assert, err, ok, type Result } from '../base/result.ts'
import { auditState } from './audit.ts'
import {
  type Block,
  blockCoder,
  type Certificate,
  commitSigningBytes,
  headerHash,
} from './block.ts'
import {
  type BlockRef,
  type ConsensusEffect,
  type ConsensusInput,
  consensusDueMs,
  slotAt,
  stepConsensus,
} from './consensus.ts'
import type {
  Engine,
  EngineOptions,
  FoundOffence,
  ImportError,
  OpenError,
  Outbound,
  Step,
} from './engine-api.ts'
import { buildBlock, type ExecutedBlock } from './engine-build.ts'
import {
  createContext,
  type EngineContext,
  type EngineMemory,
  loadMemory,
  refOf,
  rulesAfter,
} from './engine-core.ts'
import {
  deferBlocks,
  dropPooled,
  finalizeTo,
  layGenesis,
  moveHead,
  storeExecution,
} from './engine-head.ts'
import { certifies, decodeBlock, executeImport, readBlock } from './engine-import.ts'
import { buildLightAnswer, buildUpdate } from './engine-light.ts'
import { openMessages, receiveMessages } from './engine-messages.ts'
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
import type { StoredMessage } from './store.ts'
import {
  type FinalityMessage,
  finalityMessageCoder,
  messageHash,
  messageSlot,
  voteSigningBytes,
} from './vote.ts'

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
    importCertificate(certificate, nowMs) {
      const { final } = current().consensus
      if (Number(certificate.height) <= final.height) return ok(step(nowMs, undefined))
      const held = store.readBlock(certificate.block)
      if (!held) return err({ code: 'PARENT_UNKNOWN', message: 'the certified block is not held' })
      const ref = { hash: held.hash, height: BigInt(held.height), slot: BigInt(held.slot) }
      if (!certifies(context, current(), certificate, ref)) {
        return err({ code: 'CERTIFICATE_INVALID', message: 'no quorum certifies this block' })
      }
      return ok(step(nowMs, (session) => session.input({ kind: 'certified', certificate })))
    },
    receive: (messages, nowMs) => receiveMessages(context, current(), { messages, nowMs }, step),
    openMessages: () => openMessages(current().consensus),
    blockBytes: (hash) => store.readBlock(hash)?.block,
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
    lightUpdate: (from) => buildUpdate(context, current(), from),
    lightProof: (subject, from) => buildLightAnswer(context, current(), { subject, from }),
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
  const decoded = decodeBlock(bytes)
  if (!decoded.ok) return decoded
  if (isFinalAlready(context, memory, decoded.value)) return ok(step(nowMs, undefined))
  endSet(context, memory, { block: decoded.value, nowMs }, step)
  const read = readBlock(context, memory, decoded.value)
  if (!read.ok) return read
  const { block, hash } = read.value
  const { header } = block.signedHeader
  const held = context.store.readBlock(hash) !== undefined
  const slot = Number(header.slot)
  const own = memory.rules.authorities[memory.rules.self ?? -1]?.publicKey
  if (!held && own && bytesEqual(own, header.proposer) && isForgotten(memory, hash, slot)) {
    step(nowMs, (session) => {
      session.input({ kind: 'own_signature_met', slot })
    })
  }
  const isNews = certificate && Number(certificate.height) > memory.consensus.final.height
  if (isNews && !certifies(context, memory, certificate, { ...header, hash })) {
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
        if (known) session.input({ kind: 'certified', certificate: known })
      }
    }),
  )
}

/**
 * Whether a block of this site's own making is one that it cannot have let go. Below the final block a
 * branch of its own may have lost and be gone, except where this site is its own quorum.
 */
function isForgotten(memory: EngineMemory, hash: Uint8Array, slot: number): boolean {
  if (slot <= memory.consensus.final.slot) return quorumOf(memory.rules.authorities.length) === 1
  return !memory.proposed.has(toHex(hash))
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

/** After the last block of a set is final: the next one votes, and what the old one said is past. */
function changeSet(context: EngineContext, memory: EngineMemory): void {
  const { final, head } = memory.consensus
  if (memory.closesAt !== final.height || !bytesEqual(head.hash, final.hash)) return
  const after = rulesAfter(context, { root: memory.head.root, height: final.height })
  memory.rules = after.rules
  memory.before = after.before
  memory.closesAt = undefined
  memory.consensus = { ...memory.consensus, votes: new Map(), commits: new Map() }
}

/** Whether a block is one of the final ones that this site holds: no news, by whatever set it is. */
function isFinalAlready({ store }: EngineContext, memory: EngineMemory, block: Block): boolean {
  const { header } = block.signedHeader
  if (header.height > BigInt(memory.consensus.final.height)) return false
  return store.readBlock(headerHash(header)) !== undefined
}

/**
 * A block of the next set brings the certificate of the last block of the one before: whoever does not have
 * it yet takes it over first, since only then can the block be judged.
 */
function endSet(
  context: EngineContext,
  memory: EngineMemory,
  { block, nowMs }: { readonly block: Block; readonly nowMs: number },
  step: Stepper,
): void {
  const { certificate, parent } = block.signedHeader.header
  if (!certificate || !bytesEqual(certificate.block, parent)) return
  if (
    memory.closesAt === undefined ||
    Number(certificate.height) <= memory.consensus.final.height
  ) {
    return
  }
  const held = context.store.readBlock(parent)
  if (!held) return
  const ref = { hash: held.hash, height: BigInt(held.height), slot: BigInt(held.slot) }
  if (!certifies(context, memory, certificate, ref)) return
  step(nowMs, (session) => session.input({ kind: 'certified', certificate }))
}

/** One atomic write in the making: feeds the reducer, carries out effects, gathers what to tell. */
type Session = {
  readonly input: (input: ConsensusInput) => void
  /** Stores a block made elsewhere and tells the reducer. */
  readonly takeOver: (executed: ExecutedBlock) => void
  /** Writes what was held back. */
  readonly flush: () => void
  readonly result: () => Omit<Step, 'dueAtMs'>
}

/** Writes what this site has signed above the final block, and forgets what is final: it binds nobody. */
function forgetAndKeep(
  { store }: EngineContext,
  memory: EngineMemory,
  signed: readonly StoredMessage[],
): void {
  const { slot } = memory.consensus.final
  if (memory.signedSlots.some((at) => at <= slot)) store.deleteMessagesUpTo(slot)
  for (const [hash, at] of memory.proposed) if (at <= slot) memory.proposed.delete(hash)
  const open = signed.filter((message) => message.slot > slot)
  if (open.length > 0) store.writeMessages(open)
  memory.signedSlots = [...memory.signedSlots, ...open.map((message) => message.slot)].filter(
    (at) => at > slot,
  )
}

const isSameHash = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && bytesEqual(a, b)

const nothing = { added: [], finalized: undefined, deserted: 0, send: [], offences: [] }

function openSession(context: EngineContext, memory: EngineMemory): Session {
  const { store, signer, rules } = context
  const table = deferBlocks(store)
  const added: BlockRef[] = []
  const send: Outbound[] = []
  const signed: StoredMessage[] = []
  const offences: FoundOffence[] = []
  let finalized: Step['finalized']
  let deserted = 0

  const input = (given: ConsensusInput): void => {
    const { state, effects } = stepConsensus(memory.rules, memory.consensus, given)
    memory.consensus = state
    for (const effect of effects) carryOut(effect)
  }
  const take = (executed: ExecutedBlock, own: boolean): void => {
    table.writeBlock(storeExecution(context, memory, executed, table))
    const { parent } = executed.block.signedHeader.header
    input({ kind: 'executed', block: { ...refOf(executed.block), parent }, own })
  }
  const carryOut = (effect: ConsensusEffect): void => {
    switch (effect.kind) {
      case 'propose':
        propose(effect.slot)
        return
      case 'adopt':
        adopt(effect.block)
        return
      case 'vote': {
        const signature = signWith(voteSigningBytes(rules.genesisHash, effect.vote))
        const vote = { authority: selfIndex(), vote: effect.vote, signature }
        keep({ TAG: 'vote', data: vote })
        input({ kind: 'vote', vote })
        return
      }
      case 'commit': {
        const signature = signWith(commitSigningBytes(rules.genesisHash, effect.commit))
        const commit = { authority: selfIndex(), commit: effect.commit, signature }
        keep({ TAG: 'commit', data: commit })
        input({ kind: 'commit', commit })
        return
      }
      case 'offence':
        offences.push({ ...effect.offence, first: effect.first, second: effect.second })
        return
      case 'finalize':
        finalizeTo(context, effect, table)
        changeSet(context, memory)
        finalized = {
          from: finalized?.from ?? effect.previous.height + 1,
          to: effect.block.height,
        }
        send.push({ kind: 'certificate', certificate: effect.certificate })
    }
  }
  const adopt = (block: BlockRef): void => {
    const moved = moveHead(context, memory, block, table)
    added.push(...moved.fresh)
    deserted += moved.deserted
  }
  const signWith = (message: Uint8Array): Uint8Array => {
    assert(signer, 'only a site with a key signs')
    return signer.sign(message)
  }
  const selfIndex = (): number => {
    const { self } = memory.rules
    assert(self !== undefined, 'only an authority votes')
    return self
  }
  const keep = (message: FinalityMessage): void => {
    const bytes = finalityMessageCoder.encode(message)
    signed.push({ id: messageHash(message), slot: messageSlot(message), bytes })
    send.push({ kind: 'message', bytes, slot: messageSlot(message) })
  }
  const propose = (slot: number): void => {
    assert(signer, 'only a site with a key proposes')
    const { executed, dropped } = buildBlock(context, memory, { slot, signer })
    if (dropped.length > 0) dropPooled(context, memory, dropped)
    send.push({ kind: 'block', bytes: blockCoder.encode(executed.block) })
    signed.push({ id: executed.hash, slot, bytes: new Uint8Array() })
    memory.proposed.set(toHex(executed.hash), slot)
    take(executed, true)
  }
  return {
    input,
    takeOver: (executed) => take(executed, false),
    flush() {
      table.flush()
      const { consensus, nextNodeId } = memory
      forgetAndKeep(context, memory, signed)
      const { genesisHash } = rules
      store.writeHead(encodeHeadRecord({ genesisHash, nextNodeId, consensus }))
    },
    result: () => ({
      // Within one step a branch may come and lose again.
      added: added
        .filter(({ hash, height }) => isSameHash(store.readHeight(height), hash))
        .map(({ hash }) => viewHead(context, memory, hash)),
      finalized,
      deserted,
      // A vote for what has become final in the same step tells nobody anything.
      send: send.filter((out) => out.kind !== 'message' || memory.consensus.final.slot < out.slot),
      offences,
    }),
  }
}
