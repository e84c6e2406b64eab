/**
 * Funds: which promises stand against which escrow, in memory. Everything here follows from the jobs and
 * payments on disk and is computed again from them, so that it can never disagree with them.
 */

import type { EscrowView } from '../../core/api/chain-service.ts'
import type { ApiError } from '../../core/api/errors.ts'
import { toHex } from '../../core/base/bytes.ts'
import { ok, type Result } from '../../core/base/result.ts'
import {
  available,
  discharge,
  type EscrowLedger,
  emptyLedger,
  freeHold,
  type Hold,
  ledgerOf,
  owe,
  reserve,
} from '../../core/jobs/reservations.ts'
import type { Ask } from './job-store.ts'

export type Funds = {
  /** Holds the whole limit of a job, or says what is missing. Call `free` if the job is not kept. */
  readonly reserve: (ask: Ask, escrow: EscrowView) => Result<null, ApiError>
  readonly free: (jobId: string) => void
  readonly owe: (jobId: string, amount: bigint) => void
  readonly discharge: (jobId: string) => void
  /** What an escrow, and this signer in it, can still promise: base units. */
  readonly available: (
    escrow: EscrowView,
    signer: Uint8Array,
  ) => { readonly escrow: bigint; readonly budget: bigint }
  /** Base units that open jobs of a signer (public key in hex) hold, in all escrows. */
  readonly heldBy: (signer: string) => bigint
}

/** Rebuilds the ledgers. */
export function openFunds(
  standing: readonly { readonly ask: Ask; readonly owed: bigint | undefined }[],
): Funds {
  const holds = new Map<string, Hold>()
  const ledgers = new Map<string, EscrowLedger>()
  for (const { ask, owed } of standing) {
    const hold = wantedOf(ask)
    const state = owed === undefined ? 'held' : 'owed'
    holds.set(ask.jobId, { ...hold, state, amount: owed ?? 0n })
  }
  const byEscrow = new Map<string, Hold[]>()
  for (const hold of holds.values()) {
    byEscrow.set(hold.escrow, [...(byEscrow.get(hold.escrow) ?? []), hold])
  }
  for (const [escrow, group] of byEscrow) ledgers.set(escrow, ledgerOf(group))

  const ledger = (escrow: string) => ledgers.get(escrow) ?? emptyLedger
  const keep = (escrow: string, next: EscrowLedger) => {
    if (Object.keys(next.signers).length === 0) ledgers.delete(escrow)
    else ledgers.set(escrow, next)
  }
  return {
    reserve: (ask, escrow) => {
      const signer = ask.authorisation.signer
      const reserved = reserve(ledger(ask.escrow), escrow, wantedOf(ask), signer)
      if (!reserved.ok) return reserved
      keep(ask.escrow, reserved.value.ledger)
      holds.set(ask.jobId, reserved.value.hold)
      return ok(null)
    },
    free: (jobId) => {
      const hold = holds.get(jobId)
      if (!hold) return
      keep(hold.escrow, freeHold(ledger(hold.escrow), hold))
      holds.delete(jobId)
    },
    owe: (jobId, amount) => {
      const hold = holds.get(jobId)
      if (!hold) return
      const owed = owe(ledger(hold.escrow), hold, amount)
      keep(hold.escrow, owed.ledger)
      holds.set(jobId, owed.hold)
    },
    discharge: (jobId) => {
      const hold = holds.get(jobId)
      if (!hold) return
      keep(hold.escrow, discharge(ledger(hold.escrow), hold))
      holds.delete(jobId)
    },
    available: (escrow, signer) => available(ledger(toHex(escrow.id)), escrow, signer),
    heldBy: (signer) => {
      let held = 0n
      for (const { signers } of ledgers.values()) held += signers[signer]?.held ?? 0n
      return held
    },
  }
}

const wantedOf = (ask: Ask): Omit<Hold, 'state' | 'amount'> => ({
  jobId: ask.jobId,
  escrow: ask.escrow,
  signer: ask.signer,
  number: ask.authorisation.number,
  settleBy: Number(ask.authorisation.settleBy),
  limit: ask.limit,
})
