/**
 * Fees: a floor by size and a charge for each state entry created, never zero. All that the sender offers
 * is charged and goes to the proposer; what is above the floor buys order.
 */
import type { Parameters } from './genesis.ts'
import { type Message, type TransactionBody, transactionCoder } from './transaction.ts'

/** Floor of a signed transaction of `size` bytes that creates `entries` state entries, base units. */
export const feeFloor = (
  parameters: Parameters,
  { size, entries }: { readonly size: number; readonly entries: number },
): bigint =>
  parameters.baseFee +
  parameters.feePerByte * BigInt(size) +
  parameters.feePerEntry * BigInt(entries)

/** Most state entries that a message can create; it often creates fewer. */
export function entriesMaxOf(message: Message): number {
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
    case 'delegate_grant':
    case 'authority_change':
      return 1
    case 'escrow_open':
      return message.data.delegate ? 2 : 1
    case 'settle':
      return settlementEntriesMax(message.data.items.length)
    case 'escrow_top_up':
    case 'escrow_close':
    case 'delegate_revoke':
      return 0
  }
}

/** Spent authorisation and miner's account an item; accounts of sender and coordinator. */
export const settlementEntriesMax = (items: number): number => 2 * items + 2

/** A fee that is enough for a body whatever the state: what clients offer when they do not know it. */
export function sufficientFee(parameters: Parameters, body: TransactionBody): bigint {
  const size = transactionCoder.encode({ body, signature: new Uint8Array(64) }).length
  return feeFloor(parameters, { size, entries: entriesMaxOf(body.message) })
}
