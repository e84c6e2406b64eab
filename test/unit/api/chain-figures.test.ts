/** Figures of the chain by hour, day and miner: what one would count, however the blocks came. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ListedMiner,
  type MinerSort,
  minerDaysAnswer,
  type StatItem,
} from '../../../core/api/chain-figures.ts'
import type { ListedReceipt } from '../../../core/api/chain-lists.ts'
import { formatCursor } from '../../../core/api/list-cursor.ts'
import { bookingIdOf, escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import { formatAddress } from '../../../core/crypto/address.ts'
import {
  minerQuery,
  selectMinerDays,
  selectMinerJobs,
  selectStats,
} from '../../../d1/chain-figure-queries.ts'
import { booking, closeBooking } from '../../support/chain-market.ts'
import {
  alice,
  bob,
  carol,
  coordinator,
  miner,
  type Person,
  settlementItem,
  transfer,
} from '../../support/chain-world.ts'
import {
  blocks,
  createListWorld,
  type ListWorld,
  miners,
  receipts,
  stats,
  transactions,
} from '../../support/list-world.ts'
import { createSqliteD1 } from '../../support/sqlite-d1.ts'

type Payment = { readonly by: Person; readonly to: Person; readonly amount: bigint }

const hourSlots = 1_800
const all = '&from=2023-11-01T00:00:00Z&to=2023-11-30T00:00:00Z'

/** A chain on which alice and bob may spend from escrows; payments go into one block each time. */
function createPayWorld() {
  const world = createListWorld()
  const escrows = [alice, bob].map((by) => ({
    by,
    id: escrowIdOf(
      transactionHash(
        world.post(by, {
          TAG: 'escrow_open',
          data: {
            coordinator: coordinator.publicKey,
            amount: 100_000_000n,
            expiry: 1_000_000n,
            delegate: undefined,
          },
        }),
      ),
    ),
  }))
  world.post(bob, transfer(coordinator.address, 10_000_000n))
  world.seal()
  let number = 0n
  const pay = (payments: readonly Payment[]) => {
    const items = payments.map(({ by, to, amount }) => {
      number += 1n
      const escrow = escrows.find((one) => one.by === by)?.id
      if (!escrow) throw new Error('no such escrow')
      return settlementItem({
        payer: by,
        authorisation: { escrow, number, settleBy: BigInt(world.slot() + 10) },
        release: { miner: to.address, amount },
      })
    })
    world.post(coordinator, { TAG: 'settle', data: { items } })
  }
  return { ...world, pay }
}

async function everyReceipt(world: ListWorld): Promise<readonly ListedReceipt[]> {
  return (await receipts(world, '?limit=500')).items
}

/** What somebody counts who has all lists. */
async function counted(world: ListWorld, lengthMs: number) {
  const found = new Map<
    string,
    StatItem & { m: Set<string>; c: Set<string>; f: bigint; p: bigint }
  >()
  const at = (time: string) => {
    const start = new Date(Math.floor(Date.parse(time) / lengthMs) * lengthMs).toISOString()
    const none = {
      start,
      blocks: 0,
      transactions: 0,
      fees: '',
      jobs: 0,
      paid: '',
      miners: 0,
      clients: 0,
    }
    const known = found.get(start) ?? { ...none, m: new Set(), c: new Set(), f: 0n, p: 0n }
    found.set(start, known)
    return known
  }
  for (const block of (await blocks(world, '?limit=500')).items) {
    const into = at(block.time)
    Object.assign(into, {
      blocks: into.blocks + 1,
      transactions: into.transactions + block.transaction_count,
      f: into.f + BigInt(block.fees ?? 0),
    })
  }
  for (const receipt of await everyReceipt(world)) {
    const into = at(receipt.time)
    into.m.add(receipt.miner)
    into.c.add(receipt.client)
    Object.assign(into, { jobs: into.jobs + 1, p: into.p + BigInt(receipt.amount) })
  }
  return [...found.values()]
    .map(({ m, c, f, p, ...item }) => ({
      ...item,
      fees: String(f),
      paid: String(p),
      miners: m.size,
      clients: c.size,
    }))
    .sort((a, b) => (a.start < b.start ? -1 : 1))
}

const payment = fc.record({
  by: fc.constantFrom(alice, bob),
  to: fc.constantFrom(miner, carol),
  amount: fc.bigInt({ min: 1n, max: 2_000_000n }),
})

const happening = fc.oneof(
  fc.record({ pay: fc.array(payment, { minLength: 1, maxLength: 4 }) }),
  fc.record({ wait: fc.constantFrom(1, hourSlots, 30 * hourSlots) }),
  fc.record({ index: fc.integer({ min: 1, max: 3 }) }),
)

test('CHAINFIGURE-1, CHAINFIGURE-2: figures are what the lists add up to', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 3, maxLength: 14 }), async (happenings) => {
      const world = createPayWorld()
      for (const what of happenings) {
        if ('wait' in what) world.wait(what.wait)
        else if ('index' in what) await world.index(what.index)
        else {
          world.pay(what.pay)
          world.seal()
        }
      }
      await world.index(500)
      expect((await stats(world, `?bucket=day${all}`)).items).toEqual(
        await counted(world, 86_400_000),
      )
      const hours = (
        await stats(world, `?bucket=hour&to=2023-12-10T00:00:00Z&from=2023-11-14T00:00:00Z`)
      ).items
      expect(hours).toEqual(await counted(world, 3_600_000))
      expect((await stats(world, `?bucket=day${all}`)).totals).toMatchObject({
        transactions: (await transactions(world, '?limit=500')).items.length,
        receipts: (await everyReceipt(world)).length,
        blocks: (await blocks(world, '?limit=500')).items.length,
      })
      await expectMiners(world)
    }),
    { numRuns: 25 },
  )
})

async function expectMiners(world: ListWorld) {
  const paid = new Map<string, ListedReceipt[]>()
  for (const receipt of await everyReceipt(world)) {
    paid.set(receipt.miner, [...(paid.get(receipt.miner) ?? []), receipt])
  }
  const found = (await miners(world)).items
  expect(found.map(({ address }) => address).sort()).toEqual([...paid.keys()].sort())
  for (const one of found) {
    const own = paid.get(one.address) ?? []
    expect(one).toEqual({
      address: one.address,
      jobs: own.length,
      earned: String(own.reduce((sum, { miner_amount: part }) => sum + BigInt(part), 0n)),
      clients: new Set(own.map(({ client }) => client)).size,
      first_paid: own.at(-1)?.time,
      last_paid: own[0]?.time,
      last_height: own[0]?.height,
    })
  }
}

test('CHAINFIGURE-2: every order of miners, page after page and back', async () => {
  const world = createPayWorld()
  const people = [miner, carol, alice, bob, coordinator]
  people.forEach((to, index) => {
    // The one who is paid last has the fewest jobs and earns the least.
    const jobs = people.length - index
    world.pay(
      Array.from({ length: jobs }, () => ({ by: alice, to, amount: BigInt(jobs * 10_000) })),
    )
    world.seal()
  })
  await world.index(20)
  const figures: Record<MinerSort, (one: ListedMiner) => number> = {
    earned: ({ earned }) => Number(earned),
    jobs: ({ jobs }) => jobs,
    last_paid: ({ last_height: height }) => height,
  }
  for (const [sort, figure] of Object.entries(figures)) {
    const first = await miners(world, `?limit=2&sort=${sort}`)
    const second = await miners(world, `?limit=2&sort=${sort}&cursor=${first.next_cursor}`)
    const third = await miners(world, `?limit=2&sort=${sort}&cursor=${second.next_cursor}`)
    expect(third.next_cursor).toBeNull()
    const whole = [first, second, third].flatMap(({ items }) => items)
    expect(new Set(whole.map(({ address }) => address)).size).toBe(people.length)
    const values = whole.map(figure)
    expect(values).toEqual([...values].sort((a, b) => b - a))
    const back = await miners(world, `?limit=2&sort=${sort}&cursor=${third.previous_cursor}`)
    expect(back.items).toEqual(second.items)
  }
  const one = await miners(world, `?address=${formatAddress(carol.address)}`)
  expect(one.items).toHaveLength(1)
  expect((await miners(world, `?address=aitbc1${'0'.repeat(40)}`)).items).toEqual([])
})

test('CHAINFIGURE-1: nothing is made up for an empty read model, and accounts are counted once', async () => {
  const world = createPayWorld()
  const empty = await stats(world)
  expect(empty).toMatchObject({ items: [], as_of: { height: -1, slot: -1 } })
  expect(empty.totals).toEqual({ blocks: 0, transactions: 0, receipts: 0, accounts: 0 })
  await world.index(1)
  expect((await stats(world)).totals.accounts).toBe(0)
  world.post(alice, transfer(bob.address, 1n))
  world.seal()
  world.post(alice, transfer(carol.address, 1n))
  world.seal()
  await world.index(10)
  // Alice, Bob, Carol, the coordinator, and the authority, which gets the fees.
  expect((await stats(world)).totals.accounts).toBe(5)
})

test('CHAINFIGURE-3: spans and cursors that fit nothing are refused', async () => {
  const world = createListWorld()
  const codeOf = async (path: string) => {
    const response = await world.ask(path)
    const { error } = (await response.json()) as { error: { code: string } }
    return [response.status, error.code]
  }
  for (const query of [
    'from=2023-11-03T00:00:00Z&to=2023-11-02T00:00:00Z',
    'from=2020-01-01T00:00:00Z',
    'bucket=day&from=1970-01-01T00:00:00Z',
  ]) {
    expect(await codeOf(`/stats?${query}`)).toEqual([400, 'RANGE_INVALID'])
  }
  for (const query of ['bucket=minute', 'from=yesterday', 'sort=x']) {
    expect(await codeOf(`/stats?${query}`)).toEqual([422, 'VALIDATION_ERROR'])
  }
  const cursor = formatCursor('miners', { direction: 'older', place: [1, 5, 5] })
  expect((await world.ask(`/miners?sort=jobs&cursor=${cursor}`)).status).toBe(200)
  expect(await codeOf(`/miners?cursor=${cursor}`)).toEqual([422, 'CURSOR_INVALID'])
  expect(await codeOf('/miners?sort=rich')).toEqual([422, 'VALIDATION_ERROR'])
})

test('CHAINFIGURE-4: figures are found by a search of an index', () => {
  const { explain } = createSqliteD1()
  for (const sort of ['earned', 'jobs', 'last_paid'] as const) {
    for (const direction of ['older', 'newer'] as const) {
      for (const place of [undefined, [5, 1]]) {
        const { text, values } = minerQuery(
          { direction, place, range: {}, limit: 25 },
          { sort, address: undefined },
        )
        expect(explain(text, values).join('\n')).toMatch(
          /USING INDEX chain_miners_(?:earned|jobs|paid)/,
        )
        expect(explain(text, values).join('\n')).not.toMatch(/TEMP B-TREE/)
      }
    }
  }
  expect(explain(selectStats, ['hour', 0, 1]).join('\n')).toMatch(
    /^SEARCH chain_stats USING PRIMARY KEY/,
  )
})

test('CHAINFIGURE-5: days of a miner are what the books paid it, without what came back to it', async () => {
  const world = createPayWorld()
  world.pay([
    { by: alice, to: miner, amount: 1_500_000n },
    { by: bob, to: miner, amount: 1_700_000n },
  ])
  world.seal()
  const book = (by: Person, provider: Uint8Array) => {
    const id = bookingIdOf(transactionHash(world.post(by, booking({ provider }))))
    world.seal()
    return id
  }
  const [sold, bought] = [book(alice, miner.address), book(miner, carol.address)]
  world.wait(50)
  world.post(alice, closeBooking(sold))
  world.post(miner, closeBooking(bought))
  world.seal()
  world.wait(120)
  world.seal()
  await world.index(500)
  const daysOf = async (who: Person, query = '') => {
    const response = await world.ask(`/miners/${formatAddress(who.address)}/days${query}`)
    return minerDaysAnswer.parse(await response.json())
  }
  const all = await daysOf(miner)
  expect(all.items).toHaveLength(30)
  expect(all.items.slice(0, -1).every(({ jobs, total }) => jobs === 0 && total === '0')).toBe(true)
  const receiptsOf = (await everyReceipt(world)).filter(
    ({ miner: paid }) => paid === formatAddress(miner.address),
  )
  const payments = receiptsOf.reduce((sum, { miner_amount: part }) => sum + BigInt(part), 0n)
  const [today] = (await daysOf(miner, '?days=1')).items
  expect(today).toEqual(all.items.at(-1))
  const bookings = BigInt(today?.bookings ?? 0)
  expect(today).toMatchObject({
    jobs: 2,
    payments: String(payments),
    rewards: '0',
    total: String(payments + bookings),
  })
  // A hundred slots at 1 000 each were held; about half had passed, and the site has its share.
  expect(bookings).toBeGreaterThan(40_000n)
  expect(bookings).toBeLessThan(60_000n)
  expect((await daysOf(alice, '?days=1')).items[0]?.total).toBe('0')
  expect(BigInt((await daysOf(carol, '?days=1')).items[0]?.bookings ?? 0)).toBeGreaterThan(0n)
  const { explain } = createSqliteD1()
  for (const query of [selectMinerDays, selectMinerJobs]) {
    expect(explain(query, [2_000, 0, 'account:x', 5]).join('\n')).not.toMatch(/SCAN (?!.*CONSTANT)/)
  }
})
