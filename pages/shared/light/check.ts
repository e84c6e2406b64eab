/**
 * One check from question to answer: asks the site for a proof, lets the light client judge it, and compares
 * what the chain shows with what the site said.
 */
import { writeMemory } from '../../../core/api/light-memory.ts'
import { fromHex } from '../../../core/base/bytes.ts'
import { slotMs } from '../../../core/chain/genesis.ts'
import type { LightSubject } from '../../../core/chain/light-fact.ts'
import type { ProvenBlock } from '../../../core/chain/proof.ts'
import { parseAddress } from '../../../core/crypto/address.ts'
import { type Refusal, unverifiable } from './ask.ts'
import { checkBlock } from './check-block.ts'
import { judgePayment } from './check-payment.ts'
import { contradiction } from './compare.ts'
import type { Asked, Checked, Memory, Subject } from './messages.ts'
import { type Chain, type Check, knownChain, prove } from './prove.ts'

/** Checks a fact; with what is to be remembered when this browser knows more than before. Never rejects. */
export async function checked(
  asked: Asked,
  memory: Memory | undefined,
): Promise<{ readonly answer: Checked; readonly memory: Memory | undefined }> {
  try {
    const at = await knownChain(memory)
    const before = at.state.head.height
    const answer = await verdict({ chain: at, cost: { proofBytes: 0, workMs: 0 } }, asked)
    const isNew = at.state.head.height > Math.max(before, memory?.height ?? -1) || !memory
    return { answer, memory: isNew ? memoryOf(at) : undefined }
  } catch (error) {
    const refusal = (error as Partial<Refusal>).refusal
    if (refusal) return { answer: refusal, memory: undefined }
    const reason = `The check broke off: ${error instanceof Error ? error.message : String(error)}`
    return { answer: unverifiable('BROKEN', reason), memory: undefined }
  }
}

async function verdict(at: Check, { subject, shown }: Asked): Promise<Checked> {
  if (subject.kind === 'block') return verified(at, await checkBlock(at, subject.hash, shown))
  const wanted = subjectOf(subject)
  if (!wanted) return unverifiable('WRONG_SUBJECT', 'This name is none of this chain.')
  const fact = await prove(at, wanted)
  const differing = contradiction(fact, shown, Number(at.chain.genesis.genesisTimeMs))
  if (differing !== undefined) return unverifiable('SHOWN_OTHERWISE', differing)
  const note = 'receipt' in fact ? await judgePayment(at, fact, shown) : ''
  return verified(at, { block: fact.block, note })
}

function verified(
  { chain: { state }, cost }: Check,
  { block, note }: { readonly block: ProvenBlock; readonly note: string },
): Checked {
  return {
    state: 'verified',
    height: block.height,
    atMs: block.timeMs,
    headHeight: state.head.height,
    headAtMs: state.genesisTimeMs + state.head.slot * slotMs,
    note,
    ...cost,
  }
}

function subjectOf(subject: Exclude<Subject, { kind: 'block' }>): LightSubject | undefined {
  if (subject.kind === 'account' || subject.kind === 'bond') {
    const address = parseAddress(subject.address)
    return address.ok ? { kind: subject.kind, address: address.value } : undefined
  }
  const name = fromHex('id' in subject ? subject.id : subject.hash, 32)
  if (!name.ok) return undefined
  if ('id' in subject) return { kind: subject.kind, id: name.value }
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
