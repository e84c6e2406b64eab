import { sha256 as noble } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { toHex, utf8ToBytes } from '../../../core/base/bytes.ts'
import { hashBy, sha256, taggedHash } from '../../../core/crypto/hash.ts'
import { nativeSha256 } from '../../../durable-objects/native-sha256.ts'

afterAll(() => hashBy(noble))

test('HASH-1: the published digests, by JavaScript and by the runtime', () => {
  for (const own of [noble, nativeSha256]) {
    hashBy(own)
    expect(toHex(sha256(utf8ToBytes('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(toHex(sha256())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  }
})

test('HASH-1: both agree on any bytes, and each digest is its own', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 })
  fc.assert(
    fc.property(parts, fc.string({ maxLength: 40 }), (bytes, tag) => {
      hashBy(noble)
      const [plain, tagged] = [sha256(...bytes), taggedHash(tag, ...bytes)]
      hashBy(nativeSha256)
      expect(sha256(...bytes)).toEqual(plain)
      expect(taggedHash(tag, ...bytes)).toEqual(tagged)
      expect(sha256(...bytes).buffer.byteLength).toBe(32)
    }),
  )
})

test('HASH-1: what hashes otherwise is refused, and changes nothing', () => {
  hashBy(noble)
  expect(() => hashBy((bytes) => noble(bytes.subarray(0, 100)))).toThrow()
  expect(toHex(sha256(new Uint8Array(200)))).toBe(toHex(noble(new Uint8Array(200))))
})
