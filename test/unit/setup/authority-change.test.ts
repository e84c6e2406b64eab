/** A change of authorities as a file that goes from hand to hand. */
import { expect, test } from 'vitest'
import { decodeTransaction } from '../../../core/chain/transaction.ts'
import {
  type ChangeFile,
  changeTransaction,
  draftChange,
  readChange,
  signChange,
} from '../../../scripts/setup/authority-change.ts'
import { createGenesis, nodeVerifier, person } from '../../support/chain-world.ts'

const [one, two, three, four] = ['one', 'two', 'three', 'four'].map(person) as [
  ReturnType<typeof person>,
  ReturnType<typeof person>,
  ReturnType<typeof person>,
  ReturnType<typeof person>,
]
const named = (name: string) => ({ name, publicKey: person(name).publicKey })
const authorities = ['one', 'two', 'three'].map(named)
const on = { chainId: 'test', genesisHash: new Uint8Array(32).fill(5), authorities }
const sending = {
  ...on,
  parameters: createGenesis().parameters,
  verifier: nodeVerifier,
  payer: one,
  nonce: 3n,
  validUntil: 99n,
}

const must = <T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T => {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}
const why = (result: ReturnType<typeof changeTransaction>) =>
  result.ok ? '' : result.error.message
const draft = (): ChangeFile =>
  must(draftChange(on, { set: [named('two'), named('four')], height: 50 }))

test('drafted, sent around, signed by a quorum: a transaction that names both sets', () => {
  const travelled = must(readChange(JSON.stringify(must(signChange(draft(), three)))))
  const file = must(signChange(travelled, one))
  const bytes = must(changeTransaction(file, sending))
  const { body } = must(decodeTransaction(bytes))
  expect(body).toMatchObject({ nonce: 3n, validUntil: 99n })
  if (body.message.TAG !== 'authority_change') throw new Error('a change')
  const { terms, signatures } = body.message.data
  expect(terms.height).toBe(50n)
  expect(terms.set.map(({ name }) => name)).toEqual(['two', 'four'])
  expect(signatures.map(({ authority }) => authority)).toEqual([0, 2])
})

test('signing twice counts once, and a stranger cannot', () => {
  const file = must(signChange(must(signChange(draft(), two)), two))
  expect(why(changeTransaction(file, sending))).toBe('1 of 2 signatures that are needed')
  expect(signChange(file, four).ok).toBe(false)
})

test('a changed file, another chain, another set, a set that cannot be: each is told', () => {
  const signed = must(signChange(must(signChange(draft(), one)), two))
  expect(why(changeTransaction({ ...signed, height: 51 }, sending))).toContain(
    'not for these terms',
  )
  const elsewhere = { ...sending, genesisHash: new Uint8Array(32) }
  expect(why(changeTransaction(signed, elsewhere))).toBe('it is for another chain')
  const later = { ...sending, authorities: [named('two'), named('four')] }
  expect(why(changeTransaction(signed, later))).toContain('draft it again')
  expect(draftChange(on, { set: [], height: 5 }).ok).toBe(false)
  expect(draftChange(on, { set: [named('two'), named('two')], height: 5 }).ok).toBe(false)
  for (const text of ['', '[]', '{', '{"chain_id":1}']) expect(readChange(text).ok).toBe(false)
})
