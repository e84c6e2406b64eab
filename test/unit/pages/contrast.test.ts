/** The colours of the design tokens against each other, in both themes (WCAG 2 relative luminance). */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { inRoot } from '../../../scripts/setup/paths.ts'

const css = readFileSync(inRoot('pages', 'shared', 'styles', 'tokens.css'), 'utf8')
const tokens = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name, light, dark]) => [name!, { light: light!, dark: dark! }],
  ),
)

/** Each text colour with the surfaces that it stands on, and the least contrast there. */
const rules = [
  { text: 'figure', on: ['ground', 'surface', 'sunken', 'same', 'caution-soft'], least: 7 },
  { text: 'ink', on: ['ground', 'surface', 'sunken'], least: 7 },
  { text: 'muted', on: ['ground', 'surface', 'sunken'], least: 4.5 },
  { text: 'accent', on: ['ground', 'surface', 'sunken', 'same'], least: 4.5 },
  { text: 'on-accent', on: ['accent', 'accent-hover'], least: 4.5 },
  { text: 'failure', on: ['ground', 'surface', 'sunken', 'failure-soft'], least: 4.5 },
  { text: 'caution', on: ['ground', 'surface', 'sunken', 'caution-soft'], least: 4.5 },
  // Outlines of fields and buttons.
  { text: 'edge', on: ['ground', 'surface'], least: 3 },
] as const

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  test.each(rules)('$text has a contrast of $least or more', ({ text, on, least }) => {
    for (const surface of on) {
      const ratio = contrast(colour(text, theme), colour(surface, theme))
      expect(ratio, `${text} on ${surface}`).toBeGreaterThanOrEqual(least)
    }
  })
})

function colour(name: string, theme: 'light' | 'dark'): string {
  const pair = tokens.get(name)
  if (!pair) throw new Error(`no token --${name}`)
  return pair[theme]
}

function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
