/** Transfer: moves base units from the sender to an address. */
import * as P from 'micro-packed'
import { bytes20, u64 } from '../../base/coders.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'
import { credit, debit } from '../state.ts'

/** `to`: 20-byte address; `amount`: base units, above zero. */
export const transferCoder = P.struct({ to: bytes20, amount: u64 })
export type Transfer = P.UnwrapCoder<typeof transferCoder>

/** Fails with `insufficient_balance`. A recipient that has no account gets one. */
export function applyTransfer(context: MessageContext, { to, amount }: Transfer): OutcomeCode {
  if (!debit(context.state, context.sender, amount)) return 'insufficient_balance'
  credit(context.state, to, amount)
  return 'applied'
}
