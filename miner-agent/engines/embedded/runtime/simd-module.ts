/**
 * A WebAssembly module of one function, assembled here so that no binary and no compiler is needed:
 * multiplies a matrix with a vector in two 64-bit lanes at a time. Each row is summed in the order
 * of its columns, as in `matrix.ts`, so both give the same bits.
 * Source of the encodings: WebAssembly core specification 2.0, chapter 5.
 */

/**
 * Exports `multiply(out, x, weights, rows, columns)`: byte addresses in the imported memory
 * `env.memory`, then counts; rows a multiple of 8 and columns a multiple of 2, neither zero.
 */
export function simdModule(): Uint8Array {
  const signature = [1, 0x60, 5, I32, I32, I32, I32, I32, 0]
  const memoryImport = [1, ...name('env'), ...name('memory'), 2, 0, 1]
  const locals = [2, 4, I32, 5, V128]
  const code = [...locals, ...functionBody(), END]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, signature),
    ...section(2, memoryImport),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('multiply'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ])
}

type Code = readonly number[]

const I32 = 0x7f
const V128 = 0x7b
const END = 0x0b

/** Parameters, then locals, by their index. */
const OUT = 0
const X = 1
const WEIGHTS = 2
const ROWS = 3
const COLUMNS = 4
/** End of the vector, and how far in it the loop is. */
const X_END = 5
const X_AT = 6
/** Four rows lie together, see `matrix.ts`; eight are summed at once, from two groups. */
const FIRST = 7
const SECOND = 8
const SUMS: Code = [9, 10, 11, 12]
const SCALE = 13

function functionBody(): Code {
  return [
    ...assign(X_END, [...get(X), ...get(COLUMNS), ...int(3), ...shiftLeft, ...add]),
    ...assign(SECOND, get(WEIGHTS)),
    ...loopWhile(eightRows(), [...get(ROWS), ...int(-8), ...add, ...tee(ROWS)]),
  ]
}

function eightRows(): Code {
  return [
    ...assign(X_AT, get(X)),
    // The second group ended where the next first one begins.
    ...assign(FIRST, get(SECOND)),
    ...assign(SECOND, [...get(FIRST), ...get(COLUMNS), ...int(4), ...shiftLeft, ...add]),
    ...SUMS.flatMap((sum) => assign(sum, zero)),
    ...loopWhile(
      [...column(0), ...column(1), ...advance(FIRST, 32), ...advance(SECOND, 32)],
      [...get(X_AT), ...int(16), ...add, ...tee(X_AT), ...get(X_END), ...lessThan],
    ),
    ...SUMS.flatMap((sum, index) => [...get(OUT), ...get(sum), ...store(16 * index)]),
    ...advance(OUT, 64),
  ]
}

/** Adds one column's weights, times the vector's number there, to the eight sums. */
function column(index: number): Code {
  const [a = 0, b = 0, c = 0, d = 0] = SUMS
  const at = 16 * index
  return [
    ...assign(SCALE, [...get(X_AT), ...loadSplat(8 * index)]),
    ...accumulate(a, [...get(FIRST), ...loadPair(at)]),
    ...accumulate(b, [...get(FIRST), ...loadPair(at + 8)]),
    ...accumulate(c, [...get(SECOND), ...loadPair(at)]),
    ...accumulate(d, [...get(SECOND), ...loadPair(at + 8)]),
  ]
}

function accumulate(sum: number, pair: Code): Code {
  return assign(sum, [...get(sum), ...pair, ...widen, ...get(SCALE), ...multiply, ...sumUp])
}

const add: Code = [0x6a]
const shiftLeft: Code = [0x74]
const lessThan: Code = [0x49]
const widen = vector(0x5f)
const multiply = vector(0xf2)
const sumUp = vector(0xf0)
const zero: Code = [...vector(0x0c), ...new Array<number>(16).fill(0)]

function get(local: number): Code {
  return [0x20, local]
}

function assign(local: number, value: Code): Code {
  return [...value, 0x21, local]
}

function tee(local: number): Code {
  return [0x22, local]
}

function advance(local: number, bytes: number): Code {
  return assign(local, [...get(local), ...int(bytes), ...add])
}

/** Runs the body, then again while the condition is not zero. */
function loopWhile(body: Code, condition: Code): Code {
  return [0x03, 0x40, ...body, ...condition, 0x0d, 0, END]
}

/** One 64-bit number in both lanes. */
function loadSplat(offset: number): Code {
  return [...vector(0x0a), 3, ...unsigned(offset)]
}

/** Two 32-bit numbers, to be widened. */
function loadPair(offset: number): Code {
  return [...vector(0x5d), 3, ...unsigned(offset)]
}

function store(offset: number): Code {
  return [...vector(0x0b), 3, ...unsigned(offset)]
}

function vector(operation: number): Code {
  return [0xfd, ...unsigned(operation)]
}

function int(value: number): Code {
  return [0x41, ...signed(value)]
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content]
}

function name(text: string): Code {
  return [text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))]
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

function signed(value: number): Code {
  const fits = value >= -64 && value < 64
  return fits ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]
}
