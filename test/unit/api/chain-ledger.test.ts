/** The books over HTTP: what the read model lists of a real chain with every way of moving money. */
import { expect, test } from 'vitest'
import { type ListedPosting, ledgerListAnswer } from '../../../core/api/chain-lists.ts'
import { toHex, toHex0x } from '../../../core/base/bytes.ts'
import { authorisationHash } from '../../../core/chain/authorisation.ts'
import {
  bookingIdOf,
  escrowIdOf,
  type Message,
  transactionHash,
} from '../../../core/chain/transaction.ts'
import { formatAddress } from '../../../core/crypto/address.ts'
import { chainLists } from '../../../d1/chain-lists.ts'
import {
  bond,
  booking,
  closeBooking,
  evidence,
  marketGenesis,
  openEscrow,
  slash,
} from '../../support/chain-market.ts'
import { alice, bob, miner, settlementItem, transfer } from '../../support/chain-world.ts'
import { createListWorld, type ListWorld, transactions } from '../../support/list-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'

const sum = (postings: readonly ListedPosting[]): bigint =>
  postings.reduce((total, { amount }) => total + BigInt(amount), 0n)

/** All postings of a query, page by page. */
async function postings(world: ListWorld, query: string): Promise<ListedPosting[]> {
  const found: ListedPosting[] = []
  let cursor = ''
  do {
    const response = await world.ask(`/ledger?limit=3${query}${cursor}`)
    const page = ledgerListAnswer.parse(await response.json())
    found.push(...page.items)
    cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`
  } while (cursor !== '')
  return found
}

/** A chain on which a job was settled and claimed, a booking paid, and bob's bond burned. */
async function createWorld() {
  const world = createListWorld({ store: createMemoryChainStore(), genesis: marketGenesis })
  const step = (by: typeof alice, message: Message): Uint8Array => {
    const hash = transactionHash(world.post(by, message))
    world.seal()
    return hash
  }
  const escrow = escrowIdOf(step(alice, openEscrow(50_000_000n, 400n)))
  const item = settlementItem({ authorisation: { escrow }, of: marketGenesis })
  const settle = step(alice, { TAG: 'settle', data: { items: [item] } })
  const settledIn = world.slot() - 1
  const authorisation = authorisationHash(item.authorisation)
  const claims = [{ authorisation, expiry: BigInt(settledIn + 30), amount: 10_000n }]
  const claim = step(bob, { TAG: 'receipt_claim', data: { claims } })
  const booked = bookingIdOf(step(alice, booking({ slots: 10n })))
  world.wait(4)
  const close = step(alice, closeBooking(booked))
  step(bob, bond(5_000_000n))
  const burned = step(alice, slash(evidence({ accused: bob, of: marketGenesis })))
  step(alice, transfer(bob.address, 1_000n))
  step(bob, { TAG: 'announce', data: { topic: 3, body: Uint8Array.of(1, 2) } })
  await world.index(100)
  return { world, escrow, settle, claim, booked, close, burned }
}

test('LEDGER-1: each transaction has postings that sum to zero, and the accounts hold what they add up to', async () => {
  const { world, escrow, settle, claim, booked, burned } = await createWorld()
  for (const hash of [settle, claim, burned]) {
    const found = await postings(world, `&transaction=${toHex0x(hash)}`)
    expect(found.length).toBeGreaterThan(2)
    expect(sum(found)).toBe(0n)
  }
  for (const { address } of [alice, bob, miner]) {
    const found = await postings(world, `&account=${formatAddress(address)}`)
    expect(sum(found)).toBe(world.engine.account(address).finalBalance)
  }
  expect(sum(await postings(world, `&account=escrow:${toHex(escrow)}`))).toBe(49_000_000n)
  const ofBooking = await postings(world, `&account=booking:${toHex(booked)}`)
  expect([ofBooking.length, sum(ofBooking)]).toEqual([2, 0n])
  const ofBond = await postings(world, `&account=bond:${formatAddress(bob.address)}`)
  expect(ofBond.map(({ amount, reason }) => [amount, reason])).toEqual([
    ['-5000000', 'slash'],
    ['5000000', 'bond'],
  ])
  const { minted, burned: gone } = world.engine.status(0).supply
  expect(sum(await postings(world, '&account=minted'))).toBe(-minted)
  expect(sum(await postings(world, '&account=burned'))).toBe(gone)
  expect(sum(await postings(world, ''))).toBe(0n)
})

test('LEDGER-2: the list says where the books begin; an account that is none is refused', async () => {
  const { world } = await createWorld()
  const answer = ledgerListAnswer.parse(await (await world.ask('/ledger?limit=1')).json())
  expect(answer.as_of).toMatchObject({ indexed_from: 0, height: 9 })
  expect((await world.ask('/ledger?account=nobody')).status).toBe(422)
  const unknown = formatAddress(new Uint8Array(20).fill(9))
  expect(await postings(world, `&account=${unknown}`)).toEqual([])
})

test('LEDGER-3: who is paid or accused without being named sees the transaction among his own', async () => {
  const { world, claim, close, burned } = await createWorld()
  const hashesOf = async (address: Uint8Array) => {
    const page = await transactions(world, `?limit=50&address=${formatAddress(address)}`)
    return page.items.map(({ hash }) => hash)
  }
  expect(await hashesOf(miner.address)).toEqual(
    expect.arrayContaining([toHex0x(claim), toHex0x(close)]),
  )
  expect(await hashesOf(bob.address)).toContain(toHex0x(burned))
})

test('LEDGER-4: announcements are kept with who made them, by topic', async () => {
  const { world } = await createWorld()
  const ask = { direction: 'older', place: undefined, range: {}, limit: 5 } as const
  const lists = chainLists(world.env.DB)
  const { rows } = await lists.announcements(ask, { topic: 3 })
  expect(rows).toMatchObject([{ topic: 3, body: '0102', sender: formatAddress(bob.address) }])
  expect((await lists.announcements(ask, { topic: 4 })).rows).toEqual([])
  expect((await lists.announcements(ask, {})).rows).toEqual(rows)
})
