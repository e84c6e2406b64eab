/**
 * Building proofs from what the site holds. Only of what is final: a proof without a certificate would
 * convince nobody.
 */
import { toHex } from '../base/bytes.ts'
import { inclusionPath } from '../crypto/merkle.ts'
import type { EngineContext, EngineMemory } from './engine-core.ts'
import { recallHeld } from './engine-core.ts'
import { certificateAt, heldAt } from './engine-views.ts'
import { outcomeCoder } from './outcome.ts'
import { stateKeyOf } from './proof.ts'
import { proveState } from './state-proof.ts'
import { transactionHash } from './transaction.ts'
import type { FactView, ProofError, ProofSubject, ProofView } from './views.ts'

/** A proof of the subject in the newest final state, or of a final transaction. */
export function buildProof(
  context: EngineContext,
  memory: EngineMemory,
  subject: ProofSubject,
): ProofView | ProofError {
  const fact = buildFact(context, memory, subject)
  if ('code' in fact) return fact
  const held = heldAt(context, Number(fact.header.height))
  const certificate = held && certificateAt(context, memory, held)
  if (certificate) return { ...fact, certificate }
  const message =
    'final by a later block’s certificate: ask for the proof with the way to that block'
  return { code: 'NOT_FINAL', message }
}

/** The fact itself, in the block that it belongs to: the newest final one, or that of the transaction. */
export function buildFact(
  context: EngineContext,
  memory: EngineMemory,
  subject: ProofSubject,
): FactView | ProofError {
  const key = stateKeyOf(subject)
  if (key) return factOfEntry(context, memory, key)
  return subject.kind === 'transaction'
    ? factOfTransaction(context, memory, subject.hash)
    : { code: 'NOT_FOUND', message: 'nothing of this kind can be proved' }
}

function factOfEntry(
  context: EngineContext,
  { consensus }: EngineMemory,
  key: Uint8Array,
): FactView | ProofError {
  const held = recallHeld(context, consensus.final.hash)
  if (!held || !consensus.certificate) {
    return { code: 'NOT_FINAL', message: 'no block after genesis is final yet' }
  }
  const { value, proof } = proveState(context.nodes.read, held.execution.root, key)
  return { kind: 'state', header: held.block.signedHeader.header, key, value, proof }
}

function factOfTransaction(
  context: EngineContext,
  memory: EngineMemory,
  hash: Uint8Array,
): FactView | ProofError {
  const place = context.store.readPlace(hash)
  if (!place && memory.pool.byHash.has(toHex(hash))) {
    return { code: 'NOT_FINAL', message: 'the transaction waits for a block' }
  }
  if (!place) return { code: 'NOT_FOUND', message: 'no block held here has this transaction' }
  const held = heldAt(context, place.height)
  if (!held || place.height > memory.consensus.final.height) {
    return { code: 'NOT_FINAL', message: 'the block of this transaction is not final yet' }
  }
  const { index } = place
  const { transactions } = held.block
  const outcomes = held.outcomes.map((outcome) => outcomeCoder.encode(outcome))
  return {
    kind: 'transaction',
    header: held.block.signedHeader.header,
    index,
    count: transactions.length,
    transaction: transactions[index] as Uint8Array,
    outcome: outcomes[index] as Uint8Array,
    transactionPath: inclusionPath(transactions.map(transactionHash), index) ?? [],
    outcomePath: inclusionPath(outcomes, index) ?? [],
  }
}
