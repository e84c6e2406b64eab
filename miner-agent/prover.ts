/** Proofs of settlements: asked of the site, believed only as far as the light client does. */
import type { LightClient } from './light.ts'
import type { ProvenOutcome, SettlerOptions } from './settler.ts'

/** What a site can mend by itself, or could not say: worth asking again. */
const passing: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'NOT_FOUND',
  'REFUSED',
  'ANSWER_INVALID',
  'HEAD_OLDER',
])

/** Builds the prover over a light client. */
export function createProver(light: Pick<LightClient, 'check'>): SettlerOptions['prove'] {
  return async ({ genesis, transaction }) => {
    const found = await light.check(genesis, { kind: 'transaction', hash: transaction })
    if (!found.ok) {
      const { code, message } = found.error
      if (passing.has(code)) return unproven(message)
      return { kind: 'false', message: `${code}: ${message}` }
    }
    const { fact } = found.value
    if (fact?.kind !== 'transaction') return unproven('the proof is of something else')
    return { kind: 'proven', outcome: fact.outcome, blockHeight: fact.block.height }
  }
}

function unproven(message: string): ProvenOutcome {
  return { kind: 'unproven', message }
}
