/** The contract of the `SnapshotStore` port. Every adapter runs it; `open` gives an empty store. */
import { describe, expect, test } from 'vitest'
import type { SnapshotStore } from '../../durable-objects/chain/snapshot-store.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** Registers the suite for an adapter. */
export function describeSnapshotStore(name: string, open: () => SnapshotStore): void {
  describe(name, () => {
    test('HOST-12: an empty store has nothing', async () => {
      const store = open()
      expect(await store.list()).toEqual([])
      expect(await store.get(1, 0)).toBeUndefined()
      await store.delete(1)
      await store.deleteBelow(9)
    })

    test('HOST-12: parts are read back by height and name, and replaced', async () => {
      const store = open()
      await store.put(5, 0, bytes(1))
      await store.put(5, 'block', bytes(2, 2))
      await store.put(6, 0, bytes(3))
      await store.put(5, 0, bytes(4, 4, 4))
      expect(await store.get(5, 0)).toEqual(bytes(4, 4, 4))
      expect(await store.get(5, 'block')).toEqual(bytes(2, 2))
      expect(await store.get(6, 0)).toEqual(bytes(3))
      expect(await store.get(6, 1)).toBeUndefined()
      expect(await store.get(7, 0)).toBeUndefined()
    })

    test('HOST-12: what has a description is listed, newest first, with its size', async () => {
      const store = open()
      for (const height of [5, 12, 9]) await store.put(height, 0, new Uint8Array(height))
      for (const height of [5, 12]) await store.put(height, 'description', bytes(1, 2))
      expect(await store.list()).toEqual([
        { height: 12, bytes: 14 },
        { height: 5, bytes: 7 },
      ])
    })

    test('HOST-12: one height is removed, or all below one', async () => {
      const store = open()
      for (const height of [5, 7, 12]) await store.put(height, 'description', bytes(height))
      await store.put(6, 3, bytes(6))
      await store.delete(5)
      expect((await store.list()).map(({ height }) => height)).toEqual([12, 7])
      await store.deleteBelow(12)
      expect((await store.list()).map(({ height }) => height)).toEqual([12])
      expect(await store.get(6, 3)).toBeUndefined()
    })

    test('HOST-12: a description of nearly two megabytes fits', async () => {
      const store = open()
      const large = new Uint8Array(1_900_000).fill(9)
      await store.put(1, 'description', large)
      const read = await store.get(1, 'description')
      expect(read && Buffer.from(read).equals(large)).toBe(true)
    })
  })
}
