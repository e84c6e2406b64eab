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
export function entriesMaxOf(message: Message, parameters: Parameters): number {
  switch (message.TAG) {
    case 'transfer':
    case 'faucet':
    case 'delegate_grant':
    case 'authority_change':
    case 'bond':
    case 'booking_open':
    // The counts of what is minted and burned, with the first of it.
    case 'slash':
      return 1
    // Accounts of provider and coordinator.
    case 'booking_close':
      return 2
    case 'receipt_claim':
      return message.data.claims.length
    case 'escrow_open':
      return message.data.delegate ? 2 : 1
    case 'settle':
      return settlementEntriesMax(message.data.items.length, parameters)
    case 'escrow_top_up':
    case 'escrow_close':
    case 'delegate_revoke':
    case 'unbond':
    case 'announce':
      return 0
  }
}

/** Entries that so many paid items make besides accounts: spent authorisations, and with rewards claims. */
export const settledEntries = (items: number, { market }: Parameters): number =>
  (market ? 2 : 1) * items

/** The same with an account for the miner of each, and for sender and coordinator. */
export const settlementEntriesMax = (items: number, parameters: Parameters): number =>
  settledEntries(items, parameters) + items + 2

/** A fee that is enough for a body whatever the state: what clients offer when they do not know it. */
export function sufficientFee(parameters: Parameters, body: TransactionBody): bigint {
  const size = transactionCoder.encode({ body, signature: new Uint8Array(64) }).length
  return feeFloor(parameters, { size, entries: entriesMaxOf(body.message, parameters) })
}
