/** What a lost address may have meant. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chainMeaningOf, wordsOf } from '../../../pages/not-found/lost.ts'

test.each([
  ['/docs/run_a-miner.html', 'run a miner'],
  ['/Docs//Trade%20Exchange/index.php', 'Trade Exchange'],
  ['/', ''],
  ['/%E0%A4%A/price', 'E0 A4 A price'],
  ['/übersicht/preise', 'übersicht preise'],
])('PAGE-5: the words of %s are “%s”', (path, words) => {
  expect(wordsOf(path)).toBe(words)
})

test('PAGE-5: words are few and hold nothing but letters and figures, whatever the path', () => {
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      const words = wordsOf(path)
      expect(words.length).toBeLessThanOrEqual(80)
      expect(words).toMatch(/^[\p{L}\p{N} ]*$/u)
    }),
  )
})

const hash = `0x${'ab'.repeat(32)}`

test.each([
  ['/lost/12', { kind: 'height', value: '12' }],
  ['/blog/2024/summer', undefined],
  [`/tx/${hash}/details`, { kind: 'hash', value: hash }],
  [
    '/account/aitbc1qs5qqqqqqqqqqqqqqqqqqqq',
    { kind: 'address', value: 'aitbc1qs5qqqqqqqqqqqqqqqqqqqq' },
  ],
  ['/docs/miner.html', undefined],
])('PAGE-5: %s means what it looks like', (path, meaning) => {
  expect(chainMeaningOf(path)).toEqual(meaning)
})
