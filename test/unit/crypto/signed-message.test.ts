import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../../core/base/bytes.ts'
import { decodeTransaction, transactionSigningBytes } from '../../../core/chain/transaction.ts'
import { domains, type SigningDomain, signingBytes } from '../../../core/crypto/domains.ts'
import { nobleVerifier, signerFromSeed } from '../../../core/crypto/ed25519.ts'
import {
  isMessageOrigin,
  signedMessageBytes,
  signedMessageLimits,
} from '../../../core/crypto/signed-message.ts'
import { alice, bob, sign } from '../../support/chain-world.ts'

type Vector = Record<'genesis_hash' | 'origin' | 'text' | 'seed' | 'bytes' | 'signature', string>
const { messages }: { readonly messages: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('../../vectors/signed-message.json', import.meta.url), 'utf8'),
)

const genesisHash = new Uint8Array(32).fill(7)
const origin = 'https://edge.example.org'
const bytesOf = (input: Partial<Parameters<typeof signedMessageBytes>[0]>): Uint8Array => {
  const bytes = signedMessageBytes({ genesisHash, origin, text: 'hello', ...input })
  if (!bytes.ok) throw new Error(bytes.error.message)
  return bytes.value
}
const codeOf = (input: { readonly origin?: string; readonly text?: string }) => {
  const bytes = signedMessageBytes({ genesisHash, origin, text: 'hello', ...input })
  return bytes.ok ? 'ok' : bytes.error.code
}

const anyText = fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' })
const anyOrigin = fc.constantFrom('cli', origin, 'https://edge.example.org:8443', 'http://[::1]')
const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const anyMessage = fc.record({ genesisHash: anyHash, origin: anyOrigin, text: anyText })

test('MESSAGE-1: bytes and signatures are those written down', () => {
  expect(messages.length).toBeGreaterThan(3)
  for (const vector of messages) {
    const hash = Uint8Array.from(Buffer.from(vector.genesis_hash, 'hex'))
    const bytes = bytesOf({ genesisHash: hash, origin: vector.origin, text: vector.text })
    expect(toHex(bytes)).toBe(vector.bytes)
    const signer = signerFromSeed(Uint8Array.from(Buffer.from(vector.seed, 'hex')))
    expect(toHex(signer.sign(bytes))).toBe(vector.signature)
    const signature = signer.sign(bytes)
    const { publicKey } = signer
    expect(nobleVerifier.verify({ signature, message: bytes, publicKey })).toBe(true)
  }
})

test('MESSAGE-1: two messages have the same bytes only when they are the same', () => {
  fc.assert(
    fc.property(anyMessage, anyMessage, (one, other) => {
      const same =
        toHex(one.genesisHash) === toHex(other.genesisHash) &&
        one.origin === other.origin &&
        one.text === other.text
      expect(toHex(bytesOf(one)) === toHex(bytesOf(other))).toBe(same)
    }),
  )
})

test('MESSAGE-2: no other domain begins as a message does, whatever the text', () => {
  const names = Object.keys(domains) as SigningDomain[]
  const heads = names.map((name) => toHex(signingBytes(name, new Uint8Array(), new Uint8Array())))
  heads.forEach((head, at) => {
    const others = heads.filter((other, index) => index !== at && other.startsWith(head))
    expect(others, names[at]).toEqual([])
  })
})

test('MESSAGE-2: a text made of a transaction’s bytes does not give its signature', () => {
  const bytes = sign({
    by: alice,
    message: { TAG: 'transfer', data: { to: bob.address, amount: 1n } },
  })
  const transaction = decodeTransaction(bytes)
  if (!transaction.ok) throw new Error(transaction.error.message)
  const wanted = transactionSigningBytes(genesisHash, transaction.value.body)
  for (const text of [toHex(wanted), String.fromCharCode(...wanted)]) {
    const message = bytesOf({ text })
    expect(toHex(message).startsWith(toHex(wanted.subarray(0, 20)))).toBe(false)
    const signature = alice.sign(message)
    const claim = { signature, message: wanted, publicKey: alice.publicKey }
    expect(nobleVerifier.verify(claim)).toBe(false)
  }
})

test('MESSAGE-3: an origin is written as a browser writes it', () => {
  for (const url of [
    'https://a.example',
    'http://127.0.0.1:18000',
    'https://xn--bcher-kva.example',
  ]) {
    expect(new URL(url).origin).toBe(url)
    expect(codeOf({ origin: url })).toBe('ok')
  }
  for (const fine of ['cli', 'http://[::1]:8000', 'moz-extension://c1a0-b2']) {
    expect(isMessageOrigin(fine)).toBe(true)
  }
  const wrong = [
    '',
    'CLI',
    'null',
    'edge.example.org',
    'https://',
    'https://Edge.example.org',
    'https://edge.example.org/',
    'https://edge.example.org/path',
    'https://user@edge.example.org',
    'https://bücher.example',
    'https://edge.example.org:0',
    'https://edge.example.org\n',
    'ftp://edge.example.org',
    'javascript:alert(1)',
    `https://${'a'.repeat(signedMessageLimits.originBytesMax)}`,
  ]
  for (const each of wrong)
    expect([each, codeOf({ origin: each })]).toEqual([each, 'ORIGIN_INVALID'])
})

test('MESSAGE-4: text has bounds, and is signed as it stands', () => {
  const { textBytesMax } = signedMessageLimits
  expect(codeOf({ text: 'x'.repeat(textBytesMax) })).toBe('ok')
  expect(codeOf({ text: 'x'.repeat(textBytesMax + 1) })).toBe('MESSAGE_INVALID')
  expect(codeOf({ text: 'ü'.repeat(textBytesMax / 2 + 1) })).toBe('MESSAGE_INVALID')
  expect(codeOf({ text: '' })).toBe('MESSAGE_INVALID')
  expect(codeOf({ text: 'a\ud800b' })).toBe('MESSAGE_INVALID')
  expect(codeOf({ text: '\udc00' })).toBe('MESSAGE_INVALID')
  expect(codeOf({ text: '😀' })).toBe('ok')
  const [composed, apart] = ['\u00fc', 'u\u0308']
  expect(toHex(bytesOf({ text: composed }))).not.toBe(toHex(bytesOf({ text: apart })))
})
