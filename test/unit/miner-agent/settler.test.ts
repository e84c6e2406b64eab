import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { StatusView } from '../../../core/api/chain-service.ts'
import { toHex } from '../../../core/base/bytes.ts'
import { err, ok } from '../../../core/base/result.ts'
import { authorisationCoder } from '../../../core/chain/authorisation.ts'
import type { Engine } from '../../../core/chain/engine-api.ts'
import { genesisHash } from '../../../core/chain/genesis.ts'
import { proofSubjectOf } from '../../../core/chain/light-fact.ts'
import type { SettlementItem } from '../../../core/chain/messages/settle.ts'
import { releaseCoder } from '../../../core/chain/release.ts'
import { escrowIdOf, transactionHash } from '../../../core/chain/transaction.ts'
import { sha256 } from '../../../core/crypto/hash.ts'
import type { ChainClient } from '../../../miner-agent/chain-client.ts'
import { type Journal, type JournalRelease, openJournal } from '../../../miner-agent/journal.ts'
import { openLight } from '../../../miner-agent/light.ts'
import { createProver } from '../../../miner-agent/prover.ts'
import { createSettler } from '../../../miner-agent/settler.ts'
import { newTally } from '../../../miner-agent/tally.ts'
import {
  alice,
  coordinator,
  createGenesis,
  genesis,
  miner,
  mustOpen,
  nodeVerifier,
  settlementItem,
  sign,
  timeOf,
} from '../../support/chain-world.ts'
import { createMemoryChainStore } from '../../support/memory-chain-store.ts'
import { recordingLogger } from './fixtures.ts'

const api = '127.0.0.1:18000'
const hash = genesisHash(genesis)

let folder: string
let journal: Journal
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'settler-'))
  journal = await openJournal(join(folder, 'releases.ndjson'))
})
afterEach(async () => {
  await journal.end()
  rmSync(folder, { recursive: true })
})

/** A chain of one authority with alice's escrow, asked as the agent asks it. */
function openWorld() {
  const engine = mustOpen({ store: createMemoryChainStore() })
  let slot = 1
  const opening = sign({
    by: alice,
    message: {
      TAG: 'escrow_open',
      data: {
        coordinator: coordinator.publicKey,
        amount: 100_000_000n,
        expiry: 900n,
        delegate: undefined,
      },
    },
  })
  const step = (transactions: Uint8Array[] = []) => {
    slot += 1
    if (transactions.length > 0) {
      for (const verdict of engine.submit(transactions, timeOf(slot))) expect(verdict.ok).toBe(true)
    }
    engine.tick(timeOf(slot))
  }
  step([opening])
  const escrow = escrowIdOf(transactionHash(opening))
  const down = { value: false }
  return {
    engine,
    escrow,
    step,
    down,
    nowMs: () => timeOf(slot),
    toSlot: (next: number) => {
      slot = next
    },
    chain: chainOver(engine, () => timeOf(slot), down),
  }
}

function chainOver(engine: Engine, nowMs: () => number, down: { value: boolean }): ChainClient {
  const unreachable = err({ code: 'UNREACHABLE' as const, message: 'down' })
  return {
    status: async () => {
      if (down.value) return unreachable
      const status = { currentSlot: engine.status(nowMs()).currentSlot } as StatusView
      return ok({ status, genesis })
    },
    account: async (address) => ok(engine.account(address)),
    lightUpdate: async (from) => (down.value ? unreachable : ok(engine.lightUpdate(from))),
    lightProof: async (subject, from) => {
      const wanted = proofSubjectOf(subject)
      if (down.value || wanted === undefined) return unreachable
      const answer = engine.lightProof(wanted, from)
      return 'code' in answer ? err({ code: 'NOT_FOUND', message: answer.message }) : ok(answer)
    },
    settlementOf: async () => ok(undefined),
    receiptsOf: async () => ok({ items: [], next: undefined }),
    claimable: async () => ok(undefined),
    submit: async (transaction) => {
      const [verdict] = engine.submit([transaction], nowMs())
      if (verdict === undefined) throw new Error('no verdict')
      return ok(verdict)
    },
  }
}

function entryOf(item: SettlementItem, change: Partial<JournalRelease> = {}): JournalRelease {
  const number = item.authorisation.number
  return {
    kind: 'release',
    attempt_id: `a${number}`,
    job_id: `b${number}`,
    api,
    genesis_hash: toHex(hash),
    authorisation: toHex(authorisationCoder.encode(item.authorisation)),
    authorisation_signature: toHex(item.authorisationSignature),
    release: toHex(releaseCoder.encode(item.release)),
    release_signature: toHex(item.releaseSignature),
    receipt: 'aa',
    receipt_signature: 'aa',
    amount: String(item.release.amount),
    settle_by: String(item.authorisation.settleBy),
    received_at_ms: 0,
    ...change,
  }
}

function settlerOf(world: ReturnType<typeof openWorld>, changes: { settleAfterMs?: number } = {}) {
  const log = recordingLogger()
  const tally = newTally()
  const settler = createSettler({
    api,
    chain: world.chain,
    journal,
    signer: miner,
    log,
    tally,
    settleAfterMs: changes.settleAfterMs ?? 0,
    nowMs: world.nowMs,
    prove: createProver(openLight({ home: folder, chain: world.chain, verifier: nodeVerifier })),
  })
  settler.meet({ genesisHash: hash, coordinator: coordinator.publicKey })
  return { settler, log, tally }
}

const settleBy = (item: SettlementItem) =>
  sign({ by: coordinator, message: { TAG: 'settle', data: { items: [item] } } })

describe('the settler', () => {
  test('a miner without any money has overdue releases paid', async () => {
    const world = openWorld()
    const items = [1n, 2n, 3n].map((number) =>
      settlementItem({ authorisation: { escrow: world.escrow, number } }),
    )
    for (const item of items) await journal.add(entryOf(item))
    const { settler, tally, log } = settlerOf(world)
    expect(world.engine.account(miner.address).balance).toBe(0n)
    await settler.tick()
    world.step()
    expect(world.engine.account(miner.address).balance).toBe(3n * 900_000n)
    expect(journal.open()).toHaveLength(3)
    await settler.tick()
    expect(journal.open()).toEqual([])
    expect(tally).toMatchObject({ settled: 3, settledAmount: 3_000_000n, unpaid: 0 })
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('nothing is sent before it is overdue', async () => {
    const world = openWorld()
    const item = settlementItem({ authorisation: { escrow: world.escrow } })
    await journal.add(entryOf(item, { received_at_ms: world.nowMs() }))
    const { settler } = settlerOf(world, { settleAfterMs: 1_000 })
    await settler.tick()
    expect(world.engine.pool(10)).toEqual([])
    world.step()
    await settler.tick()
    expect(world.engine.pool(10)).toHaveLength(1)
  })

  test('the site’s word is believed with its proof', async () => {
    const world = openWorld()
    const item = settlementItem({ authorisation: { escrow: world.escrow } })
    await journal.add(entryOf(item, { received_at_ms: world.nowMs() }))
    const transaction = settleBy(item)
    const { settler, tally } = settlerOf(world, { settleAfterMs: 3_600_000 })
    const frame = {
      type: 'settled' as const,
      attempt_id: 'a1',
      tx_hash: toHex(transactionHash(transaction)),
      block_height: 2,
      amount: '1000000',
    }
    settler.onSettled(frame)
    await settler.tick()
    expect(journal.open()).toHaveLength(1)
    world.step([transaction])
    await vi.waitFor(async () => {
      await settler.tick()
      expect(journal.open()).toEqual([])
    })
    expect(tally.settled).toBe(1)
  })

  test('a claim that names a transaction which paid another is no payment', async () => {
    const world = openWorld()
    const mine = settlementItem({ authorisation: { escrow: world.escrow, number: 1n } })
    const other = settlementItem({ authorisation: { escrow: world.escrow, number: 2n } })
    await journal.add(entryOf(mine, { received_at_ms: world.nowMs() }))
    const transaction = settleBy(other)
    world.step([transaction])
    const { settler, log } = settlerOf(world, { settleAfterMs: 3_600_000 })
    settler.onSettled({
      type: 'settled',
      attempt_id: 'a1',
      tx_hash: toHex(transactionHash(transaction)),
      block_height: 3,
      amount: '1000000',
    })
    await vi.waitFor(() => {
      expect(log.lines.some(({ event }) => event === 'a settlement did not pay')).toBe(true)
    })
    expect(journal.open()).toHaveLength(1)
  })

  test('what the coordinator paid meanwhile is closed by the outcome of our own try', async () => {
    const world = openWorld()
    const [paid, unpaid] = [1n, 2n].map((number) =>
      settlementItem({ authorisation: { escrow: world.escrow, number } }),
    ) as [SettlementItem, SettlementItem]
    await journal.add(entryOf(paid))
    await journal.add(entryOf(unpaid))
    world.step([settleBy(paid)])
    const { settler, tally } = settlerOf(world)
    await settler.tick()
    world.step()
    await settler.tick()
    expect(journal.open()).toEqual([])
    expect(tally.settled).toBe(2)
    expect(world.engine.account(miner.address).balance).toBeGreaterThan(1_700_000n)
  })

  test('a release whose time has passed is lost, and said so', async () => {
    const world = openWorld()
    const item = settlementItem({ authorisation: { escrow: world.escrow } })
    await journal.add(entryOf(item))
    world.toSlot(40)
    const { settler, tally, log } = settlerOf(world)
    await settler.tick()
    expect(journal.open()).toEqual([])
    expect(tally.unpaid).toBe(1)
    expect(log.lines.at(-1)).toMatchObject({ level: 'error', fields: { reason: 'expired' } })
  })

  test('a site that is away costs nothing but time', async () => {
    const world = openWorld()
    await journal.add(entryOf(settlementItem({ authorisation: { escrow: world.escrow } })))
    const { settler } = settlerOf(world)
    world.down.value = true
    await settler.tick()
    expect(journal.open()).toHaveLength(1)
    world.down.value = false
    await settler.tick()
    world.step()
    await settler.tick()
    expect(journal.open()).toEqual([])
  })

  test('a site that shows another genesis gets nothing', async () => {
    const world = openWorld()
    await journal.add(entryOf(settlementItem({ authorisation: { escrow: world.escrow } })))
    const { settler, log } = settlerOf({
      ...world,
      chain: {
        ...world.chain,
        status: async () =>
          ok({
            status: { currentSlot: 3 } as StatusView,
            genesis: createGenesis({ chainId: 'x' }),
          }),
      },
    })
    await settler.tick()
    expect(log.lines.at(-1)?.event).toBe('the site shows the genesis of another chain')
    expect(world.engine.pool(10)).toEqual([])
  })

  test('releases of other sites and chains are left alone', async () => {
    const world = openWorld()
    const item = settlementItem({ authorisation: { escrow: world.escrow } })
    await journal.add(entryOf(item, { api: 'elsewhere' }))
    await journal.add(
      entryOf(item, { attempt_id: 'x', genesis_hash: toHex(sha256(new Uint8Array())) }),
    )
    const { settler } = settlerOf(world)
    await settler.tick()
    expect(journal.open()).toHaveLength(2)
    expect(world.engine.pool(10)).toEqual([])
  })
})
