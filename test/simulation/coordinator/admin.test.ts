/** What administrators do at the coordinator, and what of it outlives it. In virtual time. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Page } from '../../../core/api/admin-desk.ts'
import type { Result } from '../../../core/base/result.ts'
import { formatAddress } from '../../../core/crypto/address.ts'
import { rowsOf } from '../../../durable-objects/coordinator/schema.ts'
import { createAgent } from '../../support/agent-socket.ts'
import { person } from '../../support/chain-world.ts'
import { acceptOnly, join, joinForGood, only } from '../../support/coordinator-miners.ts'
import { createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const by = { actor: `account:${formatAddress(person('admin').address)}`, reason: 'a test' }
const alice = formatAddress(person('alice').address)

const desk = (world: World) => world.parts().adminDesk

function must<T>(result: Result<T, { readonly code: string }>): T {
  if (!result.ok) throw new Error(result.error.code)
  return result.value
}

const auditOf = async (world: World) =>
  must(
    await desk(world).audit({ limit: 50, cursor: undefined, action: undefined, actor: undefined }),
  ).items

/** All pages of a list, each of this size. */
async function pagesOf<T>(
  ask: (page: {
    limit: number
    cursor: string | undefined
  }) => Promise<Result<Page<T>, { readonly code: string }>>,
  limit: number,
  between: () => Promise<unknown> = async () => undefined,
): Promise<T[]> {
  const all: T[] = []
  let cursor: string | undefined
  do {
    const page = must(await ask({ limit, cursor }))
    expect(page.items.length).toBeLessThanOrEqual(limit)
    all.push(...page.items)
    cursor = page.next
    await between()
  } while (cursor !== undefined)
  return all
}

describe('ADMIN: acts and their log', () => {
  test('ADMIN-1: whichever write of an act fails, both or neither are there', async () => {
    for (let failing = 1; failing <= 4; failing += 1) {
      const world = await createWorld()
      const job = await world.submit('to be canceled', { limit: 100_000_000n }).catch(async () => {
        await joinForGood(world, { name: 'miner-A', onOffer: acceptOnly })
        return await world.submit('to be canceled')
      })
      const first = world.writes() + failing
      world.failWrites((count) => {
        if (count === first) throw new Error('injected')
      })
      const outcome = await desk(world)
        .cancelJob(by, job.jobId)
        .catch(() => undefined)
      world.failWrites(undefined)
      world.restart()
      await world.pass(100)
      const isCanceled = world.view(job.jobId).state === 'canceled'
      const entries = (await auditOf(world)).filter(({ action }) => action === 'job.cancel')
      expect([failing, entries.length]).toEqual([failing, isCanceled ? 1 : 0])
      if (outcome?.ok) expect(isCanceled).toBe(true)
    }
  })

  test('ADMIN-2: the log is only ever added to', async () => {
    const world = await createWorld()
    must(await desk(world).execute(by, 'wake', undefined))
    const { database } = world.parts()
    for (const statement of [
      "UPDATE audit_log SET reason = 'another'",
      'DELETE FROM audit_log',
      "INSERT OR REPLACE INTO audit_log VALUES (1, 0, 'x', 'x', 'x', 'x', '{}')",
    ]) {
      expect(() => database.sql.exec(statement), statement).toThrow(/audit log/)
    }
    expect(await auditOf(world)).toMatchObject([
      { action: 'execute.wake', target: 'site', actor: by.actor, reason: 'a test' },
    ])
  })

  test('ADMIN-5: a job is canceled, and one that waits goes before others', async () => {
    const world = await createWorld()
    const offered: string[] = []
    await joinForGood(world, {
      name: 'miner-A',
      onOffer: (agent, attempt) => {
        offered.push(attempt.offer.job_id)
        agent.accept(attempt)
      },
    })
    const jobs = []
    for (const name of ['one', 'two', 'three']) jobs.push(await world.submit(name))
    const [running, , last] = jobs.map(({ jobId }) => jobId)
    must(await desk(world).prioritizeJob(by, last as string, 'high'))
    world.restart()
    await world.pass(5_000)
    expect(must(await desk(world).job(last as string)).priority).toBe('high')
    must(await desk(world).cancelJob(by, running as string))
    await world.pass(5_000)
    expect([offered[0], offered.at(-1)]).toEqual([running, last])
    expect(await desk(world).cancelJob(by, running as string)).toMatchObject({
      error: { code: 'JOB_NOT_CANCELABLE' },
    })
    expect(await desk(world).cancelJob(by, 'f'.repeat(32))).toMatchObject({
      error: { code: 'JOB_NOT_FOUND' },
    })
    const acts = (await auditOf(world)).map(({ action, target }) => [action, target])
    expect(acts).toEqual([
      ['job.cancel', running],
      ['job.prioritize', last],
    ])
  })
})

describe('ADMIN: miners', () => {
  test('ADMIN-3: out of service by key: under another name, after a restart, until activated', async () => {
    const world = await createWorld()
    const key = 'of both names'
    const agent = await joinForGood(world, { name: 'miner-A', key, onOffer: acceptOnly })
    await world.submit('before')
    await world.pass(100)
    expect(agent.held.size).toBe(1)
    must(await desk(world).setStanding(by, 'miner-A', 'suspended'))
    world.restart()
    await world.pass(3_000)
    expect(agent.isConnected()).toBe(true)
    expect(await world.submit('refused').catch(String)).toContain('refused')
    const renamed = createAgent({ name: 'miner-B', key, onOffer: acceptOnly })
    await join(world, renamed)
    await world.pass(3_000)
    expect(renamed.held.size).toBe(0)
    expect(must(await desk(world).miner('miner-A'))).toMatchObject({
      standing: 'suspended',
      standingReason: 'a test',
    })
    must(await desk(world).setStanding({ ...by, reason: 'mended' }, 'miner-A', 'active'))
    await world.pass(3_000)
    expect(agent.held.size + renamed.held.size).toBeGreaterThan(0)
    expect((await auditOf(world)).map(({ action, reason }) => [action, reason])).toEqual([
      ['miner.activate', 'mended'],
      ['miner.suspend', 'a test'],
    ])
  })

  test('ADMIN-4: a drained miner finishes what it holds; a suspended one’s goes elsewhere', async () => {
    const world = await createWorld()
    const first = await joinForGood(world, { name: 'miner-A', onOffer: acceptOnly })
    const job = await world.submit('in hand')
    await world.pass(100)
    must(await desk(world).setStanding(by, 'miner-A', 'draining'))
    const second = await joinForGood(world, { name: 'miner-B', onOffer: acceptOnly })
    await world.submit('next')
    await world.pass(100)
    expect([first.held.size, second.held.size]).toEqual([1, 1])
    first.finish(only(first))
    await world.pass(1_000)
    expect(world.view(job.jobId).state).toBe('completed')
    must(await desk(world).setStanding(by, 'miner-A', 'active'))
    const taken = only(second).offer.job_id
    must(await desk(world).setStanding(by, 'miner-B', 'suspended'))
    await world.pass(1_000)
    expect(world.view(taken).minerId).toBe('miner-A')
  })

  test('ADMIN-3: a name that nobody has is none', async () => {
    const world = await createWorld()
    expect(await desk(world).setStanding(by, 'nobody', 'suspended')).toMatchObject({
      error: { code: 'MINER_NOT_FOUND' },
    })
    expect(await auditOf(world)).toEqual([])
  })
})

describe('ADMIN: lists', () => {
  test('ADMIN-6: jobs page by page, each once, while others come; filters hold', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A', onOffer: acceptOnly })
    const ids: string[] = []
    for (let index = 0; index < 7; index += 1) ids.push((await world.submit(`job ${index}`)).jobId)
    world.parts().clientJobs.cancel(world.whoIs(world.alice), ids[2] as string)
    const none = { state: undefined, client: undefined, miner: undefined }
    const seen = await pagesOf(
      (page) => desk(world).jobs({ ...page, ...none }),
      3,
      () => world.submit('one more'),
    )
    expect(seen.map(({ jobId }) => jobId)).toEqual([...ids].reverse())
    const canceled = await pagesOf(
      (page) => desk(world).jobs({ ...page, ...none, state: 'canceled' }),
      2,
    )
    expect(canceled.map(({ jobId }) => jobId)).toEqual([ids[2]])
    const nobodys = await desk(world).jobs({ limit: 5, cursor: undefined, ...none, client: 'x' })
    expect(must(nobodys).items).toEqual([])
    expect(await desk(world).jobs({ limit: 5, cursor: 'x', ...none })).toMatchObject({
      error: { code: 'CURSOR_INVALID' },
    })
  })

  test('ADMIN-6: users, keys, miners, payments and the log page alike', async () => {
    const world = await createWorld()
    for (const name of ['miner-A', 'miner-B', 'miner-C']) await joinForGood(world, { name })
    await world.submit('paid')
    await world.submit('paid too')
    await world.pass(3_000)
    const { accountDesk, database } = world.parts()
    const owners = ['alice', 'bob', 'carol', 'dave'].map((name) =>
      formatAddress(person(name).address),
    )
    for (const owner of owners) {
      await accountDesk.noteUser(owner)
      const wanted = { name: `key of ${owner.slice(-4)}`, scopes: ['jobs:read'] as const }
      const rest = { budget: undefined, expiresAtMs: undefined, payout: undefined }
      must(await accountDesk.createKey(owner, { ...wanted, ...rest }))
    }
    const q = undefined
    const users = await pagesOf((page) => desk(world).users({ ...page, q }), 2)
    expect(new Set(users.map(({ address }) => address))).toEqual(new Set(owners))
    expect(users.find(({ address }) => address === alice)).toMatchObject({ keys: 1, jobs: 2 })
    const keys = await pagesOf((page) => desk(world).keys({ ...page, q }), 2)
    const names = keys.map((row) => row.key.keyId)
    // Four of accounts, and the operator's two.
    expect([names.length, new Set(names).size]).toEqual([6, 6])
    expect(JSON.stringify(keys, (_, value) => (typeof value === 'bigint' ? 0 : value))).not.toMatch(
      /aitbc_|-key-of-the-tests/,
    )
    const [one] = must(await desk(world).keys({ limit: 5, cursor: undefined, q: owners[2] })).items
    expect(one?.of === 'account' && one.key.owner).toBe(owners[2])
    const miners = await pagesOf((page) => desk(world).miners({ ...page, status: undefined }), 2)
    expect(miners.map(({ minerId }) => minerId)).toEqual(['miner-A', 'miner-B', 'miner-C'])
    expect(miners.reduce((sum, { completed }) => sum + completed, 0)).toBe(2)
    const offline = { limit: 5, cursor: undefined, status: 'OFFLINE' }
    expect(must(await desk(world).miners(offline)).items).toEqual([])
    const payments = await pagesOf((page) => desk(world).payments({ ...page, state: undefined }), 1)
    const [sum] = rowsOf<{ amount: number }>(database, 'SELECT sum(amount) AS amount FROM payments')
    expect(payments.reduce((total, { amount }) => total + amount, 0n)).toBe(
      BigInt(sum?.amount ?? 0),
    )
    for (let index = 0; index < 5; index += 1) await desk(world).execute(by, 'wake', String(index))
    const log = await pagesOf(
      (page) => desk(world).audit({ ...page, action: 'execute.wake', actor: undefined }),
      2,
    )
    expect(log.map(({ target }) => target)).toEqual(['4', '3', '2', '1', '0'])
  })

  test('ADMIN-6: a key that an administrator revoked stays so', async () => {
    const world = await createWorld()
    const { accountDesk } = world.parts()
    const opened = must(await accountDesk.openConsole(alice))
    must(await desk(world).revokeKey(by, opened.keyId))
    const again = must(await accountDesk.openConsole(alice))
    expect([again.keyId, again.state]).toEqual([opened.keyId, 'revoked'])
    expect((await auditOf(world))[0]).toMatchObject({
      action: 'key.revoke',
      target: opened.keyId,
      details: { owner: alice, kind: 'console' },
    })
  })
})
