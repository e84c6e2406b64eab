/**
 * One question from its permission to its proof, and what is reported of it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { formatCoins } from '../core/base/amount.ts'
import { toHex, toHex0x } from '../core/base/bytes.ts'
import { formatAddress } from '../core/crypto/address.ts'
import { type Answer, followAnswer } from './answer.ts'
import { ClientFault, exitCodes } from './exit-codes.ts'
import type { Funds } from './funds.ts'
import {
  cancelJob,
  hashBytes,
  type JobJson,
  limitOf,
  readJob,
  type SubmittedJob,
  specOf,
  submitJob,
} from './job.ts'
import { patiently } from './patience.ts'
import type { Session } from './session.ts'
import type { SiteModel } from './site-info.ts'
import { type Agreed, type VerifiedReceipt, verifyReceipt, verifySettlement } from './verify.ts'

/** What `--output json` prints, one object a line. Amounts are decimal strings of base units. */
export type AskReport = {
  readonly ok: true
  readonly job_id: string
  readonly client: string
  readonly model: string
  readonly answer: string
  readonly finish: string
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly attempts: number
  readonly miner: string
  readonly miner_address: string
  readonly limit: string
  readonly amount: string
  readonly receipt_id: string
  readonly receipt_hash: string
  readonly tx_hash: string
  readonly block_height: number
  readonly block_hash: string
  readonly proof_verified: true
}

const pollMs = 300

/** Asks once. Whatever is missing or does not hold is thrown. */
export async function ask(
  session: Session,
  input: { readonly model: SiteModel; readonly prompt: string; readonly funds: Funds },
): Promise<AskReport> {
  const spec = specOf(session, input.model, input.prompt)
  const limit = limitOf(session, input.model, spec)
  const job = await submitJob(session, { spec, limit, funds: input.funds })
  const answer = await followOrCancel(session, job)
  const agreed: Agreed = {
    job,
    answerText: answer.text,
    genesisHash: session.genesisHash,
    coordinator: session.info.coordinator,
    verifier: session.verifier,
  }
  const target = `/api/v1/jobs/${job.jobId}/receipt?format=bundle`
  const { site, identity, signal } = session
  const bundle = await patiently(signal, () => site.json({ target, identity }))
  const receipt = verifyReceipt(bundle, agreed)
  sayReceipt(session, answer, receipt)
  const settled = await waitSettled(session, job)
  const transaction = hashBytes(settled.settlement.tx_hash)
  const subject = { kind: 'transaction', hash: transaction } as const
  const { fact, state } = await patiently(signal, () => session.light.check(subject))
  const { block } = verifySettlement({ fact, receipt, agreed })
  const way = `verified under block ${state.head.height}`
  session.say(`settled in block ${block.height} (${toHex0x(transaction)}), proof ${way}`)
  return {
    ok: true,
    job_id: job.jobId,
    client: session.options.clientId,
    model: spec.model,
    answer: answer.text,
    finish: answer.finish,
    prompt_tokens: receipt.receipt.promptTokens,
    completion_tokens: receipt.receipt.completionTokens,
    attempts: settled.job.attempts,
    miner: settled.job.assigned_miner_id ?? '',
    miner_address: formatAddress(receipt.receipt.miner),
    limit: String(limit),
    amount: String(receipt.receipt.amount),
    receipt_id: toHex(receipt.receipt.receiptId),
    receipt_hash: toHex0x(receipt.hash),
    tx_hash: toHex0x(transaction),
    block_height: block.height,
    block_hash: toHex0x(block.hash),
    proof_verified: true,
  }
}

/** Nobody pays for an answer that nobody waits for: an interrupted job is canceled. */
async function followOrCancel(session: Session, job: SubmittedJob): Promise<Answer> {
  try {
    return await followAnswer(session, job.jobId)
  } catch (error) {
    if (session.signal.aborted) {
      session.say('interrupted; canceling the job')
      await cancelJob(session, job.jobId)
    }
    throw error
  }
}

function sayReceipt(session: Session, answer: Answer, { receipt }: VerifiedReceipt): void {
  const { promptTokens, completionTokens, amount } = receipt
  const tokens = `${promptTokens} prompt and ${completionTokens} answer tokens`
  session.say(`${tokens} (${answer.finish}), ${formatCoins(amount)} AITBC charged`)
  session.say(`receipt ${toHex(receipt.receiptId)}: signatures and hashes verified`)
}

/** Waits until the payment is final. */
async function waitSettled(
  session: Session,
  job: SubmittedJob,
): Promise<{ readonly job: JobJson; readonly settlement: NonNullable<JobJson['settlement']> }> {
  const untilMs = Date.now() + session.options.settleTimeoutMs
  while (Date.now() < untilMs) {
    const view = await readJob(session, job.jobId)
    const { settlement } = view
    if (settlement?.final === true) return { job: view, settlement }
    await pause(pollMs, undefined, { signal: session.signal }).catch(() => {
      throw new ClientFault(exitCodes.interrupt, 'INTERRUPTED', 'interrupted')
    })
  }
  const message = `the payment of job ${job.jobId} was not final in time; the answer is yours`
  throw new ClientFault(exitCodes.timeout, 'NOT_SETTLED', message)
}
