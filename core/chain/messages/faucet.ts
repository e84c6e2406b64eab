/**
 * Faucet: a gift from a faucet account that genesis names (devnet only). Its own kind so that an
 * explorer can tell a gift from a payment, and so that genesis can cap it.
 */
import * as P from 'micro-packed'
import { bytes20, u64 } from '../../base/coders.ts'
import type { MessageContext } from '../message-context.ts'
import type { OutcomeCode } from '../outcome.ts'
import { applyTransfer } from './transfer.ts'

/** `to`: 20-byte address; `amount`: base units, at most the cap of genesis. */
export const faucetCoder = P.struct({ to: bytes20, amount: u64 })
export type Faucet = P.UnwrapCoder<typeof faucetCoder>

/** Fails with `not_faucet`, `limit_exceeded` or `insufficient_balance`. */
export function applyFaucet(context: MessageContext, gift: Faucet): OutcomeCode {
  if (!context.isFaucet(context.sender)) return 'not_faucet'
  if (gift.amount > context.parameters.faucetMax) return 'limit_exceeded'
  return applyTransfer(context, gift)
}
