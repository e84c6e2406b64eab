import { createHash, webcrypto } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressOf, formatAddress } from '../../../core/crypto/address.ts'
import { signerFromSeed } from '../../../core/crypto/ed25519.ts'
import {
  type ContainerKdf,
  type ContainerLimits,
  containerIterations,
  containerLimits,
  containerPassword,
  deriveContainerKey,
  openContainer,
  readContainer,
  sealContainer,
} from '../../../core/wallet/container.ts'

const cheap: ContainerLimits = { ...containerLimits, iterationsMin: 1 }
const salt = new Uint8Array(16).fill(3)
const kdf: ContainerKdf = { iterations: 10, salt }
const publicKeys = [1, 2].map((n) => signerFromSeed(new Uint8Array(32).fill(n)).publicKey)
const content = new TextEncoder().encode('a secret seed that nobody may read')
const iv = new Uint8Array(16).fill(4)

function bytesOf(password: string): Uint8Array {
  const bytes = containerPassword(password)
  if (!bytes.ok) throw new Error(bytes.error.code)
  return bytes.value
}
type Change = Partial<{ kdf: ContainerKdf; content: Uint8Array; publicKeys: Uint8Array[] }>
function seal(password = 'correct horse', change: Change = {}): string {
  const header = { kdf: change.kdf ?? kdf, publicKeys: change.publicKeys ?? publicKeys }
  const key = deriveContainerKey(bytesOf(password), header.kdf)
  const input = { header, key, content: change.content ?? content, iv, timeSeconds: 1_700_000_000 }
  const sealed = sealContainer(input, cheap)
  if (!sealed.ok) throw new Error(sealed.error.message)
  return sealed.value
}
function open(text: string, password = 'correct horse', limits = cheap) {
  const container = readContainer(text, limits)
  if (!container.ok) return container
  return openContainer(container.value, deriveContainerKey(bytesOf(password), container.value.kdf))
}
const codeOf = (text: string, limits = cheap) => {
  const opened = open(text, 'correct horse', limits)
  return opened.ok ? 'ok' : opened.error.code
}

/** Changes fields as somebody would who knows how `check` is made. */
function forged(change: (file: Record<string, unknown> & { kdf: object }) => void): string {
  const file = JSON.parse(seal())
  change(file)
  const { check: _old, ...fields } = file
  return JSON.stringify({ ...fields, check: checkOf(fields) })
}
function checkOf(fields: object): string {
  // The reader's own word for a wrong one does not tell the right one, so it is made here again.
  const tag = 'aitbc/keystore-check/1'
  const bytes = Buffer.concat([
    Buffer.from([tag.length]),
    Buffer.from(tag),
    Buffer.from(JSON.stringify(fields)),
  ])
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

test('CONTAINER-1: any content comes back under its password', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
      (anyContent, password) => {
        const text = seal(password, { content: anyContent })
        expect(open(text, password)).toEqual({ ok: true, value: anyContent })
      },
    ),
    { numRuns: 60 },
  )
})

test('CONTAINER-2: the wrong password opens nothing and tells nothing', () => {
  const opened = open(seal(), 'correct horsf')
  expect(opened).toMatchObject({ ok: false, error: { code: 'PASSWORD_WRONG' } })
  expect(JSON.stringify(opened)).not.toContain('secret')
  expect(containerPassword('')).toMatchObject({ error: { code: 'PASSWORD_INVALID' } })
  const long = 'x'.repeat(containerLimits.passwordBytesMax + 1)
  expect(containerPassword(long)).toMatchObject({ error: { code: 'PASSWORD_INVALID' } })
})

test('CONTAINER-3: a changed header does not open, even with its check made anew', () => {
  expect(codeOf(forged(() => undefined))).toBe('ok')
  expect(codeOf(forged((file) => Object.assign(file.kdf, { iterations: 11 })))).toBe(
    'PASSWORD_WRONG',
  )
  expect(codeOf(forged((file) => Object.assign(file.kdf, { salt: '05'.repeat(16) })))).toBe(
    'PASSWORD_WRONG',
  )
  const accounts = (change: (all: unknown[]) => unknown[]) =>
    forged((file) => Object.assign(file, { accounts: change(file['accounts'] as unknown[]) }))
  expect(codeOf(accounts((all) => all.toReversed()))).toBe('KEYSTORE_CHANGED')
  expect(codeOf(accounts((all) => all.slice(1)))).toBe('KEYSTORE_CHANGED')
  const mine = signerFromSeed(new Uint8Array(32).fill(9)).publicKey
  const other = {
    address: formatAddress(addressOf(mine)),
    public_key: Buffer.from(mine).toString('hex'),
  }
  expect(codeOf(accounts(() => [other]))).toBe('KEYSTORE_CHANGED')
})

test('CONTAINER-4: what exceeds a bound is refused before any work', () => {
  expect(containerLimits.iterationsMin).toBe(600_000)
  const many = (iterations: number) => forged((file) => Object.assign(file.kdf, { iterations }))
  expect(codeOf(seal(), containerLimits)).toBe('KEYSTORE_INVALID')
  expect(codeOf(many(599_999), containerLimits)).toBe('KEYSTORE_INVALID')
  expect(codeOf(many(10_000_001))).toBe('KEYSTORE_INVALID')
  expect(codeOf(many(1e300))).toBe('KEYSTORE_INVALID')
  expect(codeOf(many(10.5))).toBe('KEYSTORE_INVALID')
  const salted = (text: string) => forged((file) => Object.assign(file.kdf, { salt: text }))
  for (const text of ['00'.repeat(15), '00'.repeat(65), 'zz'.repeat(16), '']) {
    expect(codeOf(salted(text)), text).toBe('KEYSTORE_INVALID')
  }
  const crowd = Array.from({ length: 129 }, () => publicKeys[0] as Uint8Array)
  expect(() => seal('x', { publicKeys: crowd })).toThrow('128 accounts')
  expect(() => seal('x', { content: new Uint8Array(200_000) })).toThrow('too much')
  expect(codeOf(forged((file) => Object.assign(file, { extra: 1 })))).toBe('KEYSTORE_INVALID')
  expect(codeOf(forged((file) => Object.assign(file, { sealed: 'AAAA' })))).toBe('KEYSTORE_INVALID')
})

test('CONTAINER-5: what is foreign, cut, damaged or of the future each has its code', () => {
  const text = seal()
  for (const foreign of ['', 'hello', '[]', 'null', '{"kind":"other"}', '{"version":1}', '{']) {
    expect([foreign, codeOf(foreign)]).toEqual([
      foreign,
      foreign === '{' ? 'KEYSTORE_TRUNCATED' : 'KEYSTORE_FOREIGN',
    ])
  }
  expect(codeOf(`${text}${' '.repeat(containerLimits.textMax)}`)).toBe('KEYSTORE_FOREIGN')
  for (let length = 30; length < text.length - 3; length += 7) {
    expect(codeOf(text.slice(0, length)), String(length)).toMatch(/TRUNCATED|DAMAGED/)
  }
  expect(codeOf(text.slice(0, 120))).toBe('KEYSTORE_TRUNCATED')
  expect(codeOf(text.replace('"sealed": "gAAAA', '"sealed": "gAAAB'))).toBe('KEYSTORE_DAMAGED')
  const future = readContainer(
    forged((file) => Object.assign(file, { version: 2 })),
    cheap,
  )
  expect(future).toMatchObject({ ok: false, error: { code: 'KEYSTORE_UNSUPPORTED' } })
  expect(JSON.stringify(future)).toMatch(/version 2.*version 1/)
})

test('CONTAINER-5: no single changed bit opens', () => {
  const text = Buffer.from(seal(), 'latin1')
  for (let bit = 0; bit < text.length * 8; bit++) {
    const changed = Buffer.from(text)
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
    const read = readContainer(changed.toString('latin1'), cheap)
    // White space is no part of what was sealed.
    if (read.ok) expect(open(changed.toString('latin1'))).toEqual(open(text.toString('latin1')))
    else expect(read.error.code).toMatch(/^KEYSTORE_(?:FOREIGN|TRUNCATED|DAMAGED)$/)
    if (read.ok) expect(String.fromCharCode(text[bit >> 3] as number)).toMatch(/\s/)
  }
})

test('CONTAINER-6: accounts are readable without the password, the content is not', () => {
  const text = seal()
  const read = readContainer(text, cheap)
  expect(read).toMatchObject({ ok: true, value: { publicKeys, kdf } })
  expect(text).toContain(formatAddress(addressOf(publicKeys[0] as Uint8Array)))
  expect(text).not.toContain(Buffer.from(content).toString('base64').slice(4, 16))
  const [one, two] = JSON.parse(text).accounts
  const crossed = forged((file) =>
    Object.assign(file, { accounts: [{ ...one, address: two.address }, two] }),
  )
  expect(codeOf(crossed)).toBe('KEYSTORE_INVALID')
})

test('CONTAINER-7: one password typed in two ways is one password', () => {
  expect(open(seal('Zu\u0308rich \ufb01ve'), 'Z\u00fcrich five')).toMatchObject({ ok: true })
})

async function webKey(password: string, from: ContainerKdf): Promise<Uint8Array> {
  const { subtle } = webcrypto
  const secret = await subtle.importKey('raw', bytesOf(password), 'PBKDF2', false, ['deriveBits'])
  const terms = { name: 'PBKDF2', hash: 'SHA-256', salt: from.salt, iterations: from.iterations }
  return new Uint8Array(await subtle.deriveBits(terms, secret, 256))
}

test('CONTAINER-8: WebCrypto and plain JavaScript open each other’s containers', async () => {
  const full = { iterations: containerIterations, salt: new Uint8Array(32).fill(8) }
  const plainKey = deriveContainerKey(bytesOf('Zürich'), full)
  const key = await webKey('Zürich', full)
  expect(key).toEqual(plainKey)
  const sealed = sealContainer({
    header: { kdf: full, publicKeys },
    key,
    content,
    iv,
    timeSeconds: 1,
  })
  const read = sealed.ok ? readContainer(sealed.value) : sealed
  if (!read.ok) throw new Error(read.error.message)
  expect(openContainer(read.value, plainKey)).toEqual({ ok: true, value: content })
}, 120_000)

test('CONTAINER-8: so they do for any password and salt', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }),
      fc.uint8Array({ minLength: 16, maxLength: 64 }),
      async (password, anySalt) => {
        const terms = { iterations: 3, salt: anySalt }
        expect(await webKey(password, terms)).toEqual(deriveContainerKey(bytesOf(password), terms))
      },
    ),
    { numRuns: 30 },
  )
})
