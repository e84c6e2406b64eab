/** Contrast of colours by WCAG 2, and the least that the design tokens must reach. */

export type Theme = 'light' | 'dark'

export type ContrastRule = {
  /** Token of the text or outline. */
  readonly text: string
  /** Tokens that it stands on. */
  readonly on: readonly string[]
  readonly least: 3 | 4.5 | 7
}

/** Figures reach AAA wherever they stand, other text AA, outlines what WCAG asks of controls. */
export const contrastRules: readonly ContrastRule[] = [
  { text: 'figure', on: ['ground', 'surface', 'sunken', 'same', 'caution-soft'], least: 7 },
  { text: 'figure', on: ['accent-soft', 'failure-soft'], least: 7 },
  { text: 'ink', on: ['ground', 'surface', 'sunken'], least: 7 },
  { text: 'muted', on: ['ground', 'surface', 'sunken'], least: 4.5 },
  { text: 'accent', on: ['ground', 'surface', 'sunken', 'same', 'accent-soft'], least: 4.5 },
  { text: 'accent-hover', on: ['ground', 'surface', 'sunken'], least: 4.5 },
  { text: 'on-accent', on: ['accent', 'accent-hover'], least: 4.5 },
  { text: 'surface', on: ['accent'], least: 4.5 },
  { text: 'failure', on: ['ground', 'surface', 'sunken', 'failure-soft'], least: 4.5 },
  { text: 'caution', on: ['ground', 'surface', 'sunken', 'caution-soft'], least: 4.5 },
  { text: 'edge', on: ['ground', 'surface', 'sunken'], least: 3 },
]

/** Ratio of two `#rrggbb` colours, from 1 to 21. */
export function contrast(a: string, b: string): number {
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
