import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  utf8Bytes,
  utf8Decoder,
  utf8Text,
} from '../../../miner-agent/engines/embedded/runtime/utf8.ts'

describe('utf-8', () => {
  test('encodes like the platform, lone surrogates included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([...utf8Bytes(text)]).toEqual([...new TextEncoder().encode(text)])
      }),
    )
    expect([...utf8Bytes('a\ud800b')]).toEqual([...new TextEncoder().encode('a\ud800b')])
  })

  test('decodes like the platform, broken bytes included', () => {
    const platform = new TextDecoder('utf-8', { ignoreBOM: true })
    const likely = fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xc0, 0xe0, 0xa0, 0xed, 0xf0, 0x90, 0xf4)
    fc.assert(
      fc.property(fc.array(fc.oneof(likely, fc.integer({ min: 0, max: 255 }))), (bytes) => {
        expect(utf8Text(bytes)).toBe(platform.decode(Uint8Array.from(bytes)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('gives the same text however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat(5)), (text, cuts) => {
        const bytes = [...utf8Bytes(text)]
        const decoder = utf8Decoder()
        let out = ''
        for (const cut of cuts) {
          const piece = decoder.push(bytes.splice(0, cut))
          expect(piece).not.toContain('\ufffd')
          out += piece
        }
        out += decoder.push(bytes)
        expect(out + decoder.end()).toBe(text)
      }),
    )
  })
})
