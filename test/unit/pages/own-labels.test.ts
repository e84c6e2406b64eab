/** Labels of one's own: what a file or the storage may hold. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatLabels,
  labelLimits,
  parseLabels,
  tidyLabel,
} from '../../../pages/shared/labels/own-labels.ts'

const address = 'aitbc1qq93vgfvxapy6krrdeucfru65kcth3k3n3x58k'

test('EXP-8: what is written reads back', () => {
  const labels = { [address]: 'Rig in the cellar', [`0x${'a'.repeat(64)}`]: 'first job' }
  expect(parseLabels(formatLabels(labels))).toEqual(labels)
})

test('EXP-8: no text whatever makes reading throw, or gives a label that is not tidy', () => {
  const value = fc.oneof(fc.constant(address), fc.string(), fc.constant('__proto__'))
  const file = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(value, fc.oneof(fc.string({ unit: 'grapheme' }), fc.anything())).map((labels) => {
      try {
        return JSON.stringify({ labels })
      } catch {
        return ''
      }
    }),
  )
  fc.assert(
    fc.property(file, (text) => {
      const labels = parseLabels(text) ?? {}
      expect(Object.getPrototypeOf(labels)).toBe(Object.prototype)
      for (const [of, label] of Object.entries(labels)) {
        expect(of).toMatch(/^(?:0x)?[0-9a-z]{32,200}$/)
        expect(label).toBe(tidyLabel(label))
        expect(label.length).toBeGreaterThan(0)
        expect(label.length).toBeLessThanOrEqual(labelLimits.labelChars)
      }
    }),
  )
})

test('EXP-8: a label is one line that neither hides nor turns what stands beside it', () => {
  expect(tidyLabel(' a\n\tb\u202e\u200bc ')).toBe('a b c')
  expect(tidyLabel('x'.repeat(100))).toHaveLength(labelLimits.labelChars)
  const many = Object.fromEntries(
    Array.from({ length: labelLimits.labelsMax + 5 }, (_, n) => [`${n}`.padStart(40, 'a'), 'x']),
  )
  expect(Object.keys(parseLabels(JSON.stringify({ labels: many })) ?? {})).toHaveLength(
    labelLimits.labelsMax,
  )
})
