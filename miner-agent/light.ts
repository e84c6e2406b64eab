/**
 * The agent's light client: what a site says of the chain counts only as far as the authorities signed it,
 * and only on the chain that was verified before. The newest verified block is kept in
 * `$AITBC_HOME/chains/GENESIS.json`, the file that the client keeps too.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMemory, writeMemory } from '../core/api/light-memory.ts'
import { toHex } from '../core/base/bytes.ts'
import { err, type Result } from '../core/base/result.ts'
import { type Genesis, genesisHash } from '../core/chain/genesis.ts'
import { advanceLight, type LightFault, type LightState, startLight } from '../core/chain/light.ts'
import { checkAnswer, type LightFinding, type LightSubject } from '../core/chain/light-fact.ts'
import type { Verifier } from '../core/crypto/signature.ts'
import type { ChainClient, ChainFault } from './chain-client.ts'
import { writePrivateFile } from './home.ts'

export type LightClient = {
  /** Follows the chain to the site's newest final block. */
  follow(genesis: Genesis): Promise<Result<LightState, LightFault | ChainFault>>
  /** What the chain shows of a subject. */
  check(
    genesis: Genesis,
    subject: LightSubject,
  ): Promise<Result<LightFinding, LightFault | ChainFault>>
}

/** Pieces of a way that one call walks at most. */
const piecesMax = 64

/** Opens the client; each chain is remembered by itself. */
export function openLight(input: {
  readonly home: string
  readonly chain: Pick<ChainClient, 'lightUpdate' | 'lightProof'>
  readonly verifier: Verifier
}): LightClient {
  const { home, chain, verifier } = input
  const states = new Map<string, LightState>()
  const stand = (genesis: Genesis): Result<LightState, LightFault> => {
    const held = states.get(nameOf(genesis)) ?? recall(home, genesis)
    return held ? { ok: true, value: held } : startLight(genesis, genesisHash(genesis))
  }
  const keep = (genesis: Genesis, state: LightState): void => {
    const known = states.get(nameOf(genesis)) ?? recall(home, genesis)
    if (known && known.head.height >= state.head.height) return
    states.set(nameOf(genesis), state)
    writePrivateFile(pathOf(home, genesis), writeMemory(genesis, state))
  }
  return {
    async follow(genesis) {
      for (let piece = 0; piece < piecesMax; piece++) {
        const state = stand(genesis)
        if (!state.ok) return state
        const update = await chain.lightUpdate(state.value.head.height)
        if (!update.ok) return update
        const next = advanceLight(state.value, update.value, verifier)
        if (!next.ok) return next
        keep(genesis, next.value)
        if (!update.value.more) return next
      }
      return endless()
    },
    async check(genesis, subject) {
      for (let piece = 0; piece < piecesMax; piece++) {
        const state = stand(genesis)
        if (!state.ok) return state
        const answer = await chain.lightProof(subject, state.value.head.height)
        if (!answer.ok) return answer
        const found = checkAnswer(state.value, answer.value, { subject, verifier })
        if (!found.ok) return found
        keep(genesis, found.value.state)
        if (found.value.fact) return found
      }
      return endless()
    },
  }
}

const nameOf = (genesis: Genesis): string => toHex(genesisHash(genesis))

const pathOf = (home: string, genesis: Genesis): string =>
  join(home, 'chains', `${nameOf(genesis)}.json`)

function recall(home: string, genesis: Genesis): LightState | undefined {
  const path = pathOf(home, genesis)
  if (!existsSync(path)) return undefined
  const memory = readMemory(genesis, readFileSync(path, 'utf8'))
  if (memory.ok) return memory.value
  throw new Error(`${path} is damaged; remove it to begin anew at genesis`)
}

const endless = (): Result<never, ChainFault> =>
  err({ code: 'ANSWER_INVALID', message: 'the way to the newest block does not end' })
