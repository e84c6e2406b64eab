import { describe, expect, test } from 'vitest'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { openOffer } from '../../../miner-agent/offer.ts'
import { nodeVerifier } from '../../../miner-agent/verifier.ts'
import { genesisHash, makeOffer, makeSpec, miner, payer, tinyCard } from './fixtures.ts'

const terms = { genesisHash, verifier: nodeVerifier(), models: [tinyCard] }

function codeOf(input: Parameters<typeof makeOffer>[0]): string {
  const opened = openOffer(makeOffer(input), terms)
  return opened.ok ? 'ok' : opened.error.code
}

describe('opening an offer', () => {
  test('a sound offer opens, and its worth is bounded by limit and question', () => {
    const opened = openOffer(makeOffer(), terms)
    if (!opened.ok) throw new Error(opened.error.message)
    expect(opened.value.worth).toBeGreaterThan(64n * 3_000n)
    expect(opened.value.worth).toBeLessThan(opened.value.limit)
    const capped = openOffer(makeOffer({ limit: 5n }), terms)
    expect(capped.ok ? capped.value.worth : 0n).toBe(5n)
  })

  test('another model or another price is not ours', () => {
    expect(codeOf({ spec: makeSpec({ model: 'llama3' }) })).toBe('MODEL_NOT_SERVED')
    expect(codeOf({ change: { price_prompt: '1' } })).toBe('PRICE_CHANGED')
    expect(codeOf({ change: { price_completion: '2999999' } })).toBe('PRICE_CHANGED')
  })

  test('a permission for another job, limit, chain or by another key is none', () => {
    const other = makeSpec({ maxTokens: 65 })
    const swapped = makeOffer()
    const spec = makeOffer({ spec: other }).spec
    expect(codeOf({ change: { spec } })).toBe('AUTHORISATION_INVALID')
    expect(openOffer({ ...swapped, limit: '60000000' }, terms).ok).toBe(false)
    expect(codeOf({ genesisHash: new Uint8Array(32) })).toBe('AUTHORISATION_INVALID')
    expect(codeOf({ authorisation: { signer: miner.publicKey } })).toBe('AUTHORISATION_INVALID')
    expect(codeOf({ change: { authorisation: '00' } })).toBe('AUTHORISATION_INVALID')
    expect(codeOf({ change: { spec: '00' } })).toBe('OFFER_INVALID')
  })

  test('a client may let the job cost less than the payer permits', () => {
    const opened = openOffer({ ...makeOffer(), limit: '5' }, terms)
    expect(opened).toMatchObject({ ok: true, value: { limit: 5n, worth: 5n } })
  })

  test('the native verifier agrees with the one in plain JavaScript', () => {
    const message = Uint8Array.of(1, 2, 3)
    const signature = payer.sign(message)
    const { publicKey } = payer
    for (const verifier of [nodeVerifier(), nobleVerifier]) {
      expect(verifier.verify({ signature, message, publicKey })).toBe(true)
      expect(verifier.verify({ signature, message: Uint8Array.of(1), publicKey })).toBe(false)
      expect(verifier.verify({ signature, message, publicKey: miner.publicKey })).toBe(false)
      expect(verifier.verify({ signature, message, publicKey: new Uint8Array(32) })).toBe(false)
    }
  })
})
