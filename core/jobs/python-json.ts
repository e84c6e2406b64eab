/**
 * JSON as the original's Python wrote and signed it: whole numbers and floats are two kinds, floats have
 * Python's shortest spelling, keys are sorted by code point, everything beyond ASCII is escaped, and
 * absent values are left out. Receipts of the original are signed over this text.
 */
import { err, ok, type Result } from '../base/result.ts'

const floatTag: unique symbol = Symbol('float')

/** A number that is a float even when it is whole: `1.0`. */
export type PyFloat = { readonly [floatTag]: number }

/**
 * A JSON value. A plain `number` follows JavaScript's own JSON text: written without `.` and `e` it is a
 * whole number, else a float; what JSON cannot say (infinite) is absent, like null.
 */
export type PyJson =
  | null
  | undefined
  | boolean
  | string
  | number
  | bigint
  | PyFloat
  | readonly PyJson[]
  | { readonly [key: string]: PyJson }

/** Why a text is no JSON of bounded depth. */
export type PyJsonError = { readonly code: 'JSON_INVALID'; readonly message: string }

/** Deepest nesting that is read or written. */
export const jsonDepthMax = 32

/** Marks a float. */
export const pyFloat = (value: number): PyFloat => ({ [floatTag]: value })

/** The number of a float, whole number or plain number; undefined for anything else. */
export function numberOf(value: PyJson): number | undefined {
  if (isFloat(value)) return value[floatTag]
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
}

/** The fields of an object; undefined for anything else. */
export function recordOf(value: PyJson): Readonly<Record<string, PyJson>> | undefined {
  const isRecord = typeof value === 'object' && value !== null && !isFloat(value) && !isList(value)
  return isRecord ? (value as Readonly<Record<string, PyJson>>) : undefined
}

/** Whether a value is nested no deeper than this network takes; ask before writing what came from others. */
export function isWithinDepth(value: unknown, depthLeft: number = jsonDepthMax): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depthLeft === 0) return false
  return Object.values(value).every((each) => isWithinDepth(each, depthLeft - 1))
}

/** The canonical text: null values and null elements left out at every depth. Pure ASCII. */
export function canonicalText(value: PyJson): string {
  if (isAbsent(value)) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return plainNumber(value)
  if (isFloat(value)) return floatText(value[floatTag])
  if (isList(value)) {
    return `[${value
      .filter((each) => !isAbsent(each))
      .map(canonicalText)
      .join(',')}]`
  }
  const entries = Object.entries(value as Readonly<Record<string, PyJson>>)
    .filter(([, each]) => !isAbsent(each))
    .sort(([a], [b]) => compareCodePoints(a, b))
  return `{${entries.map(([key, each]) => `${quoted(key)}:${canonicalText(each)}`).join(',')}}`
}

/** Reads JSON text and keeps what kind each number is. Whole numbers become `bigint`. */
export function parsePyJson(text: string): Result<PyJson, PyJsonError> {
  const reader: Reader = { text, at: 0 }
  try {
    const value = readValue(reader, jsonDepthMax)
    skipBlanks(reader)
    return reader.at === text.length ? ok(value) : fault(`text after the value at ${reader.at}`)
  } catch (error) {
    if (error === malformed) return fault(`malformed at ${reader.at}`)
    throw error
  }
}

/** Python's `repr` of a float: exponents below -4 or from 16 on, with at least two digits. */
export function floatText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [mantissa, exponentText] = value.toExponential().split('e') as [string, string]
  const exponent = Number(exponentText)
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace('-', '').replace('.', '')
  if (exponent < -4 || exponent >= 16) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : ''
    const size = String(exponent < 0 ? -exponent : exponent).padStart(2, '0')
    return `${sign}${digits[0]}${rest}e${exponent < 0 ? '-' : '+'}${size}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
}

function plainNumber(value: number): string {
  const text = String(value === 0 ? 0 : value)
  return /[.e]/.test(text) ? floatText(value) : text
}

const isFloat = (value: PyJson): value is PyFloat =>
  typeof value === 'object' && value !== null && floatTag in value

const isList = (value: PyJson): value is readonly PyJson[] => Array.isArray(value)

const isAbsent = (value: PyJson): value is null | undefined =>
  value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value))

/** JSON.stringify escapes quotes, control characters and lone surrogates; the rest is done here. */
function quoted(text: string): string {
  const json = JSON.stringify(text)
  return beyondAscii.test(json)
    ? json.replace(
        /[\u0080-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : json
}

const beyondAscii = /[\u0080-\uffff]/

/** UTF-16 order differs from the order of code points where surrogates meet U+E000 and above. */
function compareCodePoints(a: string, b: string): number {
  const shared = a.length < b.length ? a.length : b.length
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    const isSurrogateX = x >= 0xd800 && x <= 0xdfff
    const isSurrogateY = y >= 0xd800 && y <= 0xdfff
    return isSurrogateX === isSurrogateY ? x - y : isSurrogateX ? 1 : -1
  }
  return a.length - b.length
}

type Reader = { readonly text: string; at: number }

/** Thrown inside the reader only, and caught by `parsePyJson`. */
const malformed = { code: 'MALFORMED' } as const

function readValue(reader: Reader, depthLeft: number): PyJson {
  skipBlanks(reader)
  const next = reader.text[reader.at]
  if (next === '{') return readObject(reader, depthLeft)
  if (next === '[') return readList(reader, depthLeft)
  if (next === '"') return readText(reader)
  for (const [word, value] of words) {
    if (reader.text.startsWith(word, reader.at)) {
      reader.at += word.length
      return value
    }
  }
  return readNumber(reader)
}

const words = [
  ['null', null],
  ['true', true],
  ['false', false],
] as const

function readObject(reader: Reader, depthLeft: number): PyJson {
  if (depthLeft === 0) throw malformed
  const entries: [string, PyJson][] = []
  reader.at++
  skipBlanks(reader)
  if (takes(reader, '}')) return {}
  do {
    skipBlanks(reader)
    if (reader.text[reader.at] !== '"') throw malformed
    const key = readText(reader)
    skipBlanks(reader)
    if (!takes(reader, ':')) throw malformed
    entries.push([key, readValue(reader, depthLeft - 1)])
    skipBlanks(reader)
  } while (takes(reader, ','))
  if (!takes(reader, '}')) throw malformed
  return Object.fromEntries(entries)
}

function readList(reader: Reader, depthLeft: number): PyJson {
  if (depthLeft === 0) throw malformed
  const items: PyJson[] = []
  reader.at++
  skipBlanks(reader)
  if (takes(reader, ']')) return items
  do {
    items.push(readValue(reader, depthLeft - 1))
    skipBlanks(reader)
  } while (takes(reader, ','))
  if (!takes(reader, ']')) throw malformed
  return items
}

function readText(reader: Reader): string {
  const match = matchAt(reader, /"[^"\\]*(?:\\.[^"\\]*)*"/y)
  try {
    return JSON.parse(match) as string
  } catch {
    throw malformed
  }
}

function readNumber(reader: Reader): PyJson {
  const match = matchAt(reader, /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y)
  return /[.eE]/.test(match) ? pyFloat(Number(match)) : BigInt(match)
}

function matchAt(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at
  const match = pattern.exec(reader.text)
  if (!match) throw malformed
  reader.at = pattern.lastIndex
  return match[0]
}

function skipBlanks(reader: Reader): void {
  while (' \t\n\r'.includes(reader.text[reader.at] ?? 'x')) reader.at++
}

function takes(reader: Reader, text: string): boolean {
  if (reader.text[reader.at] !== text) return false
  reader.at++
  return true
}

const fault = (message: string): Result<never, PyJsonError> =>
  err({ code: 'JSON_INVALID', message })
