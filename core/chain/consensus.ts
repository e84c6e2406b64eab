/**
 * Consensus as a reducer: (rules, state, input) → state and effects (SPEC.md, CONS rules). Time enters as
 * `nowMs`; whatever is signed, stored or sent is an effect, which the engine carries out in order and
 * inside one atomic write, so that everything is durable before it leaves.
 *
 * Signatures, execution and encodings are the engine's: what comes in here has been checked.
 * Long because what makes a block final is one argument, to be read in one piece.
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { floor, max, min, quorumOf } from '../base/int.ts'
import type { Certificate, Commit } from './block.ts'
import {
  addBlock,
  type BlockTree,
  bestHead,
  blockOf,
  countVotes,
  holdsBlock,
  justifiedBelow,
  justifyBlock,
  plantTree,
  reroot,
  standsOn,
  type TreeBlock,
} from './block-tree.ts'
import type { Offence } from './evidence.ts'
import { type AuthoritySet, slotMs } from './genesis.ts'
import { above, isSame, type MessageTable, withMessage } from './message-table.ts'
import { blockOffences, commitOffences, voteOffences } from './offences.ts'
import type { AuthorityCommit, AuthorityVote, Vote } from './vote.ts'

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
export type StopReason = 'unremembered_signature'

/** A site that has met its own signature without remembering it. */
export type Stopped = {
  /** Latest slot of such a signature. */
  readonly slot: number
  /** Whether others have finalized a later block since: with the next tick it may sign again. */
  readonly passed: boolean
}

/** What must survive a restart, or the site could contradict itself. */
export type DurableConsensus = {
  readonly head: BlockRef
  readonly final: BlockRef
  /** Of the newest final block; undefined at genesis. */
  readonly certificate: Certificate | undefined
  /** Latest slot for which this site has signed a block, or met its own signature. */
  readonly proposedSlot: number
  /** Latest slot of a block for which this site has voted. */
  readonly votedSlot: number
  /** What this site committed to last: its votes come from here or later. No `hash`: from later only. */
  readonly lock: { readonly slot: number; readonly hash: Uint8Array | undefined }
  readonly stopped: Stopped | undefined
}

/** Durable part, and what follows from stored blocks and from messages that peers send again. */
export type ConsensusState = DurableConsensus & {
  readonly tree: BlockTree
  /** Valid votes and commits for blocks above the final one, known or not yet, by slot of the block. */
  readonly votes: MessageTable<AuthorityVote>
  readonly commits: MessageTable<AuthorityCommit>
}

/** Why a block would be wanted now, or cannot be. */
export type Work = { readonly ready: boolean; readonly sealed?: boolean }

/** What can happen to a site. */
export type ConsensusInput =
  /**
   * Time has passed. `ready`: there is something that a block could do; `sealed`: the head is the last block
   * of its set of authorities and not final, so that none can follow yet.
   */
  | ({ readonly kind: 'tick'; readonly nowMs: number } & Work)
  /** A valid block has been executed and stored; `own`: this site has just made it, on the head. */
  | { readonly kind: 'executed'; readonly block: TreeBlock; readonly own: boolean }
  /** A vote whose signature is valid, by this site or another. */
  | { readonly kind: 'vote'; readonly vote: AuthorityVote }
  /** A commit whose signature is valid, by this site or another. */
  | { readonly kind: 'commit'; readonly commit: AuthorityCommit }
  /** A valid certificate for a block that is held. */
  | { readonly kind: 'certified'; readonly certificate: Certificate }
  /** A valid signature by this site's key that it does not remember, on a block, vote or commit. */
  | { readonly kind: 'own_signature_met'; readonly slot: number }
  /** The operator vouches that no other copy of this site runs. */
  | { readonly kind: 'resume'; readonly nowMs: number }

/** What a step asks of the engine, to be carried out in order. */
export type ConsensusEffect =
  /** Build a block on the head for this slot, sign it, store it, then feed back `executed`. */
  | { readonly kind: 'propose'; readonly slot: number; readonly parent: BlockRef }
  /** Make this block the head: index its chain, settle the mempool. */
  | { readonly kind: 'adopt'; readonly block: BlockRef }
  /** Sign this vote, store it, send it, then feed back `vote`. */
  | { readonly kind: 'vote'; readonly vote: Vote }
  /** Sign this commit, store it, send it, then feed back `commit`. */
  | { readonly kind: 'commit'; readonly commit: Commit }
  /** The blocks above `previous` up to `block` are final: prune, tell others. */
  | {
      readonly kind: 'finalize'
      readonly previous: BlockRef
      readonly block: BlockRef
      readonly certificate: Certificate
    }
  /** An authority has signed what an honest one cannot: keep the two signatures. */
  | {
      readonly kind: 'offence'
      readonly offence: Offence
      readonly first: OffenceProof
      readonly second: OffenceProof
    }

/** One of the two signatures that show an offence; a block is named by its hash. */
export type OffenceProof =
  | { readonly vote: AuthorityVote }
  | { readonly commit: AuthorityCommit }
  | { readonly block: Uint8Array }

/** Result of a step. */
export type ConsensusStep = {
  readonly state: ConsensusState
  readonly effects: readonly ConsensusEffect[]
}

/** Durable state of a chain that has only its genesis block. */
export const initialDurable = (genesis: BlockRef): DurableConsensus => ({
  head: genesis,
  final: genesis,
  certificate: undefined,
  proposedSlot: 0,
  votedSlot: 0,
  lock: { slot: genesis.slot, hash: genesis.hash },
  stopped: undefined,
})

/**
 * State after a restart: the durable part, the stored blocks above the final one (parents before
 * children), and the votes and commits that this site has signed. What others signed comes again from them.
 */
export function restoreConsensus(
  rules: ConsensusRules,
  durable: DurableConsensus,
  stored: {
    readonly blocks: readonly TreeBlock[]
    readonly votes: readonly AuthorityVote[]
    readonly commits: readonly AuthorityCommit[]
  },
): ConsensusState {
  const tree = stored.blocks.reduce(addBlock, plantTree(durable.final))
  const votes = stored.votes.reduce(
    (table, vote) => withMessage(table, vote, rules.self),
    new Map() as ConsensusState['votes'],
  )
  const commits = stored.commits.reduce(
    (table, commit) => withMessage(table, commit, rules.self),
    new Map() as ConsensusState['commits'],
  )
  const counted = countVotes(tree, votes, { quorum: quorum(rules), fromSlot: 0 })
  // It was justified when this site committed to it, by votes that come again from those who cast them.
  const { hash } = durable.lock
  const locked = hash !== undefined && holdsBlock(tree, hash)
  return { ...durable, tree: locked ? justifyBlock(counted, hash) : counted, votes, commits }
}

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
export function stopReason(rules: ConsensusRules, state: DurableConsensus): StopReason | undefined {
  return rules.self !== undefined && state.stopped ? 'unremembered_signature' : undefined
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
    case 'vote':
      return onVote(rules, state, input.vote)
    case 'commit':
      return onCommit(rules, state, input.commit)
    case 'certified':
      return onCertified(rules, state, input.certificate)
    case 'own_signature_met':
      return { state: met(state, input.slot), effects: [] }
    case 'resume':
      return { state: resumed(rules, state, input.nowMs), effects: [] }
  }
}

/** When a tick may next have an effect, Unix milliseconds, at or after `nowMs`. */
export function consensusDueMs(
  rules: ConsensusRules,
  state: ConsensusState,
  { nowMs, ready, sealed }: { readonly nowMs: number } & Work,
): number {
  const now = slotAt(rules, nowMs)
  if (state.stopped?.passed) return nowMs
  if (sealed || !signs(rules, state)) return slotStartMs(rules, max(now, 0) + rules.heartbeatSlots)
  const slot = ownSlotFrom(rules, max(now, earliestSlot(rules, state, ready)))
  return max(nowMs, slotStartMs(rules, slot))
}

function onTick(
  rules: ConsensusRules,
  state: ConsensusState,
  { nowMs, ready, sealed }: { readonly nowMs: number } & Work,
): ConsensusStep {
  if (state.stopped?.passed) {
    // Whatever was forgotten was for a slot up to now: nothing is signed for one of those, and no vote
    // comes from a block before what may have been committed to.
    const slot = max(state.lock.slot, takenUpTo(rules, state, nowMs))
    const lock = { slot, hash: undefined }
    return { state: { ...resumed(rules, state, nowMs), lock }, effects: [] }
  }
  const slot = slotAt(rules, nowMs)
  const due =
    !sealed &&
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
  { block, own }: { readonly block: TreeBlock; readonly own: boolean },
): ConsensusStep {
  const added = addBlock(state.tree, block)
  if (added === state.tree) return { state, effects: [] }
  const counted = countVotes(added, state.votes, { quorum: quorum(rules), fromSlot: block.slot })
  // An authority that is its own quorum needs no vote for what it has just made.
  const tree = own && quorum(rules) === 1 ? justifyBlock(counted, block.hash) : counted
  const step = settle(rules, { ...state, tree })
  return {
    ...step,
    effects: [...blockOffences(state.tree, block, proposerOf(rules, block.slot)), ...step.effects],
  }
}

function onVote(rules: ConsensusRules, state: ConsensusState, vote: AuthorityVote): ConsensusStep {
  const slot = Number(vote.vote.target.slot)
  if (slot <= state.final.slot || !isOfSet(rules, vote.vote.authorities))
    return { state, effects: [] }
  const votes = withMessage(state.votes, vote, rules.self)
  if (votes === state.votes) return { state, effects: [] }
  const offences = voteOffences(state, vote)
  const tree = countVotes(state.tree, votes, { quorum: quorum(rules), fromSlot: slot })
  const step = settle(rules, { ...state, votes, tree })
  return { ...step, effects: [...offences, ...step.effects] }
}

function onCommit(
  rules: ConsensusRules,
  state: ConsensusState,
  commit: AuthorityCommit,
): ConsensusStep {
  const slot = Number(commit.commit.slot)
  if (slot <= state.final.slot || !isOfSet(rules, commit.commit.authorities)) {
    return { state, effects: [] }
  }
  const commits = withMessage(state.commits, commit, rules.self)
  if (commits === state.commits) return { state, effects: [] }
  const offences = commitOffences(state, commit)
  const step = settle(rules, { ...state, commits })
  return { ...step, effects: [...offences, ...step.effects] }
}

function onCertified(
  rules: ConsensusRules,
  state: ConsensusState,
  certificate: Certificate,
): ConsensusStep {
  const block = state.tree.blocks.get(toHex(certificate.block))
  return block ? settle(rules, state, certificate) : { state, effects: [] }
}

/** Draws all consequences: finality, head, vote, commit, in this order. */
function settle(rules: ConsensusRules, state: ConsensusState, given?: Certificate): ConsensusStep {
  const effects: ConsensusEffect[] = []
  const certificate = given ?? certificateFrom(rules, state)
  let next = certificate ? finalized(rules, state, certificate) : state
  const head = bestHead(next.tree)
  if (!bytesEqual(head.hash, next.head.hash)) effects.push({ kind: 'adopt', block: head })
  if (certificate) {
    effects.push({ kind: 'finalize', previous: state.final, block: next.final, certificate })
  }
  next = { ...next, head }
  const vote = voteDue(rules, next)
  if (vote) {
    next = { ...next, votedSlot: next.head.slot }
    effects.push({ kind: 'vote', vote })
  }
  const target = commitDue(rules, next)
  if (target) {
    next = { ...next, lock: { slot: target.slot, hash: target.hash } }
    effects.push({ kind: 'commit', commit: commitTo(rules, target) })
  }
  return { state: next, effects }
}

/** A quorum of commits to one block that is held, the highest first. */
function certificateFrom(rules: ConsensusRules, state: ConsensusState): Certificate | undefined {
  const need = quorum(rules)
  for (const slot of [...state.commits.keys()].sort((a, b) => b - a)) {
    const all = state.commits.get(slot) ?? []
    if (all.length < need) continue
    for (const one of all) {
      const { commit } = one
      const block = state.tree.blocks.get(toHex(commit.block))
      if (!block || block.slot !== slot || block.height !== Number(commit.height)) continue
      const signatures = new Map<number, Uint8Array>()
      for (const other of all) {
        if (isSame(other, one)) {
          signatures.set(other.authority, other.signature)
        }
      }
      if (signatures.size < need) continue
      const rising = [...signatures].sort(([a], [b]) => a - b)
      return {
        ...commit,
        signatures: rising.map(([authority, signature]) => ({ authority, signature })),
      }
    }
  }
  return undefined
}

function finalized(
  rules: ConsensusRules,
  state: ConsensusState,
  certificate: Certificate,
): ConsensusState {
  const found = blockOf(state.tree, certificate.block)
  if (!found) return state
  const { hash, height, slot } = found
  const final: BlockRef = { hash, height, slot }
  const byOthers = certificate.signatures.every(({ authority }) => authority !== rules.self)
  const { stopped } = state
  const votes = above(state.votes, slot)
  // Votes from before the new root count from now on, whether or not their source was known here.
  const tree = countVotes(reroot(state.tree, final), votes, {
    quorum: quorum(rules),
    fromSlot: slot,
  })
  return {
    ...state,
    final,
    certificate,
    tree,
    votes,
    commits: above(state.commits, slot),
    lock: state.lock.slot < slot ? { slot, hash } : state.lock,
    stopped: stopped && byOthers && slot > stopped.slot ? { ...stopped, passed: true } : stopped,
  }
}

/** The vote for the head, if this site may cast one: slots only rise, and from its lock or later. */
function voteDue(rules: ConsensusRules, state: ConsensusState): Vote | undefined {
  const { head, final, lock, tree } = state
  if (!signs(rules, state) || quorum(rules) === 1) return undefined
  if (head.slot <= state.votedSlot || head.height <= final.height) return undefined
  const source = justifiedBelow(tree, head.hash)
  const fromLock = lock.hash !== undefined && bytesEqual(source.hash, lock.hash)
  if (source.slot <= lock.slot && !fromLock) return undefined
  return {
    authorities: rules.authoritiesHash,
    source: { slot: BigInt(source.slot), block: source.hash },
    target: { slot: BigInt(head.slot), height: BigInt(head.height), block: head.hash },
  }
}

/**
 * The latest justified block after the lock to which this site may commit: all its votes for later slots
 * were for what stands on it.
 */
function commitDue(rules: ConsensusRules, state: ConsensusState): BlockRef | undefined {
  if (!signs(rules, state)) return undefined
  const { tree, lock } = state
  let best: BlockRef | undefined
  for (const name of tree.justified) {
    const block = tree.blocks.get(name)
    if (!block || block.slot <= lock.slot || block.slot <= (best?.slot ?? 0)) continue
    if (ownVotesStandOn(rules, state, block)) best = block
  }
  return best
}

function ownVotesStandOn(rules: ConsensusRules, state: ConsensusState, block: BlockRef): boolean {
  // A vote that has just been asked for is not in the table yet; it was for the head.
  const { votedSlot, head } = state
  if (votedSlot === head.slot && head.slot > block.slot) {
    if (!standsOn(state.tree, head.hash, block.hash)) return false
  }
  for (const [slot, votes] of state.votes) {
    if (slot <= block.slot) continue
    for (const { authority, vote } of votes) {
      if (authority !== rules.self) continue
      if (!standsOn(state.tree, vote.target.block, block.hash)) return false
    }
  }
  return true
}

const commitTo = (rules: ConsensusRules, block: BlockRef): Commit => ({
  authorities: rules.authoritiesHash,
  slot: BigInt(block.slot),
  height: BigInt(block.height),
  block: block.hash,
})

function met(state: ConsensusState, slot: number): ConsensusState {
  return {
    ...state,
    proposedSlot: max(state.proposedSlot, slot),
    votedSlot: max(state.votedSlot, slot),
    stopped: { slot: max(state.stopped?.slot ?? 0, slot), passed: false },
  }
}

function resumed(rules: ConsensusRules, state: ConsensusState, nowMs: number): ConsensusState {
  const slot = takenUpTo(rules, state, nowMs)
  return {
    ...state,
    proposedSlot: max(state.proposedSlot, slot),
    votedSlot: max(state.votedSlot, slot),
    stopped: undefined,
  }
}

/** The other copy may have signed in every slot so far. */
const takenUpTo = (rules: ConsensusRules, state: DurableConsensus, nowMs: number): number =>
  max(slotAt(rules, nowMs), state.stopped?.slot ?? 0)

const quorum = (rules: ConsensusRules): number => quorumOf(rules.authorities.length)

const isOfSet = (rules: ConsensusRules, authorities: Uint8Array): boolean =>
  bytesEqual(authorities, rules.authoritiesHash)

/** Whether this site signs at all. */
const signs = (rules: ConsensusRules, state: DurableConsensus): boolean =>
  rules.self !== undefined && state.stopped === undefined

/**
 * First slot in which a block is wanted: the next while there is work. A head that is not final is work
 * too, less and less while no quorum is heard; with nothing to do, the heartbeat.
 */
function earliestSlot(rules: ConsensusRules, state: ConsensusState, ready: boolean): number {
  const { head, final, proposedSlot } = state
  const open = head.height > final.height
  const patience = max(1, floor((head.slot - final.slot) / 8))
  const wait = ready ? 1 : open ? min(patience, rules.heartbeatSlots) : rules.heartbeatSlots
  return max(head.slot + wait, proposedSlot + 1)
}

/** First slot at or after `slot` that is this site's turn. */
function ownSlotFrom(rules: ConsensusRules, slot: number): number {
  const count = rules.authorities.length
  const self = rules.self ?? 0
  return slot + ((self - (slot % count) + count) % count)
}
