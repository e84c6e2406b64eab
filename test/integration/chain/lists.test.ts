/** The chain's lists on the bundle that ships: the real database, and days on which it is away. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  blockListAnswer,
  type ListAnswer,
  type ListedTransaction,
  receiptListAnswer,
  transactionListAnswer,
} from '../../../core/api/chain-lists.ts'
import { type Harness, startHarness } from '../../support/harness.ts'
import { richWallet, signTransfer, status, submit, until, walletOf } from './client.ts'

let site: Harness
const receiver = walletOf(21)
const count = 30

beforeAll(async () => {
  site = await startHarness()
  const rich = richWallet(site)
  const transfers = Array.from({ length: count }, (_, nonce) =>
    signTransfer(site, rich, { to: receiver, amount: 5n, nonce }),
  )
  for (const verdict of await submit(site, transfers)) expect(verdict).toMatchObject({ ok: true })
  await until(
    () => status(site),
    (now) => now.mempool_size === 0 && now.indexed_height === now.head_height,
  )
})

afterAll(() => site?.dispose())

const ask = async (path: string) => {
  const response = await site.fetch(path)
  return { status: response.status, json: (await response.json()) as Record<string, unknown> }
}

test('CHAINLIST-4: both spellings answer alike, and each list in its shape', async () => {
  for (const [list, schema] of [
    ['blocks', blockListAnswer],
    ['transactions', transactionListAnswer],
    ['receipts', receiptListAnswer],
  ] as const) {
    const [long, short] = await Promise.all([
      ask(`/api/v1/chain/${list}`),
      ask(`/api/chain/${list}`),
    ])
    expect([long.status, short.status]).toEqual([200, 200])
    expect(schema.parse(long.json).items).toEqual(schema.parse(short.json).items)
  }
})

test('CHAINLIST-1, CHAINLIST-3: every transfer once, by whatever filter', async () => {
  for (const filter of [
    `address=${receiver.text}`,
    `recipient=${receiver.text}&kind=transfer`,
    `sender=${richWallet(site).text}&outcome=applied`,
    'height_min=1&time_from=2020-01-01T00:00:00%2B02:00',
  ]) {
    const seen: ListedTransaction[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const path: string = `/api/v1/chain/transactions?limit=7&${filter}${cursor && `&cursor=${cursor}`}`
      const page: ListAnswer<ListedTransaction> = transactionListAnswer.parse(
        (await ask(path)).json,
      )
      seen.push(...page.items)
      cursor = page.next_cursor
    }
    expect(seen.map(({ nonce }) => nonce)).toEqual(
      Array.from({ length: count }, (_, index) => count - 1 - index),
    )
    expect(new Set(seen.map(({ hash }) => hash)).size).toBe(count)
  }
  const failed = await ask('/api/v1/chain/transactions?outcome=failed')
  expect(failed.json['items']).toEqual([])
  const filled = blockListAnswer.parse(
    (await ask('/api/v1/chain/blocks?with_transactions=true')).json,
  )
  expect(filled.items.reduce((sum, block) => sum + block.transaction_count, 0)).toBe(count)
})

test('CHAINLIST-2: a broken cursor is told so, with its code', async () => {
  const { status: code, json } = await ask('/api/v1/chain/blocks?cursor=nonsense')
  expect(code).toBe(422)
  expect(json).toMatchObject({ error: { code: 'CURSOR_INVALID', request_id: expect.any(String) } })
})

test('CHAINLIST-8: a hash finds what it names, and nothing where it names nothing', async () => {
  const [block] = blockListAnswer.parse((await ask('/api/v1/chain/blocks?limit=1')).json).items
  const hash = block?.hash ?? ''
  const { status, json } = await ask(`/api/v1/chain/search?hash=${hash}`)
  expect([status, json]).toEqual([200, { hash, found: ['block'], unread: [] }])
  const nobody = `0x${'f'.repeat(64)}`
  const none = await ask(`/api/v1/chain/search?hash=${nobody}`)
  expect([none.status, none.json]).toEqual([200, { hash: nobody, found: [], unread: [] }])
  await site.breakDatabase()
  try {
    const part = await ask(`/api/v1/chain/search?hash=${hash}`)
    expect(part.json).toEqual({ hash, found: ['block'], unread: ['receipt', 'job'] })
  } finally {
    await site.restoreDatabase()
  }
})

test('CHAINLIST-6: without the read model only plain blocks are listed', async () => {
  const before = blockListAnswer.parse((await ask('/api/v1/chain/blocks?limit=500')).json)
  await site.breakDatabase()
  try {
    for (const path of ['transactions', 'receipts', 'blocks?with_transactions=true']) {
      const { status: code, json } = await ask(`/api/v1/chain/${path}`)
      expect([path, code, json]).toMatchObject([
        path,
        503,
        { error: { code: 'DATABASE_UNAVAILABLE' } },
      ])
    }
    const alone = blockListAnswer.parse((await ask('/api/v1/chain/blocks?limit=500')).json)
    expect(alone.source).toBe('chain_node')
    const known = alone.items.filter(({ height }) => height <= before.as_of.height)
    expect(known.map(({ hash }) => hash)).toEqual(before.items.map(({ hash }) => hash))
  } finally {
    await site.restoreDatabase()
  }
})
