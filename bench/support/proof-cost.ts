/** What a light client pays: bytes of a site's whole answer, and the time to check it in JavaScript alone. */

import { authoritySetHash } from '../../core/chain/genesis.ts'
import { type LightState, startLightAt } from '../../core/chain/light.ts'
import { lightAnswerCoder } from '../../core/chain/light-coders.ts'
import { checkAnswer, type LightAnswer, type LightSubject } from '../../core/chain/light-fact.ts'
import { addressOf } from '../../core/crypto/address.ts'
import { nobleVerifier } from '../../core/crypto/ed25519.ts'
import { openSqliteChainStore } from '../../durable-objects/chain/sqlite-chain-store.ts'
import { createNativeVerifier } from '../../durable-objects/native-ed25519.ts'
import {
  addressNumbered,
  benchAuthority,
  hashOfChain,
  makeBenchGenesis,
  makeSenders,
  openBenchEngine,
  type Sender,
} from './bench-ledger.ts'
import { buildBlocks } from './block-cost.ts'
import { monotonicMs } from './clock.ts'
import { layLargeState } from './large-state.ts'
import { openMeasuredStorage } from './measured-storage.ts'
import { say } from './report.ts'
import { type Summary, summaryOf } from './statistics.ts'

export type ProofCost = {
  readonly accounts: number
  readonly height: number
  readonly authorities: 1
  readonly proofs: readonly {
    readonly of: string
    readonly bytes: number
    /** In Node, by the verifier that browsers without Ed25519 use; one certificate is among it. */
    readonly check_ms: Summary
  }[]
}

const height = 10_000
const blocks = 20
const perBlock = 100
const rounds = 60

/** Proofs of an account, of none, and of a transaction ten blocks back, on a laid chain. */
export function measureProofs(accounts: number): ProofCost {
  const genesis = makeBenchGenesis()
  const senders = makeSenders(perBlock)
  const storage = openMeasuredStorage(':memory:')
  const store = openSqliteChainStore(storage)
  layLargeState({ store, genesis, senders, accounts, height })
  const engine = openBenchEngine({
    store,
    genesis,
    verifier: createNativeVerifier(),
    signer: benchAuthority,
  })
  const { hash, slot } = engine.head()
  const plan = { engine, genesis, senders, accounts, transactions: perBlock, rows: storage.rows }
  const built = buildBlocks({ ...plan, blocks })
  const begun = startLightAt(genesis, hashOfChain(genesis), {
    checkpoint: { hash, height, slot, authorities: authoritySetHash(genesis.authorities) },
    authorities: genesis.authorities,
  })
  if (!begun.ok) throw new Error(begun.error.message)
  const paid = engine.blockAt(height + built.length / 2)?.transactionHashes[0]
  if (!paid) throw new Error('there is no transaction to prove')
  const holder = addressOf((senders[0] as Sender).signer.publicKey)
  const subjects: readonly [string, LightSubject][] = [
    ['account', { kind: 'account', address: holder }],
    ['no account', { kind: 'account', address: addressNumbered(2 ** 44) }],
    ['transaction', { kind: 'transaction', hash: paid }],
  ]
  const proofs = subjects.map(([of, subject]) => {
    const answer = engine.lightProof(proofKindOf(subject), height)
    if (!('update' in answer)) throw new Error(JSON.stringify(answer))
    return { of, ...checked(begun.value, answer, subject) }
  })
  storage.close()
  for (const { of, bytes, check_ms } of proofs) {
    say(`proof of ${of}: ${bytes} bytes, checked in ${check_ms.p50} ms`)
  }
  return { accounts, height: height + built.length, authorities: 1, proofs }
}

function checked(state: LightState, answer: LightAnswer, subject: LightSubject) {
  const bytes = lightAnswerCoder.encode(answer)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const from = monotonicMs()
    const found = checkAnswer(state, lightAnswerCoder.decode(bytes), {
      subject,
      verifier: nobleVerifier,
    })
    times.push(monotonicMs() - from)
    if (!found.ok) throw new Error(found.error.message)
  }
  return { bytes: bytes.length, check_ms: summaryOf(times.slice(rounds / 3)) }
}

function proofKindOf(subject: LightSubject) {
  if (subject.kind === 'account' || subject.kind === 'transaction') return subject
  throw new Error('this benchmark proves accounts and transactions')
}
