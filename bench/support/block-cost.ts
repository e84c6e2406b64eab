/** What blocks of a size cost on a laid chain: to admit, build and import, and how many rows each touches. */
import type { Certificate } from '../../core/chain/block.ts'
import type { Engine } from '../../core/chain/engine-api.ts'
import type { Genesis } from '../../core/chain/genesis.ts'
import { submitBatchMax } from '../../core/chain/limits.ts'
import {
  hashOfChain,
  type Sender,
  scattered,
  signNextTransfer,
  slotStartMs,
} from './bench-ledger.ts'
import { monotonicMs } from './clock.ts'
import { otherAccount } from './large-state.ts'
import type { RowCounts } from './measured-storage.ts'

/** Rows that one action read and wrote. */
export type Rows = Readonly<RowCounts>

export type BuiltBlock = {
  readonly bytes: Uint8Array
  readonly certificate: Certificate
  readonly nowMs: number
  readonly admitMs: number
  readonly buildMs: number
  readonly admitRows: Rows
  readonly buildRows: Rows
}

export type BlockPlan = {
  readonly engine: Engine
  readonly genesis: Genesis
  readonly senders: readonly Sender[]
  readonly accounts: number
  readonly transactions: number
  readonly blocks: number
  readonly rows: RowCounts
}

/** Submits transfers to scattered accounts and builds blocks of them, one a slot; all become final. */
export function buildBlocks(plan: BlockPlan): BuiltBlock[] {
  const { engine, genesis, senders, accounts, transactions, rows } = plan
  const hash = hashOfChain(genesis)
  const built: BuiltBlock[] = []
  for (let number = 0; number < plan.blocks; number++) {
    const slot = engine.head().slot + 1
    const nowMs = slotStartMs(genesis, slot)
    const signed = Array.from({ length: transactions }, (_, index) => {
      const turn = number * transactions + index
      const sender = senders[turn % senders.length] as Sender
      const to = otherAccount(scattered(turn, accounts - senders.length))
      return signNextTransfer({ genesis, hash, sender, to, slot })
    })
    const admitted = measured(rows, () => admit(engine, signed, nowMs))
    const step = measured(rows, () => engine.tick(nowMs))
    const { send } = step.value
    const block = send.find((out) => out.kind === 'block')
    const final = send.find((out) => out.kind === 'certificate')
    if (
      !block ||
      !final ||
      engine.blockAt(engine.head().height)?.transactionHashes.length !== transactions
    ) {
      throw new Error(`block ${number} does not hold its ${transactions} transactions, finally`)
    }
    built.push({
      bytes: block.bytes,
      certificate: final.certificate,
      nowMs,
      admitMs: admitted.ms,
      admitRows: admitted.rows,
      buildMs: step.ms,
      buildRows: step.rows,
    })
  }
  return built
}

/** Imports the blocks with their certificates into an engine on the same chain. */
export function importBlocks(
  engine: Engine,
  blocks: readonly BuiltBlock[],
  rows: RowCounts,
): { readonly ms: number; readonly rows: Rows }[] {
  return blocks.map(({ bytes, certificate, nowMs }) => {
    const done = measured(rows, () => engine.importBlock({ bytes, certificate }, nowMs))
    if (!done.value.ok) throw new Error(done.value.error.message)
    if (!done.value.value.finalized) throw new Error('an imported block did not become final')
    return { ms: done.ms, rows: done.rows }
  })
}

function admit(engine: Engine, signed: readonly Uint8Array[], nowMs: number): void {
  for (let from = 0; from < signed.length; from += submitBatchMax) {
    const verdicts = engine.submit(signed.slice(from, from + submitBatchMax), nowMs)
    const refused = verdicts.find(({ ok }) => !ok)
    if (refused && !refused.ok) throw new Error(refused.error.message)
  }
}

function measured<T>(counts: RowCounts, action: () => T) {
  const before = { ...counts }
  const from = monotonicMs()
  const value = action()
  const ms = monotonicMs() - from
  const rows = { read: counts.read - before.read, written: counts.written - before.written }
  return { value, ms, rows }
}
