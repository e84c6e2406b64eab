/** Whether what a site shows of something is what the chain shows. */
import { transactionDetailToJson } from '../../../core/api/rpc-transactions.ts'
import { formatCoins } from '../../../core/base/amount.ts'
import { toHex0x } from '../../../core/base/bytes.ts'
import { unreachable } from '../../../core/base/result.ts'
import type { LightFact } from '../../../core/chain/light-fact.ts'
import { transactionCoder, transactionHash } from '../../../core/chain/transaction.ts'
import { formatAddress } from '../../../core/crypto/address.ts'

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
      return amountDiffers('escrow', fact, { said: said['balance'], is: fact.escrow?.balance })
    case 'transaction':
      return 'receipt' in fact
        ? paymentDiffers(fact, said)
        : fieldDiffers(fact, said, genesisTimeMs)
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

function paymentDiffers(
  fact: Extract<LightFact, { readonly receipt: unknown }>,
  said: Json,
): string | undefined {
  const { receipt, block } = fact
  const is: Json = {
    tx_hash: toHex0x(fact.outcome.transaction),
    block_height: block.height,
    miner: formatAddress(receipt.miner),
    amount: receipt.amount.toString(),
    miner_amount: receipt.minerAmount.toString(),
    coordinator_amount: receipt.coordinatorAmount.toString(),
  }
  const wrong = Object.keys(is).filter((name) => String(said[name]) !== String(is[name]))
  if (wrong.length === 0) return undefined
  const words = wrong.map((name) => name.replaceAll('_', ' ')).join(', ')
  return `The site shows another payment than block ${block.height} holds: ${words}.`
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
