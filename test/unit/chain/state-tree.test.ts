import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, toHex } from '../../../core/base/bytes.ts'
import { proveState, verifyStateProof } from '../../../core/chain/state-proof.ts'
import {
  branchHash,
  emptyTreeHash,
  leafHash,
  readTree,
  rootHash,
  scanTree,
  type TreeChange,
  type TreeRoot,
  updateTree,
} from '../../../core/chain/state-tree.ts'
import { createNodeCache, decodeNode, encodeNode } from '../../../core/chain/state-tree-node.ts'
import { sha256 } from '../../../core/crypto/hash.ts'

/** A tree over encoded nodes in a map, so that every test also runs the node codec. */
function createTree() {
  const nodes = new Map<number, Uint8Array>()
  const read = (id: number) => {
    const bytes = nodes.get(id)
    if (!bytes) throw new Error(`node ${id} was pruned`)
    return decodeNode(bytes)
  }
  const tree = {
    nodes,
    read,
    root: undefined as TreeRoot,
    nextId: 1,
    apply(changes: readonly TreeChange[], prune: 'prune' | 'keep' = 'prune') {
      const done = updateTree(read, tree, changes)
      for (const { id, node } of done.written) nodes.set(id, encodeNode(node))
      if (prune === 'prune') for (const id of done.staled) nodes.delete(id)
      tree.root = done.root
      tree.nextId = done.nextId
      return done
    },
  }
  return tree
}

const key = (n: number): Uint8Array => sha256(Uint8Array.of(n >> 16, n >> 8, n))
const value = (n: number): Uint8Array => Uint8Array.of(1, n >> 8, n)

/** Keys that share long prefixes as well as keys that share none. */
const keyArbitrary = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map(key),
  fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 }))
    .map(([place, bits]) => {
      const bytes = new Uint8Array(32)
      bytes[place * 10] = bits
      return bytes
    }),
)
const changesArbitrary = fc.uniqueArray(
  fc.record({
    key: keyArbitrary,
    value: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
  }),
  { maxLength: 30, selector: (change) => toHex(change.key) },
)

test('TREE-1: the hash depends on the entries alone, not on the order or the batches', () => {
  fc.assert(
    fc.property(fc.array(changesArbitrary, { maxLength: 6 }), (batches) => {
      const tree = createTree()
      const model = new Map<string, TreeChange>()
      for (const batch of batches) {
        tree.apply(batch)
        for (const change of batch) {
          if (change.value) model.set(toHex(change.key), change)
          else model.delete(toHex(change.key))
        }
      }
      const fresh = createTree()
      fresh.apply([...model.values()].reverse())
      expect(toHex(rootHash(tree.root))).toBe(toHex(rootHash(fresh.root)))
      for (const { key: at, value: held } of model.values()) {
        expect(readTree(tree.read, tree.root, at)).toEqual(held)
      }
      const everything = scanTree(tree.read, tree.root, {
        from: new Uint8Array(32),
        to: new Uint8Array(33).fill(255),
        limit: 1_000,
      })
      const sorted = [...model.values()].sort((a, b) => compareBytes(a.key, b.key))
      expect(everything.map((leaf) => leaf.key)).toEqual(sorted.map((change) => change.key))
    }),
  )
})

test('TREE-2: hashes of leaf, fork and empty tree are those written down', () => {
  expect(rootHash(undefined)).toEqual(emptyTreeHash)
  const [low, high] = [new Uint8Array(32), new Uint8Array(32).fill(0xff)]
  const tree = createTree()
  tree.apply([{ key: low, value: value(1) }])
  expect(rootHash(tree.root)).toEqual(sha256(Uint8Array.of(0), low, value(1)))
  tree.apply([{ key: high, value: value(2) }])
  const expected = sha256(Uint8Array.of(1, 0), leafHash(low, value(1)), leafHash(high, value(2)))
  expect(rootHash(tree.root)).toEqual(expected)
  expect(branchHash(0, leafHash(low, value(1)), leafHash(high, value(2)))).toEqual(expected)
})

test('TREE-3: nodes are copied on write: an older root stays readable until its nodes are pruned', () => {
  fc.assert(
    fc.property(changesArbitrary, changesArbitrary, (first, second) => {
      const tree = createTree()
      tree.apply(first)
      const before = tree.root
      const snapshot = new Map(tree.nodes)
      const done = tree.apply(second, 'keep')
      for (const change of first) {
        expect(readTree(tree.read, before, change.key)).toEqual(change.value)
      }
      for (const [id, bytes] of snapshot) expect(tree.nodes.get(id)).toEqual(bytes)
      for (const id of done.staled) tree.nodes.delete(id)
      // What is left is exactly what the new root uses: n leaves and n − 1 forks.
      const live = scanTree(tree.read, tree.root, {
        from: new Uint8Array(32),
        to: new Uint8Array(33).fill(255),
        limit: 1_000,
      }).length
      expect(tree.nodes.size).toBe(live === 0 ? 0 : 2 * live - 1)
    }),
  )
})

test('TREE-4: a batch without effect writes nothing and keeps the root', () => {
  const tree = createTree()
  const changes = Array.from({ length: 50 }, (_, n) => ({ key: key(n), value: value(n) }))
  tree.apply(changes)
  const done = tree.apply([...changes, { key: key(99), value: undefined }])
  expect(done.written).toEqual([])
  expect(done.staled).toEqual([])
})

test('TREE-5: a batch costs what it touches, whatever the size of the tree', () => {
  const tree = createTree()
  tree.apply(Array.from({ length: 20_000 }, (_, n) => ({ key: key(n), value: value(n) })))
  const one = tree.apply([{ key: key(77), value: value(1) }])
  expect(one.written.length).toBeLessThan(40)
  expect(one.staled.length).toBe(one.written.length)
})

test('TREE-6: a range is walked in order of keys and no further than asked', () => {
  fc.assert(
    fc.property(
      changesArbitrary,
      keyArbitrary,
      keyArbitrary,
      fc.integer({ min: 0, max: 8 }),
      (changes, from, to, limit) => {
        const tree = createTree()
        tree.apply(changes)
        const expected = changes
          .filter((change) => change.value !== undefined)
          .map((change) => change.key)
          .filter((at) => compareBytes(at, from) >= 0 && compareBytes(at, to) < 0)
          .sort(compareBytes)
          .slice(0, limit)
        const found = scanTree(tree.read, tree.root, { from, to, limit })
        expect(found.map((leaf) => leaf.key)).toEqual(expected)
      },
    ),
  )
})

test('TREE-7: presence and absence are proved, and only what is true', () => {
  fc.assert(
    fc.property(changesArbitrary, keyArbitrary, keyArbitrary, (changes, at, other) => {
      const tree = createTree()
      tree.apply(changes)
      const root = rootHash(tree.root)
      const { value: held, proof } = proveState(tree.read, tree.root, at)
      expect(held).toEqual(readTree(tree.read, tree.root, at))
      expect(verifyStateProof({ root, key: at, value: held, proof })).toBe(true)
      const lie = held ? undefined : value(7)
      expect(verifyStateProof({ root, key: at, value: lie, proof })).toBe(false)
      if (held && compareBytes(at, other) !== 0) {
        expect(verifyStateProof({ root, key: other, value: held, proof })).toBe(false)
        expect(verifyStateProof({ root, key: other, value: undefined, proof })).toBe(
          // A presence proof says nothing of other keys.
          false,
        )
      }
    }),
  )
})

test('TREE-8: a proof with any byte changed, added or missing is refused and never throws', () => {
  const tree = createTree()
  tree.apply(Array.from({ length: 300 }, (_, n) => ({ key: key(n), value: value(n) })))
  const root = rootHash(tree.root)
  for (const at of [key(5), key(1_000)]) {
    const { value: held, proof } = proveState(tree.read, tree.root, at)
    const claim = { root, key: at, value: held }
    expect(verifyStateProof({ ...claim, proof })).toBe(true)
    for (let index = 0; index < proof.length; index++) {
      for (const flip of [1, 0x80, 0xff]) {
        const bad = proof.slice()
        bad[index] = (bad[index] as number) ^ flip
        expect(verifyStateProof({ ...claim, proof: bad })).toBe(false)
      }
    }
    for (let length = 0; length < proof.length; length++) {
      expect(verifyStateProof({ ...claim, proof: proof.slice(0, length) })).toBe(false)
    }
    expect(verifyStateProof({ ...claim, proof: Uint8Array.of(...proof, 0) })).toBe(false)
  }
})

test('TREE-9: proofs stay below 2 kB at a million accounts', { timeout: 120_000 }, () => {
  const tree = createTree()
  const count = 100_000
  for (let from = 0; from < count; from += 20_000) {
    tree.apply(
      Array.from({ length: 20_000 }, (_, n) => ({ key: key(from + n), value: new Uint8Array(16) })),
    )
  }
  let longest = 0
  for (let n = 0; n < count; n += 37) {
    longest = Math.max(longest, proveState(tree.read, tree.root, key(n)).proof.length)
    longest = Math.max(longest, proveState(tree.read, tree.root, key(count + n)).proof.length)
  }
  // Ten times the entries lengthen a path by log2(10) < 4 forks of 33 bytes; allow eight.
  expect(longest + 8 * 33).toBeLessThanOrEqual(2_000)
})

test('TREE-10: the cache of decoded nodes is bounded and forgets on demand', () => {
  const stored = new Map(
    Array.from({ length: 500 }, (_, n) => [
      n,
      encodeNode({ kind: 'leaf', key: key(n), value: value(n) }),
    ]),
  )
  let loads = 0
  const cache = createNodeCache((id) => {
    loads++
    return stored.get(id)
  }, 100)
  for (let n = 0; n < 500; n++) cache.read(n)
  expect(loads).toBe(500)
  cache.read(499)
  expect(loads).toBe(500)
  cache.read(0)
  expect(loads).toBe(501)
  cache.clear()
  cache.read(499)
  expect(loads).toBe(502)
  expect(() => cache.read(9_999)).toThrow('is stored')
})
