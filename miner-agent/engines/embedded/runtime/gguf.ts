/**
 * Reads a GGUF version 3 container: key-value pairs and a table of tensors. Every number in the
 * file is taken for hostile: nothing is read past the end, nothing is allocated on its word.
 * Source of the format: the GGUF specification in the ggml project.
 */
import { err, ok, type Result } from '../../../../core/base/result.ts'
import { utf8Text } from './utf8.ts'

export type GgufValue = string | number | bigint | boolean | readonly GgufValue[]

export type GgufTensor = {
  readonly name: string
  /** Fastest-running dimension first: a matrix is [columns, rows]. */
  readonly shape: readonly number[]
  readonly type: 'F32' | 'F16'
  readonly elements: number
  /** Where its first byte is, from the start of the file. */
  readonly byteOffset: number
}

export type Gguf = {
  readonly bytes: Uint8Array
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

/** `message` says what is wrong and where, in bytes from the start of the file. */
export type GgufError = { readonly code: 'GGUF_INVALID'; readonly message: string }

/** Bounds on what a file may claim, far above what the shipped model needs. */
export const GGUF_LIMITS = {
  pairs: 1_024,
  tensors: 4_096,
  dimensions: 4,
  nameBytes: 256,
  stringBytes: 1_048_576,
  arrayLength: 1_048_576,
  alignment: 4_096,
} as const

const MAGIC = 0x46554747
const VERSION = 3
const KIND_STRING = 8
const KIND_ARRAY = 9
const DEFAULT_ALIGNMENT = 32

/** Bytes of the scalar kinds, and so the least that an array's element can take. */
const KIND_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  [KIND_STRING]: 8,
  10: 8,
  11: 8,
  12: 8,
}

/** Parses the header and checks that all tensor data is there; copies no tensor. */
export function readGguf(bytes: Uint8Array): Result<Gguf, GgufError> {
  try {
    return ok(parse(bytes))
  } catch (error) {
    if (error instanceof Malformed) return err({ code: 'GGUF_INVALID', message: error.message })
    throw error
  }
}

/** Leaves the nested readers at once; never leaves this file. */
class Malformed extends Error {}

type Cursor = { readonly view: DataView; readonly bytes: Uint8Array; at: number }

function parse(bytes: Uint8Array): Gguf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cursor: Cursor = { view, bytes, at: 0 }
  if (u32(cursor) !== MAGIC) throw new Malformed('not a GGUF file: the first four bytes differ')
  const version = u32(cursor)
  if (version !== VERSION) throw new Malformed(`GGUF version ${version}, expected ${VERSION}`)
  const tensorCount = count(cursor, GGUF_LIMITS.tensors, 'tensors')
  const pairCount = count(cursor, GGUF_LIMITS.pairs, 'key-value pairs')
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < pairCount; i++) {
    const key = text(cursor, GGUF_LIMITS.nameBytes)
    if (metadata.has(key)) throw new Malformed(`key ${shown(key)} comes twice`)
    metadata.set(key, value(cursor, u32(cursor)))
  }
  const infos: GgufTensor[] = []
  for (let i = 0; i < tensorCount; i++) infos.push(tensorInfo(cursor))
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT
  const base = aligned(cursor.at, alignment)
  return { bytes, metadata, tensors: place(infos, { base, end: bytes.length, alignment }) }
}

function tensorInfo(cursor: Cursor): GgufTensor {
  const name = text(cursor, GGUF_LIMITS.nameBytes)
  const rank = u32(cursor)
  if (rank < 1 || rank > GGUF_LIMITS.dimensions) {
    throw new Malformed(`tensor ${shown(name)} has ${rank} dimensions`)
  }
  const shape: number[] = []
  let elements = 1
  for (let i = 0; i < rank; i++) {
    const size = count(cursor, cursor.bytes.length, `elements in tensor ${shown(name)}`)
    shape.push(size)
    elements *= size
    // Two bytes an element at least, so more elements than bytes cannot be.
    if (size === 0 || elements > cursor.bytes.length) {
      throw new Malformed(`tensor ${shown(name)} cannot have the shape ${shape.join('×')}`)
    }
  }
  const kind = u32(cursor)
  if (kind !== 0 && kind !== 1) {
    throw new Malformed(`tensor ${shown(name)} has type ${kind}; only F32 and F16 are read`)
  }
  const byteOffset = count(cursor, cursor.bytes.length, `bytes before tensor ${shown(name)}`)
  return { name, shape, type: kind === 0 ? 'F32' : 'F16', elements, byteOffset }
}

type DataSection = {
  readonly base: number
  readonly end: number
  readonly alignment: GgufValue
}

/** Turns offsets within the data section into offsets within the file, checked against its end. */
function place(infos: readonly GgufTensor[], section: DataSection): Map<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>()
  for (const info of infos) {
    if (tensors.has(info.name)) throw new Malformed(`tensor ${shown(info.name)} comes twice`)
    if (info.byteOffset % Number(section.alignment) !== 0) {
      throw new Malformed(`tensor ${shown(info.name)} is not aligned`)
    }
    const byteOffset = section.base + info.byteOffset
    const byteLength = info.elements * (info.type === 'F32' ? 4 : 2)
    if (byteOffset + byteLength > section.end) {
      const has = Math.max(0, section.end - byteOffset)
      throw new Malformed(
        `the file is cut short: tensor ${shown(info.name)} has ${has} of ${byteLength} bytes`,
      )
    }
    tensors.set(info.name, { ...info, byteOffset })
  }
  return tensors
}

function aligned(at: number, alignment: GgufValue): number {
  const valid =
    typeof alignment === 'number' &&
    alignment >= 8 &&
    alignment <= GGUF_LIMITS.alignment &&
    alignment % 8 === 0
  if (!valid) throw new Malformed('general.alignment is not a multiple of 8 within bounds')
  return Math.ceil(at / alignment) * alignment
}

function value(cursor: Cursor, kind: number): GgufValue {
  if (kind === KIND_STRING) return text(cursor, GGUF_LIMITS.stringBytes)
  if (kind === KIND_ARRAY) return array(cursor)
  const size = KIND_BYTES[kind]
  if (size === undefined) throw new Malformed(`unknown value kind ${kind} ${here(cursor)}`)
  const at = take(cursor, size)
  switch (kind) {
    case 0:
      return cursor.view.getUint8(at)
    case 1:
      return cursor.view.getInt8(at)
    case 2:
      return cursor.view.getUint16(at, true)
    case 3:
      return cursor.view.getInt16(at, true)
    case 4:
      return cursor.view.getUint32(at, true)
    case 5:
      return cursor.view.getInt32(at, true)
    case 6:
      return cursor.view.getFloat32(at, true)
    case 7:
      return cursor.view.getUint8(at) !== 0
    case 10:
      return cursor.view.getBigUint64(at, true)
    case 11:
      return cursor.view.getBigInt64(at, true)
    default:
      return cursor.view.getFloat64(at, true)
  }
}

function array(cursor: Cursor): readonly GgufValue[] {
  const kind = u32(cursor)
  const least = KIND_BYTES[kind]
  if (least === undefined) throw new Malformed(`array of unknown kind ${kind} ${here(cursor)}`)
  const length = count(cursor, GGUF_LIMITS.arrayLength, 'array elements')
  // Checked before the loop, so that a huge claim costs nothing.
  if (length * least > cursor.bytes.length - cursor.at) {
    throw new Malformed(`the file is cut short: an array of ${length} ${here(cursor)}`)
  }
  const values: GgufValue[] = []
  for (let i = 0; i < length; i++) values.push(value(cursor, kind))
  return values
}

function text(cursor: Cursor, bytesMax: number): string {
  const length = count(cursor, bytesMax, 'bytes of text')
  const at = take(cursor, length)
  return utf8Text(cursor.bytes.subarray(at, at + length))
}

function count(cursor: Cursor, max: number, what: string): number {
  const at = take(cursor, 8)
  const claimed = cursor.view.getBigUint64(at, true)
  if (claimed > BigInt(max)) throw new Malformed(`${claimed} ${what} at byte ${at}, at most ${max}`)
  return Number(claimed)
}

function u32(cursor: Cursor): number {
  return cursor.view.getUint32(take(cursor, 4), true)
}

/** Moves over the next bytes and says where they begin. */
function take(cursor: Cursor, length: number): number {
  const at = cursor.at
  if (length > cursor.bytes.length - at) {
    throw new Malformed(`the file is cut short: ${length} bytes wanted ${here(cursor)}`)
  }
  cursor.at = at + length
  return at
}

function here(cursor: Cursor): string {
  return `at byte ${cursor.at} of ${cursor.bytes.length}`
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}
