/**
 * The books of a cluster, kept a second time from the bytes of its final blocks, by plain arithmetic that
 * shares nothing with the execution: nonces without gaps, amounts moved once, fees to the proposer.
 */
import { toHex } from '../../../core/base/bytes.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import type { Genesis } from '../../../core/chain/genesis.ts'
import { transactionCoder } from '../../../core/chain/transaction.ts'
import { addressOf } from '../../../core/crypto/address.ts'

type Line = { readonly address: Uint8Array; balance: bigint; nonce: bigint }

/** Books that begin with genesis. Only transfers are known. */
export function createLedger(genesis: Genesis) {
  const lines = new Map<string, Line>()
  const lineOf = (address: Uint8Array): Line => {
    const known = lines.get(toHex(address))
    if (known) return known
    const fresh = { address, balance: 0n, nonce: 0n }
    lines.set(toHex(address), fresh)
    return fresh
  }
  for (const { address, balance } of genesis.accounts) lineOf(address).balance = balance

  return {
    /** Enters the transactions of the next final block; says what cannot be. */
    enter(proposer: Uint8Array, transactions: readonly Uint8Array[]): string[] {
      const wrong: string[] = []
      for (const bytes of transactions) {
        const { nonce, fee, sender, message } = transactionCoder.decode(bytes).body
        const from = lineOf(addressOf(sender))
        if (nonce !== from.nonce) wrong.push(`nonce ${nonce} is final where ${from.nonce} was due`)
        if (message.TAG !== 'transfer') throw new Error(`the books know no ${message.TAG}`)
        const { to, amount } = message.data
        from.nonce += 1n
        from.balance -= amount + fee
        lineOf(to).balance += amount
        lineOf(addressOf(proposer)).balance += fee
        if (from.balance < 0n) wrong.push('more is spent than there is')
      }
      return wrong
    },
    /** Compares with what a site whose head is final says of everybody. */
    compare(engine: Engine): string[] {
      return [...lines.values()].flatMap(({ address, balance, nonce }) => {
        const said = engine.account(address)
        const isSame = said.balance === balance && said.nonce === nonce
        return isSame
          ? []
          : [`${said.balance} and nonce ${said.nonce} instead of ${balance} and ${nonce}`]
      })
    },
  }
}
