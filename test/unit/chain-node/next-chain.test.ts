/** What is left of the chain before when the next one takes its place. */
import { expect, test } from 'vitest'
import { escrowIdOf } from '../../../core/chain/transaction.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { alice, bob, coordinator, sign, transfer } from '../../support/chain-world.ts'
import { expectBegun, openServingSite, startGenesis, worldWith } from '../../support/start-world.ts'

const nine = openServingSite(9)

const a = 'https://a.example'

test('START-7: what waits in the pool is kept aside until the new chain has taken it', async () => {
  const world = worldWith({ [a]: nine.serve })
  const waiting = sign({
    by: bob,
    message: transfer(alice.address, 5n),
    nonce: 0n,
    of: startGenesis,
  })
  const [verdict] = world
    .site()
    .engine.submit([waiting], Number(startGenesis.genesisTimeMs) + 2_000)
  expect(verdict?.ok).toBe(true)
  await world.settle()
  expectBegun(world, nine, 9)
  world.restart()
  expect(world.site().before.waiting()).toEqual([waiting])
  expect(world.site().engine.pool(5)).toEqual([])
  world.site().before.forgetWaiting()
  expect(world.site().before.waiting()).toEqual([])
})

test('START-8: who stands behind an escrow of before is known from the snapshot', async () => {
  const world = worldWith({ [a]: nine.serve })
  await world.settle()
  const opened = nine.engine.finalizedFrom(1, 1)[0]?.transactions[0]
  if (!opened) throw new Error('block 1 opens an escrow')
  expect(world.site().before.partiesOf(escrowIdOf(opened.hash))).toEqual({
    owner: alice.address,
    coordinator: addressOf(coordinator.publicKey),
  })
  expect(world.site().before.partiesOf(new Uint8Array(32))).toBeUndefined()
})
