/**
 * What a key of an account may spend, and until when what it signs can be settled. Each bound that is met
 * has a code of its own: the key's budget, the delegate's grant, the escrow. Rules: SPEC.md, ACCT.
 */
import type { EscrowView } from '../../core/api/chain-service.ts'
import type { Principal } from '../../core/api/coordinator-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { formatCoins } from '../../core/base/amount.ts'
import { bytesEqual, toHex } from '../../core/base/bytes.ts'
import { err, ok, type Result } from '../../core/base/result.ts'
import { settleByWindow } from '../../core/jobs/check-authorisation.ts'
import type { AccountKeys } from './account-keys.ts'
import type { Funds } from './funds.ts'
import type { Usage } from './usage.ts'

export type KeyMoney = ReturnType<typeof openKeyMoney>

export function openKeyMoney(parts: {
  readonly accountKeys: AccountKeys
  readonly usage: Usage
  readonly funds: Funds
}) {
  const { accountKeys, usage, funds } = parts
  return {
    /** Whether a limit fits what is left of the budget that its owner set for a key. */
    isWithinBudget: (who: Principal, limit: bigint): Result<null, ApiError> => {
      if (who.kind !== 'api_key' || who.account === undefined) return ok(null)
      const budget = accountKeys.budgetOf(who.publicId)
      const signer = accountKeys.delegateOf(who.publicId)
      if (budget === undefined || !signer) return ok(null)
      const promised = funds.heldBy(toHex(signer.publicKey)) + usage.heldBackOf(who.publicId)
      const left = budget - usage.spentBy(who.publicId) - promised
      if (limit <= left) return ok(null)
      const available = left > 0n ? left : 0n
      return err({
        code: 'KEY_BUDGET_EXCEEDED',
        message:
          `${formatCoins(available)} AITBC of this key’s budget are left, ` +
          `this job may cost ${formatCoins(limit)}.`,
        details: { available: String(available), limit: String(limit) },
      })
    },

    /** Whether a principal may see what a client asked: its own, and an account all of its keys'. */
    maySee: (who: Principal, client: string): boolean => {
      if (client === who.publicId) return true
      if (!isConsole(who)) return false
      return client === who.account || accountKeys.ownerOf(client) === who.account
    },

    /** Every client whose jobs a principal sees. */
    clientsOf: (who: Principal): string[] =>
      isConsole(who) ? accountKeys.clientsOf(who.account) : [who.publicId],
  }
}

/** A session, or the key that stands for it. */
const isConsole = (who: Principal): who is Principal & { readonly account: string } =>
  who.kind === 'api_key' && who.account !== undefined && who.publicId.startsWith('console_')

/** Latest slot by which a delegate's authorisation can be settled, or what expires too soon for it. */
export function settleByOf(at: {
  readonly escrow: EscrowView
  readonly delegate: Uint8Array
  readonly nowSlot: number
  readonly ttlSeconds: number
  readonly authorisationLifeSlots: number
}): Result<number, ApiError> {
  const { escrow, delegate, nowSlot, ttlSeconds, authorisationLifeSlots } = at
  const until = (escrowExpirySlot: number) =>
    settleByWindow({ nowSlot, ttlSeconds, authorisationLifeSlots, escrowExpirySlot })
  const { from, to } = until(escrow.expirySlot)
  const details = { needed_slot: from, escrow_expires_slot: escrow.expirySlot }
  if (escrow.expirySlot - 1 < from) return err({ code: 'ESCROW_EXPIRED', details })
  const grant = escrow.delegates.find((each) => bytesEqual(each.delegate, delegate))
  if (!grant) return err({ code: 'ESCROW_REQUIRED', message: ungranted })
  const isRevoked = grant.revokedAtSlot !== undefined
  if (isRevoked || grant.expirySlot - 1 < from) {
    const grantDetails = { needed_slot: from, delegate_expires_slot: grant.expirySlot }
    return err({ code: 'DELEGATE_EXPIRED', details: grantDetails })
  }
  return ok(Math.max(0, Math.min(to, grant.expirySlot - 1)))
}

const ungranted = 'The escrow of this key grants its delegate nothing any more.'
