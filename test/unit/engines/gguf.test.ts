import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readGguf } from '../../../miner-agent/engines/embedded/runtime/gguf.ts'
import { loadModel } from '../../../miner-agent/engines/embedded/runtime/model.ts'
import { tinyBytes } from './tiny-model.ts'

const bytes = tinyBytes()
/** Where the tensor data begins in the shipped file. */
const HEADER_BYTES = 97_280

/** A GGUF header of our own making, to be damaged in one place. */
function header(write: (w: Writer) => void, counts = { tensors: 0n, pairs: 0n }): Uint8Array {
  const out: number[] = [0x47, 0x47, 0x55, 0x46]
  const w = writer(out)
  w.u32(3)
  w.u64(counts.tensors)
  w.u64(counts.pairs)
  write(w)
  return Uint8Array.from(out)
}

type Writer = { u32(n: number): void; u64(n: bigint): void; text(s: string): void }

function writer(out: number[]): Writer {
  const u32 = (n: number): void => {
    for (let i = 0; i < 4; i++) out.push((n >>> (8 * i)) & 255)
  }
  const u64 = (n: bigint): void => {
    for (let i = 0n; i < 8n; i++) out.push(Number((n >> (8n * i)) & 255n))
  }
  return {
    u32,
    u64,
    text(s) {
      const encoded = new TextEncoder().encode(s)
      u64(BigInt(encoded.length))
      out.push(...encoded)
    },
  }
}

function messageOf(file: Uint8Array): string {
  const read = readGguf(file)
  return read.ok ? 'it was read' : read.error.message
}

describe('gguf reader', () => {
  test('reads the shipped file', () => {
    const read = readGguf(bytes)
    if (!read.ok) throw new Error(read.error.message)
    expect(read.value.metadata.get('llama.block_count')).toBe(4)
    expect(read.value.metadata.get('general.name')).toBe('aitbc-tiny')
    expect(read.value.tensors.size).toBe(38)
    const embedding = read.value.tensors.get('token_embd.weight')
    expect(embedding).toMatchObject({ shape: [192, 3072], type: 'F16', byteOffset: HEADER_BYTES })
  })

  test('reads a file that does not start at the beginning of its buffer', () => {
    const shifted = new Uint8Array(bytes.length + 5)
    shifted.set(bytes, 5)
    const read = readGguf(shifted.subarray(5))
    expect(read.ok).toBe(true)
  })

  test('refuses the file cut short at any byte', () => {
    const anywhere = fc.oneof(
      fc.integer({ min: 0, max: 4_096 }),
      fc.integer({ min: 0, max: HEADER_BYTES }),
      fc.integer({ min: HEADER_BYTES, max: bytes.length - 1 }),
      fc.constant(bytes.length - 1),
    )
    fc.assert(
      fc.property(anywhere, (length) => {
        const read = readGguf(bytes.subarray(0, length))
        expect(read.ok).toBe(false)
        if (!read.ok) expect(read.error).toMatchObject({ code: 'GGUF_INVALID' })
      }),
      { numRuns: 200 },
    )
  }, 120_000)

  test('reads or refuses the header with any byte changed, but never throws or hangs', () => {
    const damaged = bytes.slice()
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 0, max: 2_000 }),
          fc.integer({ min: 0, max: HEADER_BYTES - 1 }),
          fc.integer({ min: HEADER_BYTES - 2_600, max: HEADER_BYTES - 1 }),
        ),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const before = damaged[at] as number
          damaged[at] = before ^ change
          const read = readGguf(damaged)
          damaged[at] = before
          if (!read.ok) expect(read.error.message).not.toBe('')
        },
      ),
      { numRuns: 300 },
    )
    expect(Buffer.compare(damaged, bytes)).toBe(0)
  }, 120_000)

  test('a model that loads from a damaged header still answers or refuses', () => {
    const damaged = bytes.slice()
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: HEADER_BYTES - 1 })),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const before = damaged[at] as number
          damaged[at] = before ^ change
          const model = loadModel(damaged)
          damaged[at] = before
          if (!model.ok) return
          const answer = model.value.answer({ turns: [{ role: 'user', content: 'Hello' }] })
          if (!answer.ok) return
          for (let i = 0; i < 4; i++) if (answer.value.step().finish !== undefined) break
          answer.value.close()
        },
      ),
      { numRuns: 40 },
    )
  }, 120_000)

  test('refuses any bytes that are not a model', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        expect(readGguf(noise).ok).toBe(false)
        const started = Uint8Array.from([...bytes.subarray(0, 24), ...noise])
        expect(readGguf(started).ok).toBe(false)
      }),
    )
  })

  test('says what is wrong', () => {
    expect(messageOf(Uint8Array.from([1, 2, 3, 4, 5]))).toContain('not a GGUF file')
    expect(messageOf(new Uint8Array(2))).toContain('cut short')
    const old = bytes.slice(0, 64)
    old[4] = 2
    expect(messageOf(old)).toContain('GGUF version 2')
    const many = { tensors: 1n << 63n, pairs: 0n }
    expect(messageOf(header(() => {}, many))).toContain('9223372036854775808 tensors')
    expect(messageOf(bytes.subarray(0, bytes.length - 1))).toContain('blk.3.ffn_down.weight')
  })

  test('refuses a huge array before it makes room for it', () => {
    const file = header(
      (w) => {
        w.text('k')
        w.u32(9)
        w.u32(0)
        w.u64(1_000_000n)
      },
      { tensors: 0n, pairs: 1n },
    )
    expect(messageOf(file)).toContain('an array of 1000000')
  })

  test('refuses arrays in arrays, which the format has no use for', () => {
    const file = header(
      (w) => {
        w.text('k')
        for (let depth = 0; depth < 100; depth++) {
          w.u32(9)
          w.u32(9)
          w.u64(1n)
        }
      },
      { tensors: 0n, pairs: 1n },
    )
    expect(messageOf(file)).toContain('array of unknown kind 9')
  })

  test('refuses names that come twice and shapes that overflow', () => {
    const twice = header(
      (w) => {
        for (let i = 0; i < 2; i++) {
          w.text('k')
          w.u32(4)
          w.u32(1)
        }
      },
      { tensors: 0n, pairs: 2n },
    )
    expect(messageOf(twice)).toContain('"k" comes twice')
    const huge = header(
      (w) => {
        w.text('t')
        w.u32(3)
        for (let i = 0; i < 3; i++) w.u64(40n)
        w.u32(0)
        w.u64(0n)
      },
      { tensors: 1n, pairs: 0n },
    )
    expect(messageOf(huge)).toContain('cannot have the shape')
  })
})
