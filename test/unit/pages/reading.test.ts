/** What the pages read: answers of a site, addresses, and what a person types. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { routeOf } from '../../../pages/explorer/routes.ts'
import { explorerPath, readSearch } from '../../../pages/shared/addresses.ts'
import * as schemas from '../../../pages/shared/live/schemas.ts'
import { exactText, readShape, record, type Shape, text } from '../../../pages/shared/live/shape.ts'
import { ownWord } from '../../../pages/shared/own.ts'
import { ageOf } from '../../../pages/shared/ui/time.tsx'

test('a shape names the first place that does not fit', () => {
  const answer = {
    blocks: [
      { ...summary, height: 1 },
      { ...summary, height: 'two' },
    ],
    total: 2,
  }
  expect(readShape(schemas.blockList, answer)).toEqual({
    ok: false,
    error: { code: 'SHAPE_UNKNOWN', at: '.blocks[1].height' },
  })
})

test('fields that a page does not know are left out, those that it needs are not invented', () => {
  const read = readShape(schemas.blockSummary, { ...summary, colour: 'red' })
  expect(read).toEqual({ ok: true, value: summary })
  expect(readShape(schemas.blockSummary, { ...summary, final: undefined }).ok).toBe(false)
  const inherited = Object.create(summary) as unknown
  expect(readShape(schemas.blockSummary, inherited).ok).toBe(false)
})

test('PAGE-13: text is read as a person may see it, unless it is wanted to the letter', () => {
  const said = 'miner\u202E\u0000\uD800 one\ntwo'
  const seen = 'miner⟨U+202E⟩⟨U+0000⟩⟨U+D800⟩ one\ntwo'
  expect(readShape(text, said)).toEqual({ ok: true, value: seen })
  expect(readShape(exactText, said)).toEqual({ ok: true, value: said })
  expect(readShape(record(text), { [said]: said })).toEqual({ ok: true, value: { [seen]: seen } })
})

test('PAGE-13: what every object has is no word of a table', () => {
  expect(ownWord({ due: 'Due' }, 'due')).toBe('Due')
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect(ownWord({ due: 'Due' }, name)).toBeUndefined()
  }
})

test('amounts are exact base units, never fractions', () => {
  const amountIn = (amount: unknown) => {
    const read = readShape(schemas.receipt, { ...receipt, payload: { ...paid, amount } })
    return read.ok ? read.value.payload.amount : undefined
  }
  expect(amountIn('9007199254740993')).toBe(9_007_199_254_740_993n)
  expect(amountIn(12)).toBe(12n)
  for (const wrong of ['1.5', '-1', '', '0x1', 1.5, -1, 2 ** 53, null]) {
    expect(amountIn(wrong)).toBeUndefined()
  }
})

test('no answer whatever makes a shape throw', () => {
  const all = Object.values(schemas).filter((shape) => typeof shape === 'function')
  expect(all.length).toBeGreaterThan(8)
  fc.assert(
    fc.property(fc.anything(), (answer) => {
      for (const shape of all) readShape(shape as Shape<unknown>, answer)
    }),
  )
})

test('the search reads heights, hashes and addresses', () => {
  const hash = 'ab'.repeat(32)
  expect(readSearch(' #1,234 ')).toEqual({ kind: 'height', value: '1234' })
  expect(readSearch(hash.toUpperCase())).toEqual({ kind: 'hash', value: `0x${hash}` })
  expect(readSearch(`0x${hash}`)).toEqual({ kind: 'hash', value: `0x${hash}` })
  expect(readSearch(`0x${'AB'.repeat(16)}`)).toEqual({ kind: 'id', value: 'ab'.repeat(16) })
  const address = 'aitbc1qq93vgfvxapy6krrdeucfru65kcth3k3n3x58k'
  expect(readSearch(address.toUpperCase())).toEqual({ kind: 'address', value: address })
  for (const nothing of ['', 'hello', '-1', '1.5', `${hash}0`, 'aitbc1', '<script>']) {
    expect(readSearch(nothing)).toEqual({ kind: 'nothing' })
  }
})

test('every explorer address leads back to the page that made it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (id) => {
      expect(routeOf(explorerPath.block(id))).toEqual({ page: 'block', id })
      expect(routeOf(explorerPath.transaction(id))).toEqual({ page: 'transaction', id })
      expect(routeOf(explorerPath.receipt(id))).toEqual({ page: 'receipt', id })
      expect(routeOf(explorerPath.address(id))).toEqual({ page: 'address', id })
      expect(routeOf(explorerPath.job(id))).toEqual({ page: 'job', id })
      expect(routeOf(explorerPath.miner(id))).toEqual({ page: 'miner', id })
    }),
  )
})

test('addresses that are none of the explorer’s are unknown', () => {
  for (const path of [
    '/explorer/block',
    '/explorer/block/',
    '/explorer/nothing',
    '/explorer/a/b/c',
  ]) {
    expect(routeOf(path)).toEqual({ page: 'unknown' })
  }
  expect(routeOf('/explorer/receipt/%E0%A4%A')).toEqual({ page: 'unknown' })
  expect(routeOf('/explorer/constructor')).toEqual({ page: 'unknown' })
  expect(routeOf('/explorer/')).toEqual({ page: 'overview' })
  expect(routeOf('/explorer/blocks/')).toEqual({ page: 'blocks' })
})

test('an age is never in the future', () => {
  expect(ageOf(10_000, 9_000)).toBe('0 s ago')
  expect(ageOf(0, 119_000)).toBe('119 s ago')
  expect(ageOf(0, 120_000)).toBe('2 min ago')
  expect(ageOf(0, 86_400_000 * 3)).toBe('3 days ago')
})

const summary = {
  height: 1,
  hash: '0x1',
  parent_hash: '0x0',
  proposer: 'a',
  slot: 4,
  tx_count: 0,
  final: true,
}

const paid = {
  tx_hash: '0x1',
  block_height: 1,
  client: 'c',
  coordinator: 'k',
  miner: 'm',
  amount: '3',
  miner_amount: '2',
  coordinator_amount: '1',
}

const receipt = { receipt_id: 'r', job_id: 'j', payload: paid, timestamp_ms: 0 }
