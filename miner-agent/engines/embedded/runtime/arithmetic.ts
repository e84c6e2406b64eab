/**
 * Where numbers live and how matrices are multiplied: in WebAssembly with SIMD where the host
 * allows it, in plain JavaScript where not (a Worker compiles no code, nor does a page with a strict
 * policy). Both give the same bits, so an answer can be checked on another host than it came from.
 */
import { type Matrix, multiplyPlain, type Product } from './matrix.ts'
import { simdModule } from './simd-module.ts'

export type Arithmetic = {
  readonly kind: 'plain' | 'simd'
  /** Room for weights and for vectors; all zero, never given back. */
  floats(length: number): Float32Array
  doubles(length: number): Float64Array
  /**
   * Multiplies `count` vectors, one after the other in `x`, and writes the products one after the
   * other to `out`. Both must have come from `doubles`, the matrix from `floats`.
   */
  multiply(out: Float64Array, product: Product): void
}

/** What may be asked for in all, so that the memory never has to move. */
export type Room = { readonly floats: number; readonly doubles: number }

export function plainArithmetic(): Arithmetic {
  return {
    kind: 'plain',
    floats: (length) => new Float32Array(length),
    doubles: (length) => new Float64Array(length),
    multiply: multiplyPlain,
  }
}

/** The faster one that this host offers. */
export function bestArithmetic(room: Room): Arithmetic {
  return simdArithmetic(room) ?? plainArithmetic()
}

const PAGE_BYTES = 65_536
const BYTES_MAX = 1_073_741_824
/** Views start at multiples of this, so that no load straddles a cache line. */
const ALIGNMENT = 64
const ALLOCATIONS_MAX = 4_096

/** `null` where the host has no WebAssembly with SIMD, or no room. */
export function simdArithmetic(room: Room): Arithmetic | null {
  const bytes = 4 * room.floats + 8 * room.doubles + ALIGNMENT * ALLOCATIONS_MAX
  if (bytes > BYTES_MAX) return null
  const machine = startMachine(Math.ceil(bytes / PAGE_BYTES))
  if (machine === null) return null
  const { buffer, multiply } = machine
  let next = 0
  const take = (length: number): number => {
    const at = next
    next = Math.ceil((at + length) / ALIGNMENT) * ALIGNMENT
    if (next > buffer.byteLength) throw new Error('more numbers than room was made for')
    return at
  }
  return {
    kind: 'simd',
    floats: (length) => new Float32Array(buffer, take(4 * length), length),
    doubles: (length) => new Float64Array(buffer, take(8 * length), length),
    multiply(out, { x, matrix, count }) {
      if (!fits(matrix)) return multiplyPlain(out, { x, matrix, count })
      const { rows, columns, data } = matrix
      for (let vector = 0; vector < count; vector++) {
        const to = out.byteOffset + 8 * vector * rows
        const from = x.byteOffset + 8 * vector * columns
        multiply(to, from, data.byteOffset, rows, columns)
      }
    },
  }
}

function fits({ rows, columns }: Matrix): boolean {
  return rows % 8 === 0 && columns % 2 === 0
}

type Machine = {
  readonly buffer: ArrayBuffer
  readonly multiply: (
    out: number,
    x: number,
    weights: number,
    rows: number,
    columns: number,
  ) => void
}

/** The part of the platform's WebAssembly that is used: this folder has no platform types. */
type WebAssemblyHost = {
  readonly Memory: new (size: {
    readonly initial: number
    readonly maximum: number
  }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

function startMachine(pages: number): Machine | null {
  const host = (globalThis as { readonly WebAssembly?: WebAssemblyHost }).WebAssembly
  if (host === undefined) return null
  try {
    const memory = new host.Memory({ initial: pages, maximum: pages })
    const module = new host.Module(simdModule())
    const { exports } = new host.Instance(module, { env: { memory } })
    return { buffer: memory.buffer, multiply: exports.multiply as Machine['multiply'] }
  } catch {
    // Compiling code is forbidden here, SIMD unknown, or memory short: the plain way always works.
    return null
  }
}
