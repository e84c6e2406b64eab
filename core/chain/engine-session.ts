/**
 * One step of the engine: feeds the reducer, carries out its effects over the store, and gathers what to
 * tell. Everything happens inside one atomic write, opened by the engine.
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { assert } from '../base/result.ts'
import { blockCoder, commitSigningBytes } from './block.ts'
import {
  type BlockRef,
  type ConsensusEffect,
  type ConsensusInput,
  stepConsensus,
} from './consensus.ts'
import type { FoundOffence, Outbound, Step } from './engine-api.ts'
import { buildBlock, type ExecutedBlock } from './engine-build.ts'
import { type EngineContext, type EngineMemory, refOf, rulesAfter } from './engine-core.ts'
import { deferBlocks, dropPooled, finalizeTo, moveHead, storeExecution } from './engine-head.ts'
import { votesBehind } from './engine-messages.ts'
import { encodeHeadRecord } from './engine-record.ts'
import { viewHead } from './engine-views.ts'
import type { StoredMessage } from './store.ts'
import {
  type FinalityMessage,
  finalityMessageCoder,
  messageHash,
  messageSlot,
  voteSigningBytes,
} from './vote.ts'

/** Runs inputs as one atomic write; without any, says only when to come back. */
export type Stepper = (nowMs: number, inputs: ((session: Session) => void) | undefined) => Step

/** One atomic write in the making: feeds the reducer, carries out effects, gathers what to tell. */
export type Session = {
  readonly input: (input: ConsensusInput) => void
  /** Stores a block made elsewhere and tells the reducer. */
  readonly takeOver: (executed: ExecutedBlock) => void
  /** Writes what was held back. */
  readonly flush: () => void
  readonly result: () => Omit<Step, 'dueAtMs'>
}

/** What a step without any input did. */
export const nothing = { added: [], finalized: undefined, deserted: 0, send: [], offences: [] }

/** Opens a step. */
export function openSession(context: EngineContext, memory: EngineMemory): Session {
  const { store, signer, rules } = context
  const table = deferBlocks(store)
  const added: BlockRef[] = []
  const send: Outbound[] = []
  const signed: StoredMessage[] = []
  const offences: FoundOffence[] = []
  let finalized: Step['finalized']
  let deserted = 0

  const input = (given: ConsensusInput): void => {
    const { lock, final } = memory.consensus
    const { state, effects } = stepConsensus(memory.rules, memory.consensus, given)
    memory.consensus = state
    if (state.lock.slot > lock.slot) {
      // What is behind the last lock was kept with it.
      signed.push(...votesBehind(state, lock.hash ? lock.slot : final.slot))
    }
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
