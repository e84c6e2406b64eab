import { openSqliteChainStore } from '../../durable-objects/chain/sqlite-chain-store.ts'
import { createSqliteStorage } from '../support/sqlite-storage.ts'
import { describeChainStore } from './chain-store.ts'

describeChainStore({
  name: 'SQLite of a Durable Object',
  open: () => {
    const storage = createSqliteStorage()
    return { store: openSqliteChainStore(storage), reopen: () => openSqliteChainStore(storage) }
  },
})
