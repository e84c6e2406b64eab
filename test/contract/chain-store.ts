/**
 * The contract of the `ChainStore` port. Every adapter runs it: call `describeChainStore` in a test file of
 * its own. `open` gives an empty store; `reopen`, where the adapter is durable, the same one as after a
 * restart.
 */
import { describe, expect, test } from 'vitest'
import type { ChainStore, StoredBlock } from '../../core/chain/store.ts'

export type ChainStoreAdapter = {
  readonly name: string
  readonly open: () => { readonly store: ChainStore; readonly reopen?: () => ChainStore }
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n)

const block = (n: number, height: number): StoredBlock => ({
  hash: hash(n),
  parent: hash(n - 1),
  height,
  slot: height * 3,
  block: bytes(1, n),
  outcomes: bytes(2, n),
  execution: bytes(3, n),
})

/** What the port shows of everything that the suite writes. */
function snapshot(store: ChainStore) {
  const numbers = [0, 1, 2, 3, 4, 5]
  return {
    head: store.readHead(),
    nodes: numbers.map((n) => store.readNode(n)),
    blocks: numbers.map((n) => store.readBlock(hash(n))),
    at: numbers.map((n) => [...store.listBlocksAt(n)].map((one) => one[0]).sort()),
    heights: numbers.map((n) => store.readHeight(n)),
    places: numbers.map((n) => store.readPlace(hash(n))),
    pooled: [...store.listPooled()],
    messages: [...store.listMessages()],
    history: numbers.map((n) => store.readHistoryNode(n % 2, n)),
    notes: [store.readNote('pin'), store.readNote('base')],
    postponed: [...store.listPostponed(9)],
  }
}

/** One write of each kind. */
const writeAll = (store: ChainStore): void => {
  store.writeHead(bytes(9, 9))
  store.writeNodes([
    { id: 1, bytes: bytes(11) },
    { id: 2, bytes: bytes(12) },
  ])
  store.writeBlock(block(1, 1))
  store.writeBlock(block(2, 1))
  store.writeHeight(0, hash(0))
  store.writeHeight(1, hash(1))
  store.writePlaces([{ transaction: hash(3), height: 1, index: 0 }])
  store.writePooled([
    { hash: hash(4), bytes: bytes(4), arrival: 2 },
    { hash: hash(5), bytes: bytes(5), arrival: 1 },
  ])
  store.writeMessages([
    { id: hash(9), slot: 8, bytes: bytes(8) },
    { id: hash(8), slot: 7, bytes: bytes() },
  ])
  store.writeHistoryNodes([
    { level: 0, index: 0, hash: hash(6) },
    { level: 1, index: 1, hash: hash(7) },
  ])
  store.writeNote('pin', bytes(6))
  store.writePostponed([7, 5])
}

/** Registers the suite for an adapter. */
export function describeChainStore({ name, open }: ChainStoreAdapter): void {
  describe(name, () => {
    test('STORE-1: an empty store has nothing', () => {
      const { store } = open()
      expect(store.readHead()).toBeUndefined()
      expect(store.readNode(1)).toBeUndefined()
      expect(store.readBlock(hash(1))).toBeUndefined()
      expect(store.listBlocksAt(1)).toEqual([])
      expect(store.readHeight(0)).toBeUndefined()
      expect(store.readPlace(hash(1))).toBeUndefined()
      expect(store.listPooled()).toEqual([])
      expect(store.readHistoryNode(0, 0)).toBeUndefined()
    })

    test('STORE-2: what is written is read back, inside the atomic write and after it', () => {
      const { store, reopen } = open()
      const inside = store.atomically(() => {
        writeAll(store)
        return snapshot(store)
      })
      expect(inside).toEqual(snapshot(store))
      expect(store.readHead()).toEqual(bytes(9, 9))
      expect(store.readNode(2)).toEqual(bytes(12))
      expect(store.readBlock(hash(2))).toEqual(block(2, 1))
      expect(inside.at[1]).toEqual([1, 2])
      expect(store.readHeight(1)).toEqual(hash(1))
      expect(store.readPlace(hash(3))).toEqual({ transaction: hash(3), height: 1, index: 0 })
      expect(store.readHistoryNode(1, 1)).toEqual(hash(7))
      if (reopen) expect(snapshot(reopen())).toEqual(inside)
    })

    test('STORE-3: an atomic write that throws leaves nothing, and the next one works', () => {
      const { store } = open()
      store.atomically(() => writeAll(store))
      const before = snapshot(store)
      const fault = new Error('in the middle')
      const attempt = (): void =>
        store.atomically(() => {
          store.writeHead(bytes(1))
          store.writeNodes([{ id: 3, bytes: bytes(13) }])
          store.deleteNodes([1])
          store.writeBlock({ ...block(1, 1), execution: bytes(0) })
          store.deleteBlock(hash(2))
          store.writeHeight(2, hash(2))
          store.deleteHeightsAbove(0)
          store.deletePlaces([hash(3)])
          store.writePooled([{ hash: hash(1), bytes: bytes(1), arrival: 7 }])
          store.deletePooled([hash(4)])
          store.writeMessages([{ id: hash(7), slot: 9, bytes: bytes(7) }])
          store.deleteMessagesUpTo(7)
          store.writeHistoryNodes([{ level: 0, index: 2, hash: hash(1) }])
          store.writeNote('base', bytes(1))
          store.deleteNotes(['pin'])
          store.writePostponed([6])
          store.deletePostponed([5])
          throw fault
        })
      expect(attempt).toThrow(fault)
      expect(snapshot(store)).toEqual(before)
      store.atomically(() => store.writeHead(bytes(2)))
      expect(store.readHead()).toEqual(bytes(2))
    })

    test('STORE-4: deletes remove what they name, and ignore what is not there', () => {
      const { store } = open()
      store.atomically(() => writeAll(store))
      store.atomically(() => {
        store.deleteNodes([1, 77])
        store.deleteBlock(hash(2))
        store.deleteBlock(hash(99))
        store.deletePlaces([hash(3), hash(98)])
        store.deletePooled([hash(5), hash(97)])
        store.writeHeight(2, hash(2))
        store.writeHeight(3, hash(3))
        store.deleteHeightsAbove(1)
      })
      expect(store.readNode(1)).toBeUndefined()
      expect(store.readNode(2)).toEqual(bytes(12))
      expect(store.listBlocksAt(1)).toEqual([hash(1)])
      expect(store.readPlace(hash(3))).toBeUndefined()
      expect(store.listPooled().map((one) => one.hash)).toEqual([hash(4)])
      expect([1, 2, 3].map((n) => store.readHeight(n))).toEqual([hash(1), undefined, undefined])
    })

    test('STORE-5: a block, a height, a place and the head are replaced by a later write', () => {
      const { store } = open()
      store.atomically(() => {
        writeAll(store)
        store.writeBlock({ ...block(1, 1), execution: bytes(8) })
        store.writeHeight(1, hash(2))
        store.writePlaces([{ transaction: hash(3), height: 4, index: 2 }])
        store.writeHead(bytes(7))
      })
      expect(store.readBlock(hash(1))).toEqual({ ...block(1, 1), execution: bytes(8) })
      expect(store.readHeight(1)).toEqual(hash(2))
      expect(store.readPlace(hash(3))).toEqual({ transaction: hash(3), height: 4, index: 2 })
      expect(store.readHead()).toEqual(bytes(7))
    })

    test('STORE-6: pooled transactions come in the order of their arrival', () => {
      const { store } = open()
      store.atomically(() => writeAll(store))
      expect(store.listPooled()).toEqual([
        { hash: hash(5), bytes: bytes(5), arrival: 1 },
        { hash: hash(4), bytes: bytes(4), arrival: 2 },
      ])
    })

    test('STORE-9: messages come in the order of their slots, are replaced, and go up to a slot', () => {
      const { store } = open()
      store.atomically(() => writeAll(store))
      expect(store.listMessages().map(({ slot }) => slot)).toEqual([7, 8])
      store.atomically(() => {
        store.writeMessages([{ id: hash(9), slot: 8, bytes: bytes(1) }])
        store.deleteMessagesUpTo(7)
      })
      expect(store.listMessages()).toEqual([{ id: hash(9), slot: 8, bytes: bytes(1) }])
      store.atomically(() => store.deleteMessagesUpTo(2 ** 45))
      expect(store.listMessages()).toEqual([])
    })

    test('STORE-10: a note is replaced and forgotten, and large enough for a snapshot', () => {
      const { store, reopen } = open()
      const large = new Uint8Array(1_900_000).fill(7)
      store.atomically(() => {
        writeAll(store)
        store.writeNote('pin', bytes(1))
        store.writeNote('base', large)
      })
      const again = reopen?.() ?? store
      expect(again.readNote('pin')).toEqual(bytes(1))
      expect(Buffer.from(again.readNote('base') ?? []).equals(large)).toBe(true)
      again.atomically(() => again.deleteNotes(['pin', 'work']))
      expect(again.readNote('pin')).toBeUndefined()
    })

    test('STORE-11: postponed ids come in rising order, once each, as many as asked', () => {
      const { store } = open()
      store.atomically(() => {
        writeAll(store)
        store.writePostponed([2 ** 45, 5])
      })
      expect(store.listPostponed(9)).toEqual([5, 7, 2 ** 45])
      expect(store.listPostponed(2)).toEqual([5, 7])
      store.atomically(() => store.deletePostponed([7, 99]))
      expect(store.listPostponed(9)).toEqual([5, 2 ** 45])
    })

    test('STORE-7: a block of a megabyte, ten thousand nodes and large numbers fit', () => {
      const { store, reopen } = open()
      const large: StoredBlock = {
        ...block(1, 2 ** 40),
        block: new Uint8Array(1_060_000).fill(3),
        outcomes: new Uint8Array(300_000).fill(4),
        execution: new Uint8Array(90_000).fill(5),
      }
      const first = 2 ** 45
      const nodes = Array.from({ length: 10_000 }, (_, n) => ({
        id: first + n,
        bytes: bytes(n >> 8, n & 255),
      }))
      store.atomically(() => {
        store.writeBlock(large)
        store.writeNodes(nodes)
        store.writePlaces([{ transaction: hash(1), height: 2 ** 40, index: 1_999 }])
      })
      const again = reopen?.() ?? store
      expect(again.readBlock(hash(1))).toEqual(large)
      expect(again.readNode(first + 9_999)).toEqual(bytes(39, 15))
      expect(again.readPlace(hash(1))?.height).toBe(2 ** 40)
      again.atomically(() => again.deleteNodes(nodes.map(({ id }) => id)))
      expect(again.readNode(first)).toBeUndefined()
      expect(again.readNode(first + 9_999)).toBeUndefined()
    })

    test('STORE-8: empty lists are no fault', () => {
      const { store } = open()
      store.atomically(() => {
        store.writeNodes([])
        store.deleteNodes([])
        store.writePlaces([])
        store.deletePlaces([])
        store.writePooled([])
        store.deletePooled([])
        store.writeMessages([])
        store.deleteMessagesUpTo(5)
        store.writeHistoryNodes([])
        store.deleteNotes([])
        store.writePostponed([])
        store.deletePostponed([])
      })
      expect(store.listPooled()).toEqual([])
    })
  })
}
