/** Notices that something is done: how many, for how long. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  afterMs,
  type Toast,
  toastLimits,
  withoutToast,
  withToast,
} from '../../../pages/shared/ui/toast-queue.ts'

const queueOf = (...texts: readonly string[]) =>
  texts.reduce<readonly Toast[]>((queue, text, id) => withToast(queue, id, text), [])
const textsOf = (queue: readonly Toast[]) => queue.map(({ text }) => text)

test('UI-10: the oldest notice goes when there are too many', () => {
  expect(textsOf(queueOf('a', 'b', 'c', 'd'))).toEqual(['b', 'c', 'd'])
})

test('UI-10: a notice that is still there is not said twice, and stays longer', () => {
  const once = afterMs(queueOf('a', 'b'), 1_000)
  const again = withToast(once, 9, 'a')
  expect(textsOf(again)).toEqual(['b', 'a'])
  expect(again.at(-1)?.leftMs).toBe(toastLimits.stayMs)
})

test('UI-10: no flood of notices is too much', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 500 })), (texts) => {
      const queue = queueOf(...texts)
      expect(queue.length).toBeLessThanOrEqual(toastLimits.shownMax)
      for (const { text } of queue) expect(text.length).toBeLessThanOrEqual(toastLimits.textMax + 1)
      expect(new Set(textsOf(queue)).size).toBe(queue.length)
    }),
  )
})

test('UI-11: a notice goes by itself when its time is over, and earlier when dismissed', () => {
  const queue = queueOf('a')
  expect(textsOf(afterMs(queue, toastLimits.stayMs - 1))).toEqual(['a'])
  expect(afterMs(queue, toastLimits.stayMs)).toEqual([])
  expect(withoutToast(queue, 0)).toEqual([])
})
