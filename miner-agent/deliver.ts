/**
 * The result of a finished attempt: both receipts, built by the rules that the coordinator uses too, and
 * signed with the miner's key.
 */
import { toHex } from '../core/base/bytes.ts'
import { assert } from '../core/base/result.ts'
import type { Signer } from '../core/crypto/signature.ts'
import {
  buildReceipts,
  type JobOutcome,
  offerFromFrame,
  releaseOf,
  signReceipts,
} from '../core/jobs/outcome.ts'
import type { SiteIdentity } from './agent-state.ts'
import type { Attempt, Delivery } from './attempt.ts'
import type { WorkOutcome } from './worker.ts'

/** What is to be signed for: a whole answer, or the delivered part of one that was canceled. */
export type Delivered = Omit<Extract<WorkOutcome, { readonly kind: 'finished' }>, 'finish'> & {
  readonly finish: JobOutcome['finish']
}

export type DeliverInput = {
  readonly attempt: Attempt
  readonly outcome: Delivered
  readonly site: SiteIdentity & { readonly minerId: string }
  readonly signer: Signer
}

/** Builds the result frame, and what its release has to say. */
export function deliver(input: DeliverInput): Delivery {
  const { attempt, outcome, site, signer } = input
  const offer = offerFromFrame(attempt.opened.offer, {
    minerId: site.minerId,
    minerKey: signer.publicKey,
    coordinator: site.coordinator,
  })
  assert(offer.ok, 'the offer was opened before it was accepted')
  const built = buildReceipts(offer.value, {
    text: outcome.text,
    finish: outcome.finish,
    promptTokens: outcome.promptTokens,
    completionTokens: outcome.completionTokens,
    startedAtMs: attempt.startedAtMs,
    completedAtMs: attempt.endedAtMs,
  })
  const signatures = signReceipts(site.genesisHash, built, signer)
  return {
    frame: {
      type: 'result',
      attempt_id: attempt.id,
      text: outcome.text,
      finish: outcome.finish,
      prompt_tokens: outcome.promptTokens,
      completion_tokens: outcome.completionTokens,
      receipt: toHex(built.receiptBytes),
      receipt_signature: toHex(signatures.receiptSignature),
      legacy_receipt: built.legacyText,
      legacy_signature: toHex(signatures.legacySignature),
    },
    expected: releaseOf(offer.value, built),
  }
}
