import fc from 'fast-check'
import { expect, test } from 'vitest'
import { framesOf, messagesOf } from '../../../core/jobs/frame-batches.ts'
import { minerProtocolLimits } from '../../../core/jobs/miner-protocol.ts'

const { frameBytesMax, framesMax } = minerProtocolLimits

test('SOCK-7: whatever is put together is taken apart again, in its order and within the bounds', () => {
  const frame = fc.record({ type: fc.string(), text: fc.string({ maxLength: 400 }) })
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 200 }),
      fc.integer({ min: 1, max: framesMax }),
      (all, max) => {
        const messages = messagesOf(
          all.map((each) => JSON.stringify(each)),
          max,
        )
        const apart = messages.map((message) => framesOf(JSON.parse(message)) ?? [])
        expect(apart.flat()).toEqual(all)
        expect(apart.every((frames) => frames.length <= max)).toBe(true)
        expect(messages).toHaveLength(Math.ceil(all.length / max))
      },
    ),
  )
})

test('SOCK-7: a message stays within its bytes, whatever its characters', () => {
  const large = JSON.stringify({ type: 'tokens', text: 'й'.repeat(150_000) })
  const messages = messagesOf([large, large, large, large], framesMax)
  expect(messages.length).toBeGreaterThan(1)
  for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThan(frameBytesMax)
})

test('SOCK-7: a frame alone is no array, and no message holds none or too many', () => {
  expect(messagesOf(['{}'], framesMax)).toEqual(['{}'])
  expect(messagesOf([], framesMax)).toEqual([])
  expect(framesOf({})).toEqual([{}])
  expect(framesOf([])).toBeUndefined()
  expect(framesOf(Array.from({ length: framesMax + 1 }, () => ({})))).toBeUndefined()
})
