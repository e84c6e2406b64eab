/** The chain's lists by cursor and filter: nothing skipped, nothing twice, whatever happens meanwhile. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ListAnswer, ListedBlock, ListedTransaction } from '../../../core/api/chain-lists.ts'
import { formatCursor, parseCursor } from '../../../core/api/list-cursor.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import { formatAddress } from '../../../core/crypto/address.ts'
import {
  announcementQuery,
  blockQuery,
  type Fragment,
  ledgerQuery,
  type PageAsk,
  receiptQuery,
  transactionQuery,
} from '../../../d1/chain-lists.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  miner,
  settlementItem,
  transfer,
} from '../../support/chain-world.ts'
import {
  blocks,
  createListWorld,
  type ListWorld,
  receipts,
  transactions,
} from '../../support/list-world.ts'
import { createSqliteD1 } from '../../support/sqlite-d1.ts'

const placeOf = ({ height, position }: ListedTransaction) => `${height}.${position}`

/** What may happen while somebody reads. */
const happening = fc.oneof(
  fc.record({ pay: fc.integer({ min: 1, max: 4 }), by: fc.constantFrom(alice, bob) }),
  fc.constant('seal' as const),
  fc.record({ index: fc.integer({ min: 1, max: 3 }) }),
)

async function happens(
  world: ListWorld,
  what: typeof happening extends fc.Arbitrary<infer T> ? T : never,
) {
  if (what === 'seal') world.seal()
  else if ('index' in what) await world.index(what.index)
  else {
    for (let count = 0; count < what.pay; count++) {
      world.post(what.by, transfer(what.by === alice ? carol.address : alice.address, 7n))
    }
  }
}

test('CHAINLIST-1: each row comes once, whatever happens between the pages', async () => {
  const filters = ['', `&sender=${formatAddress(alice.address)}`, '&kind=transfer&outcome=applied']
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 4, maxLength: 20 }),
      fc.array(fc.array(happening, { maxLength: 3 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(...filters),
      async (before, during, limit, filter) => {
        const world = createListWorld()
        for (const what of before) await happens(world, what)
        const there = await transactions(world, `?limit=500${filter}`)
        expect(there.next_cursor).toBeNull()
        const seen: string[] = []
        let cursor: string | null = ''
        for (let page = 0; cursor !== null; page++) {
          const path: string = `?limit=${limit}${filter}${cursor && `&cursor=${cursor}`}`
          const answer: ListAnswer<ListedTransaction> = await transactions(world, path)
          expect(answer.items.length).toBeLessThanOrEqual(limit)
          seen.push(...answer.items.map(placeOf))
          cursor = answer.next_cursor
          for (const what of during[page] ?? []) await happens(world, what)
        }
        expect(seen).toEqual(there.items.map(placeOf))
      },
    ),
    { numRuns: 40 },
  )
})

test('CHAINLIST-1: blocks too, beyond what one call to the chain object holds', async () => {
  const world = createListWorld()
  for (let count = 0; count < 130; count++) {
    world.post(alice, transfer(bob.address, 1n))
    world.seal()
  }
  await world.index(10)
  for (const filter of ['', '&with_transactions=true']) {
    const heights: number[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const answer: ListAnswer<ListedBlock> = await blocks(
        world,
        `?limit=17${filter}${cursor && `&cursor=${cursor}`}`,
      )
      heights.push(...answer.items.map(({ height }) => height))
      cursor = answer.next_cursor
    }
    const least = filter === '' ? 0 : 1
    expect(heights).toEqual(Array.from({ length: 131 - least }, (_, index) => 130 - index))
  }
  const all = await transactions(world, '?limit=500&outcome=applied')
  expect(all.items.map(({ height }) => height)).toEqual(
    Array.from({ length: 130 }, (_, index) => 130 - index),
  )
})

test('CHAINLIST-7: the page before, and the newest page where it would not be full', async () => {
  const world = createListWorld()
  for (let count = 0; count < 20; count++) {
    world.post(alice, transfer(bob.address, 1n))
    world.seal()
  }
  await world.index(19)
  const first = await blocks(world, '?limit=5')
  expect(first.previous_cursor).toBeNull()
  const second = await blocks(world, `?limit=5&cursor=${first.next_cursor}`)
  const third = await blocks(world, `?limit=5&cursor=${second.next_cursor}`)
  const back = await blocks(world, `?limit=5&cursor=${third.previous_cursor}`)
  expect(back.items).toEqual(second.items)
  expect(back.next_cursor).toBe(second.next_cursor)
  const newest = await blocks(world, `?limit=5&cursor=${second.previous_cursor}`)
  expect(newest.items).toEqual(first.items)
  expect(newest.previous_cursor).toBeNull()
})

describe('CHAINLIST-3: filters', () => {
  /** Transfers, a failed one, an escrow and a settlement, the newest of them not indexed. */
  async function filled(indexedBlocks: number) {
    const world = createListWorld()
    const open = world.post(alice, {
      TAG: 'escrow_open',
      data: {
        coordinator: coordinator.publicKey,
        amount: 1_000_000n,
        expiry: 100_000n,
        delegate: undefined,
      },
    })
    world.post(bob, transfer(coordinator.address, 1_000_000n))
    world.seal()
    const escrow = escrowIdOf(transactionHash(open))
    world.post(coordinator, {
      TAG: 'settle',
      data: { items: [settlementItem({ authorisation: { escrow }, release: { amount: 500n } })] },
    })
    world.seal()
    world.post(alice, transfer(bob.address, 10n))
    world.post(bob, { TAG: 'escrow_close', data: { escrow } })
    world.seal()
    world.seal()
    await world.index(indexedBlocks)
    return world
  }
  const [a, b, m] = [alice, bob, miner].map(({ address }) => formatAddress(address))
  const heights = (list: ListAnswer<{ height: number }>) => list.items.map(({ height }) => height)

  test.each([1, 2, 3, 4])('are exact with %i blocks indexed', async (indexed) => {
    const world = await filled(indexed)
    const all = await transactions(world)
    expect(all.items).toHaveLength(5)
    const kinds = async (query: string) =>
      (await transactions(world, query)).items.map(({ kind }) => kind).sort()
    expect(await kinds('?kind=transfer')).toEqual(['transfer', 'transfer'])
    expect(await kinds(`?sender=${a}`)).toEqual(['escrow_open', 'transfer'])
    expect(await kinds(`?recipient=${b}`)).toEqual(['transfer'])
    expect(await kinds(`?address=${b}`)).toEqual(['escrow_close', 'transfer', 'transfer'])
    expect(await kinds(`?address=${m}`)).toEqual(['settle'])
    expect(await kinds(`?address=${m}&kind=transfer`)).toEqual([])
    expect(await kinds(`?address=aitbc1${'0'.repeat(40)}`)).toEqual([])
    expect(await kinds('?outcome=failed')).toEqual(['escrow_close'])
    expect(await kinds('?outcome=not_owner')).toEqual(['escrow_close'])
    expect(await kinds('?outcome=escrow_unknown')).toEqual([])
    expect(await kinds('?outcome=applied&kind=settle')).toEqual(['settle'])
    expect(heights(await transactions(world, '?height_min=2&height_max=2'))).toEqual([2])
    expect(await kinds(`?time_from=${world.genesisTime(3)}`)).toEqual(['escrow_close', 'transfer'])
    expect(await kinds(`?time_to=${world.genesisTime(1)}`)).toEqual(['escrow_open', 'transfer'])
    const { items } = await blocks(world, '?slot_min=2&slot_max=3')
    expect(items.map(({ slot }) => slot)).toEqual([3, 2])
    const { proposer } = (await blocks(world)).items[0] as ListedBlock
    expect(heights(await blocks(world, `?proposer=${proposer}`))).toEqual([3, 2, 1])
    expect(heights(await blocks(world, '?with_transactions=true'))).toEqual([3, 2, 1])
    expect(heights(await blocks(world, `?proposer=${'0'.repeat(64)}`))).toEqual([0])
  })

  test('receipts by miner, client and job', async () => {
    const world = await filled(4)
    const [receipt] = (await receipts(world)).items
    expect(receipt).toMatchObject({ miner: m, client: a, amount: '500', number: '1', height: 2 })
    for (const [query, count] of [
      [`?miner=${m}`, 1],
      [`?miner=${a}`, 0],
      [`?client=${a}`, 1],
      [`?client=${m}`, 0],
      [`?job=${receipt?.job_hash}`, 1],
      [`?job=${'0'.repeat(64)}`, 0],
      ['?height_min=3', 0],
      [`?time_to=${world.genesisTime(2)}&height_max=2`, 1],
    ] as const) {
      expect([query, (await receipts(world, query)).items.length]).toEqual([query, count])
    }
  })

  test('CHAINLIST-4: an answer says how far it reads, and from where', async () => {
    const world = await filled(2)
    expect(await transactions(world)).toMatchObject({ as_of: { height: 3 }, source: 'both' })
    const fresh = await transactions(world, '?limit=1')
    expect(fresh).toMatchObject({ as_of: { height: 3 }, source: 'chain_node' })
    const old = await transactions(world, '?height_max=1')
    expect(old).toMatchObject({ as_of: { height: 1 }, source: 'read_model' })
    expect(old.as_of.time).toBe(world.genesisTime(900))
    expect(old.items.map(({ amount, fee, time }) => [amount, typeof fee, time])).toEqual([
      ['1000000', 'string', world.genesisTime(1)],
      ['1000000', 'string', world.genesisTime(1)],
    ])
  })
})

test('CHAINLIST-2: what is no cursor or no filter is refused by name', async () => {
  const world = createListWorld()
  const codeOf = async (path: string) => {
    const response = await world.ask(path)
    const { error } = (await response.json()) as {
      error: { code: string; details: { field: string }[] }
    }
    return [response.status, error.code, error.details[0]?.field]
  }
  const place = { direction: 'older', place: [5, 0] } as const
  for (const cursor of [
    'x',
    '%00',
    'dHJhbnNhY3Rpb25zPDUuMA==',
    formatCursor('blocks', { direction: 'older', place: [5] }),
    formatCursor('transactions', { direction: 'older', place: [5] }),
    btoa('transactions<05.0').replaceAll('=', ''),
    btoa('transactions<99999999999999999999.0').replaceAll('=', ''),
  ]) {
    const found = await codeOf(`/transactions?cursor=${cursor}`)
    expect(found).toEqual([422, 'CURSOR_INVALID', 'query.cursor'])
  }
  expect(await codeOf(`/blocks?cursor=${formatCursor('transactions', place)}`)).toEqual([
    422,
    'CURSOR_INVALID',
    'query.cursor',
  ])
  for (const [path, field] of [
    [`/transactions?cursor=${'x'.repeat(100)}`, 'query.cursor'],
    ['/transactions?limit=0', 'query.limit'],
    ['/transactions?limit=501', 'query.limit'],
    ['/transactions?kind=theft', 'query.kind'],
    ['/transactions?sender=me', 'query.sender'],
    ['/transactions?height_min=-1', 'query.height_min'],
    ['/transactions?time_from=yesterday', 'query.time_from'],
    ['/blocks?proposer=%3Cscript%3E', 'query.proposer'],
    ['/blocks?with_transactions=yes', 'query.with_transactions'],
    ['/receipts?job=1', 'query.job'],
  ]) {
    expect(await codeOf(path as string)).toEqual([422, 'VALIDATION_ERROR', field])
  }
  expect((await codeOf('/receipts?minor=x')).slice(0, 2)).toEqual([422, 'VALIDATION_ERROR'])
})

test('CHAINLIST-2: a cursor reads back as it was written, and nothing else does', () => {
  const place = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.maxSafeNat())
  fc.assert(
    fc.property(
      place,
      fc.constantFrom('older', 'newer'),
      fc.string(),
      (numbers, direction, text) => {
        for (const [list, length] of [
          ['blocks', 1],
          ['transactions', 2],
          ['receipts', 3],
        ] as const) {
          const cursor = { direction, place: numbers.slice(0, length) } as const
          const written = formatCursor(list, cursor)
          expect(parseCursor(list, written)).toEqual({ ok: true, value: cursor })
          expect(parseCursor(list === 'blocks' ? 'receipts' : 'blocks', written).ok).toBe(false)
          const read = parseCursor(list, text)
          if (read.ok) expect(formatCursor(list, read.value)).toBe(text)
        }
      },
    ),
  )
})

test('CHAINLIST-5, LEDGER-5: every page is a search of an index in the order of the list', () => {
  const { explain } = createSqliteD1()
  const range = { heightMin: 1, heightMax: 900, slotMin: 2, slotMax: 950 }
  const asks: PageAsk[] = [
    { direction: 'older', place: [500, 2, 1], range: {}, limit: 25 },
    { direction: 'older', place: [500, 2, 1], range, limit: 25 },
    { direction: 'older', place: undefined, range, limit: 25 },
    { direction: 'newer', place: [500, 2, 1], range: {}, limit: 25 },
    { direction: 'newer', place: [500, 2, 1], range, limit: 25 },
  ]
  const queries: ((ask: PageAsk) => Fragment)[] = [
    (ask) => blockQuery(ask, {}),
    (ask) => blockQuery(ask, { proposer: 'p' }),
    (ask) => blockQuery(ask, { withTransactions: true }),
    (ask) => transactionQuery(ask, {}),
    (ask) => transactionQuery(ask, { kind: 'settle' }),
    (ask) => transactionQuery(ask, { sender: 's' }),
    (ask) => transactionQuery(ask, { recipient: 'r' }),
    (ask) => transactionQuery(ask, { address: 'x' }),
    (ask) => transactionQuery(ask, { address: 'x', kind: 'settle', outcome: 'failed' }),
    (ask) => transactionQuery(ask, { outcome: 'failed' }),
    (ask) => transactionQuery(ask, { outcome: 5 }),
    (ask) => ledgerQuery(ask, {}),
    (ask) => ledgerQuery(ask, { account: 'account:a' }),
    (ask) => ledgerQuery(ask, { transaction: 't' }),
    (ask) => announcementQuery(ask, {}),
    (ask) => announcementQuery(ask, { topic: 1 }),
    (ask) => receiptQuery(ask, {}),
    (ask) => receiptQuery(ask, { miner: 'm' }),
    (ask) => receiptQuery(ask, { client: 'c' }),
  ]
  for (const query of queries) {
    for (const ask of asks) {
      const { text, values } = query(ask)
      expect(text).not.toContain('OFFSET')
      const plan = explain(text, values)
      // The rows of an address come from three searches, which are few enough to be put in order.
      const isUnion = text.includes(' UNION ')
      const bad = plan.filter((step) =>
        isUnion
          ? /^SCAN (?:chain_|s\b|t\b|c\b)/.test(step)
          : /^SCAN (?:chain_|announcements)|TEMP B-TREE|AUTOMATIC/.test(step),
      )
      expect([text, plan, bad]).toEqual([text, plan, []])
    }
  }
})
