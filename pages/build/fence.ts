/**
 * The words after the three backticks of a fenced block: `sh run site with="ollama" exit=2`. They say
 * how a page shows the block and how a test runs it.
 */

export type Fence = {
  /** The first word; empty when the block says nothing. */
  readonly language: string
  /** Words without a value, such as `run` or `site`. */
  readonly words: ReadonlySet<string>
  /** Words with a value, such as `as="job.mjs"`. */
  readonly values: ReadonlyMap<string, string>
}

const wordPattern = /([a-z]+)(?:=(?:"([^"]*)"|([^\s"]+)))?(?:\s+|$)/gy

/** Reads the words; undefined when they are not of this form. */
export function parseFence(info: string): Fence | undefined {
  const text = info.trim()
  const [language = ''] = text.split(/\s+/)
  const rest = text.slice(language.length).trim()
  const words = new Set<string>()
  const values = new Map<string, string>()
  let end = 0
  for (const match of rest.matchAll(wordPattern)) {
    const [all, name = '', quoted, bare] = match
    const value = quoted ?? bare
    if (value === undefined) words.add(name)
    else values.set(name, value)
    end = match.index + all.length
  }
  return end === rest.length ? { language, words, values } : undefined
}
