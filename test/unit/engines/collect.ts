/**
 * Runs one answer to its end, for tests of any engine.
 */
import type {
  Delta,
  Engine,
  GenerateRequest,
  LastDelta,
} from '../../../miner-agent/engines/engine.ts'

export type Collected = {
  readonly deltas: readonly Delta[]
  readonly text: string
  readonly last: LastDelta
}

export async function collect(
  engine: Engine,
  request: GenerateRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<Collected> {
  const deltas: Delta[] = []
  for await (const delta of engine.generate(request, { signal })) deltas.push(delta)
  const last = deltas.at(-1)
  if (last?.finish === undefined) throw new Error('the answer has no last delta')
  return { deltas, text: deltas.map((delta) => delta.text).join(''), last }
}

export function question(content: string): GenerateRequest {
  return { model: 'aitbc-tiny', messages: [{ role: 'user', content }] }
}
