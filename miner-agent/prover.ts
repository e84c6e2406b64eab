/** Proofs of settlements: asked of the site, believed only by the authorities' signatures. */
import type { Genesis } from '../core/chain/genesis.ts'
import { verifyProof } from '../core/chain/proof.ts'
import type { ChainClient } from './chain-client.ts'
import type { ProvenOutcome, SettlerOptions } from './settler.ts'
import { nodeVerifier } from './verifier.ts'

/** Builds the prover over a site's `/rpc/proof`. */
export function createProver(chain: Pick<ChainClient, 'proof'>): SettlerOptions['prove'] {
  const verifier = nodeVerifier()
  return async ({ genesis, transaction }: { genesis: Genesis; transaction: Uint8Array }) => {
    const proof = await chain.proof(transaction)
    if (!proof.ok) return unproven(proof.error.message)
    const subject = { kind: 'transaction', hash: transaction } as const
    const fact = verifyProof({ genesis, proof: proof.value, subject, verifier })
    if (!fact.ok) return { kind: 'false', message: `${fact.error.code}: ${fact.error.message}` }
    if (fact.value.kind !== 'transaction') return unproven('the proof is of something else')
    const { outcome, block } = fact.value
    return { kind: 'proven', outcome, blockHeight: block.height }
  }
}

function unproven(message: string): ProvenOutcome {
  return { kind: 'unproven', message }
}
