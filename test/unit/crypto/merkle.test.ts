import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import {
  appendHistory,
  emptyHistory,
  historyConsistencyPath,
  historyInclusionPath,
  historyRoot,
  verifyConsistency,
} from '../../../core/crypto/history.ts'
import {
  inclusionPath,
  listRoot,
  merkleRoot,
  verifyInclusion,
  verifyListInclusion,
} from '../../../core/crypto/merkle.ts'

const entries = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => Uint8Array.of(n >> 8, n))

/** Known inputs and roots of the Certificate Transparency trees (RFC 6962 and 9162 share the hashing). */
const known = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'].concat(
  '606162636465666768696a6b6c6d6e6f',
)
const knownRoots: Record<number, string> = {
  0: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  1: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  2: 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  3: 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  8: '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
}

test('MERKLE-1: roots are those of RFC 9162', () => {
  const inputs = known.map((text) => Uint8Array.from(Buffer.from(text, 'hex')))
  for (const [count, root] of Object.entries(knownRoots)) {
    expect(toHex(merkleRoot(inputs.slice(0, Number(count))))).toBe(root)
  }
})

test('MERKLE-2: every entry has a path that verifies, at its own index and count alone', () => {
  for (let count = 1; count <= 33; count++) {
    const list = entries(count)
    const [root, bound] = [merkleRoot(list), listRoot(list)]
    for (let index = 0; index < count; index++) {
      const path = inclusionPath(list, index) ?? []
      const claim = { count, index, entry: list[index] as Uint8Array, path }
      expect(verifyInclusion({ ...claim, root })).toBe(true)
      expect(verifyListInclusion({ ...claim, root: bound })).toBe(true)
      for (let other = 0; other <= count + 1; other++) {
        if (other !== index) {
          expect(verifyListInclusion({ ...claim, root: bound, index: other })).toBe(false)
        }
        if (other !== count) {
          expect(verifyListInclusion({ ...claim, root: bound, count: other })).toBe(false)
        }
      }
    }
    expect(inclusionPath(list, count)).toBeUndefined()
    expect(inclusionPath(list, -1)).toBeUndefined()
  }
})

test('MERKLE-3: a path with a hash changed, added or missing is refused and never throws', () => {
  const list = entries(21)
  const claim = {
    root: listRoot(list),
    count: 21,
    index: 17,
    entry: list[17] as Uint8Array,
    path: inclusionPath(list, 17) as Uint8Array[],
  }
  expect(verifyListInclusion(claim)).toBe(true)
  const { path } = claim
  for (let at = 0; at < path.length; at++) {
    const changed = path.map((hash, n) => (n === at ? hash.map((byte) => byte ^ 1) : hash))
    expect(verifyListInclusion({ ...claim, path: changed })).toBe(false)
    expect(verifyListInclusion({ ...claim, path: path.filter((_, n) => n !== at) })).toBe(false)
  }
  expect(verifyListInclusion({ ...claim, path: [...path, claim.root] })).toBe(false)
  expect(verifyListInclusion({ ...claim, path: [new Uint8Array(3)] })).toBe(false)
  for (const index of [-1, 0.5, Number.NaN, 2 ** 60]) {
    expect(verifyListInclusion({ ...claim, index })).toBe(false)
    expect(verifyListInclusion({ ...claim, count: index })).toBe(false)
  }
})

/** A history of `count` entries with all its stored subtrees. */
function grow(count: number) {
  const stored = new Map<string, Uint8Array>()
  const roots: Uint8Array[] = [historyRoot(emptyHistory)]
  let history = emptyHistory
  for (const entry of entries(count)) {
    const step = appendHistory(history, entry)
    history = step.history
    for (const { level, index, hash } of step.completed) stored.set(`${level}/${index}`, hash)
    roots.push(historyRoot(history))
  }
  const read = (level: number, index: number): Uint8Array => {
    const hash = stored.get(`${level}/${index}`)
    if (!hash) throw new Error(`no subtree ${level}/${index}`)
    return hash
  }
  return { stored, roots, read }
}

test('HISTORY-1: the accumulator has the root of the list, and keeps under two hashes an entry', () => {
  const { roots, stored } = grow(70)
  for (const [size, root] of roots.entries()) expect(root).toEqual(merkleRoot(entries(size)))
  expect(stored.size).toBeLessThan(140)
})

test('HISTORY-2: any ancestor is proved from the stored subtrees', () => {
  const { roots, read } = grow(70)
  const list = entries(70)
  for (let size = 1; size <= 70; size++) {
    for (let index = 0; index < size; index++) {
      const path = historyInclusionPath(read, { size, index })
      expect(
        verifyInclusion({
          root: roots[size] as Uint8Array,
          count: size,
          index,
          entry: list[index] as Uint8Array,
          path,
        }),
      ).toBe(true)
    }
  }
})

test('HISTORY-3: a longer history is proved to extend every shorter one', () => {
  const { roots, read } = grow(40)
  for (let to = 0; to <= 40; to++) {
    for (let from = 0; from <= to; from++) {
      const claim = {
        fromSize: from,
        fromRoot: roots[from] as Uint8Array,
        toSize: to,
        toRoot: roots[to] as Uint8Array,
        path: historyConsistencyPath(read, { from, to }),
      }
      expect(verifyConsistency(claim)).toBe(true)
      const wrong = claim.fromRoot.map((byte) => byte ^ 1)
      expect(verifyConsistency({ ...claim, fromRoot: wrong })).toBe(false)
      if (from !== to && from > 0) {
        const rewritten = claim.toRoot.map((byte) => byte ^ 1)
        expect(verifyConsistency({ ...claim, toRoot: rewritten })).toBe(false)
        expect(verifyConsistency({ ...claim, path: claim.path.slice(1) })).toBe(false)
        expect(verifyConsistency({ ...claim, path: [...claim.path, wrong] })).toBe(false)
      }
    }
  }
})

test('HISTORY-4: rubbish is refused and never throws', () => {
  const bytes = fc.uint8Array({ maxLength: 40 })
  fc.assert(
    fc.property(fc.integer(), fc.integer(), bytes, bytes, fc.array(bytes), (a, b, c, d, path) => {
      const claim = { fromSize: a, toSize: b, fromRoot: c, toRoot: d, path }
      expect(verifyConsistency(claim)).toBe(false)
    }),
  )
})
