/**
 * Keys of accounts at the coordinator: money, ends, restarts, usage. In virtual time. Long because every
 * bound of a key is met once, each with an escrow of its own.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { NewKey } from '../../../core/api/account-desk.ts'
import type { Principal } from '../../../core/api/coordinator-service.ts'
import { keyLimits } from '../../../core/api/schemas/account-keys.ts'
import type { ApiKeyPrincipal } from '../../../core/auth/principal.ts'
import type { Result } from '../../../core/base/result.ts'
import { escrowIdOf } from '../../../core/chain/transaction.ts'
import { formatAddress } from '../../../core/crypto/address.ts'
import {
  modelsPerDayMax,
  otherModels,
} from '../../../durable-objects/coordinator/account-schema.ts'
import { coordinatorLimits } from '../../../durable-objects/coordinator/limits.ts'
import { rowsOf } from '../../../durable-objects/coordinator/schema.ts'
import { person } from '../../support/chain-world.ts'
import { worldCoordinator } from '../../support/coordinator-chain.ts'
import { acceptOnly, joinForGood } from '../../support/coordinator-miners.ts'
import { createWorld, minerKey, type World } from '../../support/coordinator-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const alice = formatAddress(person('alice').address)
const minuteMs = 60_000
const dayMs = 86_400_000

const plain: NewKey = {
  name: 'notebook',
  scopes: ['jobs:read', 'jobs:submit'],
  budget: undefined,
  expiresAtMs: undefined,
  payout: undefined,
}

const desk = (world: World) => world.parts().accountDesk

function must<T>(result: Result<T, { readonly code: string }>): T {
  if (!result.ok) throw new Error(result.error.code)
  return result.value
}

const codeOf = (result: Result<unknown, { readonly code: string }>): string =>
  result.ok ? 'ok' : result.error.code

/** As whom a secret calls; throws the code of a refusal. */
const admit = (world: World, secret: string): ApiKeyPrincipal =>
  must(world.parts().accountKeys.admit(secret, 'client'))

const jobOf = (world: World, question: string, change: Parameters<World['jobOf']>[3] = {}) => ({
  ...world.jobOf(world.alice, world.aliceEscrow, question, change),
  authorisation: undefined,
  limit: change.limit ?? 1_000_000n,
})

const submit = (world: World, who: Principal, question: string, change = {}) =>
  world.parts().clientJobs.submit(who, jobOf(world, question, change))

/** A key of alice whose delegate has this budget in an escrow of its own, and that is linked. */
async function fundedKey(
  world: World,
  wanted: Partial<NewKey> = {},
  grant: { readonly budget?: bigint; readonly expirySlots?: number; readonly amount?: bigint } = {},
) {
  const { key, secret } = must(await desk(world).createKey(alice, { ...plain, ...wanted }))
  const expiry = BigInt(world.slot() + 20_000)
  const hash = await world.transact(world.alice, {
    TAG: 'escrow_open',
    data: {
      coordinator: worldCoordinator.publicKey,
      amount: grant.amount ?? 50_000_000n,
      expiry,
      delegate: {
        delegate: key.funding?.delegate as Uint8Array,
        budget: grant.budget ?? 50_000_000n,
        expiry: BigInt(world.slot() + (grant.expirySlots ?? 19_000)),
      },
    },
  })
  const escrow = escrowIdOf(hash)
  must(await desk(world).fundKey(alice, key.keyId, escrow))
  return { keyId: key.keyId, secret, escrow, who: admit(world, secret) }
}

const stateOf = async (world: World, keyId: string) =>
  must(await desk(world).key(alice, keyId)).state

describe('ACCT: secrets', () => {
  test('ACCT-1: the disk has no secret, and another secret of the site leaves keys known', async () => {
    const world = await createWorld()
    const { secret, keyId } = await fundedKey(world)
    const { database } = world.parts()
    const rows = ['account_keys', 'account_secrets', 'account_pepper'].flatMap((table) =>
      rowsOf<Record<string, unknown>>(database, `SELECT * FROM ${table}`),
    )
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6, 40))
    expect(must(await desk(world).key(alice, keyId)).hint).toBe(secret.slice(-4))
    const before = Buffer.alloc(32, 7).toString('base64url')
    const after = Buffer.alloc(32, 8).toString('base64url')
    world.restart({ WALLET_ENCRYPTION_KEY: after, WALLET_ENCRYPTION_KEY_OLD: before })
    const delegate = world.parts().accountKeys.delegateOf(keyId)?.publicKey
    // Now everything is sealed under the new one: the old one may go.
    world.restart({ WALLET_ENCRYPTION_KEY: after, WALLET_ENCRYPTION_KEY_OLD: '' })
    expect(admit(world, secret).publicId).toBe(keyId)
    expect(world.parts().accountKeys.delegateOf(keyId)?.publicKey).toEqual(delegate)
  })

  test('ACCT-2: revoked, expired and rotated are told apart, at the next call', async () => {
    const world = await createWorld()
    const { accountKeys } = world.parts()
    const expiresAtMs = Date.now() + minuteMs
    const made = must(await desk(world).createKey(alice, { ...plain, expiresAtMs }))
    const who = admit(world, made.secret)
    expect(accountKeys.standing(who).ok).toBe(true)
    await world.pass(minuteMs)
    expect(codeOf(accountKeys.standing(who))).toBe('KEY_EXPIRED')
    expect(codeOf(accountKeys.admit(made.secret, 'client'))).toBe('KEY_EXPIRED')
    expect(await stateOf(world, made.key.keyId)).toBe('expired')
    must(await desk(world).changeKey(alice, made.key.keyId, { expiresAtMs: null }))
    expect(accountKeys.standing(who).ok).toBe(true)
    must(await desk(world).revokeKey(alice, made.key.keyId))
    expect(codeOf(accountKeys.standing(who))).toBe('KEY_REVOKED')
    expect(codeOf(accountKeys.admit(made.secret, 'client'))).toBe('KEY_REVOKED')
    expect(codeOf(await desk(world).changeKey(alice, made.key.keyId, { name: 'x' }))).toBe(
      'KEY_REVOKED',
    )
    expect(codeOf(accountKeys.admit(`${made.secret.slice(0, -1)}_`, 'client'))).toBe(
      'AUTHENTICATION_ERROR',
    )
  })

  test('ACCT-3: an old secret goes on for the grace, and not a moment longer', async () => {
    const world = await createWorld()
    const { accountKeys } = world.parts()
    const first = must(await desk(world).createKey(alice, plain))
    const { keyId } = first.key
    const old = admit(world, first.secret)
    const second = must(await desk(world).rotateKey(alice, keyId, { ms: minuteMs }))
    expect(second.secret).not.toBe(first.secret)
    expect(second.key.oldSecretUntilMs).toBe(Date.now() + minuteMs)
    expect([accountKeys.standing(old).ok, admit(world, second.secret).publicId]).toEqual([
      true,
      keyId,
    ])
    await world.pass(minuteMs)
    expect(codeOf(accountKeys.standing(old))).toBe('KEY_ROTATED')
    expect(codeOf(accountKeys.admit(first.secret, 'client'))).toBe('KEY_ROTATED')
    // A leak: at once, also where a longer grace runs.
    const third = must(await desk(world).rotateKey(alice, keyId, { ms: dayMs }))
    const fourth = must(await desk(world).rotateKey(alice, keyId, { ms: 0 }))
    for (const { secret } of [second, third]) {
      expect(codeOf(accountKeys.admit(secret, 'client'))).toBe('KEY_ROTATED')
    }
    expect(admit(world, fourth.secret).publicId).toBe(keyId)
  })

  test('ACCT-9: a use is noted once a minute, and a note that fails is no failure', async () => {
    const world = await createWorld()
    const { key, secret } = must(await desk(world).createKey(alice, plain))
    const who = admit(world, secret)
    const firstMs = Date.now()
    for (let call = 0; call < 50; call += 1) {
      await world.pass(1_000)
      world.parts().accountKeys.standing(who)
    }
    const used = async () => must(await desk(world).key(alice, key.keyId)).usedAtMs
    expect(await used()).toBe(firstMs)
    await world.pass(minuteMs)
    world.failWrites(() => {
      throw new Error('injected')
    })
    expect(world.parts().accountKeys.standing(who).ok).toBe(true)
    world.failWrites(undefined)
    await world.pass(minuteMs)
    world.parts().accountKeys.standing(who)
    expect(await used()).toBe(Date.now())
  })

  test('ACCT-7: keys are bounded, and the longest revoked make room', async () => {
    const world = await createWorld()
    for (let count = 0; count < keyLimits.keysMax; count += 1) {
      must(await desk(world).createKey(alice, plain))
    }
    expect(codeOf(await desk(world).createKey(alice, plain))).toBe('KEYS_TOO_MANY')
    const bob = formatAddress(person('bob').address)
    const first = must(await desk(world).createKey(bob, plain))
    must(await desk(world).revokeKey(bob, first.key.keyId))
    for (let count = 0; count < keyLimits.keysKeptMax; count += 1) {
      await world.pass(1)
      const { key } = must(await desk(world).createKey(bob, plain))
      must(await desk(world).revokeKey(bob, key.keyId))
    }
    expect((await desk(world).keys(bob)).length).toBe(keyLimits.keysKeptMax)
    expect(codeOf(await desk(world).key(bob, first.key.keyId))).toBe('KEY_NOT_FOUND')
  })
})

describe('ACCT: money', () => {
  test('ACCT-4: unfunded, pending, active; linked by itself, also after a restart', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A' })
    const { key, secret } = must(await desk(world).createKey(alice, plain))
    const delegate = key.funding?.delegate as Uint8Array
    expect(key.state).toBe('unfunded')
    expect(codeOf(await submit(world, admit(world, secret), 'too soon'))).toBe('ESCROW_REQUIRED')
    const escrow = await world.openEscrow(world.alice, 50_000_000n)
    const waiting = must(await desk(world).fundKey(alice, key.keyId, escrow))
    expect(waiting.state).toBe('pending')
    world.restart()
    const expiry = BigInt(world.slot() + 15_000)
    const terms = { delegate, budget: 20_000_000n, expiry }
    await world.transact(world.alice, { TAG: 'delegate_grant', data: { escrow, terms } })
    await world.pass(5_000)
    const linked = must(await desk(world).key(alice, key.keyId))
    expect([linked.state, linked.funding?.delegateBudget]).toEqual(['active', 20_000_000n])
    expect(codeOf(await submit(world, admit(world, secret), 'now'))).toBe('ok')
  })

  test('ACCT-4: an escrow of another coordinator, or of somebody else’s delegate, pays nothing', async () => {
    const world = await createWorld()
    const { key } = must(await desk(world).createKey(alice, plain))
    const foreign = escrowIdOf(
      await world.transact(world.alice, {
        TAG: 'escrow_open',
        data: {
          coordinator: person('another coordinator').publicKey,
          amount: 5_000_000n,
          expiry: BigInt(world.slot() + 20_000),
          delegate: undefined,
        },
      }),
    )
    expect(codeOf(await desk(world).fundKey(alice, key.keyId, foreign))).toBe('ESCROW_REQUIRED')
    // Nobody else links money to it, or learns that it is there.
    const bob = formatAddress(person('bob').address)
    expect(codeOf(await desk(world).fundKey(bob, key.keyId, foreign))).toBe('KEY_NOT_FOUND')
    const promised = must(await desk(world).fundKey(alice, key.keyId, new Uint8Array(32).fill(9)))
    expect(promised.state).toBe('pending')
    await world.pass(16 * minuteMs)
    expect(await stateOf(world, key.keyId)).toBe('unfunded')
  })

  test('ACCT-5: the budget of a key counts what is spent and what open jobs may cost', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A', onOffer: acceptOnly })
    const { who, keyId } = await fundedKey(world, { budget: 2_500_000n })
    const first = must(await submit(world, who, 'one'))
    must(await submit(world, who, 'two'))
    const refused = await submit(world, who, 'three')
    expect(refused).toMatchObject({
      error: {
        code: 'KEY_BUDGET_EXCEEDED',
        details: { available: '500000', limit: '1000000' },
      },
    })
    world.parts().clientJobs.cancel(who, first.jobId)
    expect(codeOf(await submit(world, who, 'four'))).toBe('ok')
    world.restart()
    await world.pass(3_000)
    expect(codeOf(await submit(world, who, 'five'))).toBe('KEY_BUDGET_EXCEEDED')
    must(await desk(world).changeKey(alice, keyId, { budget: 10_000_000n }))
    expect(codeOf(await submit(world, who, 'six'))).toBe('ok')
  })

  test('ACCT-5: grant and escrow: exhausted and expired have a code each', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A', onOffer: acceptOnly })
    const small = await fundedKey(world, {}, { budget: 1_500_000n })
    must(await submit(world, small.who, 'one'))
    expect(codeOf(await submit(world, small.who, 'two'))).toBe('BUDGET_EXCEEDED')
    const poor = await fundedKey(world, {}, { amount: 1_500_000n, budget: 50_000_000n })
    must(await submit(world, poor.who, 'one'))
    expect(codeOf(await submit(world, poor.who, 'two'))).toBe('ESCROW_EXHAUSTED')
    const brief = await fundedKey(world, {}, { expirySlots: 600 })
    expect(codeOf(await submit(world, brief.who, 'in time', { ttlSeconds: 60 }))).toBe('ok')
    await world.pass(18 * minuteMs)
    const tooLate = await submit(world, brief.who, 'late', { ttlSeconds: 600 })
    expect(codeOf(tooLate)).toBe('DELEGATE_EXPIRED')
    await world.pass(20 * minuteMs)
    expect(await stateOf(world, brief.keyId)).toBe('unfunded')
    const ending = await fundedKey(world)
    await world.pass(20_000 * 2_000 - 5 * minuteMs)
    expect(codeOf(await submit(world, ending.who, 'late', { ttlSeconds: 600 }))).toBe(
      'ESCROW_EXPIRED',
    )
  })

  test('ACCT-5: a key that has spent its budget is exhausted', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A' })
    const { who, keyId } = await fundedKey(world)
    const job = must(await submit(world, who, 'one'))
    await world.pass(3_000)
    const { amount } = must(world.parts().clientJobs.job(who, job.jobId))
    expect(amount).toBeGreaterThan(0n)
    must(await desk(world).changeKey(alice, keyId, { budget: amount as bigint }))
    const spent = must(await desk(world).key(alice, keyId))
    expect([spent.state, spent.spent]).toEqual(['exhausted', amount])
  })

  test('ACCT-6: a console is funded by the faucet under its cool-down; other keys are not', async () => {
    const taken: string[] = []
    let waitSeconds = 30
    const cooldown = {
      take: async (address: string) => {
        taken.push(address)
        return waitSeconds
      },
      release: async () => 0,
    }
    const world = await createWorld({ cooldown })
    await joinForGood(world, { name: 'miner-A' })
    const { accountKeys } = world.parts()
    const opened = must(await desk(world).openConsole(alice))
    expect([opened.state, opened.kind]).toEqual(['pending', 'console'])
    await world.pass(15_000)
    const waits = must(await desk(world).key(alice, opened.keyId))
    expect([waits.state, waits.funding?.fault]).toEqual([
      'pending',
      'faucet: wait 30 s for the next gift',
    ])
    waitSeconds = 0
    await world.pass(20_000)
    expect(new Set(taken)).toEqual(new Set([alice]))
    const funded = must(await desk(world).openConsole(alice))
    expect([funded.keyId, funded.state, funded.funding?.by]).toEqual([
      opened.keyId,
      'active',
      'faucet',
    ])
    const console = must(await desk(world).consolePrincipal(alice))
    expect(codeOf(await submit(world, console, 'from the browser'))).toBe('ok')
    const { secret } = must(await desk(world).createKey(alice, plain))
    expect(codeOf(await submit(world, admit(world, secret), 'no gift'))).toBe('ESCROW_REQUIRED')
    expect(accountKeys.kindOf(opened.keyId)).toBe('console')
    // Its owner may make it anew; the jobs of the old one stay his.
    must(await desk(world).revokeKey(alice, opened.keyId))
    expect(codeOf(await desk(world).consolePrincipal(alice))).toBe('KEY_REVOKED')
    expect(must(await desk(world).openConsole(alice)).keyId).not.toBe(opened.keyId)
  })

  test('ACCT-6: consoles that no gift reaches cost the chain a bounded number of questions', async () => {
    const cooldown = { take: async () => 30, release: async () => 0 }
    const world = await createWorld({ cooldown })
    const questions = vi.spyOn(world.chain, 'account')
    const perMinute = async (): Promise<number> => {
      questions.mockClear()
      await world.pass(minuteMs)
      return questions.mock.calls.length
    }
    const owners = Array.from({ length: 24 }, (_, index) =>
      formatAddress(person(`nobody ${index}`).address),
    )
    for (const owner of owners) await desk(world).openConsole(owner)
    await world.pass(minuteMs)
    const { custodyAtOnce, custodyPollMs } = coordinatorLimits
    expect(await perMinute()).toBeLessThanOrEqual((custodyAtOnce * minuteMs) / custodyPollMs)
    // All of them get their turn, and those whose console was revoked none.
    for (const owner of owners) {
      const opened = must(await desk(world).openConsole(owner))
      expect(opened.funding?.fault).toContain('faucet: wait')
      must(await desk(world).revokeKey(owner, opened.keyId))
    }
    await world.pass(minuteMs)
    expect(await perMinute()).toBe(0)
  })

  test('ACCT-7: consoles that are made anew again and again do not pile up', async () => {
    const world = await createWorld({ cooldown: { take: async () => 30, release: async () => 0 } })
    const rows = (table: string) =>
      rowsOf<{ n: number }>(world.parts().database, `SELECT count(*) AS n FROM ${table}`)[0]?.n ?? 0
    for (let times = 0; times < 3 * keyLimits.consolesKeptMax; times += 1) {
      const { keyId } = must(await desk(world).openConsole(alice))
      must(await desk(world).revokeKey(alice, keyId))
    }
    expect(rows('account_keys')).toBe(keyLimits.consolesKeptMax)
    expect(rows('custody')).toBe(keyLimits.consolesKeptMax)
  })

  test('ACCT-6: the console sees the jobs of all keys of its account, a key its own', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A', onOffer: acceptOnly })
    const one = await fundedKey(world)
    const two = await fundedKey(world)
    const signed = await world.submit('signed')
    const ofOne = must(await submit(world, one.who, 'one'))
    const { clientJobs } = world.parts()
    const console = must(await desk(world).consolePrincipal(alice))
    const page = { limit: 10, offset: 0 }
    expect(clientJobs.list(console, page).items.map(({ jobId }) => jobId)).toEqual([
      ofOne.jobId,
      signed.jobId,
    ])
    expect(clientJobs.list(console, page).total).toBe(2)
    expect(clientJobs.list(two.who, page).total).toBe(0)
    expect(codeOf(clientJobs.job(two.who, ofOne.jobId))).toBe('JOB_NOT_FOUND')
    const stranger = formatAddress(person('bob').address)
    const other = must(await desk(world).consolePrincipal(stranger))
    expect(codeOf(clientJobs.job(other, ofOne.jobId))).toBe('JOB_NOT_FOUND')
    expect(codeOf(clientJobs.cancel(console, ofOne.jobId))).toBe('ok')
  })

  test('ACCT-8: a miner’s key is paid at its payout, and leaves when it is revoked', async () => {
    const world = await createWorld()
    const payout = formatAddress(person('wallet of the miner').address)
    const scopes = ['miner'] as const
    const { key, secret } = must(await desk(world).createKey(alice, { ...plain, scopes, payout }))
    expect([key.state, key.funding, key.payout]).toEqual(['active', undefined, payout])
    expect(codeOf(world.parts().accountKeys.admit(secret, 'client'))).toBe('SCOPE_MISSING')
    const who = must(world.parts().accountKeys.admit(secret, 'miner'))
    const { legacyMiners, miners } = world.parts()
    const stated = { minerId: undefined, capabilities: {}, concurrency: 1, region: undefined }
    must(await legacyMiners.register(who, stated))
    expect(miners.get(key.keyId)?.payout).toEqual(person('wallet of the miner').address)
    const job = await world.submit('to be taken', { limit: 100_000_000n })
    expect(must(await legacyMiners.poll(who, { waitMs: 0 }))?.job_id).toBe(job.jobId)
    must(await desk(world).revokeKey(alice, key.keyId))
    expect(miners.get(key.keyId)).toBeUndefined()
    expect(world.view(job.jobId).state).toBe('queued')
  })
})

test('ACCT-8: keys that anybody can make leave places to other miners', async () => {
  const world = await createWorld()
  const { accountKeys, legacyMiners, apiKeys } = world.parts()
  const { minersMax, minersOfAccountsMax } = coordinatorLimits
  const stated = { minerId: undefined, capabilities: {}, concurrency: 1, region: undefined }
  const payout = person('farm').address
  const join = async (index: number) => {
    const owner = formatAddress(person(`owner ${Math.floor(index / keyLimits.keysMax)}`).address)
    const made = must(accountKeys.create(owner, { ...plain, scopes: ['miner'] }, payout))
    const publicId = made.keyId
    return legacyMiners.register({ kind: 'api_key', scope: 'miner', publicId }, stated)
  }
  expect(minersOfAccountsMax).toBeLessThan(minersMax)
  for (let index = 0; index < minersOfAccountsMax; index += 1) must(await join(index))
  expect(codeOf(await join(minersOfAccountsMax))).toBe('QUEUE_FULL')
  const own = apiKeys.publicIdOf(minerKey, 'miner') as string
  const operators = { kind: 'api_key', scope: 'miner', publicId: own } as const
  expect(codeOf(await legacyMiners.register(operators, stated))).toBe('ok')
})

describe('USAGE', () => {
  const all = { from: '2000-01-01', to: '2100-01-01', keyId: undefined, model: undefined }

  test('USAGE-1: sums are those of the jobs, by day, key and model', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A' })
    const one = await fundedKey(world)
    const two = await fundedKey(world)
    const { clientJobs } = world.parts()
    const jobs = []
    for (const [index, who] of [world.whoIs(world.alice), two.who, one.who, one.who].entries()) {
      const asked =
        who.kind === 'account'
          ? world.jobOf(world.alice, world.aliceEscrow, `job ${index}`)
          : jobOf(world, `job ${index} ${'word '.repeat(index)}`)
      jobs.push({ who, ...must(await clientJobs.submit(who, asked)) })
      await world.pass(3_000)
      // Near midnight UTC: the next two end on another day.
      if (index === 1) await world.pass(dayMs - (Date.now() % dayMs))
    }
    const canceled = must(await submit(world, one.who, 'never mind', { spec: { maxTokens: 1 } }))
    clientJobs.cancel(one.who, canceled.jobId)
    const done = jobs.map(({ who, jobId }) => must(clientJobs.job(who, jobId)))
    const spentBy = (client: string) =>
      done.filter((job) => job.client === client).reduce((sum, job) => sum + (job.amount ?? 0n), 0n)
    const byKey = await desk(world).usage(alice, { ...all, groupBy: 'key' })
    expect(new Map(byKey.map((row) => [row.keyId, row.spent]))).toEqual(
      new Map([one.keyId, two.keyId, alice].map((client) => [client, spentBy(client)])),
    )
    const byDay = await desk(world).usage(alice, { ...all, groupBy: 'day' })
    const total = done.reduce((sum, job) => sum + (job.amount ?? 0n), 0n)
    expect(byDay.map(({ completed }) => completed)).toEqual([2, 2])
    expect(byDay.reduce((sum, row) => sum + row.jobs, 0)).toBe(5)
    expect(byDay.reduce((sum, row) => sum + row.spent, 0n)).toBe(total)
    const [model] = await desk(world).usage(alice, { ...all, groupBy: 'model' })
    const tokens = done.reduce((sum, job) => sum + (job.completionTokens ?? 0), 0)
    expect(model).toMatchObject({ model: 'test-model', spent: total, completionTokens: tokens })
    const [own] = await desk(world).usage(alice, { ...all, groupBy: 'day', keyId: two.keyId })
    expect(own?.spent).toBe(spentBy(two.keyId))
    const bob = formatAddress(person('bob').address)
    expect(await desk(world).usage(bob, { ...all, groupBy: 'key', keyId: one.keyId })).toEqual([])
  })

  test('USAGE-4: whoever asks for ever other models fills no table', async () => {
    const world = await createWorld()
    const models = Array.from({ length: modelsPerDayMax + 6 }, (_, index) => `model-${index}`)
    for (const [name, own] of [
      ['miner-A', models.slice(0, 40)],
      ['miner-B', models.slice(40)],
    ] as const) {
      await joinForGood(world, { name, models: own, onOffer: acceptOnly })
    }
    const { clientJobs } = world.parts()
    const ask = async (model: string) => {
      const job = world.jobOf(world.alice, world.aliceEscrow, model, { spec: { model } })
      const { jobId } = must(await clientJobs.submit(world.whoIs(world.alice), job))
      clientJobs.cancel(world.whoIs(world.alice), jobId)
    }
    for (const model of [...models, ...models.slice(0, 2), ...models.slice(-2)]) await ask(model)
    const rows = await desk(world).usage(alice, { ...all, groupBy: 'model' })
    expect(rows).toHaveLength(modelsPerDayMax + 1)
    const jobs = new Map(rows.map((row) => [row.model, row.jobs]))
    expect([jobs.get('model-0'), jobs.get('model-5'), jobs.get(otherModels)]).toEqual([2, 1, 8])
  })

  test('USAGE-2: sums stay when the jobs are forgotten', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A' })
    const { who } = await fundedKey(world)
    const job = must(await submit(world, who, 'long ago'))
    await world.pass(60_000)
    const before = await desk(world).usage(alice, { ...all, groupBy: 'key' })
    expect(before[0]?.spent).toBeGreaterThan(0n)
    vi.setSystemTime(Date.now() + 40 * dayMs)
    await world.parts().adminDesk.execute({ actor: 'test', reason: 'old' }, 'sweep', undefined)
    expect(codeOf(world.parts().clientJobs.job(who, job.jobId))).toBe('JOB_NOT_FOUND')
    expect(await desk(world).usage(alice, { ...all, groupBy: 'key' })).toEqual(before)
  })

  test('USAGE-3: a charge that cannot be paid is not spent', async () => {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A' })
    const { who, keyId } = await fundedKey(world)
    must(await submit(world, who, 'unpaid'))
    await world.pass(3_000)
    const { database } = world.parts()
    const spent = () => world.parts().usage.spentBy(keyId)
    const charged = spent()
    expect(charged).toBeGreaterThan(0n)
    const set = (state: string) => database.sql.exec('UPDATE payments SET state = ?', state)
    set('unpayable')
    expect(spent()).toBe(0n)
    set('due')
    expect(spent()).toBe(charged)
    set('held')
    expect([spent(), world.parts().usage.heldBackOf(keyId)]).toEqual([0n, charged])
    set('refused')
    expect([spent(), world.parts().usage.heldBackOf(keyId)]).toEqual([0n, 0n])
  })
})

test.each([dayMs, -dayMs])(
  'ACCT-2, ACCT-3: a clock that is wrong by %i ms for a while',
  async (ms) => {
    const world = await createWorld()
    const expiresAtMs = Date.now() + 600_000
    const { key, secret } = must(await desk(world).createKey(alice, { ...plain, expiresAtMs }))
    const code = (of: string) => codeOf(world.parts().accountKeys.admit(of, 'client'))
    const rotated = must(await desk(world).rotateKey(alice, key.keyId, { ms: 0 }))
    expect(code(secret)).toBe('KEY_ROTATED')
    world.jump(ms)
    await world.pass(minuteMs)
    // What was ended at once stays ended, whatever the clock says; what ends at a time goes by the clock.
    expect(code(secret)).toBe(ms > 0 ? 'KEY_EXPIRED' : 'KEY_ROTATED')
    expect(code(rotated.secret)).toBe(ms > 0 ? 'KEY_EXPIRED' : 'ok')
    world.jump(-ms)
    expect(code(secret)).toBe('KEY_ROTATED')
    expect(code(rotated.secret)).toBe('ok')
    await world.pass(600_000)
    expect(code(rotated.secret)).toBe('KEY_EXPIRED')
  },
)
