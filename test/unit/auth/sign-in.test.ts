/** Texts and nonces of a sign-in, and who owns what. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkNonce, makeNonce, nonceRandomBytes } from '../../../core/auth/nonce.ts'
import { ownerOf, userIdOf } from '../../../core/auth/principal.ts'
import {
  chainIdOf,
  challengeText,
  checkSignature,
  checkSignIn,
  type ExpectedSignIn,
  parseSignIn,
  type SignInFields,
  signInLimits,
  signInText,
} from '../../../core/auth/sign-in.ts'
import { formatTime } from '../../../core/base/rfc3339.ts'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { nobleVerifier, signerFromSeed } from '../../../core/crypto/ed25519.ts'
import { signedMessageBytes } from '../../../core/crypto/signed-message.ts'

const signer = signerFromSeed(new Uint8Array(32).fill(1))
const other = signerFromSeed(new Uint8Array(32).fill(2))
const address = formatAddress(addressOf(signer.publicKey))
const otherAddress = formatAddress(addressOf(other.publicKey))
const genesisHash = new Uint8Array(32).fill(9)
const otherChain = new Uint8Array(32).fill(8)
const nowMs = 1_800_000_000_123
const secret = 'a'.repeat(43)
const site = { domain: 'edge.example.org', uri: 'https://edge.example.org' }

const nonceOf = (given: Partial<Parameters<typeof makeNonce>[0]> = {}) =>
  makeNonce({
    ...{ domain: site.domain, genesisHash, address, secret, nowMs },
    random: new Uint8Array(nonceRandomBytes).fill(3),
    ...given,
  })

const text = challengeText({
  ...site,
  ...{ address, nonce: nonceOf(), nowMs },
  chainId: chainIdOf(genesisHash),
})

const fieldsOf = (given: string): SignInFields => {
  const parsed = parseSignIn(given)
  if (!parsed.ok) throw new Error(parsed.error.code)
  return parsed.value
}

const expected: ExpectedSignIn = { ...site, genesisHash, address, nowMs }
const codeOf = (changes: Partial<SignInFields>, when: Partial<ExpectedSignIn> = {}) => {
  const checked = checkSignIn({ ...fieldsOf(text), ...changes }, { ...expected, ...when })
  return checked.ok ? 'ok' : checked.error.code
}

describe('texts', () => {
  test('SIGNIN-1: a text is read as it was written', () => {
    expect(text.split('\n').slice(0, 2)).toEqual([
      'edge.example.org wants you to sign in with your AITBC account:',
      address,
    ])
    expect(signInText(fieldsOf(text))).toBe(text)
    const hosts = fc.stringMatching(/^[a-z0-9.-]{1,40}(?::[0-9]{1,5})?$/)
    fc.assert(
      fc.property(hosts, fc.integer({ min: 0, max: 4_000_000_000_000 }), (domain, atMs) => {
        const fields = {
          ...fieldsOf(text),
          domain,
          uri: `https://${domain}`,
          issuedAt: formatTime(atMs),
        }
        expect(parseSignIn(signInText(fields))).toEqual({ ok: true, value: fields })
      }),
    )
  })

  test('SIGNIN-1: a text that was changed anywhere is none, or says something else', () => {
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom('x', '\n', ' ', '\u0000', '\u202e'),
        (at, put) => {
          const changed = text.slice(0, at) + put + text.slice(at + 1)
          if (changed === text) return
          const parsed = parseSignIn(changed)
          if (parsed.ok) expect(parsed.value).not.toEqual(fieldsOf(text))
          else expect(parsed.error.code).toBe('SIGN_IN_MALFORMED')
        },
      ),
    )
    for (const wrong of [
      '',
      `${text}\n`,
      ` ${text}`,
      text.replace('no money', 'some money'),
      'x'.repeat(9_999),
    ]) {
      expect(parseSignIn(wrong)).toMatchObject({ error: { code: 'SIGN_IN_MALFORMED' } })
    }
  })

  test('SIGNIN-2: another site, chain or account is told apart', () => {
    expect(codeOf({})).toBe('ok')
    expect(codeOf({ domain: 'edge.example.org.evil.example' })).toBe('SIGN_IN_DOMAIN_WRONG')
    expect(codeOf({ uri: 'http://edge.example.org' })).toBe('SIGN_IN_DOMAIN_WRONG')
    expect(codeOf({ chainId: chainIdOf(otherChain) })).toBe('SIGN_IN_CHAIN_WRONG')
    expect(codeOf({ address: otherAddress })).toBe('SIGN_IN_ADDRESS_WRONG')
  })

  test('SIGNIN-3: clocks may differ by a minute, and no more', () => {
    const { skewMs, challengeMs } = signInLimits
    const at = (shiftMs: number) => ({
      issuedAt: formatTime(nowMs + shiftMs),
      expiresAt: formatTime(nowMs + shiftMs + challengeMs),
    })
    expect(codeOf(at(skewMs))).toBe('ok')
    expect(codeOf(at(skewMs + 1))).toBe('SIGN_IN_CLOCK_SKEW')
    expect(codeOf({ expiresAt: '9999-12-31T23:59:59.999Z' })).toBe('SIGN_IN_CLOCK_SKEW')
    expect(codeOf(at(1 - challengeMs))).toBe('ok')
    expect(codeOf(at(-challengeMs))).toBe('SIGN_IN_EXPIRED')
    const late = checkSignIn({ ...fieldsOf(text), ...at(-challengeMs) }, expected)
    expect(late).toMatchObject({ error: { details: { now: formatTime(nowMs) } } })
  })
})

describe('nonces', () => {
  const scope = { domain: site.domain, genesisHash, address }
  const check = (nonce: string, given: object = {}) => {
    const checked = checkNonce({ ...scope, nonce, secrets: [secret], nowMs, ...given })
    return checked.ok ? checked.value.expiresAtMs : checked.error.code
  }

  test('SIGNIN-4: a nonce is for one account, site and chain, and for ten minutes', () => {
    const nonce = nonceOf()
    const { challengeMs } = signInLimits
    expect(nonce).toMatch(/^[0-9a-f]{64}$/)
    expect(check(nonce)).toBe(nowMs + challengeMs)
    expect(check(nonce, { nowMs: nowMs + challengeMs - 1 })).toBe(nowMs + challengeMs)
    expect(check(nonce, { nowMs: nowMs + challengeMs })).toBe('SIGN_IN_EXPIRED')
    const strange = { address: otherAddress, genesisHash: otherChain, domain: 'a.example' }
    for (const [name, value] of Object.entries(strange)) {
      expect([name, check(nonce, { [name]: value })]).toEqual([name, 'SIGN_IN_NONCE_UNKNOWN'])
    }
    for (let at = 0; at < 64; at++) {
      const digit = nonce[at] === '0' ? '1' : '0'
      expect(check(nonce.slice(0, at) + digit + nonce.slice(at + 1))).toBe('SIGN_IN_NONCE_UNKNOWN')
    }
    for (const wrong of ['', 'zz', '00'.repeat(32)])
      expect(check(wrong)).toBe('SIGN_IN_NONCE_UNKNOWN')
  })

  test('SIGNIN-4: an older secret is good until it is removed', () => {
    const newer = 'b'.repeat(43)
    expect(check(nonceOf(), { secrets: [newer, secret] })).toBe(nowMs + signInLimits.challengeMs)
    expect(check(nonceOf(), { secrets: [newer] })).toBe('SIGN_IN_NONCE_UNKNOWN')
  })
})

test('SIGNIN-5: the signature is the account’s, over text, origin and chain', () => {
  const sign = (given: { origin?: string; genesisHash?: Uint8Array; text?: string } = {}) => {
    const bytes = signedMessageBytes({ genesisHash, origin: site.uri, text, ...given })
    if (!bytes.ok) throw new Error(bytes.error.code)
    return signer.sign(bytes.value)
  }
  const check = (given: object) => {
    const whole = { text, origin: site.uri, address, publicKey: signer.publicKey, genesisHash }
    const checked = checkSignature({ ...whole, signature: sign(), ...given }, nobleVerifier)
    return checked.ok ? 'ok' : checked.error.code
  }
  const wrong = 'SIGN_IN_SIGNATURE_INVALID'
  expect(check({})).toBe('ok')
  expect(check({ signature: sign({ origin: 'https://evil.example' }) })).toBe(wrong)
  expect(check({ signature: sign({ genesisHash: otherChain }) })).toBe(wrong)
  expect(check({ signature: sign({ text: `${text}.` }) })).toBe(wrong)
  expect(check({ publicKey: other.publicKey })).toBe(wrong)
  expect(check({ address: otherAddress })).toBe(wrong)
  expect(check({ signature: new Uint8Array(64) })).toBe(wrong)
  expect(check({ text: '' })).toBe(wrong)
})

test('SIGNIN-6: an account has one user id on a chain', () => {
  const id = userIdOf(genesisHash, address)
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(userIdOf(genesisHash, address)).toBe(id)
  expect(userIdOf(otherChain, address)).not.toBe(id)
  expect(userIdOf(genesisHash, otherAddress)).not.toBe(id)
})

test('SIGNIN-7: an account owns the same however it comes; a key owns something else', () => {
  const session = { kind: 'session', publicId: address, sessionId: 'a', expiresAtMs: 1 } as const
  const signed = { kind: 'account', publicId: address, publicKey: signer.publicKey } as const
  const key = { kind: 'api_key', scope: 'client', publicId: 'client_1' } as const
  expect(ownerOf(session)).toBe(ownerOf(signed))
  expect(ownerOf({ ...key, publicId: address })).not.toBe(ownerOf(signed))
  expect(ownerOf(key)).not.toBe(ownerOf({ ...key, scope: 'admin' }))
})
