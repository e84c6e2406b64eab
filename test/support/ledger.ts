/**
 * The transition alone: executes blocks over a tree in memory, without engine, mempool or store, and adds
 * up the whole state after every block.
 */
import { toHex } from '../../core/base/bytes.ts'
import { type Audit, auditState } from '../../core/chain/audit.ts'
import { type CheckedTransaction, checkTransaction } from '../../core/chain/check-transaction.ts'
import { openExecution } from '../../core/chain/execute.ts'
import { type Genesis, genesisHash } from '../../core/chain/genesis.ts'
import { createGenesisBlock, genesisSupply } from '../../core/chain/genesis-block.ts'
import type { Payout } from '../../core/chain/message-context.ts'
import { type Outcome, outcomeCodes, settlementCodes } from '../../core/chain/outcome.ts'
import { openState, type State } from '../../core/chain/state.ts'
import { rootHash, type TreeRoot } from '../../core/chain/state-tree.ts'
import { decodeNode, encodeNode } from '../../core/chain/state-tree-node.ts'
import type { MessageKind } from '../../core/chain/transaction.ts'
import { addressOf } from '../../core/crypto/address.ts'
import {
  authority,
  genesis as defaultGenesis,
  nodeVerifier,
  type SignInput,
  sign,
} from './chain-world.ts'

/** What became of one transaction: `refused` ones left no trace. */
export type Verdict =
  | {
      readonly refused: string
      readonly outcome?: undefined
      readonly code?: undefined
      readonly transaction?: undefined
    }
  | {
      readonly refused?: undefined
      readonly outcome: Outcome
      readonly code: string
      readonly transaction: CheckedTransaction
      readonly payouts: readonly Payout[]
    }

export type Ledger = {
  readonly genesis: Genesis
  /** State after the last block. */
  readonly state: () => State
  readonly root: () => Uint8Array
  readonly entries: () => number
  readonly audit: () => Audit
  readonly nodes: ReadonlyMap<number, Uint8Array>
  /** Executes one block; nonces are filled in unless given. Fails the test if money is made or lost. */
  readonly block: (
    slot: number,
    transactions: readonly (Omit<SignInput, 'of'> | Uint8Array)[],
  ) => Verdict[]
  /** The same for a single message. */
  readonly one: (slot: number, transaction: Omit<SignInput, 'of'>) => Verdict
}

export function createLedger(genesis: Genesis = defaultGenesis): Ledger {
  const nodes = new Map<number, Uint8Array>()
  const read = (id: number) => {
    const bytes = nodes.get(id)
    if (!bytes) throw new Error(`node ${id} is gone`)
    return decodeNode(bytes)
  }
  const { update } = createGenesisBlock(genesis)
  for (const { id, node } of update.written) nodes.set(id, encodeNode(node))
  let root: TreeRoot = update.root
  let nextId = update.nextId
  const rules = {
    genesisHash: genesisHash(genesis),
    verifier: nodeVerifier,
    authorities: genesis.authorities,
    faucets: new Set(genesis.faucets.map(toHex)),
  }

  const block: Ledger['block'] = (slot, transactions) => {
    const execution = openExecution(rules, { read, root, nextId, slot: BigInt(slot), height: 1n })
    const verdicts = transactions.map((given): Verdict => {
      let bytes = given as Uint8Array
      if (!(given instanceof Uint8Array)) {
        const known = execution.state.account(addressOfSigner(given))
        bytes = sign({ nonce: known?.nonce ?? 0n, ...given, of: genesis } as SignInput)
      }
      const checked = checkTransaction(rules, bytes)
      if (!checked.ok) return { refused: checked.error.code }
      const done = execution.apply(checked.value)
      if (!done.ok) return { refused: done.error.code }
      const code = nameOf(outcomeCodes, done.value.code)
      const payouts = execution.payouts().at(-1) ?? []
      return { outcome: done.value, code, transaction: checked.value, payouts }
    })
    const done = execution.finish(authority.publicKey)
    for (const { id, node } of done.written) nodes.set(id, encodeNode(node))
    for (const id of done.staled) nodes.delete(id)
    root = done.root
    nextId = done.nextId
    const { minted, burned } = openState(read, root).supply()
    const due = genesisSupply(genesis) + minted - burned
    if (auditState(read, root).held !== due) throw new Error('money was made or lost')
    return verdicts
  }
  return {
    genesis,
    nodes,
    state: () => openState(read, root),
    root: () => rootHash(root),
    entries: () => auditState(read, root).entries,
    audit: () => auditState(read, root),
    block,
    one: (slot, transaction) => block(slot, [transaction])[0] as Verdict,
  }
}

/** The code of each settlement item, by name. */
export const itemCodes = (verdict: Verdict): string[] =>
  (verdict.outcome?.settlements ?? []).map(({ code }) => nameOf(settlementCodes, code))

/** Every kind of message. */
export const messageKinds = [
  'transfer',
  'faucet',
  'escrow_open',
  'escrow_top_up',
  'escrow_close',
  'delegate_grant',
  'delegate_revoke',
  'settle',
  'bond',
  'unbond',
  'slash',
  'receipt_claim',
  'booking_open',
  'booking_close',
  'announce',
] as const satisfies readonly MessageKind[]

function nameOf(codes: Readonly<Record<string, number>>, code: number): string {
  const found = Object.entries(codes).find(([, value]) => value === code)
  if (!found) throw new Error(`no code ${code}`)
  return found[0]
}

const addressOfSigner = (given: Omit<SignInput, 'of'>): Uint8Array => addressOf(given.by.publicKey)
