/**
 * What a client checks before it believes that it was served and charged as agreed: the miner's signature
 * over hashes of question and answer, the coordinator's release, and the payment under a certified root.
 */
import * as z from 'zod'
import { bytesEqual, fromHex, utf8ToBytes } from '../core/base/bytes.ts'
import { type Coder, decodeCanonical } from '../core/base/coders.ts'
import { authorisationCoder } from '../core/chain/authorisation.ts'
import type { LightFact } from '../core/chain/light-fact.ts'
import { type SettlementOutcome, settlementCodes } from '../core/chain/outcome.ts'
import type { ProvenBlock } from '../core/chain/proof.ts'
import {
  type Receipt,
  receiptCoder,
  receiptHash,
  receiptSigningBytes,
} from '../core/chain/receipt.ts'
import { releaseCoder, releaseSigningBytes } from '../core/chain/release.ts'
import { addressOf } from '../core/crypto/address.ts'
import { sha256 } from '../core/crypto/hash.ts'
import type { Verifier } from '../core/crypto/signature.ts'
import { legacyReceiptHash, verifyLegacyReceipt } from '../core/jobs/legacy-receipt.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { SubmittedJob } from './job.ts'

/** What the client knows by itself: nothing here comes from the site's word about this job. */
export type Agreed = {
  readonly job: SubmittedJob
  readonly answerText: string
  readonly genesisHash: Uint8Array
  /** The key for which the escrow is locked. */
  readonly coordinator: Uint8Array
  readonly verifier: Verifier
}

/** A receipt that holds, and the hash under which its payment is anchored. */
export type VerifiedReceipt = { readonly receipt: Receipt; readonly hash: Uint8Array }

const hexField = z.string().transform((text, context) => {
  const bytes = fromHex(text)
  if (bytes.ok) return bytes.value
  context.addIssue({ code: 'custom', message: bytes.error.message })
  return z.NEVER
})

const bundleSchema = z.object({
  canonical: hexField,
  miner_signature: hexField.nullable(),
  release: hexField,
  release_signature: hexField,
  authorisation: hexField,
  legacy_text: z.string(),
})

/** Checks the receipt bundle of a job (`GET /api/v1/jobs/ID/receipt?format=bundle`). */
export function verifyReceipt(answer: unknown, agreed: Agreed): VerifiedReceipt {
  const parsed = bundleSchema.safeParse(answer)
  if (!parsed.success) throw refuse('the receipt bundle is malformed')
  const bundle = parsed.data
  const receipt = decode(receiptCoder, bundle.canonical, 'the receipt')
  checkContent(receipt, agreed)
  checkMiner(receipt, bundle, agreed)
  const authorisation = decode(authorisationCoder, bundle.authorisation, 'the authorisation')
  require(bytesEqual(
    authorisationCoder.encode(authorisation),
    authorisationCoder.encode(agreed.job.authorisation),
  ), 'the receipt rests on another authorisation than ours')
  const release = decode(releaseCoder, bundle.release, 'the release')
  const hash = receiptHash(receipt)
  require(bytesEqual(release.authorisation, agreed.job.authorisationHash) &&
    bytesEqual(release.miner, receipt.miner) &&
    bytesEqual(release.receiptHash, hash) &&
    release.amount === receipt.amount, 'the release does not fit the receipt')
  const released = agreed.verifier.verify({
    signature: bundle.release_signature,
    message: releaseSigningBytes(agreed.genesisHash, release),
    publicKey: agreed.coordinator,
  })
  require(released, 'the coordinator’s signature on the release does not fit')
  return { receipt, hash }
}

/** Checks that the receipt's payment, and no other, is what the chain shows of a settlement. */
export function verifySettlement(input: {
  readonly fact: LightFact
  readonly receipt: VerifiedReceipt
  readonly agreed: Agreed
}): { readonly block: ProvenBlock; readonly settlement: SettlementOutcome } {
  const { agreed, receipt, fact } = input
  const settlement = settlementIn(fact, agreed)
  const { amount } = receipt.receipt
  require(settlement.code === settlementCodes.paid, 'the settlement did not pay this job')
  require(settlement.amount === amount &&
    bytesEqual(settlement.miner, receipt.receipt.miner) &&
    bytesEqual(
      settlement.receiptHash,
      receipt.hash,
    ), 'the settlement paid something else than the receipt says')
  return { block: fact.block, settlement }
}

function checkContent(receipt: Receipt, { job, answerText, coordinator }: Agreed): void {
  const jobId = fromHex(job.jobId, 16)
  require(jobId.ok && bytesEqual(receipt.jobId, jobId.value), 'the receipt is for another job')
  require(bytesEqual(receipt.jobHash, job.jobHash), 'the receipt is for another question')
  require(bytesEqual(
    receipt.resultHash,
    sha256(utf8ToBytes(answerText)),
  ), 'the receipt is for another answer')
  require(bytesEqual(receipt.coordinator, coordinator), 'the receipt names another coordinator')
  require(bytesEqual(
    receipt.authorisation,
    job.authorisationHash,
  ), 'the receipt names another authorisation')
  require(receipt.model === job.spec.model, 'the receipt names another model')
  require(receipt.amount <= job.authorisation.limit, 'the receipt charges more than was allowed')
}

function checkMiner(receipt: Receipt, bundle: z.infer<typeof bundleSchema>, agreed: Agreed): void {
  const { minerKey } = receipt
  const signature = bundle.miner_signature
  if (minerKey === undefined || signature === null) {
    throw refuse('the miner’s signature is absent (a miner of the original, without a key)')
  }
  require(bytesEqual(addressOf(minerKey), receipt.miner), 'the miner is paid under another key')
  const message = receiptSigningBytes(agreed.genesisHash, receipt)
  const { verifier } = agreed
  require(verifier.verify({
    signature,
    message,
    publicKey: minerKey,
  }), 'the miner’s signature on the receipt does not fit')
  const legacy = verifyLegacyReceipt(bundle.legacy_text, verifier)
  if (!legacy.ok) throw refuse(`the JSON receipt: ${legacy.error.reasons.join(', ')}`)
  require(bytesEqual(legacy.value.key, minerKey), 'the JSON receipt is signed by another key')
  require(bytesEqual(
    legacyReceiptHash(legacy.value.text),
    receipt.legacyHash,
  ), 'the JSON receipt is not the one that the canonical receipt names')
}

function settlementIn(fact: LightFact, { job }: Agreed): SettlementOutcome {
  const { escrow, number } = job.authorisation
  const found =
    fact.kind === 'transaction'
      ? fact.outcome.settlements.find(
          (item) => item.number === number && bytesEqual(item.escrow, escrow),
        )
      : undefined
  if (found !== undefined) return found
  throw refuse('the settlement does not hold this job')
}

function decode<T>(coder: Coder<T>, bytes: Uint8Array, what: string): T {
  const decoded = decodeCanonical(coder, bytes)
  if (decoded.ok) return decoded.value
  throw refuse(`${what} is not canonical`)
}

function require(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw refuse(otherwise)
}

function refuse(message: string): ClientFault {
  return new ClientFault(exitCodes.generic, 'NOT_VERIFIED', `not verified: ${message}`)
}
