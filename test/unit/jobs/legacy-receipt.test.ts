import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { nobleVerifier, signerFromSeed } from '../../../core/crypto/ed25519.ts'
import {
  legacyReceiptHash,
  legacyReceiptJson,
  legacyReceiptText,
  sealLegacyReceipt,
  signLegacyReceipt,
  verifyLegacyReceipt,
} from '../../../core/jobs/legacy-receipt.ts'
import {
  canonicalText,
  floatText,
  isWithinDepth,
  jsonDepthMax,
  parsePyJson,
  pyFloat,
} from '../../../core/jobs/python-json.ts'
import { coordinator, miner } from './fixtures.ts'

const vectorPath = new URL('../../vectors/legacy-receipt.json', import.meta.url)
const golden = JSON.parse(readFileSync(vectorPath, 'utf8')) as Record<
  'seed' | 'input' | 'canonical' | 'sha256' | 'key_id' | 'sig',
  string
>
const seed = fromHex(golden.seed)
const signer = signerFromSeed(seed.ok ? seed.value : new Uint8Array())
const fields = {
  receiptId: 'cd'.repeat(16),
  jobId: 'ab'.repeat(16),
  provider: 'miner-a',
  client: 'client-1',
  amount: 100_000_000n,
  requestedAtMs: 1_770_000_000_999,
  startedAtMs: 1_770_000_001_000,
  completedAtMs: 1_770_000_003_000,
  payload: { prompt: 'hé 😀', n: null },
  constraints: {},
  result: { output: 'x', tiny: 0.00001, big: 1e21, whole: 1e16 },
  metrics: { duration_ms: 2_000 },
  hasMinerSignature: true,
}

describe('REC-1: the canonical text', () => {
  test('REC-1: is the original’s, byte for byte', () => {
    const parsed = parsePyJson(golden.input)
    if (!parsed.ok) throw new Error(parsed.error.message)
    const text = canonicalText(parsed.value)
    expect(text).toBe(golden.canonical)
    expect(toHex(legacyReceiptHash(text))).toBe(golden.sha256)
    const signature = signLegacyReceipt(text, signer)
    expect(signature).toEqual({ alg: 'Ed25519', key_id: golden.key_id, sig: golden.sig })
  })

  test.each([
    [1, '1.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [123456789.125, '123456789.125'],
    [-2.5, '-2.5'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [5e-324, '5e-324'],
  ])('REC-1: the float %d is written %s', (value, text) => {
    expect(floatText(value)).toBe(text)
  })

  test('REC-1: floats keep their value', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(floatText(value)), value)).toBe(true)
      }),
    )
  })

  test('REC-1: keys are sorted by code point, not by UTF-16', () => {
    expect(canonicalText({ '\u{1f600}': 1, '\uffee': 2, a: 3 })).toBe(
      '{"a":3,"\\uffee":2,"\\ud83d\\ude00":1}',
    )
  })

  test('REC-1: nulls, and numbers that JSON cannot say, are left out', () => {
    const value = { a: null, b: [null, 1, Number.POSITIVE_INFINITY], c: undefined, d: {} }
    expect(canonicalText(value)).toBe('{"b":[1],"d":{}}')
  })

  test.skipIf(pythonTexts([]) === undefined)('REC-1: Python itself agrees', () => {
    const samples = fc.sample(fc.jsonValue(), { seed: 1_616, numRuns: 60 })
    const python = pythonTexts(samples.map((each) => JSON.stringify(each)))
    expect(samples.map((each) => canonicalText(each as never))).toEqual(python)
  })
})

describe('REC-2: units and prices', () => {
  test('REC-2: are floats, also when whole', () => {
    const text = legacyReceiptText(fields)
    expect(text).toContain('"price":1.0,')
    expect(text).toContain('"unit_price":0.5,')
    expect(text).toContain('"units":2.0,')
    expect(text).toContain('"started_at":1770000000,')
    expect(text).toContain('"completed_at":1770000003,')
  })

  test('REC-2: no job takes no time', () => {
    const text = legacyReceiptText({ ...fields, completedAtMs: fields.startedAtMs })
    expect(text).toContain('"units":0.001,')
  })
})

describe('REC-3: signatures', () => {
  const text = legacyReceiptText(fields)
  const sealed = sealLegacyReceipt(text, {
    signature: signLegacyReceipt(text, miner),
    attestations: [signLegacyReceipt(text, coordinator)],
  })

  test('REC-3: the miner signs, the coordinator attests', () => {
    const verified = verifyLegacyReceipt(sealed, nobleVerifier)
    expect(verified).toMatchObject({ ok: true })
    if (!verified.ok) return
    expect(verified.value.key).toEqual(miner.publicKey)
    expect(verified.value.attestationKeys).toEqual([coordinator.publicKey])
    expect(verified.value.text).toBe(text)
    expect(text).not.toContain('miner_signature')
  })

  test('REC-3: without a miner’s key the receipt says so', () => {
    const unsigned = legacyReceiptText({ ...fields, hasMinerSignature: false })
    expect(unsigned).toContain('"miner_signature":"absent"')
    const signature = signLegacyReceipt(unsigned, coordinator)
    const whole = sealLegacyReceipt(unsigned, { signature, attestations: [] })
    expect(whole).not.toContain('attestations')
    expect(verifyLegacyReceipt(whole, nobleVerifier)).toMatchObject({
      ok: true,
      value: { key: coordinator.publicKey },
    })
  })

  test('REC-4: every changed byte of the text fails the signatures by name', () => {
    const forged = sealed.replace('"price":1.0', '"price":9.0')
    const found = verifyLegacyReceipt(forged, nobleVerifier)
    expect(found.ok ? [] : found.error.reasons.map((each) => each.split(':')[0])).toEqual([
      'miner_signature_invalid',
      'coordinator_attestation_invalid',
    ])
  })

  test.each(['', '[]', 'null', '{}', '{"signature":{}}', `${'['.repeat(99)}`, '{"a":1}x'])(
    'REC-4: rubbish %j is refused',
    (rubbish) => {
      expect(verifyLegacyReceipt(rubbish, nobleVerifier)).toMatchObject({
        ok: false,
        error: { code: 'RECEIPT_INVALID' },
      })
    },
  )

  test('REC-5: a receipt that went through JSON.parse gets its spelling back', () => {
    const again = legacyReceiptJson(JSON.parse(sealed) as Record<string, unknown>)
    expect(verifyLegacyReceipt(again, nobleVerifier)).toMatchObject({ ok: true, value: { text } })
  })

  test('REC-5: parsing and writing is the identity on canonical text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const once = canonicalText({ v: value as never, f: pyFloat(3) })
        const parsed = parsePyJson(once)
        expect(parsed.ok && canonicalText(parsed.value)).toBe(once)
      }),
    )
  })
})

test('REC-1: nesting is bounded before anything is written', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
  expect(isWithinDepth(nested(jsonDepthMax))).toBe(true)
  expect(isWithinDepth(nested(jsonDepthMax + 1))).toBe(false)
})

/** The original's rule by the original's language; undefined where no Python is installed. */
function pythonTexts(inputs: readonly string[]): string[] | undefined {
  const program = [
    'import json, sys',
    'def drop(v):',
    '  if isinstance(v, dict): return {k: drop(x) for k, x in v.items() if x is not None}',
    '  if isinstance(v, list): return [drop(x) for x in v if x is not None]',
    '  return v',
    'def text(v): return json.dumps(drop(v), sort_keys=True, separators=(",", ":"))',
    'print(json.dumps([text(json.loads(each)) for each in json.load(sys.stdin)]))',
  ].join('\n')
  try {
    const output = execFileSync('python3', ['-c', program], { input: JSON.stringify(inputs) })
    return JSON.parse(output.toString()) as string[]
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}
