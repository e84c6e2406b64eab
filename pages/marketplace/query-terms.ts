/**
 * Edits of a query as text: facets, sorting and links write terms into what was typed and leave the rest as it
 * stands. What a query means is the site's business; here a term is a name, an operator and values.
 */

/** Pieces of a query between spaces; quotes hold pieces together, and a sign holds on to what is around it. */
const pieces = (query: string): readonly string[] =>
  (query.match(/"[^"]*"?|[A-Za-z_]\w*\s*(?:<=|>=|!=|=|~|<|>)\s*|[^\s"]+|\s+/g) ?? [])
    .map((part) =>
      part.startsWith('"') ? part : part.replaceAll(/\s+/g, /\S/.test(part) ? '' : ' '),
    )
    .join('')
    .match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []

const termPattern = /^([a-z_]+)(<=|>=|!=|=|~|<|>)(.*)$/is

type Term = { readonly name: string; readonly operator: string; readonly values: string }

function termOf(piece: string): Term | undefined {
  const [, name, operator, values] = termPattern.exec(piece) ?? []
  return name === undefined || operator === undefined || values === undefined
    ? undefined
    : { name: name.toLowerCase(), operator, values }
}

/** Values that `name` is to have, by its first term with this operator. */
export function valuesOf(query: string, name: string, operator = '='): readonly string[] {
  const found = pieces(query)
    .map(termOf)
    .find((term) => term?.name === name && term.operator === operator)
  return found ? splitValues(found.values) : []
}

/** The query with these values for a name and operator; without values the term goes. */
export function withValues(
  query: string,
  name: string,
  values: readonly string[],
  operator = '=',
): string {
  const isIt = (piece: string) => {
    const term = termOf(piece)
    return term?.name === name && term.operator === operator
  }
  const all = pieces(query)
  const kept = all.filter((piece) => !isIt(piece))
  if (values.length === 0) return kept.join(' ')
  const term = `${name}${operator}${values.map(quoted).join(',')}`
  const place = all.findIndex(isIt)
  const before = place === -1 ? kept.length : all.slice(0, place).filter((p) => !isIt(p)).length
  return [...kept.slice(0, before), term, ...kept.slice(before)].join(' ')
}

/** The query with one value more, or one less where it is there. */
export function withToggled(query: string, name: string, value: string): string {
  const now = valuesOf(query, name)
  const isValue = (each: string) => each.toLowerCase() === value.toLowerCase()
  const next = now.some(isValue) ? now.filter((each) => !isValue(each)) : [...now, value]
  return withValues(query, name, next)
}

const splitValues = (values: string): readonly string[] =>
  (values.match(/(?:[^,"]|"[^"]*"?)+/g) ?? []).map((value) => value.replaceAll('"', ''))

const quoted = (value: string): string =>
  /[\s,"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value
