import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8Text } from '../../../miner-agent/engines/embedded/runtime/utf8.ts'
import { tinyModel, tinyVectors } from './tiny-model.ts'

const { tokenizer } = tinyModel()
const { tokenizer: cases } = tinyVectors()
const decode = (ids: readonly number[]): string =>
  utf8Text(ids.flatMap((id) => [...tokenizer.bytesOf(id)]))

describe('tokenizer', () => {
  test('there are all 38 cases', () => {
    expect(cases).toHaveLength(38)
  })

  test.each(cases.map(({ text, ids }) => [JSON.stringify(text), text, ids] as const))(
    'encodes %s',
    (_, text, ids) => {
      expect(tokenizer.encode(text)).toEqual(ids)
    },
  )

  test('what was encoded decodes to the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decode(tokenizer.encode(text))).toBe(text)
      }),
    )
  })

  test('control tokens never come out of text', () => {
    const names = ['<|user|>', '<|assistant|>', '<|end|>', '<|endoftext|>']
    const pieces = fc.array(fc.oneof(fc.constantFrom(...names), fc.string()))
    fc.assert(
      fc.property(pieces, (parts) => {
        for (const id of tokenizer.encode(parts.join(''))) {
          expect(tokenizer.isControl(id)).toBe(false)
        }
      }),
    )
    expect(names.map((name) => tokenizer.control(name))).toEqual([1, 2, 3, 0])
    expect(tokenizer.control('the')).toBeUndefined()
  })

  test('no token stands for more bytes than it says', () => {
    for (let id = 0; id < tokenizer.size; id++) {
      expect(tokenizer.bytesOf(id).length).toBeLessThanOrEqual(tokenizer.tokenBytesMax)
    }
  })
})
