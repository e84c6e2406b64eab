import { expect, test } from 'vitest'
import { openGroup } from '../../../durable-objects/coordinator/grouping.ts'

test('DUR-4: events that wait share commits in their order, and nobody waits for all of a crowd', async () => {
  const ran: number[] = []
  const inCommit: number[] = []
  const group = openGroup(async () => {
    inCommit.push(ran.length)
    await Promise.resolve()
  })
  const answers = Array.from({ length: 300 }, (_, n) => group(() => ran.push(n)))
  await Promise.all(answers)
  expect(ran).toEqual(Array.from({ length: 300 }, (_, n) => n))
  const sizes = inCommit.map((until, at) => until - (inCommit[at - 1] ?? 0))
  expect(sizes).toEqual([1, 128, 128, 43])
})

test('DUR-4: one that throws rejects for its caller alone', async () => {
  const group = openGroup(async () => undefined)
  const first = group(() => 1)
  const bad = group(() => {
    throw new Error('no')
  })
  const last = group(() => 3)
  await expect(bad).rejects.toThrow('no')
  expect(await Promise.all([first, last])).toEqual([1, 3])
})
