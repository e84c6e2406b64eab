/** What the signatures of a receipt of the original's kind are worth, one by one. */

import type { Verifier } from '../crypto/signature.ts'
import { verifyLegacyReceipt } from '../jobs/legacy-receipt.ts'
import { type PyJson, parsePyJson, recordOf } from '../jobs/python-json.ts'
import type { ReceiptCheck } from './schemas/wallet.ts'

/** Checks a receipt, given as text so that its numbers keep their spelling. */
export function checkReceipt(jobId: string, text: string, verifier: Verifier): ReceiptCheck {
  const verified = verifyLegacyReceipt(text, verifier)
  const faults = verified.ok ? [] : verified.error.reasons
  const parsed = parsePyJson(text)
  const fields = (parsed.ok && recordOf(parsed.value)) || {}
  const check = (value: PyJson, who: string) => {
    const { alg, key_id: keyId } = recordOf(value) ?? {}
    const isAtFault = faults.some((fault) => fault === `${who}_invalid:${String(keyId)}`)
    const isRead = typeof keyId === 'string' && faults.every((fault) => fault.includes(':'))
    return { key_id: String(keyId ?? ''), alg: String(alg ?? ''), valid: isRead && !isAtFault }
  }
  const { receipt_id: receiptId, attestations } = fields
  return {
    job_id: jobId,
    receipt_id: String(receiptId ?? ''),
    miner_signature: check(fields['signature'], 'miner_signature'),
    coordinator_attestations: (Array.isArray(attestations) ? attestations : []).map((each) =>
      check(each as PyJson, 'coordinator_attestation'),
    ),
    all_valid: verified.ok,
  }
}
