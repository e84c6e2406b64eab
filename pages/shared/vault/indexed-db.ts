/** Keeps the vault's record in IndexedDB: one database, one record, changed in one atomic step. */
import type { StoredVault, VaultStore } from './ports.ts'

const databaseName = 'aitbc-wallet'
const storeName = 'vault'
const recordKey = 'main'

/** Opens the store at the first use. */
export function indexedDbStore(): VaultStore {
  let opened: Promise<IDBDatabase> | undefined
  const database = () => {
    opened ??= openDatabase(() => {
      opened = undefined
    })
    return opened
  }
  return {
    load: async () => {
      const transaction = (await database()).transaction(storeName, 'readonly')
      return asStored(await answerOf(transaction.objectStore(storeName).get(recordKey)))
    },
    replace: async (after, next) => {
      // Write transactions of all tabs run one after the other: what is read here is what is replaced.
      const transaction = (await database()).transaction(storeName, 'readwrite', {
        durability: 'strict',
      })
      const store = transaction.objectStore(storeName)
      const known = asStored(await answerOf(store.get(recordKey)))
      if (known?.revision !== after) return false
      if (next) store.put(next, recordKey)
      else store.delete(recordKey)
      await ended(transaction)
      return true
    },
  }
}

function openDatabase(onClose: () => void): Promise<IDBDatabase> {
  const request = indexedDB.open(databaseName, 1)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(storeName))
  return answerOf(request).then((database) => {
    // Another tab wants to delete or change it: let go, and open it again when it is needed.
    database.addEventListener('versionchange', () => {
      database.close()
      onClose()
    })
    database.addEventListener('close', onClose)
    return database
  })
}

const answerOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error))
  })

const ended = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve())
    transaction.addEventListener('abort', () => reject(transaction.error))
  })

/** A record as we write it; anything else is treated as a fault of the store, never overwritten. */
function asStored(value: unknown): StoredVault | undefined {
  if (value === undefined) return undefined
  const { revision, text, autoLockMs, failures, failedAtMs } = value as Partial<StoredVault>
  const isWhole =
    typeof text === 'string' &&
    [revision, autoLockMs, failures, failedAtMs].every((number) => Number.isSafeInteger(number))
  if (!isWhole) throw new Error('what is kept is no vault of this version')
  return value as StoredVault
}
