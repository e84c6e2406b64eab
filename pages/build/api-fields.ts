/** JSON Schema of the OpenAPI document as rows that a person reads: name, type, what it means, its bounds. */
import { escapeHtml } from './html.ts'

type Schema = { readonly [key: string]: unknown }

/** Named schemas of the document. */
export type Components = Readonly<Record<string, Schema>>

type Row = {
  readonly name: string
  readonly depth: number
  readonly schema: Schema
  readonly required: boolean
}

/** Names of values, not of shapes: said in a word, never unfolded. */
const isValue = (schema: Schema): boolean => schema['type'] !== 'object' && !schema['anyOf']

/** A table of fields; `rows` under one another, those of nested objects further in. */
export function fieldTable(schema: Schema, components: Components, label: string): string {
  const rows = rowsOf(resolve(schema, components), components, 0)
  if (rows.length === 0) return ''
  const body = rows
    .map(({ name, depth, schema: field, required }) => {
      const optional = required ? '' : ' <span class="optional">optional</span>'
      const inside = depth === 0 ? '' : ` data-depth="${depth}"`
      return `<tr${inside}><td><code>${escapeHtml(name)}</code>${optional}</td><td>${typeOf(field, components)}</td><td>${meaningOf(field, components)}</td></tr>`
    })
    .join('')
  return `<table class="fields"><caption class="visually-hidden">${escapeHtml(label)}</caption><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning and bounds</th></tr></thead><tbody>${body}</tbody></table>`
}

/** Alternatives of a schema, each with what it is called; one for a schema without any. */
export function alternativesOf(
  schema: Schema,
  components: Components,
): readonly { readonly title: string; readonly schema: Schema }[] {
  const resolved = resolve(schema, components)
  const options = (resolved['anyOf'] ?? resolved['oneOf']) as readonly Schema[] | undefined
  const shapes = options?.filter((option) => resolve(option, components)['type'] !== 'null')
  if (!shapes || shapes.length < 2) return [{ title: '', schema: shapes?.[0] ?? schema }]
  return shapes.map((option, index) => ({
    title: nameOf(option) ?? `Form ${index + 1}`,
    schema: option,
  }))
}

/** The schema behind a reference, with what stands beside the reference. */
export function resolve(schema: Schema, components: Components): Schema {
  const name = nameOf(schema)
  if (name === undefined) return schema
  const { $ref: _ref, ...beside } = schema
  return { ...components[name], ...beside }
}

/** Name of the component that a schema refers to. */
const nameOf = (schema: Schema): string | undefined =>
  typeof schema['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) : undefined

function rowsOf(schema: Schema, components: Components, depth: number): Row[] {
  const inner = insideOf(schema, components)
  if (!inner) return []
  const required = new Set((inner['required'] as readonly string[] | undefined) ?? [])
  const properties = (inner['properties'] ?? {}) as Readonly<Record<string, Schema>>
  return Object.entries(properties).flatMap(([name, field]) => [
    { name, depth, schema: field, required: required.has(name) },
    ...rowsOf(resolve(field, components), components, depth + 1),
  ])
}

/** The object whose fields are shown: itself, the items of a list, or the one shape beside null. */
function insideOf(schema: Schema, components: Components): Schema | undefined {
  if (schema['properties']) return schema
  if (schema['items']) return insideOf(resolve(schema['items'] as Schema, components), components)
  const options = (schema['anyOf'] ?? []) as readonly Schema[]
  const shapes = options
    .map((option) => resolve(option, components))
    .filter((option) => !isValue(option))
  return shapes.length === 1 ? insideOf(shapes[0] as Schema, components) : undefined
}

/** The type in a few words. */
export function typeOf(schema: Schema, components: Components): string {
  const name = nameOf(schema)
  const resolved = resolve(schema, components)
  if (name !== undefined && isValue(resolved) && valueNames[name]) return valueNames[name]
  if ('const' in resolved) return `<code>${escapeHtml(JSON.stringify(resolved['const']))}</code>`
  const options = (resolved['anyOf'] ?? resolved['oneOf']) as readonly Schema[] | undefined
  if (options) return [...new Set(options.map((each) => typeOf(each, components)))].join(' or ')
  if (resolved['type'] === 'array') {
    const items = resolved['items'] as Schema | undefined
    const item = items ? typeOf(items, components) : ''
    return item === '' || item === 'nothing' ? 'list' : `list of ${item}`
  }
  const { type } = resolved
  if (Array.isArray(type)) return type.map((each) => words[String(each)] ?? each).join(' or ')
  return words[String(type)] ?? 'any JSON'
}

/** How values with a name of their own are called. */
const valueNames: Readonly<Record<string, string>> = {
  Hash: 'hash',
  PublicKey: 'public key',
  Signature: 'signature',
  Address: 'address',
  HexBytes: 'hex',
  Units: 'base units',
  LegacyTime: 'time (UTC, no zone)',
  Time: 'time',
  JobId: 'id',
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'object',
  null: 'null',
}

/** Description and constraints in words. */
export function meaningOf(schema: Schema, components: Components): string {
  const resolved = resolve(schema, components)
  const isNamedValue = nameOf(schema) !== undefined && isValue(resolved)
  const said = isNamedValue
    ? (schema['description'] as string | undefined)
    : resolved['description']
  const bounds = isNamedValue && !resolved['enum'] ? [] : boundsOf(resolved, components)
  const parts = [typeof said === 'string' ? said : '', ...bounds].filter((part) => part !== '')
  return parts.map((part) => (part.startsWith('<') ? part : sentence(part))).join('. ')
}

function boundsOf(schema: Schema, components: Components): string[] {
  const number = (key: string) => schema[key] as number | undefined
  const items = number('maxItems')
  const own = [
    schema['enum'] ? `One of ${(schema['enum'] as unknown[]).join(', ')}` : '',
    between(number('minimum'), number('maximum')),
    number('exclusiveMinimum') === undefined ? '' : `Above ${number('exclusiveMinimum')}`,
    number('minLength') ? `At least ${number('minLength')} characters` : '',
    number('maxLength') ? `At most ${figure(number('maxLength') as number)} characters` : '',
    items ? `At most ${figure(items)} items` : '',
    schema['default'] === undefined ? '' : `Default ${JSON.stringify(schema['default'])}`,
  ]
  const options = (schema['anyOf'] ?? []) as readonly Schema[]
  const inner = options
    .map((option) => resolve(option, components))
    .filter((option) => option['type'] !== 'null' && !option['properties'])
    .flatMap((option) => boundsOf(option, components))
  return [...own, ...inner].filter((part) => part !== '')
}

function between(least: number | undefined, most: number | undefined): string {
  if (most !== undefined) {
    return least === undefined ? `At most ${figure(most)}` : `${figure(least)} to ${figure(most)}`
  }
  // Counts are never negative: not worth a word.
  return least === undefined || least === 0 ? '' : `From ${figure(least)}`
}

/** Thousands apart, as people write them. */
const figure = (value: number): string => value.toLocaleString('en-US').replaceAll(',', '\u2009')

/** Text as HTML, what stands in backticks as code. */
export const sentence = (text: string): string =>
  escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')
