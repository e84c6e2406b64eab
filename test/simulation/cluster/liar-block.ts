/**
 * Blocks that a liar executes by itself, so that all roots are right, around something that has no place
 * in a block: whoever takes one over has left a check out.
 */

import {
  blockCoder,
  type Header,
  headerHash,
  headerSigningBytes,
} from '../../../core/chain/block.ts'
import { outcomesRoot } from '../../../core/chain/engine-build.ts'
import { readHeld } from '../../../core/chain/engine-core.ts'
import { openExecution } from '../../../core/chain/execute.ts'
import { sufficientFee } from '../../../core/chain/fees.ts'
import { authoritySetHash, type Genesis, genesisHash } from '../../../core/chain/genesis.ts'
import type { Outcome } from '../../../core/chain/outcome.ts'
import { rootHash } from '../../../core/chain/state-tree.ts'
import { decodeNode } from '../../../core/chain/state-tree-node.ts'
import {
  decodeTransaction,
  signTransaction,
  type TransactionBody,
  transactionHash,
} from '../../../core/chain/transaction.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { historyRoot } from '../../../core/crypto/history.ts'
import { listRoot } from '../../../core/crypto/merkle.ts'
import { cheapVerifier } from './keys.ts'
import { authorityOf, type Site, users } from './sites.ts'

type BuilderOptions = {
  readonly genesis: Genesis
  readonly below: (n: number) => number
}

/** A forged block and the hash by which it is known. */
export type ForgedBlock = { readonly bytes: Uint8Array; readonly hash: Uint8Array }

/** Makes forged blocks for a slot of the liar's own. */
export function createForger({ genesis, below }: BuilderOptions) {
  const chain = genesisHash(genesis)
  const rules = {
    genesisHash: chain,
    verifier: cheapVerifier,
    authorities: genesis.authorities,
    faucets: new Set<string>(),
  }

  const pay = ({ engine }: Site, change: Partial<TransactionBody>): Uint8Array => {
    const by = users[below(users.length)] ?? users[0]
    if (!by) throw new Error('there are users')
    const draft: TransactionBody = {
      version: 1,
      sender: by.publicKey,
      nonce: engine.account(by.address).nonce,
      fee: 0n,
      validUntil: 1_000_000n,
      message: { TAG: 'transfer', data: { to: by.address, amount: BigInt(5_000 + below(90_000)) } },
    }
    const fee = sufficientFee(genesis.parameters, draft)
    return signTransaction(chain, { ...draft, fee, ...change }, by)
  }
  /** One that has been applied already, if the last blocks hold one. */
  const oldOne = ({ engine }: Site): Uint8Array | undefined => {
    const { height } = engine.head()
    const [block] = engine.finalizedFrom(Math.max(1, height - below(6)), 1)
    return block?.transactions[0]?.bytes
  }
  const wrongTransaction = (site: Site, slot: number): Uint8Array => {
    const { nonce } = site.engine.account(users[0]?.address ?? new Uint8Array(20))
    const way = below(5)
    const old = way < 2 ? oldOne(site) : undefined
    if (old) return old
    if (way === 2) return pay(site, { nonce: nonce + 100n })
    if (way === 3) return pay(site, { fee: 1n })
    if (way === 4) return pay(site, { validUntil: BigInt(slot - 1) })
    const good = pay(site, {})
    return good.map((byte, index) => (index === good.length - 1 ? byte ^ 1 : byte))
  }

  return (site: Site, slot: number): ForgedBlock | undefined => {
    const { engine, store, index } = site
    const head = engine.head()
    const parent = readHeld(store, head.hash)
    if (!parent || slot <= head.slot) return undefined
    const isForeign = below(4) === 0
    const transaction = isForeign ? pay(site, {}) : wrongTransaction(site, slot)
    const blockSlot = isForeign ? slot - 1 : slot
    if (blockSlot <= head.slot) return undefined
    const proposer = authorityOf(blockSlot % genesis.authorities.length).publicKey
    const execution = openExecution(rules, {
      read: (id) => decodeNode(store.readNode(id) ?? new Uint8Array()),
      root: parent.execution.root,
      nextId: 1_000_000_000,
      slot: BigInt(blockSlot),
      height: BigInt(head.height + 1),
    })
    const outcomes: Outcome[] = []
    const decoded = decodeTransaction(transaction)
    if (!decoded.ok) return undefined
    const hash = transactionHash(transaction)
    const { sender } = decoded.value.body
    const checked = {
      hash,
      bytes: transaction,
      transaction: decoded.value,
      sender: addressOf(sender),
    }
    const done = execution.apply(checked)
    if (done.ok) outcomes.push(done.value)
    const header: Header = {
      version: 1,
      height: BigInt(head.height + 1),
      slot: BigInt(blockSlot),
      parent: head.hash,
      proposer,
      transactionsRoot: listRoot([hash]),
      outcomesRoot: outcomesRoot(outcomes),
      stateRoot: rootHash(execution.finish(proposer).root),
      historyRoot: historyRoot(parent.execution.history),
      authorities: authoritySetHash(genesis.authorities),
      certificate: head.certificate,
    }
    const signature = authorityOf(index).sign(headerSigningBytes(chain, header))
    const block = { signedHeader: { header, signature }, transactions: [transaction] }
    return { bytes: blockCoder.encode(block), hash: headerHash(header) }
  }
}
