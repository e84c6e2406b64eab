/** Transactions of the newest blocks, a bounded piece at a time: what lists show before the read model has it. */
import {
  type FreshTransactions,
  chainReadLimits as limits,
  type TransactionsAsk,
} from '../../core/api/chain-reads.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import type { TransactionView } from '../../core/chain/views.ts'

/** Reads them newest first, from below a place down to a height, as far as the bounds of one call go. */
export function freshTransactions(engine: Engine, ask: TransactionsAsk): FreshTransactions {
  const { above, before } = ask
  const headHeight = engine.head().height
  const top = before === undefined ? headHeight : Math.min(headHeight, before.height)
  const lowest = Math.max(above + 1, 0, top - limits.blocksMax + 1)
  const limit = Math.min(ask.limit, limits.transactionsMax)
  const transactions: TransactionView[] = []
  let bytes = 0
  for (let height = top; height >= lowest; height--) {
    for (const view of transactionsAt(engine, height).reverse()) {
      const index = view.block?.index ?? 0
      if (before && height === before.height && index >= before.index) continue
      bytes += view.bytes.length
      // The first is always sent: no transaction is larger than an answer may be.
      const isFull = transactions.length >= limit || bytes > limits.transactionBytesMax
      if (isFull && transactions.length > 0) {
        return { headHeight, transactions, next: { height, index: index + 1 } }
      }
      transactions.push(view)
    }
  }
  const next = lowest > above + 1 && lowest > 0 ? { height: lowest, index: 0 } : undefined
  return { headHeight, transactions, next }
}

/** Transactions of the block at a height of the head's chain, in order. */
export function transactionsAt(engine: Engine, height: number): TransactionView[] {
  const final = engine.finalizedFrom(height, 1)[0]
  if (final) return [...final.transactions]
  const hashes = engine.blockAt(height)?.transactionHashes ?? []
  return hashes.map((hash) => engine.transaction(hash)).filter((view) => view !== undefined)
}
