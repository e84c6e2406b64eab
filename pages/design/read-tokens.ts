/** Reads the design tokens out of their style sheet, so that what is shown is what is in force. */

export type ColourToken = { readonly name: string; readonly light: string; readonly dark: string }
export type SizeToken = { readonly name: string; readonly value: string }

/** Colours that are a pair of light and dark, in order. */
export function colourTokens(css: string): readonly ColourToken[] {
  const pairs = css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)
  return [...pairs].map(([, name = '', light = '', dark = '']) => ({ name, light, dark }))
}

/** Tokens whose name begins so: `text-`, `space-`, `motion`. */
export function tokensOf(css: string, start: string): readonly SizeToken[] {
  const found = [...css.matchAll(/--([a-z0-9-]+): ([^;]+);/g)]
  const seen = new Map<string, string>()
  for (const [, name = '', value = ''] of found) {
    // The first is the rule, later ones are its exceptions, such as for reduced motion.
    if (name.startsWith(start) && !seen.has(name)) seen.set(name, value)
  }
  return [...seen].map(([name, value]) => ({ name, value }))
}
