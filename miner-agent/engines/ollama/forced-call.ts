/**
 * Calls that must come. Ollama has no word for them, but holds answers to a JSON schema: here to that of a
 * call. What then comes is text, or a call where the model's template writes calls in this very form.
 */
import { type JobTool, type ToolCall, toolCallsSchema } from '../../../core/jobs/job-options.ts'

type Schema = Readonly<Record<string, unknown>>

/** The schema of one call of one of these functions. */
export function formatOfCall(tools: readonly JobTool[]): Schema {
  const calls = tools.map(({ name, parameters }, index) => ({
    type: 'object',
    properties: {
      name: { type: 'string', enum: [name] },
      arguments: moved(parameters ?? { type: 'object' }, `#/$defs/${index}`),
    },
    required: ['name', 'arguments'],
    additionalProperties: false,
  }))
  const [only] = calls
  const shape = calls.length === 1 && only ? only : { anyOf: calls }
  const defs = tools.map(({ parameters }, index) => [
    String(index),
    moved(parameters ?? {}, `#/$defs/${index}`),
  ])
  return hasReference(shape) ? { ...shape, $defs: Object.fromEntries(defs) } : shape
}

/** The call that such an answer is; undefined when it is none, as after a limit. */
export function callOfText(text: string): readonly ToolCall[] | undefined {
  try {
    const { name, arguments: given } = JSON.parse(text) as Record<string, unknown>
    const read = toolCallsSchema.safeParse([{ name, arguments: given }])
    return read.success ? read.data : undefined
  } catch {
    return undefined
  }
}

/** References are read from the root, which is somewhere else now. */
function moved(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((each) => moved(each, root))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === '$ref' && typeof each === 'string' && each.startsWith('#')
        ? root + each.slice(1)
        : moved(each, root),
    ]),
  )
}

const hasReference = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).some(
    ([key, each]) => (key === '$ref' && typeof each === 'string') || hasReference(each),
  )
