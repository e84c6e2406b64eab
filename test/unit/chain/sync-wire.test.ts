/** What sites say to each other, as bytes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  announceItemsMax,
  pullAskBytesMax,
  pullBlocksMax,
  pullPooledMax,
} from '../../../core/chain/limits.ts'
import {
  type AnnounceAnswer,
  type Announcement,
  decodeAnnounceAnswer,
  decodeAnnouncement,
  decodeAnswer,
  decodeAsk,
  encodeAnnounceAnswer,
  encodeAnnouncement,
  encodeAnswer,
  encodeAsk,
  type PullAnswer,
  type PullAsk,
  type SyncHello,
  syncVersion,
} from '../../../core/chain/sync-wire.ts'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const genesisHash = hash(7)
const hello: SyncHello = { version: syncVersion, genesisHash, authority: hash(9) }
const position = { height: 5, slot: 9, hash: hash(1), finalHeight: 4, finalHash: hash(2) }
const certificate = {
  authorities: hash(3),
  slot: 8n,
  height: 4n,
  block: hash(2),
  signatures: [{ authority: 1, signature: new Uint8Array(64).fill(4) }],
}
const ask: PullAsk = {
  finalHeight: 4,
  locator: [
    { height: 5, hash: hash(1) },
    { height: 4, hash: hash(2) },
  ],
  pooled: [hash(5)],
}
const answer: PullAnswer = {
  head: { height: 5, slot: 9, hash: hash(1) },
  finalHeight: 4,
  finalHash: hash(2),
  atFinal: hash(6),
  blocks: [Uint8Array.of(1, 2, 3), new Uint8Array()],
  certificate,
  messages: [Uint8Array.of(9)],
  transactions: [Uint8Array.of(8, 8)],
}
const announcement: Announcement = {
  position,
  items: [
    { kind: 'block', bytes: Uint8Array.of(1) },
    { kind: 'certificate', certificate },
    { kind: 'message', bytes: Uint8Array.of(2, 2) },
    { kind: 'transaction', bytes: Uint8Array.of(3) },
  ],
}
const reply: AnnounceAnswer = { position, refused: [{ index: 3, code: 'SIGNATURE_INVALID' }] }

const kinds = {
  ask: { bytes: encodeAsk(hello, ask), body: ask, decode: decodeAsk },
  answer: { bytes: encodeAnswer(hello, answer), body: answer, decode: decodeAnswer },
  announcement: {
    bytes: encodeAnnouncement(hello, announcement),
    body: announcement,
    decode: decodeAnnouncement,
  },
  reply: {
    bytes: encodeAnnounceAnswer(hello, reply),
    body: reply,
    decode: decodeAnnounceAnswer,
  },
}

describe.each(Object.entries(kinds))('%s', (_name, { bytes, body, decode }) => {
  test('WIRE-2: goes to bytes and back', () => {
    expect(decode(bytes, genesisHash)).toEqual({ ok: true, value: { hello, body } })
  })

  test('WIRE-1: of another version or chain is known by its beginning', () => {
    const start = bytes.slice(0, 40)
    const other = start.map((byte, at) => (at === 0 ? byte + 1 : byte))
    expect(decode(other, genesisHash)).toMatchObject({ error: { code: 'PROTOCOL_MISMATCH' } })
    expect(decode(start, hash(8))).toMatchObject({ error: { code: 'GENESIS_MISMATCH' } })
  })

  test('WIRE-3: truncated or extended it is refused', () => {
    for (let end = 0; end < bytes.length; end++) {
      expect(decode(bytes.slice(0, end), genesisHash)).toMatchObject({ ok: false })
    }
    const longer = Uint8Array.of(...bytes, 0)
    expect(decode(longer, genesisHash)).toMatchObject({ error: { code: 'ENCODING_INVALID' } })
  })

  test('WIRE-3: whatever is changed in it, reading does not throw', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = bytes.map((byte, index) => (index === at ? byte ^ mask : byte))
        const read = decode(changed, genesisHash)
        // What can be read at all is another message.
        if (read.ok) expect(read.value).not.toEqual({ hello, body })
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        const start = bytes.slice(0, 33)
        expect(() => decode(Uint8Array.of(...start, ...tail), genesisHash)).not.toThrow()
      }),
    )
  })
})

test('WIRE-3: lists beyond their bounds are refused', () => {
  const many = Array.from({ length: pullPooledMax + 1 }, (_, at) => hash(at % 256))
  const asked = encodeAsk(hello, { ...ask, pooled: many })
  // The encoder keeps the bound by itself.
  expect(decodeAsk(asked, genesisHash)).toMatchObject({ ok: true })
  const blocks = Array.from({ length: pullBlocksMax + 1 }, () => Uint8Array.of(1))
  const answered = encodeAnswer(hello, { ...answer, blocks })
  expect(decodeAnswer(answered, genesisHash)).toMatchObject({ error: { code: 'TOO_LARGE' } })
  const items = Array.from({ length: announceItemsMax + 1 }, () => ({
    kind: 'message' as const,
    bytes: Uint8Array.of(1),
  }))
  const announced = encodeAnnouncement(hello, { position, items })
  expect(decodeAnnouncement(announced, genesisHash)).toMatchObject({
    error: { code: 'TOO_LARGE' },
  })
  const long = new Uint8Array(pullAskBytesMax + 1)
  expect(decodeAsk(long, genesisHash)).toMatchObject({ error: { code: 'TOO_LARGE' } })
})
