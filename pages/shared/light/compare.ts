/** Whether what a site shows of something is what the chain shows. */
import {
  amountOf,
  outcomeName,
  recipientOf,
  transactionDetailToJson,
} from '../../../core/api/rpc-transactions.ts'
import { formatCoins } from '../../../core/base/amount.ts'
import { toHex, toHex0x } from '../../../core/base/bytes.ts'
import { unreachable } from '../../../core/base/result.ts'
import { bookingFunds } from '../../../core/chain/entries.ts'
import type { LightFact } from '../../../core/chain/light-fact.ts'
import type { SettlementItem } from '../../../core/chain/messages/settle.ts'
import { transactionCoder, transactionHash } from '../../../core/chain/transaction.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'

type Json = Readonly<Record<string, unknown>>

/** Says what differs, for people; undefined when nothing does. */
export function contradiction(
  fact: LightFact,
  shown: unknown,
  genesisTimeMs: number,
): string | undefined {
  const said = (typeof shown === 'object' && shown !== null ? shown : {}) as Json
  switch (fact.kind) {
    case 'account':
      return amountDiffers('account', fact, { said: said['balance'], is: fact.account?.balance })
    case 'escrow':
      return (
        amountDiffers('escrow', fact, { said: said['balance'], is: fact.escrow?.balance }) ??
        termsDiffer(fact, said)
      )
    case 'booking': {
      const is = fact.booking && bookingFunds(fact.booking)
      return amountDiffers('booking', fact, { said: said['balance'], is })
    }
    case 'bond':
      return amountDiffers('bond', fact, { said: said['amount'], is: fact.bond?.amount })
    case 'transaction':
      return 'receipt' in fact
        ? paymentDiffers(fact, said)
        : 'tx_hash' in said
          ? fieldDiffers(fact, said, genesisTimeMs)
          : rowDiffers(fact, said)
    case 'no_transaction':
      return undefined
    default:
      return unreachable(fact)
  }
}

function amountDiffers(
  what: string,
  { block }: LightFact,
  { said, is = 0n }: { readonly said: unknown; readonly is: bigint | undefined },
): string | undefined {
  if (String(said) === is.toString()) return undefined
  const shown = /^\d{1,20}$/.test(String(said))
    ? formatCoins(BigInt(String(said)))
    : 'something else'
  return `The site shows ${shown}; in the newest final block, ${block.height}, the ${what} holds ${formatCoins(is)} AITBC.`
}

type Proven = Extract<LightFact, { readonly kind: 'transaction' }>

/** Every field of `GET /rpc/tx/…` follows from the signed bytes, the outcome and the place. */
function fieldDiffers(fact: Proven, said: Json, genesisTimeMs: number): string | undefined {
  const { block, transaction, outcome } = fact
  const { sender, nonce, fee, validUntil, message } = transaction.body
  const bytes = transactionCoder.encode(transaction)
  const view = { hash: transactionHash(bytes), bytes, sender, nonce, fee, validUntil, message }
  const place = { height: block.height, index: fact.index, slot: block.slot }
  const is = transactionDetailToJson(
    { ...view, block: place, outcome, final: true },
    genesisTimeMs,
  ) as unknown as Json
  // The site may have been asked before the block was final.
  const names = Object.keys(is).filter((name) => name !== 'status')
  const wrong = names.filter((name) => !isSame(said[name], is[name]))
  if (wrong.length === 0) return undefined
  const words = wrong.map((name) => name.replaceAll('_', ' ')).join(', ')
  return `The site shows something else than block ${block.height} holds: ${words}.`
}

/** A row of a list of transactions. */
function rowDiffers(fact: Proven, said: Json): string | undefined {
  const { block, index, transaction, outcome } = fact
  const { sender, nonce, validUntil, message } = transaction.body
  const recipient = recipientOf(message)
  return differing(
    said,
    {
      hash: toHex0x(outcome.transaction),
      height: block.height,
      position: index,
      slot: block.slot,
      kind: message.TAG,
      sender: formatAddress(addressOf(sender)),
      recipient: recipient && formatAddress(recipient),
      amount: amountOf(message),
      fee: outcome.fee,
      nonce,
      valid_until: validUntil,
      outcome: outcomeName(outcome.code),
    },
    `The site shows something else than block ${block.height} holds`,
  )
}

type Paid = Extract<LightFact, { readonly receipt: unknown }>

/** The payment that a receipt stands for, both statements and both signatures. */
export function paymentOf({ transaction, outcome, receipt }: Paid): SettlementItem | undefined {
  const { message } = transaction.body
  const index = outcome.settlements.indexOf(receipt)
  return message.TAG === 'settle' ? message.data.items[index] : undefined
}

/** A receipt as `GET /rpc/receipts/…` shows its payment, or a row of a list of receipts. */
function paymentDiffers(fact: Paid, said: Json): string | undefined {
  const { receipt, block, outcome } = fact
  const job = paymentOf(fact)?.authorisation.jobHash
  const transaction = toHex0x(outcome.transaction)
  const isRow = 'receipt_hash' in said
  const place = isRow
    ? {
        receipt_hash: toHex0x(receipt.receiptHash),
        transaction_hash: transaction,
        height: block.height,
        position: fact.index,
        item: outcome.settlements.indexOf(receipt),
        escrow: toHex0x(receipt.escrow),
        number: receipt.number,
      }
    : { tx_hash: transaction, block_height: block.height }
  return differing(
    said,
    {
      ...place,
      ...(job && (isRow || 'job_hash' in said) && { job_hash: toHex0x(job) }),
      miner: formatAddress(receipt.miner),
      amount: receipt.amount,
      miner_amount: receipt.minerAmount,
      coordinator_amount: receipt.coordinatorAmount,
    },
    `The site shows another payment than block ${block.height} holds`,
  )
}

/** Delegates are entries of their own and are not looked at. */
function termsDiffer(
  { block, escrow }: Extract<LightFact, { readonly kind: 'escrow' }>,
  said: Json,
): string | undefined {
  if (escrow === undefined) return undefined
  return differing(
    said,
    {
      owner: formatAddress(escrow.owner),
      coordinator: toHex(escrow.coordinator),
      expiry_slot: escrow.expiry,
      closes_at_slot: escrow.closesAt === 0n ? undefined : escrow.closesAt,
    },
    `The site shows another escrow than block ${block.height} holds`,
  )
}

/** Names what is shown otherwise; figures count by their digits, since amounts travel as text. */
function differing(said: Json, is: Json, words: string): string | undefined {
  const text = (value: unknown) => (value === null || value === undefined ? '' : String(value))
  const wrong = Object.keys(is).filter((name) => text(said[name]) !== text(is[name]))
  if (wrong.length === 0) return undefined
  return `${words}: ${wrong.map((name) => name.replaceAll('_', ' ')).join(', ')}.`
}

/** Equal JSON, whatever the order of the fields. */
function isSame(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return left === right
  }
  const [here, there] = [Object.entries(left), right as Json]
  return (
    Array.isArray(left) === Array.isArray(right) &&
    here.length === Object.keys(right).length &&
    here.every(([name, value]) => name in there && isSame(value, there[name]))
  )
}
