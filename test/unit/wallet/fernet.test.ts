import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isFernetToken, openFernet, sealFernet } from '../../../core/wallet/fernet.ts'

type Vector = Record<'desc' | 'token' | 'now', string>
type Vectors = {
  readonly secret: string
  readonly generate: Record<'token' | 'now' | 'iv' | 'src', string>
  readonly invalid: readonly Vector[]
  readonly invalid_by_age: readonly Vector[]
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../vectors/fernet.json', import.meta.url), 'utf8'),
)
const key = Uint8Array.from(Buffer.from(vectors.secret, 'base64url'))
const secondsOf = (time: string) => Date.parse(time) / 1_000

test('FERNET-1: the published token is made and opened', () => {
  const { token, now, iv, src } = vectors.generate
  const timeSeconds = secondsOf(now)
  const plain = new TextEncoder().encode(src)
  expect(sealFernet({ key, plain, iv: Uint8Array.from(Buffer.from(iv, 'hex')), timeSeconds })).toBe(
    token,
  )
  expect(openFernet(key, token)).toEqual({
    ok: true,
    value: { plain, timeSeconds: BigInt(timeSeconds) },
  })
})

test.each(vectors.invalid)('FERNET-2: refused: $desc', ({ token }) => {
  expect(openFernet(key, token)).toMatchObject({ ok: false })
})

test.each(vectors.invalid_by_age)('FERNET-2: $desc: opens, and shows its time', (vector) => {
  const opened = openFernet(key, vector.token)
  if (!opened.ok) throw new Error(opened.error.code)
  const age = secondsOf(vector.now) - Number(opened.value.timeSeconds)
  // The vectors allow 60 s of age and 60 s of skew.
  expect(age > 60 || age < -60).toBe(true)
})

test('FERNET-3: any bytes are refused without an exception, under another key too', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const token = Buffer.from([0x80, ...bytes]).toString('base64url')
      expect(openFernet(key, token)).toMatchObject({ ok: false })
      expect(openFernet(key, String.fromCharCode(...bytes))).toMatchObject({ ok: false })
    }),
  )
  const other = key.map((byte) => byte ^ 1)
  expect(openFernet(other, vectors.generate.token)).toMatchObject({
    error: { code: 'FERNET_REFUSED' },
  })
  expect(isFernetToken(vectors.generate.token)).toBe(true)
  expect(isFernetToken('c2VjcmV0')).toBe(false)
})

test('FERNET-3: a changed byte anywhere is refused', () => {
  const plain = new Uint8Array(40).fill(5)
  const iv = new Uint8Array(16).fill(6)
  const token = Buffer.from(sealFernet({ key, plain, iv, timeSeconds: 9 }), 'base64url')
  for (let at = 0; at < token.length; at++) {
    const changed = Buffer.from(token)
    changed[at] = (changed[at] as number) ^ 0x40
    expect(openFernet(key, `${changed.toString('base64url')}`), String(at)).toMatchObject({
      ok: false,
    })
  }
})
