/** Both adapters of the `SnapshotStore` port. */
import { openSqliteSnapshotStore } from '../../durable-objects/chain/snapshot-store.ts'
import { createMemorySnapshotStore } from '../support/memory-snapshot-store.ts'
import { createSqliteStorage } from '../support/sqlite-storage.ts'
import { describeSnapshotStore } from './snapshot-store.ts'

describeSnapshotStore('snapshots in memory', createMemorySnapshotStore)
describeSnapshotStore('snapshots in SQLite', () =>
  openSqliteSnapshotStore(createSqliteStorage().sql),
)
