/**
 * Byte-level byte-pair encoding as in GPT-2: text is split into words, each byte becomes a letter,
 * and the pair with the lowest rank is merged until none is left.
 */
import { ok, type Result } from '../../../../core/base/result.ts'
import type { Gguf } from './gguf.ts'
import { type ModelError, modelError, numbersOf, textOf, textsOf } from './metadata.ts'
import { utf8Bytes } from './utf8.ts'

export type Tokenizer = {
  readonly size: number
  /** Token ids of plain text; what looks like a control token is ordinary text here. */
  encode(text: string): number[]
  /** The bytes that a token stands for; none for a control token. */
  bytesOf(token: number): readonly number[]
  isControl(token: number): boolean
  /** The id of a control token by its name, such as `<|user|>`. */
  control(name: string): number | undefined
  /** The most bytes of text that one token can stand for. */
  readonly tokenBytesMax: number
}

const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/** Token type of control tokens in `tokenizer.ggml.token_type`. */
const CONTROL_TYPE = 3

/** A pair of token ids as one map key: ids are below 2^20 by the limit on the vocabulary. */
const PAIR_FACTOR = 1_048_576

type Merge = { readonly rank: number; readonly token: number }

/** Reads vocabulary and merges, and checks that every byte and every merge has its token. */
export function readTokenizer(gguf: Gguf): Result<Tokenizer, ModelError> {
  const kind = textOf(gguf, 'tokenizer.ggml.model')
  if (!kind.ok) return kind
  const split = textOf(gguf, 'tokenizer.ggml.pre')
  if (!split.ok) return split
  if (kind.value !== 'gpt2' || split.value !== 'gpt-2') return modelError('not a GPT-2 tokenizer')
  const names = textsOf(gguf, 'tokenizer.ggml.tokens')
  if (!names.ok) return names
  const types = numbersOf(gguf, 'tokenizer.ggml.token_type')
  if (!types.ok) return types
  if (types.value.length !== names.value.length) return modelError('a token type for each token')
  if (names.value.length >= PAIR_FACTOR) return modelError('too many tokens')
  const ids = new Map(names.value.map((name, id) => [name, id]))
  if (ids.size !== names.value.length) return modelError('two tokens have the same text')
  const vocabulary: Vocabulary = { names: names.value, types: types.value, ids }
  const merges = readMerges(gguf, vocabulary)
  if (!merges.ok) return merges
  const bytes = tokenBytes(vocabulary)
  if (!bytes.ok) return bytes
  return build(vocabulary, merges.value, bytes.value)
}

type Vocabulary = {
  readonly names: readonly string[]
  readonly types: readonly number[]
  readonly ids: ReadonlyMap<string, number>
}

function build(
  { names, types, ids }: Vocabulary,
  merges: ReadonlyMap<number, Merge>,
  bytes: readonly (readonly number[])[],
): Result<Tokenizer, ModelError> {
  const byteTokens: number[] = []
  for (const letter of byteLetters()) {
    const id = ids.get(letter)
    if (id === undefined) return modelError(`no token for byte ${byteTokens.length}`)
    byteTokens.push(id)
  }
  const isControl = (token: number): boolean => types[token] === CONTROL_TYPE
  return ok({
    size: names.length,
    tokenBytesMax: bytes.reduce((most, list) => Math.max(most, list.length), 1),
    encode(text) {
      const out: number[] = []
      for (const word of text.match(WORDS) ?? []) {
        const parts = Array.from(utf8Bytes(word), (byte) => byteTokens[byte] as number)
        out.push(...mergeAll(parts, merges))
      }
      return out
    },
    bytesOf: (token) => bytes[token] ?? [],
    isControl,
    control(name) {
      const id = ids.get(name)
      return id !== undefined && isControl(id) ? id : undefined
    },
  })
}

/** Merges the lowest-ranked pair, the leftmost of equals, until no pair has a rank. */
function mergeAll(parts: number[], merges: ReadonlyMap<number, Merge>): readonly number[] {
  const at = (index: number): Merge | undefined => {
    const [left, right] = [parts[index], parts[index + 1]]
    if (left === undefined || right === undefined) return undefined
    return merges.get(left * PAIR_FACTOR + right)
  }
  // Kept beside the parts, so that a merge looks up two pairs and not all of them again.
  const pairs = parts.map((_, index) => at(index))
  for (;;) {
    let best: Merge | undefined
    let where = 0
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i]
      if (pair !== undefined && (best === undefined || pair.rank < best.rank)) {
        best = pair
        where = i
      }
    }
    if (best === undefined) return parts
    parts.splice(where, 2, best.token)
    pairs.splice(where, 1)
    pairs[where] = at(where)
    if (where > 0) pairs[where - 1] = at(where - 1)
  }
}

function readMerges(
  gguf: Gguf,
  { ids }: Vocabulary,
): Result<ReadonlyMap<number, Merge>, ModelError> {
  const lines = textsOf(gguf, 'tokenizer.ggml.merges')
  if (!lines.ok) return lines
  const merges = new Map<number, Merge>()
  for (const [rank, line] of lines.value.entries()) {
    const [left = '', right = '', ...more] = line.split(' ')
    const pair = [ids.get(left), ids.get(right), ids.get(left + right)]
    const [leftId, rightId, token] = pair
    const known = leftId !== undefined && rightId !== undefined && token !== undefined
    if (!known || more.length > 0) return modelError(`merge ${rank} names an unknown token`)
    merges.set(leftId * PAIR_FACTOR + rightId, { rank, token })
  }
  return ok(merges)
}

function tokenBytes({
  names,
  types,
}: Vocabulary): Result<readonly (readonly number[])[], ModelError> {
  const byteOf = new Map(byteLetters().map((letter, byte) => [letter, byte]))
  const all: number[][] = []
  for (const [token, name] of names.entries()) {
    const bytes: number[] = []
    for (const letter of types[token] === CONTROL_TYPE ? '' : name) {
      const byte = byteOf.get(letter)
      if (byte === undefined) return modelError(`token ${token} holds a letter of no byte`)
      bytes.push(byte)
    }
    all.push(bytes)
  }
  return ok(all)
}

/** GPT-2's letter for each byte: itself where it is visible in Latin-1, else one from 256 on. */
function byteLetters(): string[] {
  let extra = 0
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
    return String.fromCodePoint(visible ? byte : 256 + extra++)
  })
}
