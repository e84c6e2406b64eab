import { describe, expect, test } from 'vitest'
import { utf8ToBytes } from '../../../core/base/bytes.ts'
import {
  type Authorisation,
  authorisationCoder,
  authorisationSigningBytes,
} from '../../../core/chain/authorisation.ts'
import { nobleVerifier } from '../../../core/crypto/ed25519.ts'
import { sha256 } from '../../../core/crypto/hash.ts'
import {
  type AuthorisationContext,
  checkAuthorisation,
  readAuthorisation,
  settleByWindow,
  ttlSecondsMaxOf,
} from '../../../core/jobs/check-authorisation.ts'
import { jobHashOf } from '../../../core/jobs/job-spec.ts'
import { jobLimits } from '../../../core/jobs/limits.ts'
import {
  authorisation,
  coordinator,
  delegate,
  escrow,
  genesisHash,
  owner,
  spec,
} from './fixtures.ts'

const context = (changes: Partial<AuthorisationContext> = {}): AuthorisationContext => ({
  genesisHash,
  verifier: nobleVerifier,
  coordinator: coordinator.publicKey,
  jobHash: jobHashOf(spec),
  ttlSeconds: 900,
  nowSlot: 100,
  authorisationLifeSlots: 900,
  escrow: escrow(),
  isNumberUsed: false,
  caller: undefined,
  ...changes,
})

function check(
  changes: Partial<Authorisation> = {},
  around: Partial<AuthorisationContext> = {},
  signer = owner,
) {
  const signed = authorisation({ signer: signer.publicKey, ...changes })
  const signature = signer.sign(authorisationSigningBytes(genesisHash, signed))
  const done = checkAuthorisation(signed, signature, context(around))
  return done.ok ? done.value.by : done.error.code
}

test('PERMIT-1: an authorisation for this job passes, for another it does not', () => {
  expect(check()).toBe('owner')
  expect(check({ jobHash: sha256(utf8ToBytes('another')) })).toBe('AUTHORISATION_INVALID')
})

describe('PERMIT-2: signatures', () => {
  test('PERMIT-2: must be the signer’s own', () => {
    expect(check({ signer: owner.publicKey }, {}, delegate)).toBe('AUTHORISATION_INVALID')
  })

  test('PERMIT-2: must cover this chain', () => {
    const other = sha256(utf8ToBytes('another genesis'))
    expect(check({}, { genesisHash: other })).toBe('AUTHORISATION_INVALID')
  })

  test('PERMIT-2: must be the caller’s', () => {
    expect(check({}, { caller: owner.publicKey })).toBe('owner')
    expect(check({}, { caller: delegate.publicKey })).toBe('AUTHORISATION_INVALID')
  })
})

describe('PERMIT-3: escrows', () => {
  test.each([
    ['none that is final', undefined, 'ESCROW_REQUIRED'],
    ['another coordinator’s', escrow({ coordinator: owner.publicKey }), 'AUTHORISATION_INVALID'],
    ['one that is closing', escrow({ closesAtSlot: 5_000 }), 'ESCROW_REQUIRED'],
  ])('PERMIT-3: %s', (_, view, code) => {
    expect(check({}, { escrow: view })).toBe(code)
  })
})

describe('PERMIT-4: signers', () => {
  const terms = escrow().delegates[0]
  const withDelegate = (changes: Partial<NonNullable<typeof terms>>) =>
    escrow({ delegates: [{ ...(terms as NonNullable<typeof terms>), ...changes }] })

  test('PERMIT-4: a live delegate', () => {
    expect(check({}, {}, delegate)).toBe('delegate')
  })

  test.each([
    ['a stranger', escrow({ delegates: [] }), 'AUTHORISATION_INVALID'],
    ['a revoked delegate, at once', withDelegate({ revokedAtSlot: 9_000 }), 'DELEGATE_EXPIRED'],
    ['a delegate that expires first', withDelegate({ expirySlot: 700 }), 'DELEGATE_EXPIRED'],
  ])('PERMIT-4: not %s', (_, view, code) => {
    expect(check({}, { escrow: view }, delegate)).toBe(code)
  })
})

test('PERMIT-5: a number is used up once taken', () => {
  expect(check({}, { isNumberUsed: true })).toBe('AUTHORISATION_USED')
})

describe('PERMIT-6: settle-by', () => {
  const from = 100 + 450 + jobLimits.settleMarginSlots

  test.each([
    [from - 1, 'AUTHORISATION_EXPIRED'],
    [from, 'owner'],
    [1_000, 'owner'],
    [1_001, 'AUTHORISATION_EXPIRED'],
    [99, 'AUTHORISATION_EXPIRED'],
  ])('PERMIT-6: at slot %d gives %s', (slot, expected) => {
    expect(check({ settleBy: BigInt(slot) })).toBe(expected)
  })

  test('PERMIT-6: lies before the end of the escrow', () => {
    expect(check({ settleBy: 700n }, { escrow: escrow({ expirySlot: 700 }) })).toBe(
      'AUTHORISATION_EXPIRED',
    )
    expect(check({ settleBy: 700n }, { escrow: escrow({ expirySlot: 701 }) })).toBe('owner')
  })

  test('PERMIT-6: the longest life of a job leaves a window', () => {
    for (const authorisationLifeSlots of [80, 200, 525, 900, 100_000]) {
      const ttlSeconds = ttlSecondsMaxOf(authorisationLifeSlots)
      const input = { nowSlot: 100, ttlSeconds, authorisationLifeSlots, escrowExpirySlot: 10 ** 9 }
      const { from, to } = settleByWindow(input)
      expect(from).toBeLessThanOrEqual(to)
    }
  })
})

describe('PERMIT-7: form', () => {
  test('PERMIT-7: a limit of zero pays for nothing', () => {
    expect(check({ limit: 0n })).toBe('AUTHORISATION_INVALID')
  })

  test('PERMIT-7: bytes are canonical', () => {
    const bytes = authorisationCoder.encode(authorisation())
    expect(readAuthorisation(bytes)).toMatchObject({ ok: true })
    for (const bad of [bytes.slice(1), Uint8Array.of(...bytes, 0), new Uint8Array(0)]) {
      expect(readAuthorisation(bad)).toMatchObject({ error: { code: 'AUTHORISATION_INVALID' } })
    }
  })
})
