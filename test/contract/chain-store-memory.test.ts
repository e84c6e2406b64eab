import { createMemoryChainStore } from '../support/memory-chain-store.ts'
import { describeChainStore } from './chain-store.ts'

describeChainStore({
  name: 'memory',
  open: () => {
    const store = createMemoryChainStore()
    return { store, reopen: () => store }
  },
})
