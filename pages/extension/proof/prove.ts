/** A balance as the chain shows it: the light client of core, asking the site of the pinned network. */
import { lightTarget, readLightAnswer } from '../../../core/api/light-json.ts'
import { readMemory, writeMemory } from '../../../core/api/light-memory.ts'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { type Genesis, genesisHash, parseGenesis } from '../../../core/chain/genesis.ts'
import { type LightState, startLight } from '../../../core/chain/light.ts'
import { checkAnswer, type LightSubject } from '../../../core/chain/light-fact.ts'
import { parseAddress } from '../../../core/crypto/address.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import type { ProofReply, ProofRequest, Proven } from './messages.ts'

/** Pieces of a way that one check walks at most, and how long a site may take. */
const limits = { piecesMax: 64, requestMsMax: 10_000 } as const

/** Never rejects. */
export async function prove(request: ProofRequest): Promise<ProofReply> {
  try {
    return await walk(request)
  } catch (error) {
    const proven = unverifiable(error instanceof Error ? error.message : String(error))
    return { proven, memory: undefined }
  }
}

async function walk(request: ProofRequest): Promise<ProofReply> {
  const address = parseAddress(request.address)
  if (!address.ok) return { proven: unverifiable(address.error.message), memory: undefined }
  const genesis = await genesisOf(request)
  const subject: LightSubject = { kind: 'account', address: address.value }
  let state = stateOf(genesis, request.memory)
  for (let piece = 0; piece < limits.piecesMax; piece++) {
    const asked = await ask(request.site, lightTarget(subject, state.head.height) ?? '')
    if ('reason' in asked) return { proven: asked, memory: undefined }
    const answer = readLightAnswer(asked.json)
    if (!answer.ok) throw new Error('The site answered with something that is no proof.')
    const found = checkAnswer(state, answer.value, { subject, verifier: nobleVerifier })
    if (!found.ok) throw new Error(found.error.message)
    state = found.value.state
    const { fact } = found.value
    if (fact?.kind !== 'account') continue
    const balance = (fact.account?.balance ?? 0n).toString()
    const { height } = fact.block
    return { proven: { state: 'verified', balance, height }, memory: writeMemory(genesis, state) }
  }
  throw new Error('The way to the newest block does not end.')
}

async function genesisOf({ site, genesisHash: pinned }: ProofRequest): Promise<Genesis> {
  const asked = await ask(site, '/rpc/genesis')
  const parsed = 'json' in asked ? parseGenesis(asked.json) : undefined
  if (!parsed?.ok) throw new Error('The site does not show its genesis.')
  const told = fromHex(pinned, 32)
  if (!told.ok || toHex(genesisHash(parsed.value)) !== toHex(told.value)) {
    throw new Error('The site is of another chain than the one that is pinned.')
  }
  return parsed.value
}

function stateOf(genesis: Genesis, memory: string | undefined): LightState {
  const known = memory === undefined ? undefined : readMemory(genesis, memory)
  if (known?.ok) return known.value
  const started = startLight(genesis, genesisHash(genesis))
  if (!started.ok) throw new Error(started.error.message)
  return started.value
}

async function ask(
  site: string,
  path: string,
): Promise<{ readonly json: unknown } | Exclude<Proven, { readonly state: 'verified' }>> {
  const response = await fetch(`${site}${path}`, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(limits.requestMsMax),
  })
  const json = (await response.json()) as { error?: { code?: unknown; message?: unknown } }
  if (response.ok) return { json }
  const { code, message } = json.error ?? {}
  const reason = typeof message === 'string' ? message : `The site answered ${response.status}.`
  return code === 'NOT_FINAL' ? { state: 'not-final', reason } : unverifiable(reason)
}

const unverifiable = (reason: string): Extract<Proven, { readonly state: 'unverifiable' }> => ({
  state: 'unverifiable',
  reason,
})
