/**
 * Votes and commits on their way in and out: checked before they reach the reducer.
 */
import { bytesEqual, toHex } from '../base/bytes.ts'
import { decodeCanonical } from '../base/coders.ts'
import { err, ok, type Result } from '../base/result.ts'
import { type ConsensusInput, type ConsensusState, slotAt } from './consensus.ts'
import type { MessageError, Step } from './engine-api.ts'
import type { EngineContext, EngineMemory } from './engine-core.ts'
import { authoritySetHash } from './genesis.ts'
import type { StoredMessage } from './store.ts'
import {
  type FinalityMessage,
  finalityMessageCoder,
  messageHash,
  messageSigningBytes,
  messageSlot,
} from './vote.ts'

type Received = { readonly messages: readonly Uint8Array[]; readonly nowMs: number }

type Stepper = (
  nowMs: number,
  inputs: ((session: { readonly input: (input: ConsensusInput) => void }) => void) | undefined,
) => Step

/** Checks messages and feeds the good ones to the reducer, as one atomic write. */
export function receiveMessages(
  context: EngineContext,
  memory: EngineMemory,
  { messages, nowMs }: Received,
  step: Stepper,
): { readonly step: Step; readonly refused: readonly (MessageError | undefined)[] } {
  const inputs: ConsensusInput[] = []
  const refused = messages.map((bytes) => {
    const read = readMessage(context, memory, { bytes, nowMs })
    if (!read.ok) return read.error
    const input = inputOf(memory, read.value)
    if (input) inputs.push(input)
    return undefined
  })
  const done = step(
    nowMs,
    inputs.length === 0 ? undefined : (session) => inputs.forEach(session.input),
  )
  return { step: done, refused }
}

/** All votes and commits of a state, encoded, by slot. */
export function openMessages({ votes, commits }: ConsensusState): Uint8Array[] {
  const messages: FinalityMessage[] = []
  for (const cast of votes.values()) {
    for (const data of cast) messages.push({ TAG: 'vote', data })
  }
  for (const made of commits.values()) {
    for (const data of made) messages.push({ TAG: 'commit', data })
  }
  return messages
    .sort((a, b) => messageSlot(a) - messageSlot(b))
    .map((message) => finalityMessageCoder.encode(message))
}

/**
 * The votes that justify what stands above `fromSlot` and up to the lock. They are as durable as the lock and
 * told with it: without them nobody else could vote on from it, and those who cast them may be gone.
 */
export function votesBehind(
  { votes, tree, lock }: ConsensusState,
  fromSlot: number,
): StoredMessage[] {
  const kept: StoredMessage[] = []
  for (const [slot, cast] of votes) {
    if (slot <= fromSlot || slot > lock.slot) continue
    for (const data of cast) {
      if (!tree.justified.has(toHex(data.vote.target.block))) continue
      const message: FinalityMessage = { TAG: 'vote', data }
      kept.push({ id: messageHash(message), slot, bytes: finalityMessageCoder.encode(message) })
    }
  }
  return kept
}

function readMessage(
  { rules: { genesisHash, verifier } }: EngineContext,
  memory: EngineMemory,
  { bytes, nowMs }: { readonly bytes: Uint8Array; readonly nowMs: number },
): Result<FinalityMessage, MessageError> {
  const { rules, consensus } = memory
  const decoded = decodeCanonical(finalityMessageCoder, bytes)
  if (!decoded.ok) return decoded
  const message = decoded.value
  const { authority, signature } = message.data
  const set = message.TAG === 'vote' ? message.data.vote : message.data.commit
  const member = rules.authorities[authority]
  if (!member || !bytesEqual(set.authorities, rules.authoritiesHash)) {
    return refuseSet(memory, set.authorities)
  }
  const slot = messageSlot(message)
  if (slot <= consensus.final.slot) {
    return refuse('BEHIND_FINAL', `slot ${consensus.final.slot} is final already`)
  }
  // A clock may be a little behind that of the block's maker.
  if (!Number.isSafeInteger(slot) || slot > slotAt(rules, nowMs) + 1) {
    return refuse('MESSAGE_EARLY', `slot ${slot} has not begun`)
  }
  const signed = messageSigningBytes(genesisHash, message)
  if (!verifier.verify({ signature, message: signed, publicKey: member.publicKey })) {
    return refuse('SIGNATURE_INVALID', 'it is not signed by the authority that it names')
  }
  return ok(message)
}

/** Around a change, sites that are behind speak of the set before, and those ahead of the one after. */
function refuseSet(
  { before, closesAt }: EngineMemory,
  set: Uint8Array,
): Result<never, MessageError> {
  if (before && bytesEqual(set, authoritySetHash(before.set))) {
    return refuse('BEHIND_FINAL', `height ${before.height} was the last of its set`)
  }
  if (closesAt !== undefined) {
    return refuse('MESSAGE_EARLY', `height ${closesAt}, the last of this set, is not final here`)
  }
  return refuse('AUTHORITY_UNKNOWN', 'it is by no authority of this chain')
}

/** A message by this site's own key that it does not remember is a sign of a second copy. */
function inputOf(
  { rules, consensus: state }: EngineMemory,
  message: FinalityMessage,
): ConsensusInput | undefined {
  const { authority } = message.data
  if (authority !== rules.self) {
    return message.TAG === 'vote'
      ? { kind: 'vote', vote: message.data }
      : { kind: 'commit', commit: message.data }
  }
  const slot = messageSlot(message)
  const held =
    message.TAG === 'vote'
      ? state.votes.get(slot)?.some((other) => isBy(other, message.data))
      : state.commits.get(slot)?.some((other) => isBy(other, message.data))
  return held ? undefined : { kind: 'own_signature_met', slot }
}

const isBy = (
  a: { readonly authority: number; readonly signature: Uint8Array },
  b: { readonly authority: number; readonly signature: Uint8Array },
): boolean => a.authority === b.authority && bytesEqual(a.signature, b.signature)

const refuse = (code: MessageError['code'], message: string): Result<never, MessageError> =>
  err({ code, message })
