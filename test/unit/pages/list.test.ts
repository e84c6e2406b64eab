/** What lists do without a browser: addresses, columns, and what an export writes. */
import fc from 'fast-check'
import Papa from 'papaparse'
import { afterEach, expect, test, vi } from 'vitest'
import { chosenColumns, readChoice, withColumn } from '../../../pages/shared/list/columns.ts'
import { type Filter, momentOf, typedValue } from '../../../pages/shared/list/definition.ts'
import { exportPageRows, exportRowsMax } from '../../../pages/shared/list/export-limits.ts'
import {
  collectRows,
  csvOf,
  type ExportAsk,
  fileNameOf,
  jsonOf,
} from '../../../pages/shared/list/export-rows.ts'
import { hrefOf, readPlace, requestOf, withFilter } from '../../../pages/shared/list/list-query.ts'

afterEach(() => vi.unstubAllGlobals())

const names = ['kind', 'sender', 'height_min'] as const

test('LIST-1: an address reads back as the place that it was made of', () => {
  const value = fc.string({ minLength: 1, maxLength: 50 }).filter((text) => text.trim() === text)
  const place = fc.record({
    filters: fc.dictionary(fc.constantFrom(...names), value),
    cursor: fc.string({ maxLength: 80 }),
  })
  fc.assert(
    fc.property(place, (made) => {
      const url = new URL(hrefOf('/explorer/txs', made), 'https://site.example')
      expect(readPlace(url.searchParams, names)).toEqual(made)
      const asked = new URL(
        requestOf('/api', made, { limit: 25, fixed: { address: 'a' } }),
        'https://site.example',
      )
      expect(asked.searchParams.get('limit')).toBe('25')
      expect(asked.searchParams.get('address')).toBe('a')
      expect(readPlace(asked.searchParams, names)).toEqual(made)
    }),
  )
})

test('LIST-1: a change of one filter keeps the others, and an empty one goes', () => {
  expect(withFilter({ kind: 'settle' }, 'sender', ' a ')).toEqual({ kind: 'settle', sender: 'a' })
  expect(withFilter({ kind: 'settle', sender: 'a' }, 'kind', '')).toEqual({ sender: 'a' })
  const foreign = new URLSearchParams('kind=settle&limit=9&__proto__=x&sender=')
  expect(readPlace(foreign, names)).toEqual({ filters: { kind: 'settle' }, cursor: '' })
  const moment: Filter = { kind: 'moment', id: 'time_from', label: '' }
  expect(typedValue(moment, '2026-02-14T12:00')).toBe('2026-02-14T12:00:00Z')
  expect(momentOf('2026-02-14T13:00:00+01:00')).toBe('2026-02-14T12:00')
  expect(momentOf('soon')).toBe('')
  expect(typedValue({ kind: 'whole', id: 'height_min', label: '' }, ' #1,234 ')).toBe('1234')
})

test('LIST-5: only what differs is kept, and something is always shown', () => {
  const columns = [{ id: 'a' }, { id: 'b' }, { id: 'c', hidden: true }]
  const ids = (choice: Record<string, boolean>) =>
    chosenColumns(columns, choice).map(({ id }) => id)
  const without = withColumn(columns, {}, { id: 'a', isShown: false })
  expect([without, ids(without)]).toEqual([{ a: false }, ['b']])
  expect(withColumn(columns, without, { id: 'a', isShown: true })).toEqual({})
  expect(ids(withColumn(columns, {}, { id: 'c', isShown: true }))).toEqual(['a', 'b', 'c'])
  expect(ids({ a: false, b: false })).toEqual(['a', 'b'])
  // Stored by an older or a hostile version of the page.
  expect(withColumn(columns, { gone: true }, { id: 'b', isShown: false })).toEqual({ b: false })
  for (const text of ['', '[', 'null', '7', '{"a":"no"}', null])
    expect(readChoice(text)).toEqual({})
})

test('LIST-7: no cell begins a formula, and the table reads back', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc
      .tuple(
        fc.constantFrom('=', '+', '-', '@', '\t', '\r', ' =', '\n=', '＝', '|'),
        fc.string({ unit: 'grapheme' }),
      )
      .map((parts) => parts.join('')),
  )
  const row = fc.record({ hash: cell, 'note, "quoted"': cell, height: fc.maxSafeNat() })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      const [header, ...read] = Papa.parse<string[]>(csvOf(rows)).data
      expect(header).toEqual(['hash', 'note, "quoted"', 'height'])
      expect(read).toHaveLength(rows.length)
      for (const [index, cells] of read.entries()) {
        const wanted = Object.values(rows[index] ?? {}).map(String)
        for (const [at, text] of cells.entries()) {
          expect(text).not.toMatch(/^\s*[=+\-@|＝＋－＠]|^[\t\r\n]/)
          expect([wanted[at], `'${wanted[at]}`]).toContain(text)
        }
      }
    }),
  )
})

const ask: ExportAsk = {
  listId: 'blocks',
  source: '/api/v1/chain/blocks',
  chainId: '../<chain> 1',
  filters: { proposer: 'p' },
  fixed: undefined,
  onRows: () => undefined,
  signal: new AbortController().signal,
}

/** A site with that many rows, and what it was asked. */
function siteOf(count: number): URL[] {
  const asked: URL[] = []
  vi.stubGlobal('fetch', async (path: string) => {
    const url = new URL(path, 'https://site.example')
    asked.push(url)
    const from = Number(url.searchParams.get('cursor') ?? 0)
    const to = Math.min(count, from + Number(url.searchParams.get('limit')))
    return Response.json({
      items: Array.from({ length: to - from }, (_, index) => ({ height: count - from - index })),
      next_cursor: to < count ? String(to) : null,
      as_of: { height: count - from, time: '2026-02-14T12:00:00.000Z' },
    })
  })
  return asked
}

test('LIST-6: an export holds every row of all pages, and what they are', async () => {
  const asked = siteOf(1_203)
  const told: number[] = []
  const collected = await collectRows({ ...ask, onRows: (rows) => told.push(rows) })
  if (!collected.ok) throw new Error(collected.error.message)
  const { value } = collected
  expect(value.rows.map(({ height }) => height)).toEqual(
    Array.from({ length: 1_203 }, (_, index) => 1_203 - index),
  )
  expect(told).toEqual([500, 1_000, 1_203])
  expect(asked.every((url) => url.searchParams.get('proposer') === 'p')).toBe(true)
  expect(fileNameOf(ask, value, 'csv')).toBe('chain-1-blocks-height-1203.csv')
  expect(JSON.parse(jsonOf(ask, value))).toMatchObject({
    list: 'blocks',
    filters: { proposer: 'p' },
    as_of: { height: 1_203 },
    complete: true,
    items: value.rows,
  })
})

test('LIST-6: an export that is too long is cut, and its name says so', async () => {
  siteOf(exportRowsMax + 1)
  const collected = await collectRows(ask)
  if (!collected.ok) throw new Error(collected.error.message)
  expect(collected.value).toMatchObject({ isCut: true })
  expect(collected.value.rows).toHaveLength(exportRowsMax)
  expect(fileNameOf(ask, collected.value, 'json')).toMatch(/-first-10000\.json$/)
})

test('LIST-6: canceled and broken exports save nothing', async () => {
  siteOf(5 * exportPageRows)
  const controller = new AbortController()
  const canceled = await collectRows({
    ...ask,
    signal: controller.signal,
    onRows: () => controller.abort(),
  })
  expect(canceled).toMatchObject({ ok: false, error: { code: 'CANCELED' } })
  vi.stubGlobal('fetch', async () => Response.json({ error: { message: 'away' } }, { status: 503 }))
  expect(await collectRows(ask)).toMatchObject({ ok: false, error: { message: 'away' } })
})
