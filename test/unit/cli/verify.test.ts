import { describe, expect, test } from 'vitest'
import { type Agreed, verifyReceipt, verifySettlement } from '../../../cli/verify.ts'
import { toHex, utf8ToBytes } from '../../../core/base/bytes.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationHash,
  authorisationSigningBytes,
} from '../../../core/chain/authorisation.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { startLight } from '../../../core/chain/light.ts'
import { checkAnswer, type LightFact } from '../../../core/chain/light-fact.ts'
import { type Receipt, receiptCoder, receiptSigningBytes } from '../../../core/chain/receipt.ts'
import { type Release, releaseCoder, releaseSigningBytes } from '../../../core/chain/release.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import type { Signer } from '../../../core/crypto/signature.ts'
import { payloadOfSpec } from '../../../core/jobs/job-request.ts'
import { jobHashOf } from '../../../core/jobs/job-spec.ts'
import { legacySignature, sealLegacyReceipt } from '../../../core/jobs/legacy-receipt.ts'
import {
  type BuiltReceipts,
  buildReceipts,
  type JobOffer,
  releaseOf,
  signReceipts,
} from '../../../core/jobs/outcome.ts'
import {
  alice,
  bob,
  coordinator,
  genesis,
  miner,
  mustOpen,
  nodeVerifier,
  sign,
  timeOf,
} from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { makeSpec } from '../miner-agent/fixtures.ts'

const hash = genesisHash(genesis)
const spec = makeSpec()
const jobId = 'b'.repeat(32)
const answerText = 'Paris.'

/** A job that was asked, answered, released and settled on a chain of its own. */
function world() {
  const engine = mustOpen({ store: createMemoryChainStore() })
  const data = {
    coordinator: coordinator.publicKey,
    amount: 100_000_000n,
    expiry: 900n,
    delegate: undefined,
  }
  const opening = sign({ by: alice, message: { TAG: 'escrow_open', data } })
  engine.submit([opening], timeOf(2))
  engine.tick(timeOf(2))
  const authorisation: Authorisation = {
    escrow: escrowIdOf(transactionHash(opening)),
    number: 7n,
    limit: 5_000_000n,
    settleBy: 15n,
    jobHash: jobHashOf(spec),
    signer: alice.publicKey,
  }
  const offer: JobOffer = {
    receiptId: 'c'.repeat(32),
    jobId,
    attempt: 1,
    client: 'client-1',
    minerId: 'miner-A',
    coordinator: coordinator.publicKey,
    minerKey: miner.publicKey,
    miner: miner.address,
    authorisation: authorisationHash(authorisation),
    spec,
    payload: payloadOfSpec(spec),
    constraints: {},
    requestedAtMs: 1_000,
    limit: authorisation.limit,
    price: { promptPer1000: 100_000_000n, completionPer1000: 300_000_000n },
  }
  const built = buildReceipts(offer, {
    text: answerText,
    finish: 'stop',
    promptTokens: 9,
    completionTokens: 2,
    startedAtMs: 2_000,
    completedAtMs: 3_000,
  })
  const authorisationSignature = alice.sign(authorisationSigningBytes(hash, authorisation))
  const release = releaseOf(offer, built)
  const releaseSignature = coordinator.sign(releaseSigningBytes(hash, release))
  const item = { authorisation, authorisationSignature, release, releaseSignature }
  const settling = sign({ by: coordinator, message: { TAG: 'settle', data: { items: [item] } } })
  engine.submit([settling], timeOf(3))
  engine.tick(timeOf(3))
  const bundle = bundleOf({ built, release, releaseSignature, authorisation })
  const agreed: Agreed = {
    job: {
      jobId,
      spec,
      jobHash: jobHashOf(spec),
      authorisation,
      authorisationHash: authorisationHash(authorisation),
      submittedAtMs: 0,
    },
    answerText,
    genesisHash: hash,
    coordinator: coordinator.publicKey,
    verifier: nodeVerifier,
  }
  return { engine, bundle, agreed, built, release, transaction: transactionHash(settling), opening }
}

type Bundled = {
  readonly built: BuiltReceipts
  readonly release: Release
  readonly releaseSignature: Uint8Array
  readonly authorisation: Authorisation
}

/** The bundle as a site serves it. */
function bundleOf({ built, release, releaseSignature, authorisation }: Bundled) {
  const signatures = signReceipts(hash, built, miner)
  return {
    canonical: toHex(built.receiptBytes),
    miner_signature: toHex(signatures.receiptSignature) as string | null,
    release: toHex(releaseCoder.encode(release)),
    release_signature: toHex(releaseSignature),
    authorisation: toHex(authorisationCoder.encode(authorisation)),
    legacy_text: sealLegacyReceipt(built.legacyText, {
      signature: legacySignature(miner.publicKey, signatures.legacySignature),
      attestations: [],
    }),
  }
}

const sound = world()

/** The bundle with its receipt changed and signed anew, as a miner and coordinator in league would. */
function forged(change: Partial<Receipt>, by: Signer = miner) {
  const receipt = { ...sound.built.receipt, ...change }
  return {
    ...sound.bundle,
    canonical: toHex(receiptCoder.encode(receipt)),
    miner_signature: toHex(by.sign(receiptSigningBytes(hash, receipt))),
  }
}

const refusal = (bundle: unknown, agreed: Agreed = sound.agreed): string => {
  try {
    verifyReceipt(bundle, agreed)
    return 'verified'
  } catch (error) {
    return (error as Error).message.replace('not verified: ', '')
  }
}

describe('what a client believes', () => {
  test('a receipt that holds, and its payment under a certified root', () => {
    const receipt = verifyReceipt(sound.bundle, sound.agreed)
    expect(receipt.receipt.completionTokens).toBe(2)
    const { block, settlement } = verifySettlement(settlementInput())
    expect(block.height).toBe(2)
    expect(settlement.amount).toBe(receipt.receipt.amount)
  })

  test('no receipt for another job, question, answer, model, permission or price', () => {
    expect(refusal(forged({ jobId: new Uint8Array(16) }))).toContain('another job')
    expect(refusal(forged({ jobHash: new Uint8Array(32) }))).toContain('another question')
    expect(refusal(forged({ resultHash: new Uint8Array(32) }))).toContain('another answer')
    expect(refusal(sound.bundle, { ...sound.agreed, answerText: 'Paris' })).toContain(
      'another answer',
    )
    expect(refusal(forged({ coordinator: bob.publicKey }))).toContain('another coordinator')
    expect(refusal(forged({ authorisation: new Uint8Array(32) }))).toContain(
      'another authorisation',
    )
    expect(refusal(forged({ model: 'gpt' }))).toContain('another model')
    expect(refusal(forged({ amount: 5_000_001n }))).toContain('more than was allowed')
    expect(refusal(forged({ amount: 4_999_999n }))).toContain('release does not fit')
  })

  test('no receipt without the miner’s own signature', () => {
    expect(refusal({ ...sound.bundle, miner_signature: null })).toContain('absent')
    expect(refusal(forged({ minerKey: undefined }))).toContain('absent')
    expect(refusal(forged({}, bob))).toContain('miner’s signature')
    expect(refusal(forged({ minerKey: bob.publicKey }, bob))).toContain('another key')
    expect(refusal(forged({ miner: bob.address }))).toContain('another key')
  })

  test('no JSON receipt that says something else', () => {
    const changed = sound.bundle.legacy_text.replace('Paris.', 'Rome..')
    expect(changed).not.toBe(sound.bundle.legacy_text)
    expect(refusal({ ...sound.bundle, legacy_text: changed })).toContain('JSON receipt')
    const text = sound.built.legacyText.replace('client-1', 'client-2')
    const signature = legacySignature(miner.publicKey, miner.sign(utf8ToBytes(text)))
    const sealed = sealLegacyReceipt(text, { signature, attestations: [] })
    expect(refusal({ ...sound.bundle, legacy_text: sealed })).toContain(
      'JSON receipt is not the one',
    )
    const own = legacySignature(bob.publicKey, bob.sign(utf8ToBytes(sound.built.legacyText)))
    const stolen = sealLegacyReceipt(sound.built.legacyText, { signature: own, attestations: [] })
    expect(refusal({ ...sound.bundle, legacy_text: stolen })).toContain('another key')
  })

  test('no release that the coordinator did not sign', () => {
    const by = (signer: Signer) => ({
      ...sound.bundle,
      release_signature: toHex(signer.sign(releaseSigningBytes(hash, sound.release))),
    })
    expect(refusal(by(coordinator))).toBe('verified')
    expect(refusal(by(bob))).toContain('coordinator’s signature')
    const elsewhere = toHex(
      coordinator.sign(releaseSigningBytes(new Uint8Array(32), sound.release)),
    )
    expect(refusal({ ...sound.bundle, release_signature: elsewhere })).toContain('coordinator')
  })

  test('no bundle that is malformed', () => {
    for (const bundle of [null, {}, { ...sound.bundle, canonical: 'zz' }]) {
      expect(refusal(bundle)).toContain('malformed')
    }
    expect(refusal({ ...sound.bundle, canonical: `${sound.bundle.canonical}00` })).toContain(
      'not canonical',
    )
  })
})

type SettlementInput = Parameters<typeof verifySettlement>[0]

/** What a light client finds of a transaction. */
function factOf(hash: Uint8Array): LightFact {
  const started = startLight(genesis, genesisHash(genesis))
  const subject = { kind: 'transaction', hash } as const
  const answer = sound.engine.lightProof(subject, 0)
  if (!started.ok || 'code' in answer) throw new Error('a proof')
  const found = checkAnswer(started.value, answer, { subject, verifier: nodeVerifier })
  if (!found.ok || !found.value.fact) throw new Error('a fact')
  return found.value.fact
}

function settlementInput(
  change: Partial<SettlementInput> & { readonly transaction?: Uint8Array } = {},
): SettlementInput {
  const { transaction = sound.transaction, ...given } = change
  const { agreed } = sound
  const receipt = verifyReceipt(sound.bundle, agreed)
  return { fact: factOf(transaction), receipt, agreed, ...given }
}

const payment = (change: Parameters<typeof settlementInput>[0]): string => {
  try {
    verifySettlement(settlementInput(change))
    return 'verified'
  } catch (error) {
    return (error as Error).message.replace('not verified: ', '')
  }
}

describe('what a client believes of a payment', () => {
  test('not a transaction that settles another job', () => {
    expect(payment({ transaction: transactionHash(sound.opening) })).toContain('does not hold this')
    const { agreed } = sound
    const job = { ...agreed.job, authorisation: { ...agreed.job.authorisation, number: 8n } }
    expect(payment({ agreed: { ...agreed, job } })).toContain('does not hold this job')
  })

  test('not another amount, miner or receipt', () => {
    const { receipt, hash: receiptHash } = verifyReceipt(sound.bundle, sound.agreed)
    const differing = [
      { receipt: { ...receipt, amount: receipt.amount + 1n }, hash: receiptHash },
      { receipt: { ...receipt, miner: bob.address }, hash: receiptHash },
      { receipt, hash: new Uint8Array(32) },
    ]
    for (const other of differing) expect(payment({ receipt: other })).toContain('something else')
  })
})
