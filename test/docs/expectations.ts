/** Whether a program said what a page shows. Each function returns what is missing, or undefined. */

/** Each line of `shown` must occur in `output`, in this order; `…` stands for anything. */
export function missingLine(shown: string, output: string): string | undefined {
  const lines = output.split('\n')
  let from = 0
  for (const line of shown.split('\n').filter((text) => text.trim() !== '')) {
    const pattern = wildcard(line.trim())
    const at = lines.findIndex((candidate, index) => index >= from && pattern.test(candidate))
    if (at < 0) return `no line “${line.trim()}” from line ${from + 1} of the output on`
    from = at + 1
  }
  return undefined
}

/** `output` must be JSON with everything that `shown` has; `"…"` stands for any value. */
export function missingField(shown: string, output: string): string | undefined {
  // npm names the script that it runs in lines of its own.
  const text = output.replace(/^(?:> .*|)\n/gm, '')
  try {
    return difference(JSON.parse(shown), JSON.parse(text), '')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function difference(shown: unknown, found: unknown, at: string): string | undefined {
  if (shown === '…') return found === undefined ? `nothing at ${at}` : undefined
  if (typeof shown === 'string' && shown.includes('…')) {
    const fits = typeof found === 'string' && wildcard(shown, '^', '$').test(found)
    return fits ? undefined : `${at}: ${JSON.stringify(found)} does not fit ${shown}`
  }
  if (typeof shown !== 'object' || shown === null) {
    return shown === found ? undefined : `${at}: ${JSON.stringify(found)}, not ${shown}`
  }
  if (
    typeof found !== 'object' ||
    found === null ||
    Array.isArray(shown) !== Array.isArray(found)
  ) {
    return `${at || 'the whole'}: ${JSON.stringify(found)}`
  }
  for (const [key, value] of Object.entries(shown)) {
    const missing = difference(value, (found as Record<string, unknown>)[key], `${at}.${key}`)
    if (missing !== undefined) return missing
  }
  return undefined
}

function wildcard(text: string, begin = '', end = ''): RegExp {
  const parts = text.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(begin + parts.join('.*') + end)
}
