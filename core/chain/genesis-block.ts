/**
 * The block at height 0: derived from genesis by every site, signed by nobody.
 */
import { emptyHistory, historyRoot } from '../crypto/history.ts'
import { listRoot } from '../crypto/merkle.ts'
import type { Header } from './block.ts'
import { accountKey, encodeAccount, parametersKey, supplyCoder, supplyKey } from './entries.ts'
import { authoritySetHash, type Genesis, genesisHash, parametersCoder } from './genesis.ts'
import { rootHash, type TreeChange, type TreeUpdate, updateTree } from './state-tree.ts'

/** State entries at height 0: accounts, parameters, and in version 2 the counts of minted and burned. */
export function genesisEntries(genesis: Genesis): TreeChange[] {
  const accounts = genesis.accounts.map(({ address, balance }) => ({
    key: accountKey(address),
    value: encodeAccount({ balance, nonce: 0n }),
  }))
  const parameters = parametersCoder.encode(genesis.parameters)
  const supply = { key: supplyKey, value: supplyCoder.encode({ minted: 0n, burned: 0n }) }
  return [
    ...accounts,
    { key: parametersKey, value: parameters },
    ...(genesis.parameters.market ? [supply] : []),
  ]
}

/** Sum of all balances at genesis, base units: the supply. */
export const genesisSupply = (genesis: Genesis): bigint =>
  genesis.accounts.reduce((sum, { balance }) => sum + balance, 0n)

/** Header at height 0 and the state tree under it, whose nodes begin with id 1. */
export function createGenesisBlock(genesis: Genesis): {
  readonly header: Header
  readonly update: TreeUpdate
} {
  const noNodes = (): never => {
    throw new Error('invariant broken: the empty tree has no nodes')
  }
  const start = { root: undefined, nextId: 1 }
  const update = updateTree(noNodes, start, genesisEntries(genesis))
  const header: Header = {
    version: 1,
    height: 0n,
    slot: 0n,
    parent: genesisHash(genesis),
    proposer: new Uint8Array(32),
    transactionsRoot: listRoot([]),
    outcomesRoot: listRoot([]),
    stateRoot: rootHash(update.root),
    historyRoot: historyRoot(emptyHistory),
    authorities: authoritySetHash(genesis.authorities),
    certificate: undefined,
  }
  return { header, update }
}
