import { expect, test } from 'vitest'
import { verifyProof } from '../../../core/chain/proof.ts'
import { bookingIdOf, escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import type { ProofSubject, ProofView } from '../../../core/chain/views.ts'
import { bond, booking } from '../../support/chain-market.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  createGenesis,
  faucet,
  genesis,
  mustOpen,
  nodeVerifier,
  sign,
  timeOf,
  transfer,
} from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

const open = sign({
  by: alice,
  message: {
    TAG: 'escrow_open',
    data: { coordinator: coordinator.publicKey, amount: 10_000_000n, expiry: 200n },
  },
})
const pays = [1, 2].map((n) =>
  sign({ by: alice, nonce: BigInt(n), message: transfer(carol.address, 5n) }),
)
const book = sign({ by: bob, nonce: 1n, message: booking({ price: 2n }) })
const stake = sign({ by: faucet, message: bond(900n) })
const other = sign({ by: bob, message: transfer(carol.address, 5n) })

/** A chain with three blocks; the transactions of interest are in the first. */
function chain() {
  const engine = mustOpen({ store: createMemoryChainStore() })
  engine.submit([open, ...pays], timeOf(1))
  engine.tick(timeOf(1))
  engine.submit([other, book], timeOf(2))
  engine.tick(timeOf(2))
  engine.submit([stake], timeOf(40))
  engine.tick(timeOf(40))
  return engine
}
const engine = chain()

const subjects: Record<string, ProofSubject> = {
  'a transaction': { kind: 'transaction', hash: transactionHash(pays[0]!) },
  'a transaction of the newest block but one': {
    kind: 'transaction',
    hash: transactionHash(other),
  },
  'an account': { kind: 'account', address: alice.address },
  'no account': { kind: 'account', address: new Uint8Array(20).fill(9) },
  'an escrow': { kind: 'escrow', id: escrowIdOf(transactionHash(open)) },
  'no escrow': { kind: 'escrow', id: new Uint8Array(32).fill(9) },
  'a booking': { kind: 'booking', id: bookingIdOf(transactionHash(book)) },
  'no booking': { kind: 'booking', id: new Uint8Array(32).fill(9) },
  'a bond': { kind: 'bond', address: faucet.address },
  'no bond': { kind: 'bond', address: bob.address },
}
const cases = Object.entries(subjects)

function prove(subject: ProofSubject): ProofView {
  const proof = engine.proof(subject)
  if (!('header' in proof)) throw new Error(proof.message)
  return proof
}
const check = (subject: ProofSubject, proof: ProofView, of = genesis) =>
  verifyProof({ genesis: of, proof, subject, verifier: nodeVerifier })

test.each(cases)('PROOF-1: %s is proved to whoever knows genesis', (_, subject) => {
  expect(check(subject, prove(subject))).toMatchObject({ ok: true, value: { kind: subject.kind } })
})

test('PROOF-1: a proof says what it shows', () => {
  const fact = (name: string) => {
    const subject = subjects[name] as ProofSubject
    const done = check(subject, prove(subject))
    return done.ok ? done.value : done.error
  }
  const final = { height: 3, slot: 40, timeMs: timeOf(40) }
  expect(fact('a transaction')).toMatchObject({
    block: { height: 1, slot: 1, timeMs: timeOf(1) },
    index: 1,
    transaction: { body: { nonce: 1n } },
    outcome: { code: 0 },
  })
  expect(fact('an account')).toMatchObject({ block: final, account: { nonce: 3n } })
  expect(fact('no account')).toMatchObject({ block: final, account: undefined })
  expect(fact('an escrow')).toMatchObject({ escrow: { balance: 10_000_000n } })
  expect(fact('no escrow')).toMatchObject({ escrow: undefined })
  expect(fact('a booking')).toMatchObject({ block: final, booking: { price: 2n, start: 2n } })
  expect(fact('no booking')).toMatchObject({ booking: undefined })
  expect(fact('a bond')).toMatchObject({ block: final, bond: { amount: 900n, slashedAt: 0n } })
  expect(fact('no bond')).toMatchObject({ bond: undefined })
})

test('PROOF-2: only what is final is proved', () => {
  const fresh = mustOpen({ store: createMemoryChainStore() })
  const account = { kind: 'account', address: alice.address } as const
  expect(fresh.proof(account)).toMatchObject({ code: 'NOT_FINAL' })
  const unknown = { kind: 'transaction', hash: new Uint8Array(32) } as const
  expect(engine.proof(unknown)).toMatchObject({ code: 'NOT_FOUND' })
  const copy = mustOpen({ store: createMemoryChainStore(), signer: undefined })
  const proposer = mustOpen({ store: createMemoryChainStore() })
  proposer.submit([open], timeOf(1))
  const [block] = proposer.tick(timeOf(1)).send
  if (block?.kind !== 'block') throw new Error('a block')
  copy.importBlock({ bytes: block.bytes, certificate: undefined }, timeOf(1))
  const subject = { kind: 'transaction', hash: transactionHash(open) } as const
  expect(copy.proof(subject)).toMatchObject({ code: 'NOT_FINAL' })
})

test('PROOF-3: a proof of one thing proves no other, on no other chain', () => {
  for (const [name, subject] of cases) {
    const proof = prove(subject)
    for (const [another, wanted] of cases) {
      if (another !== name) expect(check(wanted, proof)).toMatchObject({ ok: false })
    }
    expect(check(subject, proof, createGenesis({ chainId: 'other' }))).toMatchObject({
      error: { code: 'NOT_CERTIFIED' },
    })
    const strangers = createGenesis({
      authorities: [{ publicKey: bob.publicKey, name: 'one' }],
    })
    expect(check(subject, proof, strangers)).toMatchObject({ error: { code: 'NOT_CERTIFIED' } })
  }
})

/** Every variant of a value with one byte, number or element changed, added or missing. */
function* variants(value: unknown): Generator<unknown> {
  if (value instanceof Uint8Array) {
    for (let at = 0; at < value.length; at++) {
      yield value.map((byte, index) => (index === at ? byte ^ 0x10 : byte))
    }
    yield value.slice(1)
    yield Uint8Array.of(...value, 0)
  } else if (typeof value === 'bigint') {
    yield value + 1n
  } else if (typeof value === 'number') {
    yield value + 1
    yield value - 1
  } else if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      for (const changed of variants(value[at])) yield value.with(at, changed)
      yield value.toSpliced(at, 1)
      yield value.toSpliced(at, 0, value[at])
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      for (const changed of variants(inner)) yield { ...value, [name]: changed }
      yield { ...value, [name]: undefined }
    }
  }
}

test.each(cases)(
  'PROOF-4: %s: a proof with anything changed is refused and never throws',
  (_, subject) => {
    const proof = prove(subject)
    let tried = 0
    for (const changed of variants(proof)) {
      const same = JSON.stringify(plain(changed)) === JSON.stringify(plain(proof))
      if (same) continue
      tried += 1
      expect(check(subject, changed as ProofView)).toMatchObject({ ok: false })
    }
    expect(tried).toBeGreaterThan(500)
  },
)

/** Undefined fields and missing ones are the same; bytes and big integers have text forms. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner)))

test('PROOF-5: rubbish is refused and never throws', () => {
  const subject = { kind: 'account', address: alice.address } as const
  for (const rubbish of [{}, { kind: 'state' }, { ...prove(subject), header: null }, null, 7]) {
    expect(check(subject, rubbish as never)).toMatchObject({ ok: false })
  }
})
