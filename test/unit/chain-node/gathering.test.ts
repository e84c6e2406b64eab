/** Calls that arrive together share one write, and nobody gets another's answer. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gather } from '../../../durable-objects/chain/gathering.ts'

const written = async () => undefined

test('every caller gets its own answers in order, whatever arrives together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer(), { maxLength: 7 }), { maxLength: 40 }),
      async (calls) => {
        const handled: number[] = []
        const call = gather(
          (items: readonly number[]) => {
            handled.push(items.length)
            return items.map((item) => `${item}`)
          },
          10,
          written,
        )
        const answers = await Promise.all(calls.map((items) => call(items)))
        expect(answers).toEqual(calls.map((items) => items.map((item) => `${item}`)))
        for (const count of handled) expect(count).toBeLessThanOrEqual(10)
        // Two calls of at most seven items always share, unless they do not fit together.
        expect(handled.length).toBeLessThanOrEqual(Math.max(1, calls.length))
      },
    ),
  )
})

test('calls that fit together are handled once', async () => {
  let times = 0
  const call = gather(
    (items: readonly number[]) => {
      times += 1
      return items
    },
    10,
    written,
  )
  expect(await Promise.all([call([1, 2]), call([3]), call([4, 5, 6])])).toEqual([
    [1, 2],
    [3],
    [4, 5, 6],
  ])
  expect(times).toBe(1)
})

test('a failure reaches exactly the callers whose items were in it', async () => {
  const call = gather(
    (items: readonly number[]) => {
      if (items.includes(13)) throw new Error('unlucky')
      return items
    },
    2,
    written,
  )
  const ended = await Promise.allSettled([call([1, 2]), call([3]), call([13]), call([5, 6])])
  expect(ended.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
})

test('calls made while a write is on its way to disk wait for it and share the next one', async () => {
  const handled: number[][] = []
  let finish: () => void = () => {}
  const disk = () =>
    new Promise<void>((resolve) => {
      finish = resolve
    })
  const call = gather(
    (items: readonly number[]) => {
      handled.push([...items])
      return items
    },
    10,
    disk,
  )
  await call([1])
  const later = Promise.all([call([2]), call([3])])
  await new Promise((go) => setTimeout(go, 20))
  expect(handled).toEqual([[1]])
  finish()
  expect(await later).toEqual([[2], [3]])
  expect(handled).toEqual([[1], [2, 3]])
})

test('a disk that fails keeps nobody waiting', async () => {
  const call = gather(
    (items: readonly number[]) => items,
    10,
    () => Promise.reject(new Error('full')),
  )
  expect(await call([1])).toEqual([1])
  expect(await call([2])).toEqual([2])
})
