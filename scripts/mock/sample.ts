/**
 * A value that satisfies a schema of the endpoint table, as near as it can be to one that is given: what
 * fits of it stays, what does not is made up. So that every row answers in its shape, also one that was
 * added yesterday.
 */
import { sample, stringMatching } from 'fast-check'
import type * as z from 'zod'

/** Zod's own description of a schema, as far as it is looked at. */
type Def = {
  readonly type: string
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly element?: z.ZodType
  readonly options?: readonly z.ZodType[]
  readonly innerType?: z.ZodType
  readonly out?: z.ZodType
  readonly left?: z.ZodType
  readonly right?: z.ZodType
  readonly values?: readonly unknown[]
  readonly entries?: Readonly<Record<string, unknown>>
  readonly items?: readonly z.ZodType[]
  readonly getter?: () => z.ZodType
}

/** The value; throws when no value is known that fits, which a test makes sure never happens. */
export function sampleOf(schema: z.ZodType, hint?: unknown): unknown {
  if (hint !== undefined && schema.safeParse(hint).success) return hint
  const made = make(schema, hint)
  if (schema.safeParse(made).success) return made
  const plain = make(schema, undefined)
  const parsed = schema.safeParse(plain)
  if (parsed.success) return plain
  throw new Error(`no sample: ${JSON.stringify(parsed.error.issues.slice(0, 3))}`)
}

function make(schema: z.ZodType, hint: unknown): unknown {
  const def = schema._zod.def as unknown as Def
  switch (def.type) {
    case 'object':
      return makeObject(def.shape ?? {}, hint)
    case 'array':
      return makeArray(schema, def.element as z.ZodType, hint)
    case 'tuple':
      return (def.items ?? []).map((item) => sampleOf(item))
    case 'union':
      return makeUnion(def.options ?? [], hint)
    case 'intersection':
      return {
        ...(make(def.left as z.ZodType, hint) as object),
        ...(make(def.right as z.ZodType, hint) as object),
      }
    case 'nullable':
      return hint === undefined || hint === null ? null : sampleOf(def.innerType as z.ZodType, hint)
    case 'optional':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
    case 'nonoptional':
      return sampleOf(def.innerType as z.ZodType, hint)
    case 'lazy':
      return sampleOf((def.getter as () => z.ZodType)(), hint)
    case 'pipe':
      return sampleOf(def.out as z.ZodType, hint)
    case 'literal':
      return def.values?.[0]
    case 'enum':
      return Object.values(def.entries ?? {})[0]
    case 'boolean':
      return false
    case 'record':
      return {}
    case 'number':
      return numbers.find((value) => schema.safeParse(value).success)
    case 'string':
      return texts.find((value) => schema.safeParse(value).success) ?? spelled(schema)
    default:
      return null
  }
}

function makeObject(shape: Readonly<Record<string, z.ZodType>>, hint: unknown) {
  const given = (typeof hint === 'object' && hint !== null ? hint : {}) as Record<string, unknown>
  const entries = Object.entries(shape).flatMap(([name, field]) => {
    const isOptional = field.safeParse(undefined).success
    if (isOptional && given[name] === undefined) return []
    return [[name, sampleOf(field, given[name])] as const]
  })
  return Object.fromEntries(entries)
}

function makeArray(schema: z.ZodType, element: z.ZodType, hint: unknown): unknown[] {
  if (Array.isArray(hint)) return hint.map((each) => sampleOf(element, each))
  for (let length = 0; length < 4; length += 1) {
    const made = Array.from({ length }, () => sampleOf(element))
    if (schema.safeParse(made).success) return made
  }
  return []
}

/** The option that keeps most of the hint: the first one that can be made from it. */
function makeUnion(options: readonly z.ZodType[], hint: unknown): unknown {
  for (const option of options) {
    try {
      const made = sampleOf(option, hint)
      if (option.safeParse(made).success) return made
    } catch {
      // Another option may do.
    }
  }
  return undefined
}

/** Text that a pattern of the schema asks for, always the same. */
function spelled(schema: z.ZodType): string | undefined {
  const { checks = [] } = schema._zod.def as { readonly checks?: readonly z.core.$ZodCheck[] }
  for (const check of checks) {
    const { pattern } = check._zod.def as { readonly pattern?: RegExp }
    if (!(pattern instanceof RegExp)) continue
    const [text] = sample(stringMatching(pattern), { numRuns: 1, seed: 1 })
    if (schema.safeParse(text).success) return text
  }
  return undefined
}

const numbers: readonly number[] = [1, 0, 200, 400, 1_024, 4_096, 0.5, -1]
const hex = '0123456789abcdef'
/** How texts of the table are spelled, the plainest last. */
const texts: readonly string[] = [
  `0x${hex.repeat(4)}`,
  hex.repeat(4),
  hex.repeat(2),
  hex.repeat(8),
  'aitbc1clqm3rtn88ggfs23nvnjz2plffny0ml47dwhax',
  '2026-02-14T12:00:00.000000',
  '2026-02-14T12:00:00.000Z',
  '2026-02-14',
  '1000',
  '1.000000',
  'c9c3d1c4-5a52-8a3a-9d0f-6a1f0e2b7c11',
  'http://localhost:8090',
  'someone@example.org',
  'mock',
  '',
]
