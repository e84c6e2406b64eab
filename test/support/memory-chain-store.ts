/**
 * `ChainStore` in memory, for tests: atomic by an undo log. `fault` may throw before any write, which
 * stands for a full disk or a killed process.
 */

import { toHex } from '../../core/base/bytes.ts'
import type {
  ChainStore,
  StoredBlock,
  StoredMessage,
  StoredPlace,
  StoredPooled,
} from '../../core/chain/store.ts'

export type MemoryChainStore = ChainStore & {
  /** Called with the name of the write about to happen; throwing fails it. */
  fault: ((write: string) => void) | undefined
  /** A backup of everything, and the way back to it. */
  readonly save: () => Backup
  readonly load: (backup: Backup) => void
  /** How many nodes, blocks and so on are held. */
  readonly sizes: () => Record<string, number>
}

/** The tables of a store at one moment. */
export type Backup = { readonly [Name in keyof Tables]: Tables[Name] }

type Tables = {
  readonly head: Map<string, Uint8Array>
  readonly nodes: Map<number, Uint8Array>
  readonly blocks: Map<string, StoredBlock>
  readonly heights: Map<number, Uint8Array>
  readonly places: Map<string, StoredPlace>
  readonly pooled: Map<string, StoredPooled>
  readonly messages: Map<string, StoredMessage>
  readonly history: Map<string, Uint8Array>
  readonly notes: Map<string, Uint8Array>
  readonly postponed: Map<number, true>
}

/** An empty store. */
export function createMemoryChainStore(): MemoryChainStore {
  const tables: Tables = {
    head: new Map(),
    nodes: new Map(),
    blocks: new Map(),
    heights: new Map(),
    places: new Map(),
    pooled: new Map(),
    messages: new Map(),
    history: new Map(),
    notes: new Map(),
    postponed: new Map(),
  }
  let undo: (() => void)[] | undefined

  const change = <K, V>(write: string, table: Map<K, V>, key: K, value: V | undefined): void => {
    if (!undo) throw new Error(`${write} outside an atomic write`)
    const before = table.get(key)
    undo.push(() => {
      if (before === undefined) table.delete(key)
      else table.set(key, before)
    })
    if (value === undefined) table.delete(key)
    else table.set(key, value)
  }
  const announce = (write: string): void => store.fault?.(write)

  const store: MemoryChainStore = {
    fault: undefined,
    save: () =>
      Object.fromEntries(
        Object.entries(tables).map(([name, table]) => [
          name,
          new Map(table as Map<unknown, unknown>),
        ]),
      ) as unknown as Backup,
    load(backup) {
      for (const [name, table] of Object.entries(tables) as [
        keyof Tables,
        Map<unknown, unknown>,
      ][]) {
        table.clear()
        for (const [key, value] of backup[name]) table.set(key, value)
      }
    },
    sizes: () =>
      Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, table.size])),
    atomically(action) {
      if (undo) throw new Error('atomic writes do not nest')
      undo = []
      try {
        const result = action()
        announce('commit')
        undo = undefined
        return result
      } catch (error) {
        for (const step of (undo ?? []).reverse()) step()
        undo = undefined
        throw error
      }
    },
    readHead: () => tables.head.get('head'),
    writeHead(record) {
      announce('writeHead')
      change('writeHead', tables.head, 'head', record)
    },
    readNode: (id) => tables.nodes.get(id),
    writeNodes(nodes) {
      announce('writeNodes')
      for (const { id, bytes } of nodes) change('writeNodes', tables.nodes, id, bytes)
    },
    deleteNodes(ids) {
      announce('deleteNodes')
      for (const id of ids) change('deleteNodes', tables.nodes, id, undefined)
    },
    readBlock: (hash) => tables.blocks.get(toHex(hash)),
    writeBlock(block) {
      announce('writeBlock')
      change('writeBlock', tables.blocks, toHex(block.hash), block)
    },
    deleteBlock(hash) {
      announce('deleteBlock')
      change('deleteBlock', tables.blocks, toHex(hash), undefined)
    },
    listBlocksAt: (height) =>
      [...tables.blocks.values()].filter((b) => b.height === height).map((b) => b.hash),
    readHeight: (height) => tables.heights.get(height),
    writeHeight(height, hash) {
      announce('writeHeight')
      change('writeHeight', tables.heights, height, hash)
    },
    deleteHeightsAbove(height) {
      announce('deleteHeightsAbove')
      for (const key of [...tables.heights.keys()]) {
        if (key > height) change('deleteHeightsAbove', tables.heights, key, undefined)
      }
    },
    readPlace: (transaction) => tables.places.get(toHex(transaction)),
    writePlaces(places) {
      announce('writePlaces')
      for (const place of places) {
        change('writePlaces', tables.places, toHex(place.transaction), place)
      }
    },
    deletePlaces(transactions) {
      announce('deletePlaces')
      for (const hash of transactions) {
        change('deletePlaces', tables.places, toHex(hash), undefined)
      }
    },
    listPooled: () => [...tables.pooled.values()].sort((a, b) => a.arrival - b.arrival),
    writePooled(pooled) {
      announce('writePooled')
      for (const entry of pooled) change('writePooled', tables.pooled, toHex(entry.hash), entry)
    },
    deletePooled(hashes) {
      announce('deletePooled')
      for (const hash of hashes) change('deletePooled', tables.pooled, toHex(hash), undefined)
    },
    listMessages: () => [...tables.messages.values()].sort((a, b) => a.slot - b.slot),
    writeMessages(messages) {
      announce('writeMessages')
      for (const entry of messages) change('writeMessages', tables.messages, toHex(entry.id), entry)
    },
    deleteMessagesUpTo(slot) {
      announce('deleteMessagesUpTo')
      for (const [key, entry] of [...tables.messages]) {
        if (entry.slot <= slot) change('deleteMessagesUpTo', tables.messages, key, undefined)
      }
    },
    readHistoryNode: (level, index) => tables.history.get(`${level}/${index}`),
    writeHistoryNodes(nodes) {
      announce('writeHistoryNodes')
      for (const { level, index, hash } of nodes) {
        change('writeHistoryNodes', tables.history, `${level}/${index}`, hash)
      }
    },
    readNote: (name) => tables.notes.get(name),
    writeNote(name, bytes) {
      announce('writeNote')
      change('writeNote', tables.notes, name, bytes)
    },
    deleteNotes(names) {
      announce('deleteNotes')
      for (const name of names) change('deleteNotes', tables.notes, name, undefined)
    },
    listPostponed: (limit) => [...tables.postponed.keys()].sort((a, b) => a - b).slice(0, limit),
    writePostponed(ids) {
      announce('writePostponed')
      for (const id of ids) change('writePostponed', tables.postponed, id, true)
    },
    deletePostponed(ids) {
      announce('deletePostponed')
      for (const id of ids) change('deletePostponed', tables.postponed, id, undefined)
    },
  }
  return store
}
