import { describe, expect, test } from 'vitest'
import { toHex, utf8ToBytes } from '../../../core/base/bytes.ts'
import {
  authorisationCoder,
  authorisationHash,
  authorisationSigningBytes,
} from '../../../core/chain/authorisation.ts'
import { receiptCoder } from '../../../core/chain/receipt.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { sha256 } from '../../../core/crypto/hash.ts'
import { acceptLegacyResult, acceptPart, acceptResult } from '../../../core/jobs/accept-result.ts'
import { jobSpecCoder } from '../../../core/jobs/job-spec.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import type { MinerFrame, ServerFrame } from '../../../core/jobs/miner-protocol.ts'
import {
  buildReceipts,
  type JobOffer,
  type JobOutcome,
  offerFromFrame,
  releaseOf,
  signReceipts,
} from '../../../core/jobs/outcome.ts'
import { authorisation, coordinator, genesisHash, miner, offer, owner, spec } from './fixtures.ts'

const text = 'Hello there, hé.'
const outcome: JobOutcome = {
  text,
  finish: 'stop',
  promptTokens: 5,
  completionTokens: 6,
  startedAtMs: 1_001_000,
  completedAtMs: 1_003_000,
}
const observed = { text, tokens: 6, offeredAtMs: 1_000_900, nowMs: 1_003_100 }
const keys = { genesisHash, verifier: nobleVerifier }

type ResultFrame = Extract<MinerFrame, { type: 'result' }>

/** What an honest miner program sends for this outcome, true or not. */
function frameOf(told: JobOutcome, terms: JobOffer = offer(), signer = miner): ResultFrame {
  const built = buildReceipts(terms, told)
  const { receiptSignature, legacySignature } = signReceipts(genesisHash, built, signer)
  return {
    type: 'result',
    attempt_id: 'aa'.repeat(16),
    text: told.text,
    finish: told.finish,
    prompt_tokens: told.promptTokens,
    completion_tokens: told.completionTokens,
    receipt: toHex(built.receiptBytes),
    receipt_signature: toHex(receiptSignature),
    legacy_receipt: built.legacyText,
    legacy_signature: toHex(legacySignature),
  }
}

const messageOf = (frame: ResultFrame, seen = observed, terms = offer()) => {
  const done = acceptResult(terms, frame, seen, keys)
  return done.ok ? 'accepted' : done.error.message
}

test('REC-6: the canonical receipt holds hashes and no text', () => {
  const { receipt, receiptBytes } = buildReceipts(offer(), outcome)
  expect(receipt.resultHash).toEqual(sha256(utf8ToBytes(text)))
  const plain = new TextDecoder().decode(receiptBytes)
  expect(plain).not.toContain('Hello')
  expect(plain).not.toContain('Say')
})

describe('RESULT-1: one builder on both sides', () => {
  test('RESULT-1: an honest result is accepted, and the release names it', () => {
    const done = acceptResult(offer(), frameOf(outcome), observed, keys)
    if (!done.ok) throw new Error(done.error.message)
    const { built } = done.value
    expect(built.amount).toBe(17n)
    const release = releaseOf(offer(), built)
    expect(release.receiptHash).toEqual(built.receiptHash)
    expect(release.amount).toBe(built.receipt.amount)
    expect(built.result).toMatchObject({ output: text, model: 'aitbc-tiny', tokens_processed: 6 })
  })

  test('RESULT-1: what was offered cannot be changed', () => {
    const other: Partial<JobOffer>[] = [
      { price: { promptPer1000: 9_000n, completionPer1000: 9_000n } },
      { limit: 1n },
      { client: 'client-2' },
      { minerId: 'miner-b' },
      { attempt: 2 },
      { miner: addressOf(owner.publicKey) },
      { payload: { prompt: 'another' } },
      { authorisation: sha256(utf8ToBytes('another')) },
    ]
    for (const changes of other) {
      expect(messageOf(frameOf(outcome, offer(changes)))).toContain('differs from what was offered')
    }
  })

  test('RESULT-1: the JSON receipt is compared as well', () => {
    const frame = frameOf(outcome)
    const forged = frame.legacy_receipt.replace('miner-a', 'miner-x')
    expect(messageOf({ ...frame, legacy_receipt: forged })).toContain('JSON receipt differs')
  })

  test('RESULT-1: charges stop at the limit', () => {
    const terms = offer({ limit: 3n })
    expect(buildReceipts(terms, outcome).amount).toBe(3n)
    expect(messageOf(frameOf(outcome, terms), observed, terms)).toBe('accepted')
  })

  test.each(['', '00', 'ff'.repeat(400), 'zz'])(
    'RESULT-1: receipt bytes %j are refused',
    (receipt) => {
      expect(messageOf({ ...frameOf(outcome), receipt })).toContain('receipt is not canonical')
    },
  )
})

test.each([
  ['another text', { ...observed, text: 'Hello' }],
  ['no text', { ...observed, text: '' }],
])('RESULT-2: %s was streamed', (_, seen) => {
  expect(messageOf(frameOf(outcome), seen)).toContain('differs from the text that was streamed')
})

describe('RESULT-3: tokens', () => {
  test.each([
    ['than were delivered', { ...outcome, completionTokens: 7 }, observed],
    [
      'than the answer has bytes',
      { ...outcome, completionTokens: 18 },
      { ...observed, tokens: 99 },
    ],
    ['prompt tokens', { ...outcome, promptTokens: 8 + 64 + 1 }, observed],
  ])('RESULT-3: more %s', (reason, told, seen) => {
    expect(messageOf(frameOf(told), seen)).toContain(reason)
  })

  test('RESULT-3: more than were asked for', () => {
    const long = 'x'.repeat(100)
    const told = { ...outcome, text: long, completionTokens: 65 }
    const seen = { ...observed, text: long, tokens: 65 }
    expect(messageOf(frameOf(told), seen)).toContain('than were asked for')
  })

  test('RESULT-3: an answer beyond the bound', () => {
    const long = 'x'.repeat(jobLimits.answerBytesMax + 1)
    const seen = { ...observed, text: long }
    expect(messageOf(frameOf({ ...outcome, text: long }), seen)).toContain('longer than this site')
  })
})

describe('RESULT-4: times', () => {
  test('RESULT-4: longer than the attempt was held', () => {
    const told = { ...outcome, startedAtMs: 1_000_000, completedAtMs: 1_090_000 }
    expect(messageOf(frameOf(told))).toContain('took longer')
  })

  test('RESULT-4: from the future', () => {
    const late = observed.nowMs + jobLimits.receiptSkewMsMax + 1
    const told = { ...outcome, startedAtMs: late - 1, completedAtMs: late }
    expect(messageOf(frameOf(told))).toContain('future')
  })

  test('RESULT-4: a slow clock is put right by the builder', () => {
    const told = { ...outcome, startedAtMs: 5, completedAtMs: 2_005 }
    const { receipt } = buildReceipts(offer(), told)
    expect([receipt.startedAtMs, receipt.completedAtMs]).toEqual([1_000_000n, 1_000_000n])
    expect(messageOf(frameOf(told))).toBe('accepted')
  })
})

test.each(['receipt_signature', 'legacy_signature'] as const)(
  'RESULT-5: %s of another key is refused',
  (field) => {
    const forged = frameOf(outcome, offer(), owner)
    const frame = { ...frameOf(outcome), [field]: forged[field] }
    expect(messageOf(frame)).toContain('signature does not fit')
  },
)

describe('legacy results', () => {
  const terms = offer({ minerKey: undefined })
  const times = { offeredAtMs: 1_001_000, nowMs: 1_003_000 }
  const accept = (result: Record<string, unknown>, metrics: Record<string, unknown> = {}) =>
    acceptLegacyResult(terms, { result, metrics }, times)

  test('RESULT-6: a reported failure is a failure', () => {
    for (const result of [
      { status: 'failed', error: 'no model' },
      { success: false, message: 'no model' },
      { status: 'error', error: 'no model', output: '' },
    ]) {
      expect(accept(result)).toMatchObject({
        error: { code: 'MINER_REPORTED_FAILURE', message: 'no model' },
      })
    }
    expect(accept({ status: 'failed', output: 'but here it is' }).ok).toBe(true)
  })

  test.each([
    [{ output: text, tokens_processed: 6 }, {}, 6],
    [{ output: text, tokens_processed: 10 ** 9 }, {}, 17],
    [{ response: text, eval_count: 4 }, {}, 4],
    [{ output: text }, { completion_tokens: 3 }, 3],
    [{ output: text }, {}, 5],
    [{ output: 'x'.repeat(4_000), tokens_processed: 999 }, {}, 64],
    [{ output: text, tokens_processed: -1 }, { tokens: Number.NaN }, 5],
  ])('RESULT-7: %j with %j counts %d tokens', (result, metrics, tokens) => {
    expect(accept(result, metrics)).toMatchObject({
      value: { outcome: { completionTokens: tokens } },
    })
  })

  test('REC-3: a legacy receipt says that the miner’s signature is absent', () => {
    const done = accept({ output: text })
    if (!done.ok) throw new Error(done.error.code)
    const { built, minerSignature } = done.value
    expect(minerSignature).toBeUndefined()
    expect(built.receipt.minerKey).toBeUndefined()
    expect(receiptCoder.decode(built.receiptBytes)).toEqual(built.receipt)
    expect(built.legacyText).toContain('"miner_signature":"absent"')
    expect(built.legacyText).toContain('"duration_ms":2000')
  })

  test('RESULT-7: a result in a shape of its own is its own text', () => {
    expect(accept({ b: 1, a: [null] })).toMatchObject({
      value: { outcome: { text: '{"a":[],"b":1}' } },
    })
  })

  test('RESULT-3: nested or long beyond the bounds is refused', () => {
    let deep: unknown = 1
    for (let i = 0; i < 99; i++) deep = [deep]
    expect(accept({ output: text, deep })).toMatchObject({ error: { code: 'RESULT_INVALID' } })
    const long = 'x'.repeat(jobLimits.answerBytesMax + 1)
    expect(accept({ output: long })).toMatchObject({ error: { code: 'RESULT_INVALID' } })
  })
})

describe('RESULT-8: offers', () => {
  const signed = authorisation()
  const frame: Extract<ServerFrame, { type: 'offer' }> = {
    type: 'offer',
    attempt_id: 'aa'.repeat(16),
    job_id: 'ab'.repeat(16),
    attempt: 1,
    lease_ms: 30_000,
    spec: toHex(jobSpecCoder.encode(spec)),
    payload: { type: 'inference', prompt: 'Say hé.' },
    constraints: {},
    client: 'client-1',
    requested_at_ms: 1_000_000,
    receipt_id: 'cd'.repeat(16),
    limit: '5000',
    authorisation: toHex(authorisationCoder.encode(signed)),
    authorisation_signature: toHex(owner.sign(authorisationSigningBytes(genesisHash, signed))),
    price_prompt: '1000',
    price_completion: '2000',
  }
  const self = {
    minerId: 'miner-a',
    minerKey: miner.publicKey,
    coordinator: coordinator.publicKey,
  }

  test('RESULT-8: the frame gives the same receipts as the coordinator’s own offer', () => {
    const read = offerFromFrame(frame, self)
    if (!read.ok) throw new Error(read.error.message)
    const own = offer({ authorisation: authorisationHash(signed) })
    expect(buildReceipts(read.value, outcome)).toEqual(buildReceipts(own, outcome))
  })

  test.each([
    ['another job', { spec: toHex(jobSpecCoder.encode({ ...spec, seed: 8n })) }],
    ['limit', { limit: '5001' }],
    ['spec', { spec: '00' }],
    ['authorisation', { authorisation: '00' }],
    ['hex', { spec: 'zz' }],
  ])('RESULT-8: %s that does not fit is refused', (reason, changes) => {
    const read = offerFromFrame({ ...frame, ...changes }, self)
    expect(read.ok ? '' : read.error.message).toContain(reason)
  })
})

describe('parts', () => {
  const part: JobOutcome = { ...outcome, finish: 'canceled', promptTokens: 0 }
  const ofPart = (told: JobOutcome, terms = offer(), signer = miner) => {
    const done = acceptPart(terms, frameOf(told, terms, signer), observed, keys)
    return done.ok ? done.value.built.amount : done.error.message
  }

  test('PART-1: exactly what was delivered is paid, by its tokens alone', () => {
    const terms = { ...offer(), chargeMin: 1_000_000n, limit: 2_000_000n }
    const { price } = terms
    expect(ofPart(part, terms)).toBe((6n * price.completionPer1000 + 999n) / 1_000n)
  })

  test.each([
    ['a token more', { completionTokens: 7 }, 'tokens that were delivered'],
    ['a token less', { completionTokens: 5 }, 'tokens that were delivered'],
    ['a prompt', { promptTokens: 1 }, 'no prompt'],
    ['other text', { text: `${text}.` }, 'differs from the text that was streamed'],
  ])('PART-1: %s is refused', (_, change, reason) => {
    expect(ofPart({ ...part, ...change })).toContain(reason)
  })

  test('PART-1: no miner signs for another', () => {
    expect(ofPart(part, offer(), owner)).toContain('signature')
  })

  test('PART-2: a whole answer is none, and a part is no whole answer', () => {
    expect(ofPart(outcome)).toContain('only a part of it is paid')
    expect(messageOf(frameOf(part))).toContain('was not canceled')
  })
})
