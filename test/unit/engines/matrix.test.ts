import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Gguf, GgufTensor } from '../../../miner-agent/engines/embedded/runtime/gguf.ts'
import {
  copyRow,
  type Matrix,
  multiplyPlain,
  readMatrix,
  readVector,
} from '../../../miner-agent/engines/embedded/runtime/matrix.ts'

function tensorOf(bytes: Uint8Array, shape: readonly number[], type: 'F32' | 'F16') {
  const elements = shape.reduce((all, size) => all * size, 1)
  const tensor: GgufTensor = { name: 't', shape, type, elements, byteOffset: 0 }
  const gguf: Gguf = { bytes, metadata: new Map(), tensors: new Map() }
  return { gguf, tensor }
}

function matrixOf(values: Float32Array, columns: number, rows: number): Matrix {
  const { gguf, tensor } = tensorOf(new Uint8Array(values.buffer), [columns, rows], 'F32')
  return readMatrix(gguf, tensor, (length) => new Float32Array(length))
}

const sizes = fc.record({
  columns: fc.integer({ min: 1, max: 20 }),
  rows: fc.integer({ min: 1, max: 6 }).map((groups) => groups * 4),
  count: fc.integer({ min: 1, max: 7 }),
  seed: fc.nat(),
})

/** Numbers in no order, the same for the same seed. */
function numbers(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => Math.sin(seed + i * 12.9898) * 3)
}

describe('matrix', () => {
  test('multiplies like the schoolbook, column by column', () => {
    fc.assert(
      fc.property(sizes, ({ columns, rows, count, seed }) => {
        const weights = Float32Array.from(numbers(columns * rows, seed))
        const x = Float64Array.from(numbers(columns * count, seed + 1))
        const out = new Float64Array(rows * count)
        multiplyPlain(out, { x, matrix: matrixOf(weights, columns, rows), count })
        for (let vector = 0; vector < count; vector++) {
          for (let row = 0; row < rows; row++) {
            let sum = 0
            for (let i = 0; i < columns; i++) {
              sum += (weights[row * columns + i] as number) * (x[vector * columns + i] as number)
            }
            expect(out[vector * rows + row]).toBe(sum)
          }
        }
      }),
    )
  })

  test('copies rows as they were in the file', () => {
    const weights = Float32Array.from(numbers(8 * 5, 7))
    const matrix = matrixOf(weights, 5, 8)
    const row = new Float64Array(5)
    for (let index = 0; index < 8; index++) {
      copyRow(row, matrix, index)
      expect([...row]).toEqual([...weights.subarray(index * 5, index * 5 + 5)])
    }
  })

  test.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65_504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x3555, 0.333251953125],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('widens half-precision %i to %d', (bits, expected) => {
    const bytes = new Uint8Array(2)
    new DataView(bytes.buffer).setUint16(0, bits, true)
    const { gguf, tensor } = tensorOf(bytes, [1], 'F16')
    expect(readVector(gguf, tensor)[0]).toBe(expected)
  })
})
