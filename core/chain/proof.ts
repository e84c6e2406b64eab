/**
 * Proofs for people who trust nothing but genesis: that a transaction had an outcome, or that an account,
 * escrow, booking or bond stands (or does not stand) in a final state. Built by a site, checked by anyone.
 */
import { bytesEqual } from '../base/bytes.ts'
import { decodeCanonical } from '../base/coders.ts'
import { err, ok, type Result, unreachable } from '../base/result.ts'
import { verifyListInclusion } from '../crypto/merkle.ts'
import type { Verifier } from '../crypto/signature.ts'
import { type Header, headerHash } from './block.ts'
import { verifyCertificate } from './certificate.ts'
import {
  type Account,
  accountKey,
  type Bond,
  type Booking,
  bondCoder,
  bondKey,
  bookingCoder,
  bookingKey,
  decodeAccount,
  type Escrow,
  escrowCoder,
  escrowKey,
} from './entries.ts'
import { authoritySetHash, type Genesis, genesisHash, slotMs } from './genesis.ts'
import { type Outcome, outcomeCoder } from './outcome.ts'
import { verifyStateProof } from './state-proof.ts'
import { decodeTransaction, type Transaction, transactionHash } from './transaction.ts'
import type { FactView, ProofSubject, ProofView } from './views.ts'

/** Why a proof shows nothing. */
export type ProofFault = {
  readonly code: 'PROOF_MALFORMED' | 'NOT_CERTIFIED' | 'NOT_INCLUDED' | 'WRONG_SUBJECT'
  readonly message: string
}

/** The final block that a fact stands in. */
export type ProvenBlock = {
  readonly hash: Uint8Array
  readonly height: number
  readonly slot: number
  /** Unix milliseconds at which the slot began. */
  readonly timeMs: number
}

/** What a valid proof shows. An entry that is undefined does not exist in that block's state. */
export type ProvenFact =
  | {
      readonly kind: 'transaction'
      readonly block: ProvenBlock
      readonly index: number
      readonly transaction: Transaction
      readonly outcome: Outcome
    }
  | { readonly kind: 'account'; readonly block: ProvenBlock; readonly account: Account | undefined }
  | { readonly kind: 'escrow'; readonly block: ProvenBlock; readonly escrow: Escrow | undefined }
  | { readonly kind: 'booking'; readonly block: ProvenBlock; readonly booking: Booking | undefined }
  | { readonly kind: 'bond'; readonly block: ProvenBlock; readonly bond: Bond | undefined }

/** What a proof is checked with. */
export type ProofInput = {
  readonly genesis: Genesis
  readonly proof: ProofView
  /** What was asked: a proof of something else is refused. */
  readonly subject: ProofSubject
  readonly verifier: Verifier
}

/** Checks a proof against genesis alone. Never throws; any changed byte is refused. */
export function verifyProof(input: ProofInput): Result<ProvenFact, ProofFault> {
  // A proof comes from strangers: shapes that the coders refuse must not escape as exceptions.
  try {
    const block = verifyBlock(input)
    if (!block) return fault('NOT_CERTIFIED', 'no quorum of the authorities signed this block')
    return verifyFact({ fact: input.proof, subject: input.subject, block })
  } catch {
    return malformed()
  }
}

/** Checks a fact against the header that it carries, which the caller trusts as `block`. Never throws. */
export function verifyFact(input: {
  readonly fact: FactView
  readonly subject: ProofSubject
  readonly block: ProvenBlock
}): Result<ProvenFact, ProofFault> {
  const { fact, subject, block } = input
  try {
    if (fact.kind === 'transaction') {
      return subject.kind === 'transaction'
        ? verifyTransaction(fact, subject.hash, block)
        : fault('WRONG_SUBJECT', `a proof of a transaction, not of an ${subject.kind}`)
    }
    if (fact.kind !== 'state') return fault('PROOF_MALFORMED', 'an unknown kind of proof')
    return subject.kind === 'transaction'
      ? fault('WRONG_SUBJECT', 'a proof of state, not of a transaction')
      : verifyState(fact, subject, block)
  } catch {
    return malformed()
  }
}

/** How a trusted header is shown to people; `hash` is that of the header. */
export function provenBlockOf(
  header: Header,
  { hash, genesisTimeMs }: { readonly hash: Uint8Array; readonly genesisTimeMs: number },
): ProvenBlock {
  const slot = Number(header.slot)
  return { hash, height: Number(header.height), slot, timeMs: genesisTimeMs + slot * slotMs }
}

/** Key of the state entry that a subject names; undefined for a transaction. */
export function stateKeyOf(subject: ProofSubject): Uint8Array | undefined {
  switch (subject.kind) {
    case 'account':
      return accountKey(subject.address)
    case 'escrow':
      return escrowKey(subject.id)
    case 'booking':
      return bookingKey(subject.id)
    case 'bond':
      return bondKey(subject.address)
    case 'transaction':
      return undefined
    default:
      return unreachable(subject)
  }
}

function verifyBlock({ genesis, proof, verifier }: ProofInput): ProvenBlock | undefined {
  const { header, certificate } = proof
  const hash = headerHash(header)
  const named =
    bytesEqual(certificate.block, hash) &&
    certificate.height === header.height &&
    certificate.slot === header.slot &&
    bytesEqual(header.authorities, authoritySetHash(genesis.authorities))
  if (!named) return undefined
  const context = {
    genesisHash: genesisHash(genesis),
    authorities: genesis.authorities,
    verifier,
  }
  if (!verifyCertificate(context, certificate)) return undefined
  return provenBlockOf(header, { hash, genesisTimeMs: Number(genesis.genesisTimeMs) })
}

function verifyTransaction(
  proof: Extract<FactView, { kind: 'transaction' }>,
  hash: Uint8Array,
  block: ProvenBlock,
): Result<ProvenFact, ProofFault> {
  const { header, index, count } = proof
  if (!bytesEqual(transactionHash(proof.transaction), hash)) {
    return fault('WRONG_SUBJECT', 'a proof of another transaction')
  }
  const transaction = decodeTransaction(proof.transaction)
  const outcome = decodeCanonical(outcomeCoder, proof.outcome)
  if (!transaction.ok || !outcome.ok || !bytesEqual(outcome.value.transaction, hash)) {
    return fault('PROOF_MALFORMED', 'transaction and outcome do not belong together')
  }
  const inTransactions = verifyListInclusion({
    root: header.transactionsRoot,
    count,
    index,
    entry: hash,
    path: proof.transactionPath,
  })
  const inOutcomes = verifyListInclusion({
    root: header.outcomesRoot,
    count,
    index,
    entry: proof.outcome,
    path: proof.outcomePath,
  })
  if (!inTransactions || !inOutcomes)
    return fault('NOT_INCLUDED', 'a path does not lead to its root')
  return ok({
    kind: 'transaction',
    block,
    index,
    transaction: transaction.value,
    outcome: outcome.value,
  })
}

function verifyState(
  proof: Extract<FactView, { kind: 'state' }>,
  subject: Exclude<ProofSubject, { kind: 'transaction' }>,
  block: ProvenBlock,
): Result<ProvenFact, ProofFault> {
  const { value } = proof
  const key = stateKeyOf(subject)
  if (!key || !bytesEqual(proof.key, key)) return fault('WRONG_SUBJECT', 'a proof of another entry')
  const root = proof.header.stateRoot
  if (!verifyStateProof({ root, key, value, proof: proof.proof })) {
    return fault('NOT_INCLUDED', 'the path does not lead to the state root')
  }
  return entryOf(subject.kind, value, block)
}

function entryOf(
  kind: Exclude<ProofSubject['kind'], 'transaction'>,
  value: Uint8Array | undefined,
  block: ProvenBlock,
): Result<ProvenFact, ProofFault> {
  switch (kind) {
    case 'account': {
      const account = value && decodeAccount(value)
      if (value && !account) return fault('PROOF_MALFORMED', 'the value is no account')
      return ok({ kind, block, account })
    }
    case 'escrow': {
      const escrow = value && decodeCanonical(escrowCoder, value)
      if (escrow && !escrow.ok) return fault('PROOF_MALFORMED', 'the value is no escrow')
      return ok({ kind, block, escrow: escrow?.value })
    }
    case 'booking': {
      const booking = value && decodeCanonical(bookingCoder, value)
      if (booking && !booking.ok) return fault('PROOF_MALFORMED', 'the value is no booking')
      return ok({ kind, block, booking: booking?.value })
    }
    case 'bond': {
      const bond = value && decodeCanonical(bondCoder, value)
      if (bond && !bond.ok) return fault('PROOF_MALFORMED', 'the value is no bond')
      return ok({ kind, block, bond: bond?.value })
    }
    default:
      return unreachable(kind)
  }
}

const fault = (code: ProofFault['code'], message: string): Result<never, ProofFault> =>
  err({ code, message })

const malformed = (): Result<never, ProofFault> =>
  fault('PROOF_MALFORMED', 'a field has the wrong form')
