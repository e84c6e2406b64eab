/**
 * Building proofs from what the site holds. Only of what is final: a proof without a certificate would
 * convince nobody.
 */
import { inclusionPath } from '../crypto/merkle.ts'
import type { EngineContext, EngineMemory } from './engine-core.ts'
import { recallHeld } from './engine-core.ts'
import { certificateAt, heldAt } from './engine-views.ts'
import { outcomeCoder } from './outcome.ts'
import { stateKeyOf } from './proof.ts'
import { proveState } from './state-proof.ts'
import { transactionHash } from './transaction.ts'
import type { ProofError, ProofSubject, ProofView } from './views.ts'

/** A proof of the subject in the newest final state, or of a final transaction. */
export function buildProof(
  context: EngineContext,
  memory: EngineMemory,
  subject: ProofSubject,
): ProofView | ProofError {
  const key = stateKeyOf(subject)
  if (key) return proveEntry(context, memory, key)
  return subject.kind === 'transaction'
    ? proveTransaction(context, memory, subject.hash)
    : { code: 'NOT_FOUND', message: 'nothing of this kind can be proved' }
}

function proveEntry(
  context: EngineContext,
  { consensus }: EngineMemory,
  key: Uint8Array,
): ProofView | ProofError {
  const held = recallHeld(context, consensus.final.hash)
  if (!held || !consensus.certificate) {
    return { code: 'NOT_FINAL', message: 'no block after genesis is final yet' }
  }
  const { value, proof } = proveState(context.nodes.read, held.execution.root, key)
  const { header } = held.block.signedHeader
  return { kind: 'state', header, certificate: consensus.certificate, key, value, proof }
}

function proveTransaction(
  context: EngineContext,
  memory: EngineMemory,
  hash: Uint8Array,
): ProofView | ProofError {
  const place = context.store.readPlace(hash)
  if (!place) return { code: 'NOT_FOUND', message: 'no block held here has this transaction' }
  const held = heldAt(context, place.height)
  const certificate = held && certificateAt(context, memory, held)
  if (!certificate || place.height > memory.consensus.final.height) {
    return { code: 'NOT_FINAL', message: 'the block of this transaction is not final yet' }
  }
  const { index } = place
  const { transactions } = held.block
  const outcomes = held.outcomes.map((outcome) => outcomeCoder.encode(outcome))
  return {
    kind: 'transaction',
    header: held.block.signedHeader.header,
    certificate,
    index,
    count: transactions.length,
    transaction: transactions[index] as Uint8Array,
    outcome: outcomes[index] as Uint8Array,
    transactionPath: inclusionPath(transactions.map(transactionHash), index) ?? [],
    outcomePath: inclusionPath(outcomes, index) ?? [],
  }
}
