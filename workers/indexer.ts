/** The chain's read model in D1, as the chain object's outbox wants it. */
import { fromHex, toHex } from '../core/base/bytes.ts'
import type { Genesis } from '../core/chain/genesis.ts'
import { genesisHash } from '../core/chain/genesis.ts'
import { genesisPostings } from '../core/chain/ledger.ts'
import { formatAddress, parseAddress } from '../core/crypto/address.ts'
import { addBlocks, clearChain, readPosition } from '../d1/chain-index.ts'
import type { Indexer } from '../durable-objects/chain/outbox.ts'

/** Builds the indexer of a chain over a database. */
export function createIndexer(db: D1Database, genesis: Genesis): Indexer {
  const hash = toHex(genesisHash(genesis))
  return {
    position: () => readPosition(db),
    clear: () => clearChain(db),
    add: ({ blocks, isFirst, accountOf, partiesOf }) =>
      addBlocks(db, {
        genesisHash: hash,
        genesisTimeMs: Number(genesis.genesisTimeMs),
        blocks,
        isFirst,
        partiesOf: (escrow) => {
          const id = fromHex(escrow, 32)
          const parties = id.ok ? partiesOf(id.value) : undefined
          return (
            parties && {
              owner: formatAddress(parties.owner),
              coordinator: formatAddress(parties.coordinator),
            }
          )
        },
        genesisPostings: genesisPostings(genesis),
        genesisAccounts: genesis.accounts.map((account) => formatAddress(account.address)),
        accountOf: (address) => {
          const parsed = parseAddress(address)
          if (!parsed.ok) throw new Error('invariant broken: a row names a malformed address')
          const { finalBalance, finalNonce } = accountOf(parsed.value)
          return { balance: Number(finalBalance), nonce: Number(finalNonce) }
        },
      }),
  }
}
