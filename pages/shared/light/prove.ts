/** The chain of this site as this browser has verified it, and how a fact is proven against its newest block. */
import { lightTarget, readLightAnswer } from '../../../core/api/light-json.ts'
import { readMemory } from '../../../core/api/light-memory.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { isLoopback } from '../../../core/base/loopback.ts'
import { type Genesis, genesisHash, parseGenesis } from '../../../core/chain/genesis.ts'
import { type LightState, startLight } from '../../../core/chain/light.ts'
import { checkAnswer, type LightFact, type LightSubject } from '../../../core/chain/light-fact.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { ask, type Cost, refused, sentence, timed } from './ask.ts'
import type { Memory } from './messages.ts'

/** The chain of this site, as far as this browser has verified it. */
export type Chain = { readonly genesis: Genesis; readonly hash: string; state: LightState }

/** A check under way. */
export type Check = { readonly chain: Chain; readonly cost: Cost }

/** Pieces of a way that one check walks at most. */
const piecesMax = 64

let chain: Chain | undefined

/** The chain as this browser knows it; asks for the genesis the first time. Throws a `Refusal`. */
export async function knownChain(memory: Memory | undefined): Promise<Chain> {
  chain ??= await openChain(memory)
  return chain
}

/** Proves a subject against the newest final block. Throws a `Refusal`. */
export async function prove({ chain: at, cost }: Check, subject: LightSubject): Promise<LightFact> {
  for (let piece = 0; piece < piecesMax; piece++) {
    const json = await ask(lightTarget(subject, at.state.head.height) ?? '', cost)
    const found = timed(cost, () => {
      const answer = readLightAnswer(json)
      return answer.ok
        ? checkAnswer(at.state, answer.value, { subject, verifier: nobleVerifier })
        : undefined
    })
    if (!found) {
      throw refused('ANSWER_INVALID', 'The site answered with something that is no proof.')
    }
    if (!found.ok) throw refused(found.error.code, sentence(found.error.message))
    at.state = found.value.state
    if (found.value.fact) return found.value.fact
  }
  throw refused('ANSWER_INVALID', 'The way to the newest block does not end.')
}

async function openChain(memory: Memory | undefined): Promise<Chain> {
  const parsed = parseGenesis(await ask('/rpc/genesis', { proofBytes: 0, workMs: 0 }))
  if (!parsed.ok) throw refused('ANSWER_INVALID', 'The site’s genesis is malformed.')
  const genesis = parsed.value
  const hash = toHex(genesisHash(genesis))
  if (memory && memory.genesis !== hash && !isLoopback(location.hostname)) {
    throw refused(
      'CHAIN_DIFFERENT',
      'The site is on another chain than when this browser first met it. If you trust the change, clear the data of this site.',
    )
  }
  const known = memory?.genesis === hash ? readMemory(genesis, memory.text) : undefined
  if (known?.ok) return { genesis, hash, state: known.value }
  const started = startLight(genesis, genesisHash(genesis))
  if (!started.ok) throw refused(started.error.code, started.error.message)
  return { genesis, hash, state: started.value }
}
