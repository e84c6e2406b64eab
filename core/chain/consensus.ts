/**
 * Consensus as a reducer: (rules, state, input) → state and effects (SPEC.md, CONS rules). Time enters as
 * `nowMs`; whatever is signed, stored or sent is an effect, which the engine carries out in order and
 * inside one atomic write, so that everything is durable before it leaves.
 *
 * This version signs for one authority, which is its own quorum: what it executes is justified, committed
 * and final at once. Commits are collected and certificates made as for many; votes between authorities
 * are the input that is still missing, and with several of them this site signs nothing.
 */
import { bytesEqual, compareBytes } from '../base/bytes.ts'
import { floor, max, quorumOf } from '../base/int.ts'
import type { Certificate, Commit } from './block.ts'
import { type AuthoritySet, slotMs } from './genesis.ts'

/** A block by hash, height and slot. */
export type BlockRef = {
  readonly hash: Uint8Array
  readonly height: number
  readonly slot: number
}

/** Constants of one chain and one site. */
export type ConsensusRules = {
  readonly genesisTimeMs: number
  readonly authorities: AuthoritySet
  readonly authoritiesHash: Uint8Array
  /** Slots between blocks while there is nothing to do. */
  readonly heartbeatSlots: number
  /** This site's index in the set; undefined when it holds no authority key. */
  readonly self: number | undefined
}

/** Why this site signs nothing although it holds a key. */
export type StopReason = 'unremembered_signature' | 'several_authorities'

/** Durable: what must survive a restart, or the site could sign twice. */
export type ConsensusState = {
  readonly head: BlockRef
  readonly final: BlockRef
  /** Of the newest final block; undefined at genesis. */
  readonly certificate: Certificate | undefined
  /** Latest slot for which this site has signed a block, or met its own signature. */
  readonly proposedSlot: number
  /** Latest slot of a block to which this site has committed. */
  readonly committedSlot: number
  /** Commits to the head, by authority, that are not a certificate yet. */
  readonly commits: readonly AuthorityCommit[]
  readonly stopped: 'unremembered_signature' | undefined
}

/** An authority's index, what it commits to, and its signature. */
export type AuthorityCommit = {
  readonly authority: number
  readonly commit: Commit
  readonly signature: Uint8Array
}

/** What can happen to a site. */
export type ConsensusInput =
  /** Time has passed. `ready`: the mempool holds something that a block could. */
  | { readonly kind: 'tick'; readonly nowMs: number; readonly ready: boolean }
  /** A valid block has been executed and stored; `own`: this site has just made it, on the head. */
  | { readonly kind: 'executed'; readonly block: BlockRef; readonly own: boolean }
  /** A commit whose signature is valid, by this site or another. */
  | { readonly kind: 'commit'; readonly commit: AuthorityCommit }
  /** A valid certificate for a block that is held; `onHeadChain`: the head is it or descends from it. */
  | {
      readonly kind: 'certified'
      readonly certificate: Certificate
      readonly onHeadChain: boolean
    }
  /** A valid block signature by this site's key for a block that it does not hold. */
  | { readonly kind: 'own_signature_met'; readonly slot: number }
  /** The operator vouches that no other copy of this site runs. */
  | { readonly kind: 'resume'; readonly nowMs: number }

/** What a step asks of the engine, to be carried out in order. */
export type ConsensusEffect =
  /** Build a block on the head for this slot, sign it, store it, then feed back `executed`. */
  | { readonly kind: 'propose'; readonly slot: number; readonly parent: BlockRef }
  /** Make this block the head: index its chain, settle the mempool. */
  | { readonly kind: 'adopt'; readonly block: BlockRef }
  /** Sign this commit, then feed back `commit`. */
  | { readonly kind: 'commit'; readonly commit: Commit }
  /** The blocks above `previous` up to `block` are final: prune, tell others. */
  | {
      readonly kind: 'finalize'
      readonly previous: BlockRef
      readonly block: BlockRef
      readonly certificate: Certificate
    }

/** Result of a step. */
export type ConsensusStep = {
  readonly state: ConsensusState
  readonly effects: readonly ConsensusEffect[]
}

/** State of a chain that has only its genesis block. */
export const initialConsensus = (genesis: BlockRef): ConsensusState => ({
  head: genesis,
  final: genesis,
  certificate: undefined,
  proposedSlot: 0,
  committedSlot: 0,
  commits: [],
  stopped: undefined,
})

/** Slot at a time, negative before genesis. */
export const slotAt = (rules: Pick<ConsensusRules, 'genesisTimeMs'>, nowMs: number): number =>
  floor((nowMs - rules.genesisTimeMs) / slotMs)

/** Unix milliseconds at which a slot begins. */
export const slotStartMs = (rules: Pick<ConsensusRules, 'genesisTimeMs'>, slot: number): number =>
  rules.genesisTimeMs + slot * slotMs

/** Index of the authority whose turn a slot is. */
export const proposerOf = (rules: Pick<ConsensusRules, 'authorities'>, slot: number): number =>
  slot % rules.authorities.length

/** Why this site signs nothing, if it holds a key and does not. */
export function stopReason(rules: ConsensusRules, state: ConsensusState): StopReason | undefined {
  if (rules.self === undefined) return undefined
  return rules.authorities.length > 1 ? 'several_authorities' : state.stopped
}

/** One step. Never throws on any input; an input that changes nothing gives the same state. */
export function stepConsensus(
  rules: ConsensusRules,
  state: ConsensusState,
  input: ConsensusInput,
): ConsensusStep {
  switch (input.kind) {
    case 'tick':
      return onTick(rules, state, input)
    case 'executed':
      return onExecuted(rules, state, input)
    case 'commit':
      return onCommit(rules, state, input.commit)
    case 'certified':
      return onCertified(state, input)
    case 'own_signature_met':
      return {
        state: {
          ...state,
          proposedSlot: max(state.proposedSlot, input.slot),
          stopped: 'unremembered_signature',
        },
        effects: [],
      }
    case 'resume':
      return {
        state: {
          ...state,
          // The other copy may have signed in every slot so far.
          proposedSlot: max(state.proposedSlot, slotAt(rules, input.nowMs)),
          stopped: undefined,
        },
        effects: [],
      }
  }
}

/** When a tick may next have an effect, Unix milliseconds, at or after `nowMs`. */
export function consensusDueMs(
  rules: ConsensusRules,
  state: ConsensusState,
  { nowMs, ready }: { readonly nowMs: number; readonly ready: boolean },
): number {
  const now = slotAt(rules, nowMs)
  if (!signs(rules, state)) return slotStartMs(rules, max(now, 0) + rules.heartbeatSlots)
  const slot = ownSlotFrom(rules, max(now, earliestSlot(rules, state, ready)))
  return max(nowMs, slotStartMs(rules, slot))
}

function onTick(
  rules: ConsensusRules,
  state: ConsensusState,
  { nowMs, ready }: { readonly nowMs: number; readonly ready: boolean },
): ConsensusStep {
  const slot = slotAt(rules, nowMs)
  const due =
    signs(rules, state) &&
    proposerOf(rules, max(slot, 0)) === rules.self &&
    slot >= earliestSlot(rules, state, ready)
  if (!due) return { state, effects: [] }
  return {
    state: { ...state, proposedSlot: slot },
    effects: [{ kind: 'propose', slot, parent: state.head }],
  }
}

function onExecuted(
  rules: ConsensusRules,
  state: ConsensusState,
  { block, own }: { readonly block: BlockRef; readonly own: boolean },
): ConsensusStep {
  if (!own && !prefers(block, state.head)) return { state, effects: [] }
  const adopt: ConsensusEffect = { kind: 'adopt', block }
  const moved: ConsensusState = { ...state, head: block, commits: [] }
  // A quorum of one justifies what it executes; with more, a quorum of votes will stand here.
  const justified = own && quorumOf(rules.authorities.length) === 1
  if (!justified || block.slot <= state.committedSlot) return { state: moved, effects: [adopt] }
  const commit: Commit = {
    authorities: rules.authoritiesHash,
    slot: BigInt(block.slot),
    height: BigInt(block.height),
    block: block.hash,
  }
  return {
    state: { ...moved, committedSlot: block.slot },
    effects: [adopt, { kind: 'commit', commit }],
  }
}

function onCommit(
  rules: ConsensusRules,
  state: ConsensusState,
  received: AuthorityCommit,
): ConsensusStep {
  const { commit, authority } = received
  const known = state.commits.some((other) => other.authority === authority)
  const forHead =
    bytesEqual(commit.block, state.head.hash) &&
    bytesEqual(commit.authorities, rules.authoritiesHash)
  if (known || !forHead) return { state, effects: [] }
  const commits = [...state.commits, received].sort((a, b) => a.authority - b.authority)
  if (commits.length < quorumOf(rules.authorities.length)) {
    return { state: { ...state, commits }, effects: [] }
  }
  const certificate: Certificate = { ...commit, signatures: commits.map(plainSignature) }
  return onCertified({ ...state, commits }, { certificate, onHeadChain: true })
}

function onCertified(
  state: ConsensusState,
  {
    certificate,
    onHeadChain,
  }: { readonly certificate: Certificate; readonly onHeadChain: boolean },
): ConsensusStep {
  const height = Number(certificate.height)
  if (height <= state.final.height) return { state, effects: [] }
  const block: BlockRef = { hash: certificate.block, height, slot: Number(certificate.slot) }
  const final: ConsensusState = { ...state, final: block, certificate, commits: [] }
  const finalize: ConsensusEffect = {
    kind: 'finalize',
    previous: state.final,
    block,
    certificate,
  }
  if (onHeadChain) return { state: final, effects: [finalize] }
  // A final block that the head does not descend from: the head moves to it, whatever its length.
  return { state: { ...final, head: block }, effects: [{ kind: 'adopt', block }, finalize] }
}

/** Fork choice above the final block: the longer chain, then the lower hash. */
const prefers = (candidate: BlockRef, head: BlockRef): boolean =>
  candidate.height > head.height ||
  (candidate.height === head.height && compareBytes(candidate.hash, head.hash) < 0)

const plainSignature = ({ authority, signature }: AuthorityCommit) => ({ authority, signature })

/** Whether this site proposes at all. */
const signs = (rules: ConsensusRules, state: ConsensusState): boolean =>
  rules.self !== undefined && stopReason(rules, state) === undefined

/** First slot in which a block is wanted: the next while there is work, else the heartbeat. */
function earliestSlot(rules: ConsensusRules, state: ConsensusState, ready: boolean): number {
  const { head, final, proposedSlot } = state
  const busy = ready || final.height < head.height
  return max(head.slot + (busy ? 1 : rules.heartbeatSlots), proposedSlot + 1)
}

/** First slot at or after `slot` that is this site's turn. */
function ownSlotFrom(rules: ConsensusRules, slot: number): number {
  const count = rules.authorities.length
  const self = rules.self ?? 0
  return slot + ((self - (slot % count) + count) % count)
}
