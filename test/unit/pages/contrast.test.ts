/** The colours of the design tokens against each other, in both themes (WCAG 2 relative luminance). */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { contrast, contrastRules } from '../../../pages/design/contrast.ts'
import { colourTokens, tokensOf } from '../../../pages/design/read-tokens.ts'
import { inRoot } from '../../../scripts/setup/paths.ts'

const css = readFileSync(inRoot('pages', 'shared', 'styles', 'tokens.css'), 'utf8')
const tokens = new Map(colourTokens(css).map((token) => [token.name, token]))

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  test.each(contrastRules)('UI-21: $text on $on has a contrast of $least or more', (rule) => {
    for (const surface of rule.on) {
      const ratio = contrast(colour(rule.text, theme), colour(surface, theme))
      expect(ratio, `${rule.text} on ${surface}`).toBeGreaterThanOrEqual(rule.least)
    }
  })
})

test('UI-21: the measure is that of WCAG', () => {
  expect(contrast('#000000', '#ffffff')).toBe(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(contrast('#123456', '#123456')).toBe(1)
})

test('UI-21: every colour of text is measured, and every token is read', () => {
  const declared = [...css.matchAll(/--([a-z-]+): light-dark\(/g)].map(([, name]) => name)
  expect([...tokens.keys()]).toEqual(declared)
  const decorations = ['hairline', 'accent-soft', 'failure-soft', 'caution-soft', 'same']
  const surfaces = ['ground', 'sunken']
  const measured = new Set(contrastRules.map(({ text }) => text))
  const left = declared.filter((name) => !measured.has(name!))
  expect(left.sort()).toEqual([...decorations, ...surfaces].sort())
  expect(tokensOf(css, 'text-')).toHaveLength(6)
  expect(tokensOf(css, 'motion')[0]?.value).toMatch(/^\d{2,3}ms/)
})

function colour(name: string, theme: 'light' | 'dark'): string {
  const pair = tokens.get(name)
  if (!pair) throw new Error(`no token --${name}`)
  return pair[theme]
}
