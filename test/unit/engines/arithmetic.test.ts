import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type Arithmetic,
  bestArithmetic,
  plainArithmetic,
  simdArithmetic,
} from '../../../miner-agent/engines/embedded/runtime/arithmetic.ts'
import { loadModel, type Model } from '../../../miner-agent/engines/embedded/runtime/model.ts'
import { tinyBytes, tinyVectors } from './tiny-model.ts'

const ROOM = { floats: 4_096, doubles: 4_096 }

afterEach(() => {
  vi.unstubAllGlobals()
})

function simd(): Arithmetic {
  const arithmetic = simdArithmetic(ROOM)
  if (arithmetic === null) throw new Error('this host has no SIMD')
  return arithmetic
}

type Case = {
  readonly rows: number
  readonly columns: number
  readonly count: number
  readonly numbers: readonly number[]
}

/** Some sizes fit the module, some do not: both must come out right. */
const cases = fc.record({
  rows: fc.constantFrom(4, 8, 12, 16, 24),
  columns: fc.integer({ min: 1, max: 24 }),
  count: fc.integer({ min: 1, max: 5 }),
  numbers: fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), {
    minLength: 64,
    maxLength: 64,
  }),
})

function product({ floats, doubles, multiply }: Arithmetic, given: Case): readonly number[] {
  const { rows, columns, count, numbers } = given
  const at = (index: number): number => (numbers[index % numbers.length] ?? 0) / (index + 1)
  const data = floats(rows * columns).map((_, index) => at(index))
  const weights = floats(data.length)
  weights.set(data)
  const x = doubles(columns * count)
  x.set(x.map((_, index) => at(index + 17)))
  const out = doubles(rows * count)
  multiply(out, { x, matrix: { rows, columns, data: weights }, count })
  return [...out]
}

describe('arithmetic', () => {
  test('gives the same bits with SIMD and without', () => {
    fc.assert(
      fc.property(cases, (given) => {
        expect(product(simd(), given)).toEqual(product(plainArithmetic(), given))
      }),
      { numRuns: 60 },
    )
  })

  test('this host computes with SIMD', () => {
    expect(bestArithmetic(ROOM).kind).toBe('simd')
  })

  test('does without where the host has none or forbids it', () => {
    vi.stubGlobal('WebAssembly', undefined)
    expect(bestArithmetic(ROOM).kind).toBe('plain')
    const forbidden = class {
      constructor() {
        throw new Error('code generation is disallowed by this context')
      }
    }
    vi.stubGlobal('WebAssembly', { Memory: Object, Module: forbidden, Instance: Object })
    expect(bestArithmetic(ROOM).kind).toBe('plain')
    expect(simdArithmetic({ floats: 2 ** 40, doubles: 0 })).toBeNull()
  })

  test('hands out no more room than was asked for', () => {
    const { doubles } = simd()
    expect(() => {
      for (let i = 0; i < 4_096; i++) doubles(4_096)
    }).toThrow('more numbers than room')
  })

  test('what was handed out does not overlap and starts out zero', () => {
    const { floats, doubles } = simd()
    const parts = [floats(3), doubles(5), floats(17), doubles(1)]
    for (const [index, part] of parts.entries()) {
      expect([...part].every((number) => number === 0)).toBe(true)
      part.fill(index + 1)
    }
    for (const [index, part] of parts.entries()) {
      expect([...part].every((number) => number === index + 1)).toBe(true)
    }
  })
})

describe('model without SIMD', () => {
  const load = (arithmeticFor: () => Arithmetic): Model => {
    const model = loadModel(tinyBytes(), arithmeticFor)
    if (!model.ok) throw new Error(model.error.message)
    return model.value
  }
  const plain = load(plainArithmetic)

  test.each(tinyVectors().vectors.map((vector) => [vector.prompt, vector] as const))(
    'answers %j as its vector says',
    (prompt, vector) => {
      const answer = plain.answer({ turns: [{ role: 'user', content: prompt }] })
      if (!answer.ok) throw new Error(answer.error.message)
      let text = ''
      for (;;) {
        const step = answer.value.step()
        text += step.text
        if (step.finish !== undefined) break
      }
      expect(answer.value.tokens).toEqual(vector.ids)
      expect(text).toBe(vector.text)
      answer.value.close()
    },
  )
})
