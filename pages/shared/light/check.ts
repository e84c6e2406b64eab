/**
 * One check from question to answer: asks the site for a proof, lets the light client judge it, and compares
 * what the chain shows with what the site said.
 */
import { lightTarget, readLightAnswer } from '../../../core/api/light-json.ts'
import { readMemory, writeMemory } from '../../../core/api/light-memory.ts'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { isLoopback } from '../../../core/base/loopback.ts'
import { type Genesis, genesisHash, parseGenesis, slotMs } from '../../../core/chain/genesis.ts'
import { type LightState, startLight } from '../../../core/chain/light.ts'
import { checkAnswer, type LightFact, type LightSubject } from '../../../core/chain/light-fact.ts'
import { parseAddress } from '../../../core/crypto/address.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { contradiction } from './compare.ts'
import type { Checked, Memory, Reply, Request, Subject } from './messages.ts'

type Chain = { readonly genesis: Genesis; readonly hash: string; state: LightState }

/** An end of a check that is no verdict of the light client. */
type Refusal = { readonly refusal: Exclude<Checked, { readonly state: 'verified' }> }

const requestMsMax = 10_000
/** Pieces of a way that one check walks at most. */
const piecesMax = 64

let chain: Chain | undefined

/** Answers a request. Never rejects. */
export async function answerOf(request: Request): Promise<Reply> {
  const { id, memory } = request
  try {
    chain ??= await openChain(memory)
    const before = chain.state.head.height
    const checked = await check(chain, request)
    const isNew = chain.state.head.height > Math.max(before, memory?.height ?? -1) || !memory
    return { id, checked, memory: isNew ? memoryOf(chain) : undefined }
  } catch (error) {
    const refusal = (error as Partial<Refusal>).refusal
    if (refusal) return { id, checked: refusal, memory: undefined }
    const reason = `The check broke off: ${error instanceof Error ? error.message : String(error)}`
    return { id, checked: unverifiable('BROKEN', reason), memory: undefined }
  }
}

async function openChain(memory: Memory | undefined): Promise<Chain> {
  const parsed = parseGenesis(await ask('/rpc/genesis'))
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

async function check(at: Chain, { subject, shown }: Request): Promise<Checked> {
  const wanted = subjectOf(subject)
  if (!wanted) return unverifiable('WRONG_SUBJECT', 'This name is none of this chain.')
  const { fact, state } = await prove(at, wanted)
  const differing = contradiction(fact, shown, Number(at.genesis.genesisTimeMs))
  if (differing !== undefined) return unverifiable('SHOWN_OTHERWISE', differing)
  return {
    state: 'verified',
    height: fact.block.height,
    atMs: fact.block.timeMs,
    headHeight: state.head.height,
    headAtMs: state.genesisTimeMs + state.head.slot * slotMs,
  }
}

async function prove(
  at: Chain,
  subject: LightSubject,
): Promise<{ readonly fact: LightFact; readonly state: LightState }> {
  for (let piece = 0; piece < piecesMax; piece++) {
    const answer = readLightAnswer(await ask(lightTarget(subject, at.state.head.height) ?? ''))
    if (!answer.ok) {
      throw refused('ANSWER_INVALID', 'The site answered with something that is no proof.')
    }
    const found = checkAnswer(at.state, answer.value, { subject, verifier: nobleVerifier })
    if (!found.ok) throw refused(found.error.code, sentence(found.error.message))
    at.state = found.value.state
    const { fact, state } = found.value
    if (fact) return { fact, state }
  }
  throw refused('ANSWER_INVALID', 'The way to the newest block does not end.')
}

async function ask(path: string): Promise<unknown> {
  let response: Response
  let json: unknown
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(requestMsMax),
    })
    json = await response.json()
  } catch {
    throw refused('UNREACHABLE', 'The site does not answer with a proof.')
  }
  if (response.ok) return json
  const { code, message } = (json as { error?: { code?: unknown; message?: unknown } })?.error ?? {}
  const reason = sentence(typeof message === 'string' ? message : `it answered ${response.status}`)
  if (code === 'NOT_FINAL') {
    const refusal = { state: 'not-final', reason } as const
    throw { refusal } satisfies Refusal
  }
  throw refused('REFUSED', `The site shows no proof: ${reason}`)
}

function subjectOf(subject: Subject): LightSubject | undefined {
  if (subject.kind === 'account') {
    const address = parseAddress(subject.address)
    return address.ok ? { kind: 'account', address: address.value } : undefined
  }
  const name = fromHex(subject.kind === 'escrow' ? subject.id : subject.hash, 32)
  if (!name.ok) return undefined
  if (subject.kind === 'escrow') return { kind: 'escrow', id: name.value }
  if (subject.kind === 'transaction') return { kind: 'transaction', hash: name.value }
  const transaction = fromHex(subject.transaction, 32)
  return transaction.ok
    ? { kind: 'receipt', hash: name.value, transaction: transaction.value }
    : undefined
}

const memoryOf = ({ genesis, hash, state }: Chain): Memory => ({
  genesis: hash,
  height: state.head.height,
  text: writeMemory(genesis, state),
})

const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`

const unverifiable = (
  code: string,
  reason: string,
): Extract<Checked, { state: 'unverifiable' }> => ({
  state: 'unverifiable',
  code,
  reason,
})

const refused = (code: string, reason: string): Refusal => ({ refusal: unverifiable(code, reason) })
