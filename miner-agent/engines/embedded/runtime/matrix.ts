/**
 * Weight matrices and their product with one vector or several. Weights stay 32-bit floats, sums
 * are 64-bit and run over the columns in order, so the result does not depend on how many vectors
 * are multiplied at once.
 */
import type { Gguf, GgufTensor } from './gguf.ts'

/** `data` holds the rows in groups of `ROW_GROUP`, column by column: one pass reads it in order. */
export type Matrix = {
  readonly rows: number
  readonly columns: number
  readonly data: Float32Array
}

/** Rows are a multiple of this. */
export const ROW_GROUP = 4

export type Allocate = (length: number) => Float32Array

/** Copies a [columns, rows] tensor, regrouping its rows. Rows must be a multiple of `ROW_GROUP`. */
export function readMatrix(gguf: Gguf, tensor: GgufTensor, allocate: Allocate): Matrix {
  const [columns = 0, rows = 0] = tensor.shape
  const flat = readVector(gguf, tensor)
  const data = allocate(flat.length)
  let to = 0
  for (let row = 0; row < rows; row += ROW_GROUP) {
    for (let column = 0; column < columns; column++) {
      for (let lane = 0; lane < ROW_GROUP; lane++) {
        data[to++] = flat[(row + lane) * columns + column] ?? 0
      }
    }
  }
  return { rows, columns, data }
}

/** Copies a tensor as 32-bit floats, in the file's order. */
export function readVector(gguf: Gguf, tensor: GgufTensor): Float32Array {
  const { bytes } = gguf
  const size = tensor.type === 'F32' ? 4 : 2
  const view = new DataView(bytes.buffer, bytes.byteOffset + tensor.byteOffset)
  const out = new Float32Array(tensor.elements)
  if (tensor.type === 'F32') {
    for (let i = 0; i < out.length; i++) out[i] = view.getFloat32(i * size, true)
    return out
  }
  const halves = halfTable()
  for (let i = 0; i < out.length; i++) out[i] = halves[view.getUint16(i * size, true)] as number
  return out
}

/** Writes one row of the matrix to `out`. */
export function copyRow(out: Float64Array, matrix: Matrix, row: number): void {
  const lane = row % ROW_GROUP
  let from = (row - lane) * matrix.columns + lane
  for (let i = 0; i < matrix.columns; i++) {
    out[i] = matrix.data[from] as number
    from += ROW_GROUP
  }
}

export type Product = {
  /** `count` vectors, one after the other. */
  readonly x: Float64Array
  readonly matrix: Matrix
  readonly count: number
}

/**
 * Writes the products one after the other to `out`. Two vectors go together, so that each weight is
 * fetched and widened once.
 */
export function multiplyPlain(out: Float64Array, { x, matrix, count }: Product): void {
  let vector = 0
  for (; vector + 1 < count; vector += 2) multiplyTwo(out, x, matrix, vector)
  if (vector < count) multiplyOne(out, x, matrix, vector)
}

function multiplyOne(out: Float64Array, x: Float64Array, matrix: Matrix, vector: number): void {
  const { rows, columns, data } = matrix
  const first = vector * columns
  const last = first + columns
  let to = vector * rows
  let w = 0
  for (let row = 0; row < rows; row += 4) {
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let i = first; i < last; i++) {
      const s = x[i] as number
      a += (data[w] as number) * s
      b += (data[w + 1] as number) * s
      c += (data[w + 2] as number) * s
      d += (data[w + 3] as number) * s
      w += 4
    }
    out[to] = a
    out[to + 1] = b
    out[to + 2] = c
    out[to + 3] = d
    to += 4
  }
}

function multiplyTwo(out: Float64Array, x: Float64Array, matrix: Matrix, vector: number): void {
  const { rows, columns, data } = matrix
  const first = vector * columns
  const last = first + columns
  let to = vector * rows
  let w = 0
  for (let row = 0; row < rows; row += 4) {
    let a0 = 0
    let b0 = 0
    let c0 = 0
    let d0 = 0
    let a1 = 0
    let b1 = 0
    let c1 = 0
    let d1 = 0
    for (let i = first; i < last; i++) {
      const s0 = x[i] as number
      const s1 = x[i + columns] as number
      const a = data[w] as number
      const b = data[w + 1] as number
      const c = data[w + 2] as number
      const d = data[w + 3] as number
      a0 += a * s0
      b0 += b * s0
      c0 += c * s0
      d0 += d * s0
      a1 += a * s1
      b1 += b * s1
      c1 += c * s1
      d1 += d * s1
      w += 4
    }
    out[to] = a0
    out[to + 1] = b0
    out[to + 2] = c0
    out[to + 3] = d0
    out[to + rows] = a1
    out[to + rows + 1] = b1
    out[to + rows + 2] = c1
    out[to + rows + 3] = d1
    to += 4
  }
}

let halves: Float32Array | null = null

/** All 65 536 half-precision numbers, widened. */
function halfTable(): Float32Array {
  if (halves !== null) return halves
  const table = new Float32Array(65_536)
  for (let bits = 0; bits < table.length; bits++) table[bits] = widened(bits)
  halves = table
  return table
}

function widened(bits: number): number {
  const sign = bits >> 15 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
