/**
 * The audit: adds up everything that a state holds, entry by entry. Costs the whole state; the rules
 * themselves only ever compare what a block touched.
 */
import { assert } from '../base/result.ts'
import { decodeAccount, entryKinds, escrowCoder } from './entries.ts'
import { type NodeReader, type TreeRoot, walkTree } from './state-tree.ts'

/** What a state holds in all. */
export type Audit = {
  readonly accounts: number
  readonly escrows: number
  /** All entries of any kind. */
  readonly entries: number
  /** Base units in accounts and in escrows. */
  readonly balances: bigint
  readonly escrowed: bigint
}

/** Sums a state. */
export function auditState(read: NodeReader, root: TreeRoot): Audit {
  let [accounts, escrows, entries] = [0, 0, 0]
  let [balances, escrowed] = [0n, 0n]
  walkTree(read, root, ({ key, value }) => {
    entries += 1
    if (key[0] === entryKinds.account) {
      const account = decodeAccount(value)
      assert(account, 'stored account is well formed')
      accounts += 1
      balances += account.balance
    } else if (key[0] === entryKinds.escrow) {
      escrows += 1
      escrowed += escrowCoder.decode(value).balance
    }
  })
  return { accounts, escrows, entries, balances, escrowed }
}
