/**
 * What a light client can be told about, and when it believes it: a transaction with its outcome, an
 * account, an escrow, a booking, a bond, a receipt, and that there is none, each under the newest verified block.
 */
import { bytesEqual } from '../base/bytes.ts'
import { err, ok, type Result, unreachable } from '../base/result.ts'
import { addressOf } from '../crypto/address.ts'
import type { Verifier } from '../crypto/signature.ts'
import { headerHash } from './block.ts'
import {
  advanceLight,
  isOnChain,
  type LightCode,
  type LightFault,
  type LightState,
  type LightUpdate,
  lightFault,
} from './light.ts'
import { type SettlementOutcome, settlementCodes } from './outcome.ts'
import { type ProvenBlock, type ProvenFact, provenBlockOf, verifyFact } from './proof.ts'
import { decodeTransaction } from './transaction.ts'
import type { FactView, ProofSubject } from './views.ts'

/** What can be asked. */
export type LightSubject =
  | ProofSubject
  /** The payment that names a receipt by its hash: in a settle transaction that anybody may point out. */
  | { readonly kind: 'receipt'; readonly hash: Uint8Array; readonly transaction: Uint8Array }
  /** That a signed transaction is in no block so far: its bytes. */
  | { readonly kind: 'no_transaction'; readonly bytes: Uint8Array }

/** What was shown. */
export type LightFact =
  | ProvenFact
  | (Extract<ProvenFact, { readonly kind: 'transaction' }> & {
      readonly receipt: SettlementOutcome
    })
  | {
      readonly kind: 'no_transaction'
      readonly block: ProvenBlock
      /** It is no longer valid either: it never will be in a block. */
      readonly never: boolean
    }

/** A site's answer: the way to its newest final block, and a fact of that block or of an ancestor. */
export type LightAnswer = {
  readonly update: LightUpdate
  /** Undefined where nothing was asked, or where the way goes on: ask again from its end. */
  readonly fact: FactView | undefined
  /** From the fact's block to the newest one; empty when it is that. */
  readonly path: readonly Uint8Array[]
}

/** A state to remember, and what was shown under its head. */
export type LightFinding = {
  readonly state: LightState
  readonly fact: LightFact | undefined
}

/** For people: what became of a check. */
export type LightVerdict =
  | {
      readonly state: 'verified'
      readonly fact: LightFact
      /** Height of the newest verified block, under which the fact was shown. */
      readonly headHeight: number
      /** Slots between that block and now: how old the newest that is known may be. */
      readonly ageSlots: number
    }
  | { readonly state: 'not_final'; readonly reason: string }
  | { readonly state: 'unverifiable'; readonly code: string; readonly reason: string }

/** The proof that shows a subject. Undefined when the bytes of a transaction are none. */
export function proofSubjectOf(subject: LightSubject): ProofSubject | undefined {
  switch (subject.kind) {
    case 'receipt':
      return { kind: 'transaction', hash: subject.transaction }
    case 'no_transaction': {
      const decoded = decodeTransaction(subject.bytes)
      if (!decoded.ok) return undefined
      return { kind: 'account', address: addressOf(decoded.value.body.sender) }
    }
    case 'transaction':
    case 'account':
    case 'escrow':
    case 'booking':
    case 'bond':
      return subject
    default:
      return unreachable(subject)
  }
}

/** Checks a site's answer about `subject`. Never throws; any changed byte is refused. */
export function checkAnswer(
  state: LightState,
  answer: LightAnswer,
  asked: { readonly subject: LightSubject; readonly verifier: Verifier },
): Result<LightFinding, LightFault> {
  // What strangers send may have any form.
  try {
    const advanced = advanceLight(state, answer.update, asked.verifier)
    if (!advanced.ok) return advanced
    const { value: next } = advanced
    if (answer.update.more) {
      const isBare = answer.fact === undefined && answer.path.length === 0
      return isBare ? ok({ state: next, fact: undefined }) : malformed()
    }
    const { fact } = answer
    const head = answer.update.steps.at(-1)?.header
    if (fact === undefined || head === undefined) return malformed()
    if (!isOnChain(next, { header: fact.header, path: answer.path, head })) {
      const message = 'the block that is shown is no part of the verified chain'
      return lightFault('NOT_ON_CHAIN', message)
    }
    // A state is the newest one, or the site could choose which it likes best.
    if (fact.kind === 'state' && answer.path.length > 0) return malformed()
    const found = checkFact(next, fact, asked.subject)
    return found.ok ? ok({ state: next, fact: found.value }) : found
  } catch {
    return malformed()
  }
}

/** The verdict on a finding at a time: `slot` is the slot by the caller's own clock. */
export function verdictOf(
  result: Result<LightFinding & { readonly fact: LightFact }, LightFault>,
  slot: number,
): LightVerdict {
  if (!result.ok) {
    return { state: 'unverifiable', code: result.error.code, reason: result.error.message }
  }
  const { state, fact } = result.value
  const { height: headHeight, slot: headSlot } = state.head
  return { state: 'verified', fact, headHeight, ageSlots: slot > headSlot ? slot - headSlot : 0 }
}

function checkFact(
  { genesisTimeMs }: LightState,
  view: FactView,
  subject: LightSubject,
): Result<LightFact, LightFault> {
  const wanted = proofSubjectOf(subject)
  if (wanted === undefined) return lightFault('WRONG_SUBJECT', 'these bytes are no transaction')
  const block = provenBlockOf(view.header, { hash: headerHash(view.header), genesisTimeMs })
  const shown = verifyFact({ fact: view, subject: wanted, block })
  if (!shown.ok) return err({ code: codes[shown.error.code], message: shown.error.message })
  const { value: fact } = shown
  if (subject.kind === 'receipt') return receiptIn(fact, subject.hash)
  if (subject.kind === 'no_transaction') return absenceBy(fact, subject.bytes)
  return ok(fact)
}

/** A receipt is shown by the item of a settlement that paid for it. */
function receiptIn(fact: ProvenFact, hash: Uint8Array): Result<LightFact, LightFault> {
  if (fact.kind !== 'transaction') return malformed()
  const receipt = fact.outcome.settlements.find(
    ({ code, receiptHash }) => code === settlementCodes.paid && bytesEqual(receiptHash, hash),
  )
  if (receipt !== undefined) return ok({ ...fact, receipt })
  return lightFault('NOT_INCLUDED', 'this transaction paid for no such receipt')
}

/** Nonces count up without gaps: while the account's is not past it, the transaction is in no block. */
function absenceBy(fact: ProvenFact, bytes: Uint8Array): Result<LightFact, LightFault> {
  const decoded = decodeTransaction(bytes)
  if (fact.kind !== 'account' || !decoded.ok) return malformed()
  const { nonce, validUntil } = decoded.value.body
  if ((fact.account?.nonce ?? 0n) > nonce) {
    return lightFault('NOT_INCLUDED', 'a transaction of this sender with this nonce is in a block')
  }
  const { block } = fact
  return ok({ kind: 'no_transaction', block, never: BigInt(block.slot) > validUntil })
}

const codes = {
  PROOF_MALFORMED: 'MALFORMED',
  NOT_CERTIFIED: 'NOT_CERTIFIED',
  NOT_INCLUDED: 'NOT_INCLUDED',
  WRONG_SUBJECT: 'WRONG_SUBJECT',
} as const satisfies Record<string, LightCode>

const malformed = (): Result<never, LightFault> =>
  lightFault('MALFORMED', 'the answer does not have the form of a proof')
