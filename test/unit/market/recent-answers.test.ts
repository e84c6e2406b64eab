import { expect, test } from 'vitest'
import { recentAnswers } from '../../../workers/recent-answers.ts'

test('MARKETHTTP-5: what was counted a moment ago is not counted again, and says when it was', async () => {
  const recent = recentAnswers<number>({ keptMs: 5_000, max: 2 })
  let count = 0
  const ask = async (key: string, nowMs: number) =>
    recent({ key, nowMs }, async () => {
      count += 1
      return count
    })
  expect(await ask('a', 1_000)).toEqual({ answer: 1, atMs: 1_000 })
  expect(await ask('a', 5_999)).toEqual({ answer: 1, atMs: 1_000 })
  expect(await ask('a', 6_000)).toEqual({ answer: 2, atMs: 6_000 })
  expect(await ask('a', 1_000)).toEqual({ answer: 3, atMs: 1_000 })
  await ask('b', 1_000)
  await ask('c', 1_000)
  expect((await ask('a', 1_000)).answer).toBe(6)
})

test('MARKETHTTP-5: a failure is nobody else’s answer', async () => {
  const recent = recentAnswers<number>({ keptMs: 5_000, max: 2 })
  const fail = recent({ key: 'a', nowMs: 1 }, () => Promise.reject(new Error('away')))
  await expect(fail).rejects.toThrow('away')
  expect((await recent({ key: 'a', nowMs: 2 }, async () => 7)).answer).toBe(7)
})
