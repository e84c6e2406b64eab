/** Rewards that a miner claims by itself, on a real chain; and its earnings in lines. */
import { expect, test } from 'vitest'
import type { StatusView } from '../../../core/api/chain-service.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { err, ok } from '../../../core/base/result.ts'
import { authorisationHash } from '../../../core/chain/authorisation.ts'
import type { Genesis } from '../../../core/chain/genesis.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import type { ChainClient } from '../../../miner-agent/chain-client.ts'
import { createClaimer } from '../../../miner-agent/claimer.ts'
import { linesOf } from '../../../miner-agent/earnings.ts'
import { marketGenesis } from '../../support/chain-market.ts'
import {
  alice,
  coordinator,
  createGenesis,
  genesis,
  miner,
  mustOpen,
  settlementItem,
  sign,
  timeOf,
} from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { recordingLogger } from './fixtures.ts'

const windowSlots = 5_000n

function rewarding(rewardBps: number): Genesis {
  const { market } = marketGenesis.parameters
  if (!market) throw new Error('the genesis has no market')
  const parameters = {
    ...marketGenesis.parameters,
    market: { ...market, rewardBps, claimWindowSlots: windowSlots },
  }
  return createGenesis({ version: 2, parameters })
}

/** A chain on which the miner was paid so many jobs in slot 3. */
function openWorld(of: Genesis, jobs: number, amount = 1_000_000n) {
  const engine = mustOpen({ store: createMemoryChainStore(), genesis: of })
  let slot = 1
  const step = (transaction?: Uint8Array) => {
    slot += 1
    if (transaction) {
      expect(engine.submit([transaction], timeOf(slot))).toMatchObject([{ ok: true }])
    }
    engine.tick(timeOf(slot))
  }
  const data = {
    coordinator: coordinator.publicKey,
    amount: 100_000_000n,
    expiry: 90_000n,
    delegate: undefined,
  }
  const opening = sign({ by: alice, of, message: { TAG: 'escrow_open', data } })
  step(opening)
  const escrow = escrowIdOf(transactionHash(opening))
  const items = Array.from({ length: jobs }, (_, index) =>
    settlementItem({
      authorisation: { escrow, number: BigInt(index + 1), settleBy: 15n },
      release: { amount },
      of,
    }),
  )
  step(sign({ by: coordinator, of, message: { TAG: 'settle', data: { items } } }))
  const settledAt = slot
  step()
  const asked: string[] = []
  const chain: ChainClient = {
    status: async () => ok({ status: { currentSlot: slot } as StatusView, genesis: of }),
    account: async (address) => ok(engine.account(address)),
    lightUpdate: async () => err({ code: 'UNREACHABLE', message: 'not asked here' }),
    lightProof: async () => err({ code: 'UNREACHABLE', message: 'not asked here' }),
    settlementOf: async () => ok(undefined),
    receiptsOf: async () =>
      ok({
        items: items.map(({ authorisation }) => ({
          authorisation: toHex(authorisationHash(authorisation)),
          slot: settledAt,
        })),
        next: undefined,
      }),
    claimable: async (authorisation, expiry) => {
      asked.push(toHex(authorisation))
      return ok(engine.finalClaimable({ authorisation, expiry })?.amount)
    },
    submit: async (transaction) => {
      const [verdict] = engine.submit([transaction], timeOf(slot))
      if (verdict === undefined) throw new Error('no verdict')
      return ok(verdict)
    },
  }
  const log = recordingLogger()
  const everyMs = 60_000
  const claimer = createClaimer({
    chain,
    signer: miner,
    log,
    nowMs: () => timeOf(slot),
    genesis: async () => of,
    everyMs,
  })
  const wait = (slots: number) => {
    slot += slots
  }
  return { engine, claimer, log, asked, step, wait }
}

const balanceOf = ({ engine }: ReturnType<typeof openWorld>) =>
  engine.account(miner.address).balance

test('rewards are claimed once, when they are well worth the fee', async () => {
  const world = openWorld(rewarding(10_000), 40)
  const before = balanceOf(world)
  await world.claimer.tick()
  const [line] = world.log.lines.filter(({ event }) => event === 'claiming rewards')
  expect(line?.fields).toMatchObject({ claims: 40, units: 800_000n })
  world.step()
  world.step()
  const fee = BigInt(String(line?.fields?.['fee']))
  expect(fee * 10n).toBeLessThanOrEqual(800_000n)
  expect(balanceOf(world)).toBe(before + 800_000n - fee)

  // Not before its time, and then nothing is left: no transaction, and no claim is asked for twice after.
  await world.claimer.tick()
  expect(world.asked).toHaveLength(40)
  for (const times of [80, 80]) {
    world.wait(31)
    await world.claimer.tick()
    expect(world.asked).toHaveLength(times)
    expect(world.engine.pool(10)).toEqual([])
  }
})

test('what is hardly worth its fee waits until it would lapse, and what is not worth it is left', async () => {
  const some = openWorld(rewarding(10_000), 1, 200_000n)
  await some.claimer.tick()
  expect(some.engine.pool(10)).toEqual([])
  some.wait(Number(windowSlots) - 100)
  await some.claimer.tick()
  expect(some.engine.pool(10)).toHaveLength(1)

  const little = openWorld(rewarding(1), 1)
  await little.claimer.tick()
  little.wait(Number(windowSlots) - 100)
  await little.claimer.tick()
  expect(little.engine.pool(10)).toEqual([])
  expect(little.asked).toHaveLength(2)
})

test('nothing is asked of a chain whose genesis has no rewards', async () => {
  const world = openWorld(genesis, 1)
  await world.claimer.tick()
  expect([world.asked, world.engine.pool(10), world.log.lines]).toEqual([[], [], []])
})

test('earnings are lines of days, with what waits, is held, and can be claimed', () => {
  const day = { payments: '0', bookings: '0', rewards: '0', total: '0', jobs: 0 }
  const lines = linesOf({
    address: 'aitbc1x',
    days: [
      { ...day, day: '2026-11-22' },
      {
        ...day,
        day: '2026-11-23',
        jobs: 3,
        payments: '9000000',
        rewards: '1000000',
        total: '10000000',
      },
    ],
    held: [{ job_id: 'ab', amount: '300000', reasons: [{ code: 'REPEATING' }] }],
    waiting: 5_000_000n,
    claimable: 0n,
  })
  expect(lines.join('\n')).not.toContain('2026-11-22')
  expect(lines).toContain('2026-11-23     3      0.09         0     0.01    0.1')
  expect(lines).toContain('earned    0.1 AITBC in 2 days')
  expect(lines).toContain('  0.003 AITBC of job ab: REPEATING')
  expect(lines.at(-1)).toBe('rewards   0 AITBC to be claimed')
})
