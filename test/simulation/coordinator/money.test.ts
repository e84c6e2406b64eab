/** Where the money is: promises, payments, bad days of the chain, and keys that this site keeps. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fromHex, toHex } from '../../../core/base/bytes.ts'
import { decodeCanonical } from '../../../core/base/coders.ts'
import { authorisationCoder } from '../../../core/chain/authorisation.ts'
import { releaseCoder } from '../../../core/chain/release.ts'
import { addressOf } from '../../../core/crypto/address.ts'
import { person } from '../../support/chain-world.ts'
import { worldCoordinator } from '../../support/coordinator-chain.ts'
import { acceptOnly, joinForGood } from '../../support/coordinator-miners.ts'
import { clientKey, createWorld, type World } from '../../support/coordinator-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 })
  // Faults are logged, and here they are meant.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const keyJob = (world: World, question: string) => ({
  ...world.jobOf(world.alice, world.aliceEscrow, question),
  authorisation: undefined,
})

test('PAY-1: holds never exceed what is locked and final, and are free again after the job', async () => {
  const world = await createWorld()
  const escrow = await world.openEscrow(world.alice, 2_500_000n)
  const agent = await joinForGood(world, { name: 'miner-A', onOffer: acceptOnly })
  const ask = (question: string) =>
    world
      .parts()
      .clientJobs.submit(world.whoIs(world.alice), world.jobOf(world.alice, escrow, question))
  const first = await ask('one')
  expect(first.ok && (await ask('two')).ok).toBe(true)
  expect(await ask('three')).toMatchObject({ ok: false, error: { code: 'ESCROW_EXHAUSTED' } })
  if (first.ok) world.parts().clientJobs.cancel(world.whoIs(world.alice), first.value.jobId)
  expect((await ask('four')).ok).toBe(true)
  // The same after a restart: promises follow from the jobs on disk.
  world.restart()
  await world.pass(3_000)
  expect(await ask('five')).toMatchObject({ ok: false, error: { code: 'ESCROW_EXHAUSTED' } })
  expect(agent.isConnected()).toBe(true)
})

test('PAY-1: an authorisation is good once, for its job, its caller and its escrow', async () => {
  const world = await createWorld()
  await joinForGood(world, { name: 'miner-A' })
  const { clientJobs } = world.parts()
  const mallory = person('mallory')
  const job = world.jobOf(world.alice, world.aliceEscrow, 'once')
  const kept = await clientJobs.submit(world.whoIs(world.alice), job)
  const codeOf = async (who: typeof mallory, asked: typeof job) => {
    const answer = await clientJobs.submit(world.whoIs(who), asked)
    return answer.ok ? 'ok' : answer.error
  }
  expect(await codeOf(world.alice, job)).toMatchObject({
    code: 'AUTHORISATION_USED',
    details: { job_id: kept.ok && kept.value.jobId },
  })
  expect(await codeOf(mallory, job)).toMatchObject({ code: 'AUTHORISATION_INVALID' })
  const swapped = { ...job, spec: world.specOf('another question') }
  expect(await codeOf(world.alice, swapped)).toMatchObject({ code: 'AUTHORISATION_INVALID' })
  const foreign = world.jobOf(mallory, world.aliceEscrow, 'not mine')
  expect(await codeOf(mallory, foreign)).toMatchObject({ code: 'AUTHORISATION_INVALID' })
  const unknown = world.jobOf(world.alice, new Uint8Array(randomBytes(32)), 'no escrow')
  expect(await codeOf(world.alice, unknown)).toMatchObject({ code: 'ESCROW_REQUIRED' })
  const late = world.jobOf(world.alice, world.aliceEscrow, 'late', { settleBy: world.slot() + 3 })
  expect(await codeOf(world.alice, late)).toMatchObject({ code: 'AUTHORISATION_EXPIRED' })
  const zero = world.jobOf(world.alice, world.aliceEscrow, 'free', { limit: 0n })
  expect(await codeOf(world.alice, zero)).toMatchObject({ code: 'PRICE_TOO_LOW' })
  const tampered = { ...job.authorisation, signature: new Uint8Array(64) }
  const forged = { ...world.jobOf(world.alice, world.aliceEscrow, 'forged') }
  const unsigned = { ...forged, authorisation: { ...forged.authorisation, ...tampered } } as never
  expect(await codeOf(world.alice, unsigned)).not.toBe('ok')
})

test('PAY-1: a close that is final binds at once, though the chain still pays', async () => {
  const world = await createWorld()
  await joinForGood(world, { name: 'miner-A' })
  await world.submit('before')
  await world.transact(world.alice, { TAG: 'escrow_close', data: { escrow: world.aliceEscrow } })
  await world.pass(3_000)
  const asked = () => world.jobOf(world.alice, world.aliceEscrow, 'after')
  // The view is read again while it is in use: within one refresh the notice is known.
  await world.parts().clientJobs.submit(world.whoIs(world.alice), asked())
  await world.pass(100)
  const refused = await world.parts().clientJobs.submit(world.whoIs(world.alice), asked())
  expect(refused).toMatchObject({ ok: false, error: { code: 'ESCROW_REQUIRED' } })
  await world.pass(5_000)
  const open = world.rows("SELECT job_id FROM payments WHERE state <> 'settled'")
  expect(open).toEqual([])
})

test('PAY-2: many payments share transactions, and each is told to miner and client', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, { name: 'miner-A' })
  const ids: string[] = []
  for (let index = 0; index < 12; index += 1) ids.push((await world.submit(`job ${index}`)).jobId)
  await world.pass(8_000)
  expect(world.rows('SELECT batch FROM batches').length).toBeLessThan(4)
  expect(agent.settled.size).toBe(12)
  for (const jobId of ids) {
    const { settlement, paymentStatus } = world.view(jobId)
    expect(paymentStatus).toBe('released')
    expect(settlement?.final).toBe(true)
  }
})

test('PAY-2: a batch that was written but never sent is sent after a restart', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, { name: 'miner-A' })
  await world.submit('written')
  const submit = vi.spyOn(world.chain, 'submit').mockRejectedValue(new Error('lost'))
  await world.pass(1_500)
  expect(world.rows('SELECT batch FROM batches WHERE open = 1')).toHaveLength(1)
  submit.mockRestore()
  world.restart()
  await world.pass(20_000)
  expect(world.rows('SELECT batch FROM batches')).toHaveLength(1)
  expect(agent.settled.size).toBe(1)
})

test('PAY-2: a batch whose nonce another transaction took is built again', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, { name: 'miner-A' })
  await world.submit('nonce taken')
  const submit = vi.spyOn(world.chain, 'submit').mockRejectedValue(new Error('lost'))
  await world.pass(1_500)
  submit.mockRestore()
  const to = person('somebody').address
  await world.transact(worldCoordinator, { TAG: 'transfer', data: { to, amount: 1n } })
  await world.pass(30_000)
  expect(world.rows('SELECT batch FROM batches')).toHaveLength(2)
  expect(agent.settled.size).toBe(1)
})

test('PAY-3: while the chain is away jobs go on, and are paid when it is back', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, { name: 'miner-A' })
  await world.submit('warm')
  world.setChainDown(true)
  const { jobId } = await world.submit('in the dark')
  await world.pass(60_000)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', settlement: undefined })
  expect(world.parts().settlement.fault()).toBeDefined()
  world.restart()
  await world.pass(30_000)
  world.setChainDown(false)
  await world.pass(60_000)
  expect(world.view(jobId).settlement?.final).toBe(true)
  expect(agent.releases.size).toBe(2)
  expect(world.parts().settlement.fault()).toBeUndefined()
})

test('PAY-4: a payment that the miner settled itself is recognised and not paid again', async () => {
  const world = await createWorld()
  const agent = await joinForGood(world, { name: 'miner-A' })
  const { jobId } = await world.submit('impatient')
  const submit = vi.spyOn(world.chain, 'submit').mockRejectedValue(new Error('lost'))
  await world.pass(50)
  const [release] = agent.releases.values()
  const bundle = await bundleOf(world, jobId)
  const authorisation = decodeCanonical(authorisationCoder, bundle.authorisation)
  const decoded = decodeCanonical(releaseCoder, bytes(release?.release ?? ''))
  if (!authorisation.ok || !decoded.ok) throw new Error('canonical')
  const item = {
    authorisation: authorisation.value,
    authorisationSignature: bundle.authorisationSignature,
    release: decoded.value,
    releaseSignature: bytes(release?.release_signature ?? ''),
  }
  await world.transact(world.alice, { TAG: 'settle', data: { items: [item] } })
  const paid = world.engine.account(agent.address).balance
  submit.mockRestore()
  await world.pass(60_000)
  expect(world.engine.account(agent.address).balance).toBe(paid)
  expect(world.view(jobId)).toMatchObject({ paymentStatus: 'released', isPaidElsewhere: true })
  expect(world.rows('SELECT reason FROM payments')).toMatchObject([{ reason: 'already_settled' }])
  expect(heldOf(world)).toBe(0n)
})

test('PAY-5: what is to be settled by a slot that is too far yet is paid when it is not any more', async () => {
  for (const others of [0, 1]) {
    const world = await createWorld()
    const agent = await joinForGood(world, { name: 'miner-A' })
    world.jump(20_000)
    const { jobId } = await world.submit('ahead', { settleBy: world.slot() + 10 + 600 })
    // One that can be paid takes the batch into a block.
    if (others > 0) await world.submit('in time')
    await world.pass(10_000)
    expect(world.view(jobId)).toMatchObject({ state: 'completed', settlement: undefined })
    expect(world.rows("SELECT 1 FROM payments WHERE state = 'settled'")).toHaveLength(others)
    await world.pass(120_000)
    expect(world.view(jobId).settlement?.final).toBe(true)
    expect(agent.releases.size).toBe(1 + others)
    expect(heldOf(world)).toBe(0n)
    expect(world.parts().settlement.fault()).toBeUndefined()
  }
})

test('PAY-5: what was not settled in time is marked, and promised no more', async () => {
  const world = await createWorld()
  await joinForGood(world, { name: 'miner-A' })
  const { jobId } = await world.submit('too late', { ttlSeconds: 60, settleBy: world.slot() + 120 })
  await world.pass(100)
  vi.spyOn(world.chain, 'submit').mockRejectedValue(new Error('lost'))
  await world.pass(1_200_000)
  expect(world.view(jobId)).toMatchObject({ state: 'completed', paymentStatus: 'failed' })
  expect(world.rows('SELECT state, reason FROM payments')).toMatchObject([
    { state: 'unpayable', reason: 'expired' },
  ])
  expect(heldOf(world)).toBe(0n)
})

test('KEEP-1: the disk holds no API key and no seed in clear', async () => {
  const world = await createWorld()
  await joinForGood(world, { name: 'miner-A' })
  await submitKey(world, 'secret?')
  const tables = world.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
  const everything = tables.flatMap(({ name }) =>
    world.rows<Record<string, unknown>>(`SELECT * FROM ${name}`).flatMap(Object.values),
  )
  expect(everything.length).toBeGreaterThan(20)
  expect(everything.filter((value) => String(value).includes(clientKey))).toEqual([])
  const sealed = world.rows<{ account_sealed: Uint8Array }>('SELECT account_sealed FROM custody')
  expect(sealed[0]?.account_sealed.length).toBe(24 + 32 + 16)
})

test('KEEP-2: a key that the operator removes is not admitted; its public id stays', async () => {
  const world = await createWorld()
  const { apiKeys } = world.parts()
  const publicId = apiKeys.publicIdOf(clientKey, 'client')
  expect(publicId).toMatch(/^client_[0-9a-f]{16}$/)
  expect(apiKeys.publicIdOf(clientKey, 'admin')).toBeUndefined()
  expect(apiKeys.publicIdOf(clientKey, 'miner')).toBeUndefined()
  world.restart({ CLIENT_API_KEYS: '[]' })
  expect(world.parts().apiKeys.publicIdOf(clientKey, 'client')).toBeUndefined()
  world.restart({ CLIENT_API_KEYS: JSON.stringify([clientKey]) })
  expect(world.parts().apiKeys.publicIdOf(clientKey, 'client')).toBe(publicId)
})

test('KEEP-3: on a devnet the first job of a key finds its own money, later ones at once', async () => {
  const world = await createWorld()
  await joinForGood(world, { name: 'miner-A' })
  const first = await submitKey(world, 'first')
  expect(first).toMatchObject({ ok: true })
  const height = world.engine.head().height
  const who = world.keyPrincipal('client')
  const second = await world.parts().clientJobs.submit(who, keyJob(world, 'second'))
  expect(second).toMatchObject({ ok: true, value: { state: 'assigned' } })
  expect(world.engine.head().height).toBe(height)
})

test('KEEP-3: a kill at each step of the first job still ends in one escrow', async () => {
  for (let step = 1; step <= 12; step += 1) {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A' })
    const who = world.keyPrincipal('client')
    const asked = world
      .parts()
      .clientJobs.submit(who, keyJob(world, 'first'))
      .catch(() => undefined)
    await world.pass(step * 450)
    world.restart()
    await world.pass(30_000)
    await asked
    expect(world.rows('SELECT step FROM custody')).toMatchObject([{ step: 'ready' }])
    expect(await submitKey(world, 'again')).toMatchObject({ ok: true })
    expect(world.engine.status(Date.now()).supply.held).toBe(world.initialSupply)
    vi.clearAllTimers()
  }
})

test('KEEP-3: whichever write of the first job fails, its account sends one transaction', async () => {
  for (let failing = 1; failing <= 10; failing += 1) {
    const world = await createWorld()
    await joinForGood(world, { name: 'miner-A' })
    const start = world.writes()
    world.failWrites((count) => {
      if (count - start === failing) throw new Error('injected')
    })
    const who = world.keyPrincipal('client')
    const asked = world
      .parts()
      .clientJobs.submit(who, keyJob(world, 'first'))
      .catch(() => undefined)
    await world.pass(30_000)
    await asked
    await submitKey(world, 'again')
    await world.pass(30_000)
    const [row] = world.rows<{ step: string; account_public: Uint8Array }>('SELECT * FROM custody')
    expect(row?.step).toBe('ready')
    const address = addressOf(new Uint8Array(row?.account_public ?? []))
    expect(world.engine.account(address).nonce).toBe(1n)
    vi.clearAllTimers()
  }
})

test('KEEP-3: an escrow that runs low is topped up', async () => {
  const world = await createWorld()
  await joinForGood(world, { name: 'miner-A', onOffer: acceptOnly })
  expect((await submitKey(world, 'first')).ok).toBe(true)
  const before = custodyBalance(world)
  const who = world.keyPrincipal('client')
  const large = { ...keyJob(world, 'large'), limit: (before * 9n) / 10n }
  expect((await world.parts().clientJobs.submit(who, large)).ok).toBe(true)
  const more = { ...keyJob(world, 'more'), limit: before / 2n }
  const asked = world.parts().clientJobs.submit(who, more)
  await world.pass(12_000)
  expect(await asked).toMatchObject({ ok: true })
  expect(custodyBalance(world)).toBeGreaterThan(before)
})

test('KEEP-4: elsewhere a key without an escrow is told what to do, and works once one is linked', async () => {
  const world = await createWorld({ parameters: { faucetMax: 0n } })
  await joinForGood(world, { name: 'miner-A' })
  const who = world.keyPrincipal('client')
  const refused = await world.parts().clientJobs.submit(who, keyJob(world, 'no money'))
  if (refused.ok) throw new Error('there is no money')
  expect(refused.error).toMatchObject({
    code: 'ESCROW_REQUIRED',
    details: { coordinator: toHex(worldCoordinator.publicKey) },
  })
  const unlinked = await world.parts().clientJobs.linkEscrow(who, toHex(world.aliceEscrow))
  expect(unlinked).toMatchObject({ ok: false, error: { code: 'ESCROW_REQUIRED' } })
  const { delegate } = refused.error.details as { delegate: string }
  const expiry = BigInt(world.slot() + 5_000)
  const terms = { delegate: bytes(delegate), budget: 50_000_000n, expiry }
  const escrow = world.aliceEscrow
  await world.transact(world.alice, { TAG: 'delegate_grant', data: { escrow, terms } })
  expect(await world.parts().clientJobs.linkEscrow(who, toHex(escrow))).toMatchObject({ ok: true })
  const kept = await world.parts().clientJobs.submit(who, keyJob(world, 'with money'))
  expect(kept).toMatchObject({ ok: true, value: { state: 'assigned' } })
  const above = { ...keyJob(world, 'above'), limit: 60_000_000n }
  const refusedAbove = await world.parts().clientJobs.submit(who, above)
  expect(refusedAbove).toMatchObject({ ok: false, error: { code: 'BUDGET_EXCEEDED' } })
})

async function submitKey(world: World, question: string) {
  const who = world.keyPrincipal('client')
  const asked = world.parts().clientJobs.submit(who, keyJob(world, question))
  await world.pass(10_000)
  return asked
}

async function bundleOf(world: World, jobId: string) {
  const job = world.parts().store.load(jobId)
  if (!job) throw new Error('the job is known')
  return {
    authorisation: job.ask.authorisationBytes,
    authorisationSignature: job.ask.authorisationSignature,
  }
}

/** What is promised of alice's escrow. */
function heldOf(world: World): bigint {
  const escrow = world.engine.finalEscrow(world.aliceEscrow)
  if (!escrow) throw new Error('the escrow is there')
  return escrow.balance - world.parts().funds.available(escrow, world.alice.publicKey).escrow
}

function custodyBalance(world: World): bigint {
  const [row] = world.rows<{ escrow: Uint8Array }>('SELECT escrow FROM custody')
  return (row && world.engine.finalEscrow(new Uint8Array(row.escrow))?.balance) ?? 0n
}

function bytes(hex: string): Uint8Array {
  const parsed = fromHex(hex)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}
