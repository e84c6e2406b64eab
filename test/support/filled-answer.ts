/**
 * An answer of the endpoint table with every field there: nothing null, no list empty. For tests of what
 * shows such answers; the values are those of the recorded example where it has any.
 */
import type * as z from 'zod'
import type { Endpoint } from '../../core/api/endpoint.ts'
import { answerExamples } from '../../core/api/endpoints/examples.ts'
import { type EndpointId, endpoints } from '../../core/api/endpoints/table.ts'
import { sampleOf } from '../../scripts/mock/sample.ts'

type Row = Endpoint & { readonly id: EndpointId }

/** The row that answers a request, in either spelling. */
export function rowOfRequest(method: string, pathname: string): Row | undefined {
  return rows.find(({ row, pattern }) => row.method === method && pattern.test(pathname))?.row
}

/** `hint`: values that count before those of the example. */
export function filledAnswer(row: Row, hint: object = {}): unknown {
  const schema = row.answers.find((answer) => answer.schema !== undefined)?.schema
  return schema && filled(schema, merged(answerExamples[row.id], hint))
}

const rows = endpoints
  .flatMap((row) =>
    [row.path, ...(row.aliases ?? [])].map((path) => ({
      row,
      varying: path.split('{').length,
      pattern: new RegExp(`^${path.replace(/\{[a-z_]+\}/g, '[^/]+')}$`),
    })),
  )
  .sort((a, b) => a.varying - b.varying)

/** As far as it is looked at. */
type Def = {
  readonly type: string
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly element?: z.ZodType
  readonly innerType?: z.ZodType
  readonly valueType?: z.ZodType
  readonly options?: readonly z.ZodType[]
}

function filled(schema: z.ZodType, hint: unknown): unknown {
  const def = schema._zod.def as unknown as Def
  if (def.innerType !== undefined) return filled(def.innerType, hint ?? undefined)
  switch (def.type) {
    case 'object': {
      const given = asRecord(hint)
      const fields = Object.entries(def.shape ?? {}).map(([name, field]) => [
        name,
        filled(field, given[name]),
      ])
      return { ...given, ...Object.fromEntries(fields) }
    }
    case 'array': {
      const items = Array.isArray(hint) && hint.length > 0 ? hint : [undefined]
      return items.map((item) => filled(def.element as z.ZodType, item))
    }
    case 'record': {
      const given = asRecord(hint)
      if (Object.keys(given).length > 0) return given
      return { something: filled(def.valueType as z.ZodType, undefined) }
    }
    case 'union': {
      const options = def.options ?? []
      const fitting = options.find((option) => hint !== undefined && option.safeParse(hint).success)
      return filled(fitting ?? (options[0] as z.ZodType), hint)
    }
    default:
      return sampleOf(schema, hint)
  }
}

function merged(example: unknown, hint: unknown): unknown {
  if (hint === undefined) return example
  if (Array.isArray(hint)) {
    const items = Array.isArray(example) ? example : []
    return hint.map((item, index) => merged(items[index] ?? items[0], item))
  }
  if (typeof hint !== 'object' || hint === null) return hint
  const given = asRecord(example)
  const entries = Object.entries(hint).map(([name, value]) => [name, merged(given[name], value)])
  return { ...given, ...Object.fromEntries(entries) }
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
