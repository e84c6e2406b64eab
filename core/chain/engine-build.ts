/**
 * Building a block: the best-paying transactions of the pool that fit, executed on the head.
 */
import { historyRoot } from '../crypto/history.ts'
import { listRoot } from '../crypto/merkle.ts'
import type { Signer } from '../crypto/signature.ts'
import { authoritiesAt } from './authorities.ts'
import { type Block, type Header, headerHash, headerSigningBytes } from './block.ts'
import type { EngineContext, EngineMemory } from './engine-core.ts'
import { type Executed, type Execution, itemsOf, openExecution } from './execute.ts'
import { authoritySetHash } from './genesis.ts'
import { blockBytesMax, blockSettlementItemsMax, blockTransactionsMax } from './limits.ts'
import { inOrder, type Pooled } from './mempool.ts'
import type { Payout } from './message-context.ts'
import { type Outcome, outcomeCoder } from './outcome.ts'
import { rootHash } from './state-tree.ts'

/** A block that has been executed and is not stored yet. */
export type ExecutedBlock = {
  readonly block: Block
  readonly hash: Uint8Array
  readonly outcomes: readonly Outcome[]
  /** Who got what that messages and outcomes do not say, for each transaction. */
  readonly payouts: readonly (readonly Payout[])[]
  readonly transactionHashes: readonly Uint8Array[]
  readonly update: Executed
  /** First node id of the update. */
  readonly firstNode: number
}

/** Builds and signs a block for `slot` on the head. `dropped`: pooled transactions no block can hold. */
export function buildBlock(
  context: EngineContext,
  memory: EngineMemory,
  { slot, signer }: { readonly slot: number; readonly signer: Signer },
): { readonly executed: ExecutedBlock; readonly dropped: readonly Pooled[] } {
  const { consensus, head, nextNodeId } = memory
  const height = BigInt(consensus.head.height + 1)
  const execution = openExecution(context.rules, {
    read: context.nodes.read,
    root: head.root,
    nextId: nextNodeId,
    slot: BigInt(slot),
    height,
  })
  const { taken, outcomes, dropped } = fill(execution.apply, memory)
  const update = execution.finish(signer.publicKey)
  const transactionHashes = taken.map(({ hash }) => hash)
  const header: Header = {
    version: 1,
    height,
    slot: BigInt(slot),
    parent: consensus.head.hash,
    proposer: signer.publicKey,
    transactionsRoot: listRoot(transactionHashes),
    outcomesRoot: outcomesRoot(outcomes),
    stateRoot: rootHash(update.root),
    historyRoot: historyRoot(head.history),
    authorities: authoritiesAfter(context, execution),
    certificate: consensus.certificate,
  }
  const signature = signer.sign(headerSigningBytes(context.rules.genesisHash, header))
  const block: Block = {
    signedHeader: { header, signature },
    transactions: taken.map(({ bytes }) => bytes),
  }
  const hash = headerHash(header)
  const executed: ExecutedBlock = {
    block,
    hash,
    outcomes,
    payouts: execution.payouts(),
    transactionHashes,
    update,
    firstNode: nextNodeId,
  }
  return { executed, dropped }
}

/** Hash of the set that votes above a block, by its state: what its header names. */
export function authoritiesAfter(
  { genesis }: EngineContext,
  { state, height }: Pick<Execution, 'state' | 'height'>,
): Uint8Array {
  return authoritySetHash(authoritiesAt(state.authorities(), genesis.authorities, height + 1n).set)
}

/** Root over the canonical bytes of outcomes. */
export const outcomesRoot = (outcomes: readonly Outcome[]): Uint8Array =>
  listRoot(outcomes.map((outcome) => outcomeCoder.encode(outcome)))

function fill(apply: ReturnType<typeof openExecution>['apply'], { pool }: EngineMemory) {
  const taken: Pooled[] = []
  const outcomes: Outcome[] = []
  const dropped: Pooled[] = []
  let [bytes, items] = [0, 0]
  const order = inOrder(pool)
  let next = order.next()
  while (!next.done && taken.length < blockTransactionsMax) {
    const entry = next.value
    const fits =
      bytes + entry.bytes.length <= blockBytesMax &&
      items + itemsOf(entry) <= blockSettlementItemsMax
    if (!fits) {
      next = order.next('skip')
      continue
    }
    const done = apply(entry)
    if (done.ok) {
      taken.push(entry)
      outcomes.push(done.value)
      bytes += entry.bytes.length
      items += itemsOf(entry)
    } else {
      dropped.push(entry)
    }
    next = order.next(done.ok ? 'take' : 'skip')
  }
  return { taken, outcomes, dropped }
}
