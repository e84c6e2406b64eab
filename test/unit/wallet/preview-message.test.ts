import fc from 'fast-check'
import { expect, test } from 'vitest'
import { previewMessage } from '../../../core/wallet/preview-message.ts'
import { hasHiddenText, visibleText } from '../../../core/wallet/visible-text.ts'

// Any code units, halves of surrogate pairs among them.
const anyUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code))

const here = 'https://edge.example.org'
type Input = Parameters<typeof previewMessage>[0]
const show = (change: Partial<Input>) => {
  const common = { origin: here, requester: here, text: 'hello', knownTexts: [] }
  return previewMessage({ ...common, knownOrigins: [here], ...change })
}
const codesOf = (change: Partial<Input>) =>
  show(change).risks.map(({ level, code }) => `${level} ${code}`)

test('PREVIEW-6: a message is shown whole, whatever it and its origin are', () => {
  const anyText = fc.string({ unit: anyUnit, maxLength: 200 })
  fc.assert(
    fc.property(anyText, anyText, anyText, (text, origin, requester) => {
      const preview = show({ text, origin, requester })
      expect(preview.text).toBe(visibleText(text))
      for (const each of [preview.title, preview.text, preview.origin]) {
        expect(hasHiddenText(each)).toBe(false)
      }
      if (hasHiddenText(text)) {
        expect(preview.risks.map(({ code }) => code)).toContain('TEXT_HIDDEN')
      }
    }),
  )
})

test('PREVIEW-7: plain messages and sign-ins of the site that asks raise no flag', () => {
  expect(codesOf({})).toEqual([])
  const text = 'edge.example.org wants you to sign in\nURI: https://edge.example.org/\nVersion: 1.0'
  expect(codesOf({ text })).toEqual([])
  expect(show({ text })).toMatchObject({ isSignIn: true, title: 'Sign in to edge.example.org' })
  const genesis = 'ab'.repeat(32)
  expect(codesOf({ text: `sign in, chain ${genesis}`, knownTexts: [genesis] })).toEqual([])
  const local = 'http://127.0.0.1:18000'
  expect(codesOf({ origin: local, requester: local })).toEqual([])
  expect(codesOf({ origin: 'cli', requester: 'cli', text: 'sign in at a.example' })).toEqual([])
})

test('PREVIEW-7: each suspicion is flagged', () => {
  expect(codesOf({ origin: 'https://other.example' })).toEqual(['danger ORIGIN_MISMATCH'])
  const from = (requester: string) => codesOf({ origin: requester, requester })
  expect(from('http://edge.example.net')).toEqual(['caution ORIGIN_INSECURE'])
  expect(from('https://xn--dge-5cd.example.org')).toEqual(['caution ORIGIN_LOOKALIKE'])
  for (const twin of [
    'https://edge.exarnple.org',
    'https://edge-example.org',
    'https://edge.examp1e.org',
  ]) {
    expect([twin, from(twin)]).toEqual([twin, ['danger ORIGIN_LOOKALIKE']])
  }
  expect(from('https://edge.example.org:8443')).toEqual([])
  expect(codesOf({ text: 'bank.example wants you to sign in' })).toEqual([
    'danger SIGN_IN_ELSEWHERE',
  ])
  expect(codesOf({ text: 'pay\u202e001' })).toEqual(['danger TEXT_HIDDEN'])
  // Drawn as nothing although they are letters, a symbol and a mark.
  for (const filler of ['\u115f', '\u1160', '\u3164', '\uffa0', '\u2800', '\u034f']) {
    expect(codesOf({ text: `pay${filler}1` })).toEqual(['danger TEXT_HIDDEN'])
    expect(visibleText(filler)).toMatch(/^⟨U\+[0-9A-F]{4}⟩$/)
  }
  expect(codesOf({ text: `hello${'\n  '.repeat(6)}\nI owe you all` })).toEqual(['danger TEXT_GAP'])
  expect(codesOf({ text: 'a\n\nb\n\n\nc' })).toEqual([])
  expect(codesOf({ text: `0x${'5f'.repeat(32)}` })).toEqual(['caution TEXT_OPAQUE'])
  expect(codesOf({ text: 'read this. '.repeat(200) })).toEqual(['note TEXT_LONG'])
})
