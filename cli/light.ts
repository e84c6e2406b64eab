/**
 * The light client over a site: what the site says of the chain counts only as far as the authorities
 * signed it, and only on the chain that was verified before. The newest verified block is kept in
 * `$AITBC_HOME/chains/GENESIS.json`, whichever site showed it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lightTarget, readLightAnswer, readLightUpdate } from '../core/api/light-json.ts'
import { readMemory, writeMemory } from '../core/api/light-memory.ts'
import { bytesEqual, toHex } from '../core/base/bytes.ts'
import type { Result } from '../core/base/result.ts'
import {
  type AuthoritySet,
  authoritySetHash,
  type Genesis,
  genesisHash,
} from '../core/chain/genesis.ts'
import {
  advanceLight,
  type Checkpoint,
  type LightCode,
  type LightState,
  startLight,
  startLightAt,
} from '../core/chain/light.ts'
import { checkAnswer, type LightFact, type LightSubject } from '../core/chain/light-fact.ts'
import type { Verifier } from '../core/crypto/signature.ts'
import { ClientFault, type ExitCode, exitCodes } from './exit-codes.ts'
import { writePrivateFile } from './home.ts'
import type { SiteClient } from './site-client.ts'

export type LightClient = {
  /** Follows the chain to the site's newest final block; throws where that is not on the known chain. */
  follow(): Promise<LightState>
  /** What the chain shows of a subject. */
  check(subject: LightSubject): Promise<{ readonly fact: LightFact; readonly state: LightState }>
}

type Input = {
  readonly home: string
  readonly genesis: Genesis
  readonly site: Pick<SiteClient, 'json'>
  readonly verifier: Verifier
  /** A final block to begin with, from whom it is trusted. */
  readonly checkpoint: Checkpoint | undefined
}

/** Pieces of a way that one run walks at most. */
const piecesMax = 64

/** Opens what is remembered of the chain, or begins at the checkpoint, or at genesis. */
export function openLight(input: Input): LightClient {
  const { genesis, site, verifier } = input
  const path = join(input.home, 'chains', `${toHex(genesisHash(genesis))}.json`)
  let held: LightState | undefined
  const stand = async (): Promise<LightState> => {
    held ??= recall(path, genesis) ?? (await begin(input))
    return held
  }
  const keep = (state: LightState): LightState => {
    if (state.head.height > (held?.head.height ?? -1)) {
      held = state
      // Another program may have followed further meanwhile.
      const kept = recall(path, genesis)
      if ((kept?.head.height ?? -1) < state.head.height) {
        writePrivateFile(path, writeMemory(genesis, state))
      }
    }
    return state
  }
  return {
    async follow() {
      for (let piece = 0; piece < piecesMax; piece++) {
        const state = await stand()
        const answer = await site.json({ target: `/rpc/light?from=${state.head.height}` })
        const update = read(readLightUpdate(answer))
        const next = keep(trusted(advanceLight(state, update, verifier)))
        if (!update.more) return next
      }
      throw endless()
    },
    async check(subject) {
      for (let piece = 0; piece < piecesMax; piece++) {
        const state = await stand()
        const target = lightTarget(subject, state.head.height)
        if (target === undefined) {
          throw new ClientFault(
            exitCodes.usage,
            'ENCODING_INVALID',
            'these bytes are no transaction',
          )
        }
        const answer = read(readLightAnswer(await site.json({ target })))
        const found = trusted(checkAnswer(state, answer, { subject, verifier }))
        keep(found.state)
        if (found.fact) return { fact: found.fact, state: found.state }
      }
      throw endless()
    },
  }
}

async function begin({ genesis, site, checkpoint }: Input): Promise<LightState> {
  const hash = genesisHash(genesis)
  if (!checkpoint) return trusted(startLight(genesis, hash))
  const authorities = await findSet(genesis, site, checkpoint.authorities)
  return trusted(startLightAt(genesis, hash, { checkpoint, authorities }))
}

/** The set with this hash: anybody may say it, since the hash decides. */
async function findSet(
  genesis: Genesis,
  site: Input['site'],
  hash: Uint8Array,
): Promise<AuthoritySet> {
  const isIt = (set: AuthoritySet) => bytesEqual(authoritySetHash(set), hash)
  if (isIt(genesis.authorities)) return genesis.authorities
  let from = 0
  for (let piece = 0; piece < piecesMax; piece++) {
    const { steps, more } = read(
      readLightUpdate(await site.json({ target: `/rpc/light?from=${from}` })),
    )
    const found = steps.find(({ authorities }) => authorities && isIt(authorities))
    if (found?.authorities) return found.authorities
    from = Number(steps.at(-1)?.header.height ?? 0)
    if (!more) break
  }
  const message = 'the site does not know the authorities of the checkpoint'
  throw new ClientFault(exitCodes.notFound, 'AUTHORITIES_UNKNOWN', message)
}

function recall(path: string, genesis: Genesis): LightState | undefined {
  if (!existsSync(path)) return undefined
  const memory = readMemory(genesis, readFileSync(path, 'utf8'))
  if (memory.ok) return memory.value
  const message = `${path} is damaged; remove it to begin anew at genesis`
  throw new ClientFault(exitCodes.generic, 'STATE_DAMAGED', message)
}

function trusted<T>(result: Result<T, { readonly code: LightCode; readonly message: string }>): T {
  if (result.ok) return result.value
  const { code, message } = result.error
  throw new ClientFault(exitCodeFor(code), code, `not verified: ${message}`)
}

function exitCodeFor(code: LightCode): ExitCode {
  // A site that was cut off comes up with the others again: worth another try.
  if (code === 'HEAD_OLDER') return exitCodes.server
  return code === 'NOT_EXTENDED' || code === 'HEAD_FORKED' ? exitCodes.conflict : exitCodes.generic
}

function read<T>(result: Result<T, { readonly message: string }>): T {
  if (result.ok) return result.value
  throw new ClientFault(exitCodes.server, 'ANSWER_INVALID', result.error.message)
}

const endless = (): ClientFault =>
  new ClientFault(exitCodes.server, 'ANSWER_INVALID', 'the way to the newest block does not end')
