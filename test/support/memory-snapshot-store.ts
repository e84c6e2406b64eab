/** `SnapshotStore` in memory, for tests. `fault` may throw before a part is put. */
import type { SnapshotStore } from '../../durable-objects/chain/snapshot-store.ts'

export type MemorySnapshotStore = SnapshotStore & { fault: (() => void) | undefined }

/** An empty store. */
export function createMemorySnapshotStore(): MemorySnapshotStore {
  const heights = new Map<number, Map<string, Uint8Array>>()
  const store: MemorySnapshotStore = {
    fault: undefined,
    put: async (height, part, bytes) => {
      store.fault?.()
      const parts = heights.get(height) ?? new Map<string, Uint8Array>()
      heights.set(height, parts.set(String(part), bytes))
    },
    get: async (height, part) => heights.get(height)?.get(String(part)),
    list: async () =>
      [...heights]
        .filter(([, parts]) => parts.has('description'))
        .map(([height, parts]) => ({
          height,
          bytes: [...parts.values()].reduce((sum, { length }) => sum + length, 0),
        }))
        .sort((a, b) => b.height - a.height),
    deleteBelow: async (height) => {
      for (const each of [...heights.keys()]) if (each < height) heights.delete(each)
    },
    delete: async (height) => {
      heights.delete(height)
    },
  }
  return store
}
